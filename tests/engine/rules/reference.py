"""The rules as their descriptions read, by brute force: fractions, loops over minutes, nothing compiled or hoisted.

Written from the descriptions of the kinds, not from the code that is tested, and slow without regret.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from math import floor

from engine.rules.choice import Candidate
from engine.rules.kinds import (
    HARD,
    AccessibilityRequired,
    AgeBand,
    AllowedHours,
    AnyRule,
    CleaningBuffer,
    Compactness,
    Continuity,
    DepartmentMatch,
    DoctorsOnly,
    EquipmentParsimony,
    EquipmentRequired,
    FloorPreference,
    GenderMatch,
    IsolationRequired,
    LeastBusy,
    MaximumDaily,
    MaximumDuration,
    MinimumCapacity,
    PreferredRoom,
    Proximity,
    RoomTypeMatch,
    Rule,
    SoftRule,
    TimeOfDay,
    UtilizationBalancing,
)
from engine.rules.subject import RoomProfile, RoomUse, Subject

MINUTE = 60_000_000


def best(rules: Sequence[Rule], day: date, subject: Subject, candidates: Sequence[Candidate]) -> list[tuple[str, int]]:
    """All rooms that can be had with their thousandths of a point, best first."""
    held = [rule for rule in rules if rule.spec.enabled and _effective(rule.spec, day)]
    found = []
    for room, use in candidates:
        if reasons(held, subject, room, use):
            continue
        total = sum(points(rule.spec, subject, room, use) for rule in held if not isinstance(rule.spec, HARD))
        found.append((room.id, total))
    return sorted(found, key=lambda one: (-one[1], one[0]))


def reasons(rules: Sequence[Rule], subject: Subject, room: RoomProfile, use: RoomUse) -> set[str]:
    """Everything that speaks against the room."""
    found = {name for name, against in _of_itself(subject, room, use).items() if against}
    found.update(
        rule.id
        for rule in rules
        if isinstance(rule.spec, HARD)
        and _speaks(rule.spec, subject, room)
        and not _meets(rule.spec, subject, room, use)
    )
    return found


def points(spec: AnyRule, subject: Subject, room: RoomProfile, use: RoomUse) -> int:
    """Weight times value, the value rounded down to a thousandth."""
    if not _speaks(spec, subject, room):
        return 0
    assert isinstance(spec, SoftRule)
    value = _value(spec, subject, room, use)
    assert -1 <= value <= 1
    return spec.weight * floor(1_000 * value)


def _effective(spec: AnyRule, day: date) -> bool:
    begun = spec.effective_from is None or day >= spec.effective_from
    over = spec.effective_to is not None and day > spec.effective_to
    return begun and not over


def _speaks(spec: AnyRule, subject: Subject, room: RoomProfile) -> bool:
    scope = spec.scope
    if scope.room_ids and room.id not in scope.room_ids:
        return False
    if scope.room_types and room.type not in scope.room_types:
        return False
    if scope.tags and not any(tag in room.tags for tag in scope.tags):
        return False
    return not scope.doctor_ids or subject.doctor_id in scope.doctor_ids


def _of_itself(subject: Subject, room: RoomProfile, use: RoomUse) -> dict[str, bool]:
    wish, age = subject.wish, subject.age
    too_young = room.min_age is not None and (age is None or age < room.min_age)
    too_old = room.max_age is not None and (age is None or age > room.max_age)
    return {
        "unavailable": not room.is_available,
        "room_type": bool(wish.room_type) and wish.room_type != room.type,
        "equipment": not all(piece in room.equipment for piece in wish.required_equipment),
        "capacity": room.capacity < wish.capacity,
        "department": bool(wish.department) and wish.department != room.department,
        "isolation": wish.isolation and not room.isolation,
        "accessibility": wish.accessible and not room.accessible,
        "doctors": bool(room.doctors) and subject.doctor_id not in room.doctors,
        "gender": bool(room.genders) and subject.gender not in room.genders,
        "age": too_young or too_old,
        "maximum_daily": room.max_daily is not None and use.bookings >= room.max_daily,
        "busy": use.busy,
    }


def _meets(spec: AnyRule, subject: Subject, room: RoomProfile, use: RoomUse) -> bool:
    match spec:
        case RoomTypeMatch():
            wanted = spec.types or ((subject.wish.room_type,) if subject.wish.room_type else ())
            return not wanted or room.type in wanted
        case EquipmentRequired():
            return all(piece in room.equipment for piece in spec.required)
        case MinimumCapacity():
            return room.capacity >= spec.minimum
        case DepartmentMatch():
            wanted = spec.departments or ((subject.wish.department,) if subject.wish.department else ())
            return not wanted or room.department in wanted
        case AllowedHours():
            # The last minute that is begun counts, the one in which it ends does not.
            return all(_open(spec, subject.weekday, at) for at in range(subject.from_minute, subject.to_minute))
        case DoctorsOnly():
            return subject.doctor_id in spec.doctors
        case IsolationRequired():
            return room.isolation if subject.wish.isolation else not (spec.exclusive and room.isolation)
        case AccessibilityRequired():
            return room.accessible or not subject.wish.accessible
        case GenderMatch():
            if not subject.gender:
                return False
            return subject.gender in (spec.genders or room.genders or (subject.gender,))
        case AgeBand():
            return subject.age is not None and spec.min_age <= subject.age <= spec.max_age
        case MaximumDaily():
            return use.bookings + 1 <= spec.bookings
        case MaximumDuration():
            return subject.end - subject.start <= spec.minutes * MINUTE
        case CleaningBuffer():
            least = spec.minutes * MINUTE
            before = use.gap_before is None or use.gap_before + use.cleaned >= least
            return before and (use.gap_after is None or use.gap_after >= least)
    raise AssertionError(spec)


def _open(spec: AllowedHours, weekday: int, minute: int) -> bool:
    """Whether it is open in this minute, counted from the midnight that begins the weekday."""
    clock, today = minute % 1_440, (weekday + minute // 1_440) % 7
    opens, closes = _minutes(spec.opens), _minutes(spec.closes)
    if opens < closes:
        return today in spec.days and opens <= clock < closes
    return (today in spec.days and clock >= opens) or ((today - 1) % 7 in spec.days and clock < closes)


def _value(spec: SoftRule, subject: Subject, room: RoomProfile, use: RoomUse) -> Fraction:
    zero, one = Fraction(0), Fraction(1)
    match spec:
        case PreferredRoom():
            named = room.id in spec.rooms or any(tag in room.tags for tag in spec.tags)
            return (-one if spec.avoid else one) if named else zero
        case Continuity():
            return one if subject.last_room and subject.last_room == room.id else zero
        case UtilizationBalancing():
            percent = Fraction(100 * use.bookings, room.max_daily or spec.full)
            return one if percent < spec.low else -one if percent > spec.high else zero
        case LeastBusy():
            return max(zero, 1 - Fraction(use.bookings, spec.full))
        case EquipmentParsimony():
            spare = [piece for piece in room.equipment if piece not in subject.wish.required_equipment]
            return max(zero, 1 - Fraction(len(spare), spec.most))
        case Proximity():
            return _near(room.floor, spec.floor, spec.reach)
        case FloorPreference():
            wanted = subject.wish.preferred_floor
            return zero if wanted is None else _near(room.floor, wanted, spec.reach)
        case Compactness():
            gaps = [gap for gap in (use.gap_before, use.gap_after) if gap is not None]
            return max(zero, 1 - Fraction(min(gaps), spec.minutes * MINUTE)) if gaps else zero
        case TimeOfDay():
            opens, closes, at = _minutes(spec.opens), _minutes(spec.closes), subject.from_minute
            within = opens <= at < closes if opens < closes else at >= opens or at < closes
            return (-one if spec.avoid else one) if within else zero
    raise AssertionError(spec)


def _near(floor_of_room: int | None, wanted: int, reach: int) -> Fraction:
    if floor_of_room is None:
        return Fraction(0)
    return max(Fraction(-1), 1 - Fraction(abs(floor_of_room - wanted), reach))


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return 60 * int(hours) + int(minutes)
