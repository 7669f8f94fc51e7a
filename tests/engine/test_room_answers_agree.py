"""What is said to be free can be booked, what is said to be in the way is, and nothing else: over any clinic's week."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from trio.testing import MockClock

from engine.decisions.closures import AddClosure
from engine.decisions.hold_room import HoldRoom, ReleaseAppointment
from engine.decisions.room_rules import ActivateRules, AddRule
from engine.errors import Rejected
from engine.rules.kinds import AllowedHours, AnyRule, CleaningBuffer, MaximumDaily, MaximumDuration, Scope
from engine.views.availability import AvailableRooms
from engine.views.room_conflicts import Check, CheckConflicts
from tests.engine.ward_of_rooms import Ward, ward

SUNDAY = dt.datetime(2027, 3, 28, tzinfo=dt.UTC)
"""In Berlin its clocks jump from two to three."""
ROOMS: list[dict[str, Any]] = [
    {"name": "Plain"},
    {"name": "Cleaned", "setup_minutes": 5, "cleaning_minutes": 20},
    {"name": "Off", "is_available": False},
    {"name": "Small", "max_daily": 3, "tags": ("small",)},
]
RULES: list[AnyRule] = [
    AllowedHours(name="Not at noon", opens="13:00", closes="12:00", scope=Scope(tags=("small",))),
    CleaningBuffer(name="Air it", minutes=10, scope=Scope(tags=("small",))),
    MaximumDuration(name="Two hours", minutes=120),
    MaximumDaily(name="Enough", bookings=9),
]
IN_THE_WAY = {"room_conflict", "room_closed", "room_unavailable"}


def some_time(chance: Random) -> tuple[dt.datetime, dt.datetime]:
    start = SUNDAY + dt.timedelta(minutes=15 * chance.randrange(-24, 4 * 30))
    return start, start + dt.timedelta(minutes=chance.choice((15, 30, 60, 150)))


async def furnished(here: Ward, chance: Random) -> None:
    """Rules, closures and bookings."""
    for rule in RULES:
        await here.ask(AddRule(clinic_id=here.clinic, rule=rule))
    await here.ask(ActivateRules(clinic_id=here.clinic))
    for room in here.rooms[:2]:
        start = SUNDAY + dt.timedelta(hours=chance.randrange(24))
        end = start + dt.timedelta(hours=1)
        rrule = chance.choice((None, "FREQ=DAILY"))
        await here.ask(AddClosure(room_id=room, kind="maintenance", start_time=start, end_time=end, rrule=rrule))
    for _ in range(25):
        start, end = some_time(chance)
        with suppress(Rejected):
            await here.book(start, end)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_asked_a_booking_would_say_the_same(autojump_clock: MockClock, seed: int):
    chance, outcomes = Random(seed), list[str]()
    async with ward(*ROOMS, time_zone="Europe/Berlin") as here:
        await furnished(here, chance)
        for _ in range(40):
            (start, end), room_id = some_time(chance), chance.choice(here.rooms)
            doctor, someone = await here.person()
            free = await here.view(
                AvailableRooms(start=start, end=end, clinic_id=here.clinic, doctor_id=doctor, patient_id=someone)
            )
            check = Check(room_id=room_id, start_time=start, end_time=end, doctor_id=doctor, patient_id=someone)
            (answer,) = (await here.view(CheckConflicts(checks=[check])))["results"]
            hold = HoldRoom(
                clinic_id=here.clinic, doctor_id=doctor, patient_id=someone, room_id=room_id, start_time=start,
                end_time=end,
            )  # fmt: skip
            try:
                held = await here.ask(hold)
                await here.ask(ReleaseAppointment(appointment_id=held["id"]))
                said = "booked"
            except Rejected as refused:
                said = refused.code
            assert (said == "booked") == (room_id in {room["room_id"] for room in free["rooms"]}), said
            assert (said in IN_THE_WAY) == answer["conflict"], (said, answer)
            outcomes.append(said)
    assert {"booked", "room_conflict", "room_unavailable"} <= set(outcomes)
