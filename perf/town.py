"""A hospital to measure on: doctors, patients, days full of slots, and plans of bookings that must all succeed.

Patients come again on another day, so a round needs a new day and no new patients. Knows the engine's commands;
knows nothing of time that passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from engine.actors.hospital import Category
from engine.decider import PersonName
from engine.decisions.book_token import BookToken
from engine.decisions.doctors import AddDoctor
from engine.decisions.hospital import AddHospital
from engine.decisions.open_slot import OpenSlot
from engine.decisions.patients import RegisterPatient
from engine.runtime import Engine
from engine.views.slots import GetSlot
from gateway.auth import DEV_HOSPITAL
from perf.callers import CLERK, Run, ask_all
from perf.figures import Incorrect

HOSPITAL: Final = DEV_HOSPITAL

DOCTORS: Final = 100

_FIRST_DAY: Final = datetime(2100, 1, 4, tzinfo=UTC)
"""Far ahead: no timer of any slot falls due while it is measured."""

_HOURS: Final = 20
"""Of a day, that its slots share."""

_AT_ONCE: Final = 1_000
"""Patients that are registered together."""

_MIX: Final[tuple[Category, ...]] = ("ONLINE", "WALKIN", "FOLLOWUP", "WALKIN", "PRIORITY_PAID")
"""Tiers in turn: the lines are joined in the middle too."""


class Town:
    """A hospital in a running engine. ``days`` counts those that have slots."""

    def __init__(self, engine: Engine, doctors: list[str], patients: list[str]) -> None:
        self.engine = engine
        self.doctors = doctors
        self.patients = patients
        self.days = 0

    async def open_day(self, slots: int, capacity: int) -> list[str]:
        """That many slots on a new day, spread over the doctors; their ids."""
        start = _FIRST_DAY + timedelta(days=self.days)
        self.days += 1
        doctors = self.doctors
        each = -(-slots // len(doctors))
        length = timedelta(hours=_HOURS) / each
        opened = [
            OpenSlot(
                doctor=doctors[index % len(doctors)],
                start_time=start + length * (index // len(doctors)),
                end_time=start + length * (index // len(doctors) + 1),
                max_capacity=capacity,
            )
            for index in range(slots)
        ]
        return ids(await ask_all(self.engine, HOSPITAL, opened, callers=len(doctors)))

    async def count(self, slots: Sequence[str]) -> tuple[int, int]:
        """Regular tokens and waiting entries in these slots, as the engine answers them."""
        booked = waiting = 0
        for slot in slots:
            reply = await self.engine.view(HOSPITAL, GetSlot(slot_id=slot), CLERK)
            answer = msgspec.msgpack.decode(reply.body)
            booked += answer["current_capacity"]
            waiting += answer["waiting_count"]
        return booked, waiting

    async def verify(self, slots: Sequence[str], booked: int, waiting: int = 0) -> None:
        """Raise ``Incorrect`` unless these slots hold exactly so many."""
        found = await self.count(slots)
        if found != (booked, waiting):
            raise Incorrect(f"{booked} tokens and {waiting} entries were acknowledged, the engine has {found}")


async def found(engine: Engine, patients: int, doctors: int = DOCTORS) -> Town:
    """Make the hospital with its doctors and patients."""
    await engine.until_ready()
    await engine.ask(HOSPITAL, AddHospital(hospital_id=HOSPITAL, name="Main Hospital", time_zone="UTC"), CLERK)
    new = [AddDoctor(name=PersonName(f"Dr. Number {n}"), specialization=f"Field {n % 10}") for n in range(doctors)]
    made = ids(await ask_all(engine, HOSPITAL, new, callers=50))
    registered: list[str] = []
    while len(registered) < patients:
        some = range(len(registered), min(len(registered) + _AT_ONCE, patients))
        those = [RegisterPatient(name=PersonName(f"Asha Rao {n}")) for n in some]
        registered.extend(ids(await ask_all(engine, HOSPITAL, those, callers=500)))
    return Town(engine, made, registered)


def bookings(slots: Sequence[str], patients: Sequence[str]) -> list[BookToken]:
    """One for each patient, slot after slot in turn."""
    return [
        BookToken(slot_id=slots[n % len(slots)], patient_id=patient, category=_MIX[n % len(_MIX)])
        for n, patient in enumerate(patients)
    ]


def ids(run: Run) -> list[str]:
    """The ids of what was made, in the order in which it was asked for."""
    return [_id(reply.body) for reply in run.replies]


def _id(body: bytes) -> str:
    answer: dict[str, Any] = msgspec.msgpack.decode(body)
    return str(answer["id"])
