"""Staff over a living engine: duty begins and ends by the clock, also over a restart, and names are sealed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import trio
from trio.testing import MockClock

from engine.decider import FreeText, PersonName
from engine.decisions.admissions import AdmitPatient
from engine.decisions.hospital import ChangePolicy
from engine.decisions.shifts import AddLeave, AddShift
from engine.decisions.staff import ActivateStaff, AddStaff, HandOver
from engine.eventlog.entry import checked
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine
from engine.views.admissions import GetAdmission
from engine.views.staff import GetRoster, GetStaff
from tests.engine.living import CLERK, START, TrioClock, living, patient, read

NOW = dt.datetime.fromtimestamp(START / 1_000_000, dt.UTC)
HOUR = 3_600


async def ask(engine: Engine, command: Any) -> Any:
    """The answer to a command."""
    return read(await engine.ask("main", command, CLERK))


async def shown(engine: Engine, query: Any) -> Any:
    """The answer to a query."""
    return read(await engine.view("main", query, CLERK))


async def staff(engine: Engine, role: Any = "nurse", *shifts: tuple[float, float], **more: Any) -> str:
    """A new member with shifts by hours from now."""
    id: str = (await ask(engine, AddStaff(name=PersonName("Nina Okafor"), role=role, **more)))["id"]
    for start, end in shifts:
        times = NOW + dt.timedelta(hours=start), NOW + dt.timedelta(hours=end)
        await ask(engine, AddShift(staff_id=id, start_time=times[0], end_time=times[1]))
    return id


async def admitted(engine: Engine) -> str:
    """A new admission that needs no bed."""
    who = (await ask(engine, patient()))["id"]
    id: str = (await ask(engine, AdmitPatient(patient_id=who, acuity="high", needs_bed=False)))["id"]
    return id


def entries(engine: Engine, disk: MemoryDisk) -> list[Any]:
    """The log."""
    codec = engine.partitions["main"].book.codec
    return [codec.decode(checked(record)) for record in disk.entries["main"]]


def woken(engine: Engine, disk: MemoryDisk) -> list[Any]:
    """All entries of timers of the staff in the log."""
    return [entry for entry in entries(engine, disk) if entry.name == "WakeStaff"]


async def test_a_shift_that_begins_takes_who_waits_in_the_same_entry(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        await staff(engine, "doctor")
        nina = await staff(engine, "nurse", (1, 9))
        waits = await admitted(engine)
        await trio.sleep(HOUR - 5)
        assert (await shown(engine, GetAdmission(admission_id=waits)))["reason"] == "no_staff"
        await trio.sleep(6)
        one = await shown(engine, GetAdmission(admission_id=waits))
        assert (one["status"], one["nurse_id"]) == ("assigned", nina)
        [entry] = woken(engine, disk)
        events = {type(event).__name__ for change in entry.changes for event in change.events}
        assert {"DutyReached", "DutyChanged", "PatientTaken", "PatientAssigned"} <= events


async def test_a_restart_neither_forgets_a_duty_nor_reaches_it_twice(autojump_clock: MockClock):
    disk, clock = MemoryDisk(), TrioClock()
    async with living(disk, clock=clock) as engine:
        await staff(engine, "doctor")
        nina = await staff(engine, "nurse", (1, 2), (13, 20))
        off = await staff(engine, "nurse", (1, 20), is_active=False)
        waits = await admitted(engine)
    await trio.sleep(14 * HOUR)
    for _ in range(3):
        async with living(disk, clock=clock) as engine:
            await trio.sleep(1)
            told = await shown(engine, GetStaff(staff_id=nina))
            assert (told["duty"], told["load"]) == ("on", 1)
            assert len(woken(engine, disk)) == 1
            assert (await shown(engine, GetAdmission(admission_id=waits)))["nurse_id"] == nina
            assert (await shown(engine, GetRoster(role="nurse")))["counts"]["on"] == 1
    async with living(disk, clock=clock) as engine:
        await ask(engine, ActivateStaff(staff_id=off, is_active=True))
        assert (await shown(engine, GetRoster(role="nurse")))["counts"]["on"] == 2


async def test_a_whole_shift_goes_and_another_comes_and_nobody_is_left_alone(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        await ask(engine, ChangePolicy(shift_end="handover"))
        await staff(engine, "doctor", max_load=100)
        day = [await staff(engine, "nurse", (-1, 8), max_load=3) for _ in range(10)]
        night = [await staff(engine, "nurse", (8, 16), max_load=3) for _ in range(10)]
        here = [await admitted(engine) for _ in range(30)]
        has = [(await shown(engine, GetAdmission(admission_id=one)))["nurse_id"] for one in here]
        assert sorted(set(has)) == sorted(day)
        await trio.sleep(8 * HOUR + 1)
        has = [(await shown(engine, GetAdmission(admission_id=one)))["nurse_id"] for one in here]
        assert sorted(set(has)) == sorted(night)
        assert all(has.count(one) == 3 for one in night)


async def test_names_and_why_somebody_is_away_are_nowhere_in_the_log(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        nina = await staff(engine)
        leave = {"start_time": NOW + dt.timedelta(hours=1), "end_time": NOW + dt.timedelta(hours=2)}
        await ask(engine, AddLeave(staff_id=nina, **leave, reason=FreeText("has the measles")))
        await ask(engine, ActivateStaff(staff_id=nina, is_active=False, reason=FreeText("under investigation")))
    texts = ("Nina Okafor", "measles", "under investigation")
    assert not any(text.encode() in record for record in disk.entries["main"] for text in texts)
    async with living(disk) as engine:
        assert (await shown(engine, GetStaff(staff_id=nina)))["name"] == "Nina Okafor"


async def test_what_is_said_at_a_handover_is_sealed_under_each_patients_own_key(autojump_clock: MockClock):
    disk, note = MemoryDisk(), "the family comes at six"
    async with living(disk) as engine:
        await staff(engine, "doctor")
        nina = await staff(engine)
        here = [await admitted(engine) for _ in range(3)]
        omar = await staff(engine)
    async with living(disk) as engine:  # no key of a patient is in memory yet
        told = await ask(engine, HandOver(staff_id=nina, note=FreeText(note), reason=FreeText("night shift")))
        assert {(one["admission_id"], one["staff_id"]) for one in told["moved"]} == {(one, omar) for one in here}
    assert not any(text.encode() in record for record in disk.entries["main"] for text in (note, "night shift"))
    async with living(disk) as engine:
        entry = [one for one in entries(engine, disk) if one.name == "HandOver"][-1]
        said = [event for change in entry.changes for event in change.events if type(event).__name__ == "CarersChanged"]
        assert len({event.note.subject for event in said}) == 3
        assert "" not in {event.reason.subject for event in said}
