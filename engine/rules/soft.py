"""Soft rules as functions: compiled once from their data, bound once to a question, asked once for each room.

A bound rule gives thousandths of a point: its weight times a value from -1,000 to 1,000, rounded down, so that sums
are the same everywhere. It is ``None`` where it gives nothing to any room for this question. What each kind means
stands in ``engine.rules.kinds``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from engine.decider import MINUTE
from engine.rules.hours import begins_within, minutes_of
from engine.rules.kinds import (
    AnySoft,
    Compactness,
    Continuity,
    EquipmentParsimony,
    FloorPreference,
    LeastBusy,
    PreferredRoom,
    Proximity,
    TimeOfDay,
    UtilizationBalancing,
)
from engine.rules.scopes import rooms_of, speaks_of_doctor
from engine.rules.subject import RoomProfile, RoomUse, Subject

WHOLE = 1_000
"""Thousandths: the value at which a rule gives its whole weight."""

Points = Callable[[RoomProfile, RoomUse], int]
BindSoft = Callable[[Subject], Points | None]


def compile_soft(spec: AnySoft) -> BindSoft:
    """The rule within its scope."""
    bind, concerns, holds = _bind(spec), speaks_of_doctor(spec.scope), rooms_of(spec.scope)

    def bound(subject: Subject) -> Points | None:
        points = bind(subject) if concerns(subject.doctor_id) else None
        if points is None or holds is None:
            return points
        return lambda room, use: points(room, use) if holds(room) else 0

    return bound


def _bind(spec: AnySoft) -> BindSoft:
    match spec:
        case PreferredRoom():
            return _preferred(spec)
        case Continuity():
            return _continuity(spec)
        case UtilizationBalancing():
            return _utilization(spec)
        case LeastBusy():
            return _least_busy(spec)
        case EquipmentParsimony():
            return _parsimony(spec)
        case Proximity():
            nearness = _nearness(spec.floor, spec.reach, spec.weight)
            return lambda subject: nearness
        case FloorPreference():
            reach, weight = spec.reach, spec.weight
            return lambda subject: (
                None if subject.wish.preferred_floor is None else _nearness(subject.wish.preferred_floor, reach, weight)
            )
        case Compactness():
            return _compactness(spec)
        case TimeOfDay():
            return _time_of_day(spec)
        case _:
            assert_never(spec)


def _preferred(spec: PreferredRoom) -> BindSoft:
    rooms, tags = frozenset(spec.rooms), frozenset(spec.tags)
    given = spec.weight * (-WHOLE if spec.avoid else WHOLE)
    if not tags:
        return lambda subject: lambda room, use: given if room.id in rooms else 0
    return lambda subject: lambda room, use: given if room.id in rooms or not tags.isdisjoint(room.tags) else 0


def _continuity(spec: Continuity) -> BindSoft:
    given = spec.weight * WHOLE

    def bind(subject: Subject) -> Points | None:
        last = subject.last_room
        return (lambda room, use: given if room.id == last else 0) if last else None

    return bind


def _utilization(spec: UtilizationBalancing) -> BindSoft:
    low, high, full, given = spec.low, spec.high, spec.full, spec.weight * WHOLE

    def points(room: RoomProfile, use: RoomUse) -> int:
        most = room.max_daily or full
        used = use.bookings * 100
        return given if used < low * most else -given if used > high * most else 0

    return lambda subject: points


def _least_busy(spec: LeastBusy) -> BindSoft:
    full, weight = spec.full, spec.weight

    def points(room: RoomProfile, use: RoomUse) -> int:
        free = full - use.bookings
        return weight * (free * WHOLE // full) if free > 0 else 0

    return lambda subject: points


def _parsimony(spec: EquipmentParsimony) -> BindSoft:
    most, weight = spec.most, spec.weight

    def bind(subject: Subject) -> Points:
        asked = frozenset(subject.wish.required_equipment)
        number = len(asked)

        def points(room: RoomProfile, use: RoomUse) -> int:
            spare = most + number - len(asked.union(room.equipment))
            return weight * (spare * WHOLE // most) if spare > 0 else 0

        return points

    return bind


def _nearness(floor: int, reach: int, weight: int) -> Points:
    def points(room: RoomProfile, use: RoomUse) -> int:
        if room.floor is None:
            return 0
        near = reach - abs(room.floor - floor)
        return weight * (near * WHOLE // reach if near > -reach else -WHOLE)

    return points


def _compactness(spec: Compactness) -> BindSoft:
    widest, weight, given = spec.minutes * MINUTE, spec.weight, spec.weight * WHOLE

    def points(room: RoomProfile, use: RoomUse) -> int:
        gap, after = use.gap_before, use.gap_after
        if gap is None or (after is not None and after < gap):
            gap = after
        if gap is None or gap >= widest:
            return 0
        return weight * ((widest - gap) * WHOLE // widest) if gap > 0 else given

    return lambda subject: points


def _time_of_day(spec: TimeOfDay) -> BindSoft:
    opens, closes = minutes_of(spec.opens), minutes_of(spec.closes)
    given = spec.weight * (-WHOLE if spec.avoid else WHOLE)
    return lambda subject: (lambda room, use: given) if begins_within(subject, opens, closes) else None
