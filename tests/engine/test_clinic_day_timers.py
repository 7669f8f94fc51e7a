"""A clinic's day over a living engine: its timers are durable, and what people wrote about a patient is sealed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from engine.actors.clinic_day.refusals import HoldExpired
from engine.decider import FreeText, PersonName
from engine.decisions.appointment_series import BookSeries, CancelSeries
from engine.decisions.attend_appointment import CheckInAppointment
from engine.decisions.book_appointment import BookAppointment
from engine.decisions.clinics import AddClinic
from engine.decisions.doctors import AddDoctor
from engine.decisions.hold_room import ConfirmAppointment, HoldRoom
from engine.decisions.rooms import AddRoom
from engine.errors import NotFound
from engine.eventlog.entry import checked
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine
from engine.views.appointments import GetAppointment
from tests.engine.living import CLERK, START, TrioClock, living, patient, read

BEGINS = dt.datetime.fromtimestamp(START / 1_000_000, dt.UTC) + dt.timedelta(minutes=10)
ABSENT = (10 + 15) * 60 + 1
"""Seconds after which a patient counts as absent: the beginning, and 15 minutes."""


async def ask(engine: Engine, command: Any) -> Any:
    """The answer to a command."""
    reply = await engine.ask("main", command, CLERK)
    return read(reply) if reply.body else None


async def wanted(engine: Engine, clinic: str = "") -> dict[str, Any]:
    """A request of new people, in a clinic with one room unless it is given."""
    if not clinic:
        clinic = (await ask(engine, AddClinic(name="Eyes")))["id"]
        await ask(engine, AddRoom(clinic_id=clinic, name="One", type="exam", cleaning_minutes=5))
    doctor = await ask(engine, AddDoctor(name=PersonName("Dr. Rao"), specialization="Eyes"))
    someone = await ask(engine, patient())
    return {
        "clinic_id": clinic,
        "patient_id": someone["id"],
        "doctor_id": doctor["id"],
        "start_time": BEGINS,
        "end_time": BEGINS + dt.timedelta(minutes=30),
    }


async def shown(engine: Engine, id: str) -> Any:
    """An appointment as a client sees it."""
    return read(await engine.view("main", GetAppointment(appointment_id=id), CLERK))


def woken(engine: Engine, disk: MemoryDisk) -> list[Any]:
    """All entries of the day's timer in the log."""
    codec = engine.partitions["main"].book.codec
    entries = [codec.decode(checked(record)) for record in disk.entries["main"]]
    return [entry for entry in entries if entry.name == "WakeClinicDay"]


async def test_an_absent_patients_room_goes_to_who_waits_in_the_same_entry(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        request = await wanted(engine)
        first = (await ask(engine, BookAppointment(**request)))["id"]
        other = await wanted(engine, request["clinic_id"])
        later = BEGINS + dt.timedelta(minutes=20)
        other |= {"start_time": later, "end_time": later + dt.timedelta(minutes=30)}
        second = (await ask(engine, BookAppointment(**other, fallback="unassigned")))["id"]
        assert (await shown(engine, second))["room_id"] is None
        await trio.sleep(ABSENT - 5)
        assert (await shown(engine, first))["status"] == "booked"
        await trio.sleep(5)
        assert (await shown(engine, first))["status"] == "no_show"
        assert (await shown(engine, second))["escalation"]["status"] == "assigned"
        [entry] = woken(engine, disk)
        events = [type(event).__name__ for change in entry.changes for event in change.events]
        assert {"AppointmentMissed", "RoomAssigned", "RoomTaken"} <= set(events)


async def test_a_restart_forgets_no_hold_and_ends_none_twice(autojump_clock: MockClock):
    disk, clock = MemoryDisk(), TrioClock()
    async with living(disk, clock=clock) as engine:
        request = await wanted(engine)
        hold = (await ask(engine, HoldRoom(**request)))["id"]
        kept = (await ask(engine, HoldRoom(**(await wanted(engine)))))["id"]
        await ask(engine, ConfirmAppointment(appointment_id=kept))
    await trio.sleep(5 * 60 + 1)
    for _ in range(3):
        async with living(disk, clock=clock) as engine:
            await trio.sleep(1)
            assert (await shown(engine, kept))["status"] == "booked"
            with pytest.raises(HoldExpired) as refused:
                await ask(engine, ConfirmAppointment(appointment_id=hold))
            assert refused.value.facts["how"] == "expired"
            assert len(woken(engine, disk)) == 1


async def test_who_comes_in_time_is_left_alone(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        id = (await ask(engine, BookAppointment(**(await wanted(engine)))))["id"]
        await trio.sleep(ABSENT - 2)
        await ask(engine, CheckInAppointment(appointment_id=id))
        await trio.sleep(3_600)
        assert (await shown(engine, id))["status"] == "checked_in"
        assert woken(engine, disk) == []


async def test_what_is_written_about_a_patient_is_in_the_answer_and_not_in_the_log(autojump_clock: MockClock):
    disk, clock = MemoryDisk(), TrioClock()
    texts = ("brings his dog", "both twins at once", "sent home with flowers")
    async with living(disk, clock=clock) as engine:
        request = await wanted(engine) | {"note": FreeText(texts[0]), "overlap_reason": FreeText(texts[1])}
        made = await ask(engine, BookSeries(**request, rrule="FREQ=DAILY;COUNT=2"))
        id = made["appointments"][1]["id"]
        assert made["appointments"][1]["note"] == texts[0]
        await ask(engine, CancelSeries(series_id=made["series_id"], reason=FreeText(texts[2])))
    assert not any(text.encode() in record for record in disk.entries["main"] for text in texts)
    async with living(disk, clock=clock) as engine:
        one = await shown(engine, id)
        assert (one["note"], one["overlap_reason"], one["reason"]) == texts


async def test_what_lapsed_while_the_engine_stood_still_ends_in_portions(autojump_clock: MockClock):
    disk, clock, held = MemoryDisk(), TrioClock(), list[str]()
    async with living(disk, clock=clock) as engine:
        people = [await wanted(engine)]
        people += [await wanted(engine, people[0]["clinic_id"]) for _ in range(2)]
        for name in ("Two", "Three"):
            await ask(engine, AddRoom(clinic_id=people[0]["clinic_id"], name=name, type="exam"))
        for number in range(40):
            begins = BEGINS + dt.timedelta(minutes=15 * number)
            times = {"start_time": begins, "end_time": begins + dt.timedelta(minutes=10)}
            for one in people:
                held.append((await ask(engine, HoldRoom(**(one | times))))["id"])
    await trio.sleep(5 * 60 + 1)
    async with living(disk, clock=clock) as engine:
        await trio.sleep(2)
        for id in held:
            with pytest.raises(NotFound):
                await shown(engine, id)
        assert len(woken(engine, disk)) == 2
