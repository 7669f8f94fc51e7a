"""Two weeks of a clinic, a start every morning: days that are long over leave memory, and nothing of them is lost.

The simulated morning is too short for that. Here the clock goes on by a day each night, and each start makes a whole
snapshot, by which closed days go to the archive; then they are asked about, changed and merged all the same.
"""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from engine.decider import DAY, HOUR, PersonName
from engine.decisions.appointment_series import BookSeries, CancelSeries
from engine.decisions.attend_appointment import CheckInAppointment
from engine.decisions.book_appointment import BookAppointment
from engine.decisions.cancel_appointment import CancelAppointment
from engine.decisions.clinics import AddClinic
from engine.decisions.closures import AddClosure, RemoveClosure
from engine.decisions.doctors import AddDoctor
from engine.decisions.hold_room import HoldRoom
from engine.decisions.patients import MergePatients
from engine.decisions.reschedule_appointment import RescheduleAppointment
from engine.decisions.room_rules import ActivateRules, AddRule
from engine.decisions.rooms import AddRoom
from engine.errors import Rejected
from engine.eventlog.keys import Keyring
from engine.eventlog.memory_store import MemoryDisk
from engine.recovery import Archived, Book, Cell
from engine.rules.kinds import Continuity
from engine.runtime import Engine, EngineSettings
from engine.views.appointments import GetAppointment, ListAppointments
from engine.views.room_days import GetClinicDay, GetRoomSchedule
from replay.auditing.overlaps import Overlaps
from tests.engine.living import CLERK, TrioClock, living, patient, read

MORNINGS = 14
SETTINGS = EngineSettings(checking=True, snapshot_entries=2)


