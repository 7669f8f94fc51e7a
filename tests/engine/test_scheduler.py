"""Durable timers, on the example of patients who do not come (law 13)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import trio
from trio.testing import MockClock

from engine.decider import PersonName
from engine.decisions.book_token import BookToken
from engine.decisions.doctors import AddDoctor
from engine.decisions.open_slot import OpenSlot
from engine.eventlog.entry import checked
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine
from engine.views.tokens import GetToken
from tests.engine.living import CLERK, START, TrioClock, living, patient, read

OPENS = dt.datetime.fromtimestamp(START / 1_000_000, dt.UTC) + dt.timedelta(minutes=10)
MARKED = (10 + 15) * 60 + 1
"""Seconds after which the first patient of the slot is marked: its start, and a grace of 15 minutes."""


async def book_two(engine: Engine) -> tuple[str, str]:
    """A slot with one seat: a token, and an entry behind it."""
    made = read(await engine.ask("main", AddDoctor(name=PersonName("Dr. Rao"), specialization="Cardiology"), CLERK))
    ends = OPENS + dt.timedelta(hours=1)
    opening = OpenSlot(doctor=made["id"], start_time=OPENS, end_time=ends, max_capacity=1)
    slot = read(await engine.ask("main", opening, CLERK))["id"]
    ids = []
    for name in ("First", "Second"):
        person = read(await engine.ask("main", patient(name), CLERK))["id"]
        command = BookToken(slot_id=slot, patient_id=person, category="ONLINE")
        ids.append(read(await engine.ask("main", command, CLERK))["id"])
    return ids[0], ids[1]


async def status(engine: Engine, token: str) -> str:
    """A token's status as a client sees it."""
    return str(read(await engine.view("main", GetToken(token_id=token), CLERK))["status"])


def marks(engine: Engine, disk: MemoryDisk) -> list[Any]:
    """All entries of timers in the log."""
    codec = engine.partitions["main"].book.codec
    entries = [codec.decode(checked(record)) for record in disk.entries["main"]]
    return [entry for entry in entries if entry.name == "WakeSlot"]


async def test_an_absent_patient_is_marked_by_itself_and_the_seat_is_filled_in_the_same_entry(
    autojump_clock: MockClock,
):
    disk = MemoryDisk()
    async with living(disk) as engine:
        first, second = await book_two(engine)
        await trio.sleep(MARKED - 5)
        assert await status(engine, first) == "CONFIRMED"
        await trio.sleep(5)
        assert (await status(engine, first), await status(engine, second)) == ("NO_SHOW", "CONFIRMED")
        [entry] = marks(engine, disk)
        events = [type(event).__name__ for change in entry.changes for event in change.events]
        assert {"NoShowMarked", "EntryPromoted"} <= set(events)


async def test_a_restart_forgets_no_timer_and_fires_none_twice(autojump_clock: MockClock):
    disk, clock = MemoryDisk(), TrioClock()
    async with living(disk, clock=clock) as engine:
        first, _ = await book_two(engine)
    await trio.sleep(MARKED)
    for _ in range(3):
        async with living(disk, clock=clock) as engine:
            await trio.sleep(1)
            assert await status(engine, first) == "NO_SHOW"
            assert len(marks(engine, disk)) == 1


async def test_a_wall_clock_that_steps_marks_nobody(autojump_clock: MockClock):
    disk, clock = MemoryDisk(), TrioClock()
    async with living(disk, clock=clock) as engine:
        first, _ = await book_two(engine)
        clock.step = 7_200_000_000
        await trio.sleep(60)
        assert engine.ready().detail["timers_held"]
        assert await status(engine, first) == "CONFIRMED"
        clock.step = 0
        await trio.sleep(MARKED - 60)
        assert not engine.ready().detail["timers_held"]
        assert await status(engine, first) == "NO_SHOW"


async def test_slots_that_end_at_one_minute_leave_the_others_their_turn(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        for number in range(120):
            doctor = AddDoctor(name=PersonName(f"Dr. {number}"), specialization="Cardiology")
            made = read(await engine.ask("main", doctor, CLERK))
            opening = OpenSlot(
                doctor=made["id"], start_time=OPENS, end_time=OPENS + dt.timedelta(hours=1), max_capacity=1
            )
            await engine.ask("main", opening, CLERK)
        await trio.sleep_until(70 * 60 - 1)
        autojump_clock.jump(2)
        tail, portions = engine.partitions["main"].tail, list[int]()
        while sum(portions) < 120:
            at = tail.head
            await trio.lowlevel.checkpoint()
            portions.append(tail.head - at)
        assert max(portions) <= 100  # two portions: trio shuffles who comes first in a turn
        await trio.sleep(1)
        assert len(marks(engine, disk)) == 120
