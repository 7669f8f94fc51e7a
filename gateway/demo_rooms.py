"""The demo's day clinic: a few rooms with rules, booked through the day, and what becomes of the bookings.

Appointments stand in real time, from the present hour on, so that the day board shows them where a day's would be.
Seeded like the rest of the demo; what the engine refuses (a room that is taken, a doctor who is busy) is part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

import trio

from engine.clock import Clock
from engine.decider import FreeText, PersonName
from engine.rules.kinds import (
    AnyRule,
    Compactness,
    EquipmentParsimony,
    IsolationRequired,
    LeastBusy,
    MaximumDuration,
    RoomTypeMatch,
)

Do = Callable[..., Coroutine[Any, Any, dict[str, Any] | None]]
"""``do(name of the command, **its fields)``: the answer, or ``None`` when it was refused."""

DOCTORS: Final = ("Dr. Greta Olsen", "Dr. Paul Quist", "Dr. Rana Saleh", "Dr. Teo Ueda", "Dr. Vera Weiss", "Dr. Xu Yan")
ROOMS: Final[tuple[dict[str, Any], ...]] = (
    {"name": "Treatment 1", "type": "treatment", "floor": 1, "cleaning_minutes": 5},
    {"name": "Treatment 2", "type": "treatment", "floor": 1, "cleaning_minutes": 5, "accessible": True},
    {"name": "Ultrasound", "type": "imaging", "floor": 1, "equipment": ("couch", "ultrasound"), "cleaning_minutes": 5},
    {"name": "Minor surgery", "type": "theatre", "floor": 2, "setup_minutes": 10, "cleaning_minutes": 15},
    {"name": "Isolation", "type": "treatment", "floor": 2, "isolation": True, "cleaning_minutes": 20},
)
RULES: Final[tuple[AnyRule, ...]] = (
    RoomTypeMatch(name="The type that is asked for"),
    IsolationRequired(name="Isolation for those who need it, and for nobody else", exclusive=True),
    MaximumDuration(name="Nothing longer than two hours", minutes=120),
    LeastBusy(name="Spread over the rooms", weight=20),
    Compactness(name="No holes in the day", weight=15, minutes=45),
    EquipmentParsimony(name="Keep what is equipped for who needs it", weight=30, most=2),
)
WISHES: Final[tuple[dict[str, Any], ...]] = (
    {"room_type": "treatment"},
    {"room_type": "treatment"},
    {},
    {"required_equipment": ("ultrasound",)},
    {"room_type": "theatre"},
    {"room_type": "treatment", "isolation": True},
)
MINUTES: Final = (15, 20, 30, 30, 45, 60)
AHEAD: Final = 110
"""So many try to book before the day begins,"""
HOURS: Final = 8
"""over so many hours."""
WAITING_SHARE: Final = 0.15
OFTEN: Final = 3.0
"""Seconds between two things that happen, on average."""


class DayClinic:
    """``admin`` and ``clerk`` have commands done. ``open`` first, then ``live`` until cancelled."""

    def __init__(self, admin: Do, clerk: Do, clock: Clock, seed: int) -> None:
        self.id = ""
        self._admin = admin
        self._clerk = clerk
        self._clock = clock
        self._random = Random(f"{seed}/rooms")  # noqa: S311  it makes up a day, and guards nothing
        self._doctors: list[str] = []
        self._rooms: list[str] = []
        self._patients: list[str] = []
        self._booked: list[dict[str, Any]] = []

    async def open(self, names: list[str]) -> None:
        """The clinic, its rules, its rooms, and who has booked so far; ``names`` are its patients'."""
        clinic = await self._admin("AddClinic", name="Day clinic")
        if clinic is None:
            return
        self.id = clinic["id"]
        for rule in RULES:
            await self._admin("AddRule", clinic_id=self.id, rule=rule)
        await self._admin("ActivateRules", clinic_id=self.id)
        for room in ROOMS:
            self._keep(self._rooms, await self._admin("AddRoom", clinic_id=self.id, **room))
        for name in DOCTORS:
            doctor = {"name": PersonName(name), "specialization": "Day surgery"}
            self._keep(self._doctors, await self._admin("AddDoctor", **doctor))
        for name in names:
            self._keep(self._patients, await self._clerk("RegisterPatient", name=PersonName(name)))
        if not (self._rooms and self._doctors and self._patients):
            return
        later = self._hour() + timedelta(hours=2)
        times = {"start_time": later, "end_time": later + timedelta(hours=1)}
        await self._admin("AddClosure", room_id=self._rooms[-1], kind="maintenance", **times)
        for _ in range(AHEAD):
            await self._book()

    async def live(self) -> None:
        """What happens in the rooms, one thing after another."""
        async with trio.open_nursery() as nursery:
            while self._booked:
                await trio.sleep(self._random.uniform(0.3, 1.7) * OFTEN)
                await self._happen(nursery)

    async def _happen(self, nursery: trio.Nursery) -> None:
        random = self._random
        one, now = random.choice(self._booked), self._now()
        due = [each for each in self._booked if each["start_time"] <= now < each["end_time"]]
        match random.randrange(8):
            case 0 | 1 if due:
                came = random.choice(due)
                self._booked.remove(came)
                nursery.start_soon(self._attend, came["id"])
            case 2 if one["start_time"] > now and len(self._booked) > AHEAD // 2:
                self._booked.remove(one)
                await self._clerk("CancelAppointment", appointment_id=one["id"], reason=FreeText("called off"))
            case 3 if one["start_time"] > now:
                times = self._times()
                if await self._clerk("RescheduleAppointment", appointment_id=one["id"], **times) is not None:
                    one.update(times)
            case 4:
                reason = FreeText("the lift is out of order")
                await self._clerk("ChangeAppointmentRoom", appointment_id=one["id"], room_id=None, reason=reason)
            case 5:
                nursery.start_soon(self._hold)
            case _:
                await self._book()

    async def _book(self) -> None:
        """Who finds no room comes another time; some must come, and wait for one."""
        fallback = "unassigned" if self._random.random() < WAITING_SHARE else "reject"
        made = await self._clerk("BookAppointment", **self._wanted(), fallback=fallback)
        if made is not None:
            self._booked.append(made)

    async def _hold(self) -> None:
        held = await self._clerk("HoldRoom", **self._wanted())
        if held is None:
            return
        await trio.sleep(2 * OFTEN)
        if self._random.random() < 0.3:
            await self._clerk("ReleaseAppointment", appointment_id=held["id"])
        else:
            await self._clerk("ConfirmAppointment", appointment_id=held["id"])

    async def _attend(self, id: str) -> None:
        """The patient is there, and comes in a little later; some are done at once."""
        for step in ("CheckInAppointment", "StartAppointment", "CompleteAppointment"):
            if await self._clerk(step, appointment_id=id) is None:
                return
            await trio.sleep(self._random.uniform(2, 6) * OFTEN)

    def _wanted(self) -> dict[str, Any]:
        random = self._random
        return {
            "clinic_id": self.id,
            "patient_id": random.choice(self._patients),
            "doctor_id": random.choice(self._doctors),
            **self._times(),
            **random.choice(WISHES),
        }

    def _times(self) -> dict[str, datetime]:
        """On a quarter of an hour, from the present hour on; sooner rather than later."""
        quarter = min(self._random.randrange(4 * HOURS), self._random.randrange(4 * HOURS))
        start = self._hour() + timedelta(minutes=15 * quarter)
        return {"start_time": start, "end_time": start + timedelta(minutes=self._random.choice(MINUTES))}

    def _hour(self) -> datetime:
        return self._now().replace(minute=0, second=0, microsecond=0)

    def _now(self) -> datetime:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self._clock.wall())

    @staticmethod
    def _keep(ids: list[str], made: dict[str, Any] | None) -> None:
        if made is not None:
            ids.append(made["id"])