class Weeks:
    """A clinic with three rooms; ``archived`` counts the states that were not in memory in the end."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.disk = MemoryDisk()
        self.clock = TrioClock()
        self.archived = 0
        self.clinic = ""
        self.rooms: list[str] = []
        self.doctors: list[str] = []
        self.patients: list[str] = []
        self.mine: list[str] = []
        self.closures: list[str] = []
        self.series: list[str] = []

    async def live(self) -> None:
        """All mornings."""
        for _ in range(MORNINGS):
            async with living(self.disk, clock=self.clock, settings=SETTINGS) as engine:
                if not self.clinic:
                    await self._open(engine)
                await self._morning(engine)
                book = engine.partitions["main"].book
                self.archived = sum(isinstance(cell, Archived) for cell in book.cells.values())
            self.clock.step += DAY - HOUR
            self.disk.rounds.clear()  # the next snapshot is a whole one

    async def _open(self, engine: Engine) -> None:
        self.clinic = await self._id(engine, AddClinic(name="Day clinic"))
        for _ in range(3):
            room = AddRoom(clinic_id=self.clinic, name="R", type="treatment", cleaning_minutes=5)
            self.rooms.append(await self._id(engine, room))
            doctor = AddDoctor(name=PersonName("Rao"), specialization="Surgery")
            self.doctors.append(await self._id(engine, doctor))
        await self._id(engine, AddRule(clinic_id=self.clinic, rule=Continuity(name="Same room")))
        await self._id(engine, ActivateRules(clinic_id=self.clinic))

    async def _morning(self, engine: Engine) -> None:
        self.patients += [await self._id(engine, patient()) for _ in range(2)]
        for _ in range(20):
            await self._something(engine)
            await self._look(engine)
        await trio.sleep(HOUR / 1_000_000)

    async def _something(self, engine: Engine) -> None:
        random = self.random
        one = random.choice(self.mine) if self.mine else ""
        match random.randrange(11):
            case 0 if one:
                await self._id(engine, CancelAppointment(appointment_id=one))
            case 1 if one:
                await self._id(engine, RescheduleAppointment(appointment_id=one, **self._times()))
            case 2 if one:
                await self._id(engine, CheckInAppointment(appointment_id=one))
            case 3 if len(self.patients) > 6:
                twin, into = random.sample(self.patients, 2)
                if await self._id(engine, MergePatients(patient_id=twin, into=into)):
                    self.patients.remove(twin)
            case 4:
                rrule = random.choice((None, "FREQ=DAILY"))
                closed = AddClosure(
                    room_id=random.choice(self.rooms), kind="blocked", **self._times(), rrule=rrule, affected="move"
                )
                self.closures += filter(None, [await self._id(engine, closed)])
            case 5 if self.closures:
                await self._id(engine, RemoveClosure(closure_id=random.choice(self.closures)))
            case 6 if self.series:
                await self._id(engine, CancelSeries(series_id=random.choice(self.series)))
            case 7:
                again = BookSeries(**self._wanted(), rrule="FREQ=DAILY;COUNT=5", mode="skip")
                self.series += filter(None, [await self._id(engine, again, "series_id")])
            case 8:
                await self._id(engine, HoldRoom(**self._wanted()))
            case _:
                booked = BookAppointment(**self._wanted(), fallback="unassigned")
                self.mine += filter(None, [await self._id(engine, booked)])

    async def _look(self, engine: Engine) -> None:
        """At what is long over, too."""
        random = self.random
        date = (self._now() - dt.timedelta(days=random.randrange(-3, MORNINGS))).date()
        if self.mine:
            one = random.choice(self.mine)
            assert read(await engine.view("main", GetAppointment(appointment_id=one), CLERK))["id"] == one
        for query in (
            GetClinicDay(clinic_id=self.clinic, date=date),
            GetRoomSchedule(room_id=random.choice(self.rooms), date=date),
            ListAppointments(patient_id=random.choice(self.patients)),
        ):
            assert read(await engine.view("main", query, CLERK))

    async def _id(self, engine: Engine, command: Any, field: str = "id") -> str:
        """What came of it; nothing where it was refused."""
        try:
            return str(read(await engine.ask("main", command, CLERK)).get(field, ""))
        except Rejected as refusal:
            if refusal.code == "internal_error":
                raise
            return ""

    def _now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.clock.wall() // HOUR * 3600, dt.UTC)

    def _times(self) -> dict[str, Any]:
        """In the next three days."""
        start = self._now() + dt.timedelta(minutes=30 * self.random.randrange(150))
        return {"start_time": start, "end_time": start + dt.timedelta(minutes=self.random.choice((20, 30, 60)))}

    def _wanted(self) -> dict[str, Any]:
        random = self.random
        who = {"patient_id": random.choice(self.patients), "doctor_id": random.choice(self.doctors)}
        return {"clinic_id": self.clinic, **who, **self._times()}


@pytest.mark.parametrize("seed", range(3))
async def test_days_that_left_memory_are_found_and_give_the_same_states(autojump_clock: MockClock, seed: int):
    weeks = Weeks(seed)
    await weeks.live()
    assert weeks.archived > 20
    async with living(weeks.disk, clock=weeks.clock, settings=SETTINGS) as engine:
        await trio.sleep(HOUR / 1_000_000)  # what is due at the start is done
        tail = engine.partitions["main"].tail
        assert tail.head == tail.durable == len(weeks.disk.entries["main"])
        told, overlaps = read_back(weeks.disk)
        live = engine.partitions["main"].book
        away = [key for key, cell in live.cells.items() if isinstance(cell, Archived)]
        kept = await engine._store.read_archive("main", away)
        assert live.cells.keys() == told.cells.keys()
        for key, cell in live.cells.items():
            known = told.cell(key)
            assert known is not None
            assert (kept[key] if isinstance(cell, Archived) else frozen(live, cell)) == told.freeze(known), key
    assert overlaps.appointments > 50
    assert overlaps.found == []


def frozen(book: Book, cell: Cell | bytes) -> bytes:
    """A state as it is stored."""
    return cell if isinstance(cell, bytes) else book.freeze(cell)


def read_back(disk: MemoryDisk) -> tuple[Book, Overlaps]:
    """What the log gives from its first entry on."""
    keys = Keyring("main", Random(0).randbytes)
    keys.adopt(disk.keys)
    book, overlaps = Book("main", keys), Overlaps()
    for position, record in enumerate(disk.entries["main"], 1):
        changes = book.fold(position, record).changes
        overlaps.entry(position, [(change.actor, change.events) for change in changes])
    return book, overlaps
