"""What every store promises, whether it keeps the log in LMDB or in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trio

from engine.errors import LogCorrupt, Unavailable
from engine.eventlog.lmdb_store import LmdbStore
from engine.eventlog.memory_store import MemoryDisk, MemoryStore
from engine.eventlog.store import Batch, Round, Store

Make = Callable[[], Store]
KINDS = ("lmdb", "memory")


def maker(kind: str, path: Path) -> Make:
    """What opens one and the same log again and again, as restarts of an engine do."""
    if kind == "memory":
        disk = MemoryDisk()
        return lambda: MemoryStore(disk)
    return lambda: LmdbStore(path / "log", allow_any_filesystem=True)


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    return maker(request.param, tmp_path)


@pytest.fixture
async def store(make: Make) -> AsyncIterator[Store]:
    made = make()
    await made.open()
    yield made
    await made.close()


async def test_a_new_log_is_empty(store: Store):
    assert await store.hospitals() == []
    assert await store.head("north") == 0
    assert await store.read("north", 1, 10) == []
    assert await store.rounds("north") == []
    assert await store.read_keys([b"p1"]) == {}


async def test_what_is_appended_is_read_from_position_one_on(store: Store):
    assert await store.write([Batch("north", 0, [b"a", b"b"])]) == [2]
    assert await store.write([Batch("north", 2, [b"c"])]) == [3]
    assert await store.head("north") == 3
    assert await store.read("north", 1, 10) == [(1, b"a"), (2, b"b"), (3, b"c")]


async def test_one_write_appends_to_several_hospitals(store: Store):
    heads = await store.write([Batch("south", 0, [b"s1"]), Batch("north", 0, [b"n1", b"n2"])])
    assert heads == [1, 2]
    assert await store.hospitals() == ["north", "south"]
    assert await store.read("north", 1, 10) == [(1, b"n1"), (2, b"n2")]
    assert await store.read("south", 1, 10) == [(1, b"s1")]


async def test_a_wrong_expected_head_stops_only_that_hospital(store: Store):
    await store.write([Batch("north", 0, [b"n1"])])
    heads = await store.write([Batch("north", 0, [b"x"]), Batch("south", 0, [b"s1"]), Batch("west", 7, [b"w"])])
    assert heads == [None, 1, None]
    assert await store.read("north", 1, 10) == [(1, b"n1")]
    assert await store.hospitals() == ["north", "south"]


async def test_two_batches_of_one_hospital_in_a_write_follow_each_other(store: Store):
    batches = [Batch("north", 0, [b"a"]), Batch("north", 0, [b"x"]), Batch("north", 1, [b"b"])]
    assert await store.write(batches) == [1, None, 2]
    assert await store.read("north", 1, 10) == [(1, b"a"), (2, b"b")]


async def test_what_a_position_holds_never_changes(store: Store):
    await store.write([Batch("north", 0, [b"a", b"b", b"c"])])
    for head in (0, 1, 2, 4):
        assert await store.write([Batch("north", head, [b"x", b"y", b"z", b"w"])]) == [None]
    assert await store.read("north", 1, 10) == [(1, b"a"), (2, b"b"), (3, b"c")]


async def test_a_batch_without_records_answers_the_head_and_makes_no_hospital(store: Store):
    assert await store.write([Batch("north", 0, []), Batch("south", 3, [])]) == [0, None]
    assert await store.hospitals() == []


async def test_a_range_is_read_up_to_its_limit_and_the_end(store: Store):
    await store.write([Batch("north", 0, [b"%d" % n for n in range(1, 11)])])
    assert await store.read("north", 4, 3) == [(4, b"4"), (5, b"5"), (6, b"6")]
    assert await store.read("north", 9, 100) == [(9, b"9"), (10, b"10")]
    assert await store.read("north", 11, 100) == []
    assert await store.read("north", 4, 0) == []
    assert (await store.read("north", 0, 1)) == [(1, b"1")]


async def test_a_range_longer_than_one_transaction_reads_is_read_whole(store: Store):
    await store.write([Batch("north", 0, [b"%d" % n for n in range(1, 2502)])])
    found = await store.read("north", 2, 2400)
    assert found == [(n, b"%d" % n) for n in range(2, 2402)]
    positions = list(range(2501, 0, -1))
    assert await store.read_at("north", positions) == [b"%d" % n for n in positions]


async def test_single_positions_are_read_in_the_order_asked_for(store: Store):
    await store.write([Batch("north", 0, [b"a", b"b", b"c"])])
    assert await store.read_at("north", [3, 1, 3]) == [b"c", b"a", b"c"]
    assert await store.read_at("north", []) == []


@pytest.mark.parametrize(("hospital", "position"), [("north", 0), ("north", 4), ("south", 1)])
async def test_a_position_that_is_missing_is_corruption(store: Store, hospital: str, position: int):
    await store.write([Batch("north", 0, [b"a", b"b", b"c"])])
    with pytest.raises(LogCorrupt):
        await store.read_at(hospital, [position])


async def test_a_record_of_eight_mebibytes_is_kept(store: Store):
    huge = bytes(range(256)) * (8 << 12)
    await store.write([Batch("north", 0, [huge, b"small", huge])])
    assert await store.read("north", 1, 3) == [(1, huge), (2, b"small"), (3, huge)]


async def test_all_is_there_after_opening_again(make: Make):
    first = make()
    await first.open()
    await first.write([Batch("north", 0, [b"a"]), Batch("south", 0, [b"b"])], [(b"p1", b"key")])
    await first.write_pages("north", 1, 0, [b"page"])
    await first.seal_round("north", Round(1, 1, 1), drop_older=False)
    await first.write_archive("north", [("slot:1", b"frozen")])
    await first.close()
    second = make()
    await second.open()
    assert await second.hospitals() == ["north", "south"]
    assert await second.write([Batch("north", 1, [b"c"])]) == [2]
    assert await second.read("north", 1, 5) == [(1, b"a"), (2, b"c")]
    assert await second.read_keys([b"p1"]) == {b"p1": b"key"}
    assert await second.rounds("north") == [Round(1, 1, 1)]
    assert await second.read_pages("north", 1, 0, 5) == [b"page"]
    assert await second.read_archive("north", ["slot:1"]) == {"slot:1": b"frozen"}
    await second.close()


async def test_subject_keys_are_found_as_far_as_they_exist(store: Store):
    long, longer = b"s" * 400, b"s" * 4000
    await store.write([], [(b"p1", b"k1"), (long, b"k2"), (longer, b"k3"), (b"", b"k4")])
    await store.write([], [(b"p1", b"wrapped again")])
    found = await store.read_keys([b"p1", b"p2", long, longer, b""])
    assert found == {b"p1": b"wrapped again", long: b"k2", longer: b"k3", b"": b"k4"}


async def test_keys_are_kept_when_the_head_of_their_batch_was_wrong(store: Store):
    assert await store.write([Batch("north", 5, [b"a"])], [(b"p1", b"k1")]) == [None]
    assert await store.read_keys([b"p1"]) == {b"p1": b"k1"}


async def test_an_unsealed_round_is_invisible(store: Store):
    await store.write_pages("north", 1, 0, [b"p0", b"p1"])
    assert await store.rounds("north") == []
    assert await store.read_pages("north", 1, 0, 10) == []


async def test_pages_come_in_order_however_they_were_written(store: Store):
    await store.write_pages("north", 1, 2, [b"p2", b"p3"])
    await store.write_pages("north", 1, 0, [b"p0", b"p1"])
    await store.seal_round("north", Round(1, 40, 4), drop_older=True)
    assert await store.rounds("north") == [Round(1, 40, 4)]
    assert await store.read_pages("north", 1, 0, 10) == [b"p0", b"p1", b"p2", b"p3"]
    assert await store.read_pages("north", 1, 1, 2) == [b"p1", b"p2"]
    assert await store.read_pages("north", 1, 4, 2) == []


async def test_pages_beyond_those_that_one_transaction_reads_are_read_whole(store: Store):
    pages = [bytes([n]) * (3 << 20) for n in range(7)]
    await store.write_pages("north", 1, 0, pages)
    await store.seal_round("north", Round(1, 1, 7), drop_older=True)
    assert await store.read_pages("north", 1, 1, 100) == pages[1:]


async def test_sealing_may_drop_older_rounds_and_stray_pages(store: Store):
    for number in (1, 2):
        await store.write_pages("north", number, 0, [b"old", b"old"])
        await store.seal_round("north", Round(number, number * 10, 2), drop_older=False)
        await store.write_pages("south", number, 0, [b"other"])
        await store.seal_round("south", Round(number, 1, 1), drop_older=False)
    await store.write_pages("north", 3, 0, [b"new", b"stray"])
    await store.write_pages("north", 9, 0, [b"stray"])
    assert await store.rounds("north") == [Round(1, 10, 2), Round(2, 20, 2)]
    await store.seal_round("north", Round(3, 30, 1), drop_older=True)
    assert await store.rounds("north") == [Round(3, 30, 1)]
    assert await store.read_pages("north", 2, 0, 9) == []
    assert await store.read_pages("north", 3, 0, 9) == [b"new"]
    for number, pages in ((3, 2), (9, 1)):  # the stray pages are gone, not only hidden
        with pytest.raises(ValueError):
            await store.seal_round("north", Round(number, 30, pages), drop_older=False)
    assert await store.rounds("south") == [Round(1, 1, 1), Round(2, 1, 1)]
    assert await store.read_pages("south", 1, 0, 9) == [b"other"]


async def test_a_round_that_lacks_a_page_cannot_be_sealed(store: Store):
    await store.write_pages("north", 1, 0, [b"p0"])
    with pytest.raises(ValueError):
        await store.seal_round("north", Round(1, 5, 2), drop_older=True)
    assert await store.rounds("north") == []
    assert await store.write([Batch("north", 0, [b"a"])]) == [1]  # a mistake of the caller's ends nothing


async def test_a_later_frozen_state_replaces_an_earlier_one(store: Store):
    long = "day:" + "x" * 500
    await store.write_archive("north", [("slot:1", b"old"), (long, b"long"), ("slot:ü", b"umlaut")])
    await store.write_archive("north", [("slot:1", b"new")])
    await store.write_archive("south", [("slot:1", b"south")])
    found = await store.read_archive("north", ["slot:1", "slot:2", long, "slot:ü"])
    assert found == {"slot:1": b"new", long: b"long", "slot:ü": b"umlaut"}
    assert await store.read_archive("south", ["slot:1"]) == {"slot:1": b"south"}


async def test_hospitals_whose_names_begin_alike_do_not_mix(store: Store):
    await store.write([Batch("a", 0, [b"1"]), Batch("a-b", 0, [b"2"]), Batch("ab", 0, [b"3"])])
    for number, name in enumerate(("a", "a-b", "ab")):
        await store.write_pages(name, 1, 0, [name.encode()])
        await store.seal_round(name, Round(1, number, 1), drop_older=True)
    assert await store.hospitals() == ["a", "a-b", "ab"]
    assert [await store.read_pages(name, 1, 0, 9) for name in ("a", "a-b", "ab")] == [[b"a"], [b"a-b"], [b"ab"]]
    assert [await store.rounds(name) for name in ("a", "ab")] == [[Round(1, 0, 1)], [Round(1, 2, 1)]]


@pytest.mark.parametrize("name", ["", "a/b", "a\0b", "ü", "x" * 65, "a b", "north\n"])
async def test_a_name_that_cannot_be_a_hospitals_is_refused(store: Store, name: str):
    for call in (store.head(name), store.write([Batch(name, 0, [b"a"])]), store.write_pages(name, 1, 0, [b"p"])):
        with pytest.raises(ValueError):
            await call


async def test_a_store_that_is_not_open_says_so(make: Make):
    store = make()
    opened_once = make()
    await opened_once.open()
    await opened_once.close()
    await opened_once.close()
    for closed in (store, opened_once):
        calls: Iterator[Any] = iter(
            (closed.head("a"), closed.hospitals(), closed.write([]), closed.read_keys([b"x"]), closed.rounds("a"))
        )
        for call in calls:
            with pytest.raises(Unavailable) as refused:
                await call
            assert refused.value.code == "log_closed"
        with pytest.raises(Unavailable):
            closed.space()


async def test_space_is_what_is_left_on_disk_and_in_the_map(store: Store):
    left = store.space()
    assert left.disk > 0
    assert left.map > 0


async def test_a_write_that_is_cancelled_still_tells_its_result(store: Store):
    with trio.CancelScope() as scope:
        scope.cancel()
        heads = await store.write([Batch("north", 0, [b"a"])])
    assert heads == [1]
    assert await store.head("north") == 1


async def test_writes_and_reads_of_many_tasks_do_not_disturb_each_other(store: Store):
    async def append(name: str) -> None:
        for head in range(10):
            assert await store.write([Batch(name, head, [b"%d" % head])]) == [head + 1]
            assert await store.read(name, 1, 99) == [(n + 1, b"%d" % n) for n in range(head + 1)]

    async with trio.open_nursery() as nursery:
        for name in ("a", "b", "c", "d"):
            nursery.start_soon(append, name)
    assert [await store.head(name) for name in await store.hospitals()] == [10, 10, 10, 10]


async def test_opening_again_waits_for_what_is_under_way_and_keeps_it(store: Store):
    async with trio.open_nursery() as nursery:
        for name in ("a", "b", "c"):
            nursery.start_soon(store.write, [Batch(name, 0, [b"1"])])
        nursery.start_soon(store.open)
        nursery.start_soon(store.head, "a")
    assert await store.hospitals() == ["a", "b", "c"]
