"""Tables of ids read as one list: in order, from an instant to another, counted at no cost a row."""

from __future__ import annotations

from itertools import islice
from random import Random
from typing import Any

from engine.decider import At
from engine.eventlog.entry import Principal
from engine.recovery import Directory
from engine.views.merging import ALWAYS, Stretch, counted, first_id, merged


class OfDirectory:
    """A reader of tables alone. ``read``: how many ids it gave."""

    time = 0
    who = Principal("test")

    def __init__(self) -> None:
        self.directory = Directory()
        self.find = self.directory.find
        self.count = self.directory.count
        self.members = self.directory.members
        self.read = 0

    def look(self, key: str) -> Any | None:
        raise AssertionError("no state is needed to read a list of ids")

    def ids(self, table: str, after: str | None, limit: int, *, descending: bool = False) -> list[str]:
        found = self.directory.ids(table, after, limit, descending=descending)
        self.read += len(found)
        return found


def id_at(time: int, number: int = 0) -> str:
    return At(time, number.to_bytes(16, "big"), lambda: bytes(16)).new_id()


def filled(*counts: int, seed: int = 1) -> tuple[OfDirectory, list[str]]:
    """Tables "0", "1" … with so many ids each, of instants that lie between one another; and all ids in order."""
    reader, random = OfDirectory(), Random(seed)
    made = []
    for table, count in enumerate(counts):
        for _ in range(count):
            id = id_at(random.randrange(10**15, 10**15 + 50_000), random.getrandbits(60))
            reader.directory.file(str(table), id, "thing:1")
            made.append(id)
    return reader, sorted(made)


def test_ids_of_several_tables_come_in_order_of_time_both_ways():
    reader, every = filled(700, 3, 0, 400)
    tables = ["0", "1", "2", "3", "none"]
    assert list(merged(reader, tables, ALWAYS, None, newest_first=False)) == every
    assert list(merged(reader, tables, ALWAYS, None, newest_first=True)) == every[::-1]


def test_a_list_goes_on_behind_any_id_that_stands_in_it_or_did():
    reader, every = filled(50, 60)
    for place in (0, 17, 108, 109):
        gone = every[place]
        for table in ("0", "1"):
            reader.directory.strike(table, gone, "thing:1")
        assert list(merged(reader, ["0", "1"], ALWAYS, gone, newest_first=False)) == every[place + 1 :]
        assert list(merged(reader, ["0", "1"], ALWAYS, gone, newest_first=True)) == every[:place][::-1]
        reader.directory.file("0", gone, "thing:1")


def test_a_stretch_of_time_has_what_was_made_from_its_first_instant_up_to_before_its_last():
    reader = OfDirectory()
    ids = {time: id_at(time, time) for time in (999, 1_000, 1_001, 1_999, 2_000, 5_000_001)}
    for time, id in ids.items():
        reader.directory.file("0", id, f"thing:{time}")
    for low, high in ((1_000, 2_000), (1_001, 1_002), (0, 10**7), (2_001, 2_001), (1_999, 2_000)):
        stretch = Stretch(first_id(low), first_id(high))
        inside = [id for time, id in ids.items() if low <= time < high]
        assert list(merged(reader, ["0"], stretch, None, newest_first=False)) == inside
        assert list(merged(reader, ["0"], stretch, None, newest_first=True)) == inside[::-1]
        assert counted(reader, ["0"], stretch) == len(inside)


def test_a_cursor_and_a_stretch_narrow_each_other():
    reader, every = filled(40, 40)
    stretch = Stretch(every[20] + "~", every[59] + "~")
    inside = every[21:60]
    for place in (0, 19, 20, 21, 40, 60, 79):
        left = [id for id in inside if id > every[place]]
        assert list(merged(reader, ["0", "1"], stretch, every[place], newest_first=False)) == left
        left = [id for id in inside if id < every[place]][::-1]
        assert list(merged(reader, ["0", "1"], stretch, every[place], newest_first=True)) == left


def test_counting_and_the_first_page_read_no_more_of_long_tables_than_of_short_ones():
    read = []
    for count in (300, 30_000):
        reader, every = filled(count, count)
        assert counted(reader, ["0", "1"], ALWAYS) == 2 * count
        assert reader.read == 0
        assert list(islice(merged(reader, ["0", "1"], ALWAYS, None, newest_first=True), 100)) == every[-100:][::-1]
        read.append(reader.read)
    assert read[0] == read[1] <= 2 * 256


def test_a_count_between_two_ids_is_that_of_the_ids_between():
    reader, every = filled(200)
    count = reader.count
    assert (count("0"), count("none"), count("none", every[0], every[1])) == (200, 0, 0)
    assert count("0", every[10]) == 190
    assert count("0", "", every[10]) == 10
    assert count("0", every[10], every[30]) == 20
    assert count("0", every[30], every[10]) == 0
