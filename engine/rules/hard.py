"""Hard rules as functions: compiled once from their data, bound once to a question, asked once for each room.

A bound rule is ``None`` where it excludes no room for this question. What each kind means stands in
``engine.rules.kinds``. Words are compared as they are written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from engine.decider import MINUTE
from engine.rules.hours import lies_within, minutes_of
from engine.rules.kinds import (
    AccessibilityRequired,
    AgeBand,
    AllowedHours,
    AnyHard,
    CleaningBuffer,
    DepartmentMatch,
    DoctorsOnly,
    EquipmentRequired,
    GenderMatch,
    IsolationRequired,
    MaximumDaily,
    MaximumDuration,
    MinimumCapacity,
    RoomTypeMatch,
)
from engine.rules.scopes import rooms_of, speaks_of_doctor
from engine.rules.subject import RoomProfile, RoomUse, Subject

Meets = Callable[[RoomProfile, RoomUse], bool]
BindHard = Callable[[Subject], Meets | None]


def compile_hard(spec: AnyHard) -> BindHard:
    """The rule within its scope."""
    bind, concerns, holds = _bind(spec), speaks_of_doctor(spec.scope), rooms_of(spec.scope)

    def bound(subject: Subject) -> Meets | None:
        meets = bind(subject) if concerns(subject.doctor_id) else None
        if meets is None or holds is None:
            return meets
        if meets is nobody:
            return lambda room, use: not holds(room)
        return lambda room, use: not holds(room) or meets(room, use)

    return bound


def nobody(room: RoomProfile, use: RoomUse) -> bool:
    """What a rule comes to that excludes every room of its scope."""
    return False


def _bind(spec: AnyHard) -> BindHard:
    match spec:
        case RoomTypeMatch():
            return _room_type(spec)
        case EquipmentRequired():
            required = frozenset(spec.required)
            return lambda subject: lambda room, use: required.issubset(room.equipment)
        case MinimumCapacity(minimum=minimum):
            return lambda subject: lambda room, use: room.capacity >= minimum
        case DepartmentMatch():
            return _department(spec)
        case AllowedHours():
            days, opens, closes = frozenset(spec.days), minutes_of(spec.opens), minutes_of(spec.closes)
            return _of_question(lambda subject: lies_within(subject, days, opens, closes))
        case DoctorsOnly():
            doctors = frozenset(spec.doctors)
            return _of_question(lambda subject: subject.doctor_id in doctors)
        case IsolationRequired():
            return _isolation(spec)
        case AccessibilityRequired():
            return lambda subject: (lambda room, use: room.accessible) if subject.wish.accessible else None
        case GenderMatch():
            return _gender(spec)
        case AgeBand(min_age=youngest, max_age=oldest):
            return _of_question(lambda subject: subject.age is not None and youngest <= subject.age <= oldest)
        case MaximumDaily(bookings=bookings):
            return lambda subject: lambda room, use: use.bookings < bookings
        case MaximumDuration(minutes=minutes):
            longest = minutes * MINUTE
            return _of_question(lambda subject: subject.end - subject.start <= longest)
        case CleaningBuffer():
            return _buffer(spec)
        case _:
            assert_never(spec)


def _of_question(holds: Callable[[Subject], bool]) -> BindHard:
    """A rule that looks at the question alone: it excludes all rooms or none."""
    return lambda subject: None if holds(subject) else nobody


def _room_type(spec: RoomTypeMatch) -> BindHard:
    types = frozenset(spec.types)

    def bind(subject: Subject) -> Meets | None:
        wanted = types or frozenset(filter(None, (subject.wish.room_type,)))
        return (lambda room, use: room.type in wanted) if wanted else None

    return bind


def _department(spec: DepartmentMatch) -> BindHard:
    departments = frozenset(spec.departments)

    def bind(subject: Subject) -> Meets | None:
        wanted = departments or frozenset(filter(None, (subject.wish.department,)))
        return (lambda room, use: room.department in wanted) if wanted else None

    return bind


def _isolation(spec: IsolationRequired) -> BindHard:
    exclusive = spec.exclusive

    def bind(subject: Subject) -> Meets | None:
        if subject.wish.isolation:
            return lambda room, use: room.isolation
        return (lambda room, use: not room.isolation) if exclusive else None

    return bind


def _gender(spec: GenderMatch) -> BindHard:
    genders = spec.genders

    def bind(subject: Subject) -> Meets | None:
        gender = subject.gender
        if not gender:
            return nobody
        if genders:
            return None if gender in genders else nobody
        return lambda room, use: not room.genders or gender in room.genders

    return bind


def _buffer(spec: CleaningBuffer) -> BindHard:
    least = spec.minutes * MINUTE

    def meets(room: RoomProfile, use: RoomUse) -> bool:
        before, after = use.gap_before, use.gap_after
        return (before is None or before + use.cleaned >= least) and (after is None or after >= least)

    return lambda subject: meets
