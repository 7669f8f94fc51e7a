"""The checks of rooms find what is planted, and the sums say what became of everybody who asked."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from click.testing import CliRunner

from engine.actors.clinic_day.state import HOLDING, Appointment
from engine.eventlog.keys import Keyring
from engine.eventlog.lmdb_reader import LmdbReader
from engine.recovery import Book
from perf.__main__ import main
from perf.load.plan import Settings
from perf.load.running import Setup, run_load
from perf.runs import Repeat, load_all
from perf.scenarios import loads
from perf.verify.log import OVERLAPS
from perf.verify.room_sums import RoomSums, merged
from perf.verify.rooms import appointments, differing_agendas, differing_calendars, forgotten

LATER = ("cancel", "confirm", "book the offered room")
"""What a user asks who asked for something else before."""

SETTINGS = Settings(closed=8, attempts=150, seconds=60.0, warm=0.0)


def quiet(*_: object) -> None:
    pass


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> tuple[Path, Repeat]:
    """What 150 users who want the same hours leave behind: the log, and what was measured."""
    folder: Path = tmp_path_factory.mktemp("rooms")
    repeat = trio.run(run_load, loads()["room-conflicts"], SETTINGS, Setup(folder=folder, any_disk=True), quiet, quiet)
    return folder / "run" / "data", repeat


@pytest.fixture
def book(loaded) -> Book:
    """The states that the log gives."""

    async def fold() -> Book:
        async with LmdbReader(loaded[0]) as reader:
            folded = Book("conflicts", Keyring("conflicts", bytes))
            for position, record in await reader.read("conflicts", 1, await reader.head("conflicts")):
                folded.fold(position, record)
            return folded

    return trio.run(fold)


def in_a_room(book: Book) -> Appointment:
    return next(one for one in appointments(book) if one.room_id and one.status in HOLDING)


def test_every_check_of_a_load_on_rooms_passes_and_has_looked_at_something(loaded):
    checks = {check.name: check for check in loaded[1].checks}
    assert [check for check in checks.values() if not check.ok] == []
    for name in (OVERLAPS, "rooms' calendars and appointments agree", "people's agendas and appointments agree"):
        assert checks[name].count > 0
    assert checks["every acknowledged write is in the log, at its position"].count > 0
    assert checks["nothing that was refused was done"].count > 0


def test_the_sums_are_those_of_the_answers(loaded):
    repeat = loaded[1]
    sums: RoomSums = repeat.rooms
    asked = {op: statuses for op, statuses in repeat.measured.statuses.items() if op.startswith(("book", "hold"))}
    assert sums.attempts == sum(sum(statuses.values()) for statuses in asked.values())
    assert sums.booked == sum(statuses.get("201", 0) for statuses in asked.values())
    assert sum(sums.refused.values()) == sums.conflicts == sum(statuses.get("409", 0) for statuses in asked.values())
    assert sums.booked - sums.without_room == sums.choices + sums.named
    assert sums.cancelled == repeat.measured.statuses["cancel"]["200"]
    assert 0 <= sums.waiting <= sums.without_room
    assert sums.considered >= sums.asked >= sums.choices
    assert sums.rules == 3 * sums.choices


def test_a_stretch_that_the_room_does_not_know_is_found(book):
    assert differing_calendars(book)[1] == []
    lost = in_a_room(book)
    calendar = book.cells[f"room:{lost.room_id}"].state.calendar
    calendar.remove(next(one for one in calendar if one.appointment_id == lost.id))
    [said] = differing_calendars(book)[1]
    assert lost.id in said
    assert lost.room_id in said


def test_an_engagement_that_a_doctor_does_not_know_is_found(book):
    assert differing_agendas(book)[1] == []
    lost = in_a_room(book)
    key = next(key for key in book.cells if key.startswith(f"agenda:doctor:{lost.doctor_id}:"))
    book.cells[key].state.engagements.clear()
    said = differing_agendas(book)[1]
    assert said
    assert all(one.startswith(f"doctor:{lost.doctor_id} ") for one in said)


def test_an_appointment_without_a_room_that_nobody_sees_to_is_found(book):
    assert forgotten(book)[1] == []
    for key in book.cells:
        if key.startswith("clinic_day:"):
            day = book.cell(key).state
            day.waiting.clear()
    count, said = forgotten(book)
    assert len(said) == count > 0


def test_sums_of_several_hospitals_are_added_up():
    one = RoomSums(attempts=3, refused={"room_conflict": 1, "invalid": 1}, failed={"busy": 2})
    other = RoomSums(attempts=4, refused={"room_conflict": 2}, points={"continuity": 500})
    both = merged([one, other])
    assert both.attempts == 7
    assert both.refused == {"room_conflict": 3, "invalid": 1}
    assert both.conflicts == 3
    assert (both.failed, both.points) == ({"busy": 2}, {"continuity": 500})
    assert merged([]) == RoomSums()


def test_who_was_refused_a_room_got_one_that_was_offered(loaded):
    named = loaded[1].measured.statuses["book this room"]
    offered = loaded[1].measured.statuses["book the offered room"]
    assert 0 < sum(offered.values()) <= named["409"]
    assert offered["201"] > 0


def test_how_many_come_is_an_option_and_ends_the_run(tmp_path):
    places = ["--data", str(tmp_path / "data"), "--out", str(tmp_path / "runs")]
    many = ["run", "room-conflicts", "--quick", "--any-disk", "--closed", "8", "--attempts", "60", *places]
    done = CliRunner().invoke(main, many, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    [run] = load_all([tmp_path / "runs"])
    come = [
        step for op, steps in run.repeats[0].measured.statuses.items() if op not in LATER for step in steps.values()
    ]
    assert sum(come) == run.settings.attempts == 60
    assert run.settings.seconds > run.repeats[0].measured.seconds
