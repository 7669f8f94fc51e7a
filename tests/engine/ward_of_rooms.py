"""A clinic with rooms, doctors and patients over a living engine, asked in a few words."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from engine.decider import PersonName
from engine.decisions.book_appointment import BookAppointment
from engine.decisions.clinics import AddClinic
from engine.decisions.doctors import AddDoctor
from engine.decisions.hospital import AddHospital
from engine.decisions.rooms import AddRoom
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine, EngineSettings
from tests.engine.living import CLERK, TrioClock, living, patient, read

DAY = "2027-01-18"
"""A Monday; the engine's clock begins on the Friday before, at eight."""


def at(clock: str, day: str = DAY) -> dt.datetime:
    """That time of that day, in UTC."""
    return dt.datetime.fromisoformat(f"{day}T{clock}:00+00:00")


class Ward:
    """One clinic of one hospital."""

    def __init__(self, engine: Engine, hospital: str, clock: TrioClock) -> None:
        self.engine = engine
        self.hospital = hospital
        self.clock = clock
        self.clinic = ""
        self.rooms: list[str] = []
        self.doctors: list[str] = []
        self.patients: list[str] = []

    async def ask(self, command: Any) -> Any:
        """The answer to a command."""
        reply = await self.engine.ask(self.hospital, command, CLERK)
        return read(reply) if reply.body else None

    async def view(self, query: Any) -> Any:
        """The answer to a query."""
        return read(await self.engine.view(self.hospital, query, CLERK))

    async def room(self, name: str, **more: Any) -> str:
        """A new room's id."""
        made = await self.ask(AddRoom(clinic_id=self.clinic, name=name, type=more.pop("type", "examination"), **more))
        self.rooms.append(made["id"])
        return self.rooms[-1]

    async def person(self) -> tuple[str, str]:
        """A doctor and a patient whom nobody has booked."""
        doctor = await self.ask(AddDoctor(name=PersonName(f"Dr. {len(self.doctors)}"), specialization="Orthopaedics"))
        someone = await self.ask(patient())
        self.doctors.append(doctor["id"])
        self.patients.append(someone["id"])
        return doctor["id"], someone["id"]

    async def book(self, start: dt.datetime, end: dt.datetime, **more: Any) -> Any:
        """An appointment; of new people, unless they are named."""
        if "doctor_id" not in more or "patient_id" not in more:
            doctor, someone = await self.person()
            more = {"doctor_id": doctor, "patient_id": someone, **more}
        return await self.ask(BookAppointment(clinic_id=self.clinic, start_time=start, end_time=end, **more))


@asynccontextmanager
async def ward(
    *rooms: dict[str, Any], time_zone: str = "UTC", settings: EngineSettings | None = None
) -> AsyncIterator[Ward]:
    """A clinic with these rooms: their names, and what else they are."""
    clock = TrioClock()
    async with living(MemoryDisk(), settings=settings, clock=clock) as engine:
        if time_zone != "UTC":
            made = AddHospital(hospital_id="elsewhere", name="Elsewhere", time_zone=time_zone)
            await engine.ask("elsewhere", made, CLERK)
        here = Ward(engine, "main" if time_zone == "UTC" else "elsewhere", clock)
        here.clinic = (await here.ask(AddClinic(name="Orthopaedics")))["id"]
        for room in rooms:
            await here.room(**room)
        yield here
