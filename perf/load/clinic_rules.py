"""Rooms that differ, and the rules by which a clinic chooses among them: ten hard and twenty soft ones.

The same number gives the same room and the same rule every time. Knows neither a command nor a load.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from engine.rules.kinds import (
    AccessibilityRequired,
    AllowedHours,
    AnyRule,
    CleaningBuffer,
    Compactness,
    Continuity,
    DepartmentMatch,
    EquipmentParsimony,
    EquipmentRequired,
    FloorPreference,
    IsolationRequired,
    LeastBusy,
    MaximumDaily,
    MaximumDuration,
    MinimumCapacity,
    PreferredRoom,
    Proximity,
    RoomTypeMatch,
    Scope,
    TimeOfDay,
    UtilizationBalancing,
)

HARD: Final = 10
SOFT: Final = 20

CLEANING: Final = 5
"""Minutes after each appointment."""

TYPES: Final = ("consultation", "treatment", "consultation", "imaging", "consultation")
PIECES: Final = ("ecg", "ultrasound", "lamp", "sink", "monitor", "dermatoscope")
DEPARTMENTS: Final = ("general", "cardiology")
FLOORS: Final = 5


def room(number: int) -> dict[str, Any]:
    """What the room of this number is: the fields of ``AddRoom``, and of a profile, but for its ids."""
    pieces = {PIECES[(number + turn) % len(PIECES)] for turn in range(number % 4)}
    return {
        "name": f"Room {number + 1}",
        "type": TYPES[number % len(TYPES)],
        "equipment": ("couch", "scale", *sorted(pieces)),
        "capacity": 2 + number % 3,
        "department": DEPARTMENTS[number % len(DEPARTMENTS)],
        "floor": number % FLOORS,
        "tags": ("east" if number % 2 else "west",),
        "isolation": number % 10 == 9,
        "accessible": number % 2 == 0,
        "cleaning_minutes": CLEANING,
    }


def hard_rules() -> list[AnyRule]:
    """Ten kinds of hard rules."""
    return [
        RoomTypeMatch(name="The type that is asked for", priority=10),
        EquipmentRequired(name="A couch", required=("couch",), scope=Scope(room_types=("consultation",))),
        MinimumCapacity(name="Room for two", minimum=2),
        DepartmentMatch(name="The department that is asked for", priority=20),
        AllowedHours(name="Open from six to ten", opens="06:00", closes="22:00"),
        IsolationRequired(name="Isolation, for nobody else", exclusive=True, priority=30),
        AccessibilityRequired(name="No steps"),
        MaximumDaily(name="Sixty a day", bookings=60),
        MaximumDuration(name="Two hours", minutes=120),
        CleaningBuffer(name="Five minutes between", minutes=CLEANING),
    ]


def soft_rules(rooms: Sequence[str], doctors: Sequence[str]) -> list[AnyRule]:
    """Twenty soft rules, of all kinds."""
    half = len(rooms) // 2
    return [
        *(
            PreferredRoom(
                name=f"The room of doctor {n + 1}", rooms=(rooms[n % len(rooms)],), weight=20,
                scope=Scope(doctor_ids=(doctors[n % len(doctors)],)),
            )
            for n in range(4)
        ),
        PreferredRoom(name="Not the rooms at the end", rooms=tuple(rooms[-2:]), avoid=True, weight=5),
        Continuity(name="The room of last time", weight=25),
        UtilizationBalancing(name="Even use of the first half", weight=10, scope=Scope(room_ids=tuple(rooms[:half]))),
        UtilizationBalancing(name="Even use of the rest", weight=8, full=20, scope=Scope(room_ids=tuple(rooms[half:]))),
        LeastBusy(name="The least busy", weight=6),
        LeastBusy(name="The least busy in the east", weight=3, full=8, scope=Scope(tags=("east",))),
        EquipmentParsimony(name="No more equipment than needed", weight=15),
        EquipmentParsimony(name="Least of all in treatment", weight=5, most=4, scope=Scope(room_types=("treatment",))),
        *(Proximity(name=f"Near floor {floor}", floor=floor, weight=4, reach=3) for floor in range(3)),
        FloorPreference(name="The patient's floor", weight=12),
        Compactness(name="A compact day", weight=10),
        Compactness(name="More so for imaging", weight=5, minutes=30, scope=Scope(room_types=("imaging",))),
        TimeOfDay(name="The east in the morning", opens="06:00", closes="12:00", weight=4, scope=Scope(tags=("east",))),
        TimeOfDay(name="Not the west at noon", opens="12:00", closes="14:00", avoid=True, weight=4,
                  scope=Scope(tags=("west",))),
    ]  # fmt: skip
