"""How appointments are answered. A room's name is the clinic's to know; whoever asks passes it in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from engine import calendar
from engine.actors.clinic_day.state import (
    Appointment,
    Assignment,
    ClinicDay,
    Escalation,
    EscalationStatus,
    Method,
    Series,
    Status,
)
from engine.decider import FreeText
from engine.rules.subject import Ranked, RoomProfile


class TermView(msgspec.Struct, frozen=True):
    """What a soft rule gave the room, in points."""

    rule_id: str
    points: float


class RoomScore(msgspec.Struct, frozen=True):
    """A room that could have been had, 0..100."""

    room_id: str
    score: int


class AssignmentView(msgspec.Struct, frozen=True):
    """How the room was chosen: ``failed`` counts the rooms that each reason excluded, by rule's id or reason."""

    method: Method
    rule_version: int
    score: int | None
    terms: list[TermView]
    alternatives: list[RoomScore]
    considered: int
    failed: dict[str, int]


class EscalationView(msgspec.Struct, frozen=True):
    """The wait for a room; ``deadline`` is when somebody should have seen to it."""

    status: EscalationStatus
    opened_at: datetime
    deadline: datetime
    closed_at: datetime | None
    reason: str | None


class AppointmentView(msgspec.Struct, frozen=True):
    """An appointment. ``busy_from`` and ``busy_to``: what it takes of its room, with setup and cleaning."""

    id: str
    clinic_id: str
    patient_id: str
    doctor_id: str
    start_time: datetime
    end_time: datetime
    status: Status
    room_id: str | None
    room_name: str | None
    busy_from: datetime | None
    busy_to: datetime | None
    assignment: AssignmentView | None
    escalation: EscalationView | None
    expires_at: datetime | None
    release_at: datetime | None
    checked_in_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    series_id: str | None
    note: FreeText | None
    reason: FreeText | None
    overlap_reason: FreeText | None
    created_at: datetime
    updated_at: datetime
    version: int


class SkippedTime(msgspec.Struct, frozen=True):
    """A time of the rule that was not booked, and why; ``start_time`` is null where the clocks skip it."""

    start_time: datetime | None
    local: str
    code: str
    detail: str


class SeriesView(msgspec.Struct, frozen=True):
    """A series: its appointments in order as booked, wherever they are now, and what was left out."""

    series_id: str
    rrule: str
    appointments: list[AppointmentView]
    skipped: list[SkippedTime]


def appointment_view(
    clinic_id: str, one: Appointment, rooms: Mapping[str, RoomProfile] | None = None
) -> AppointmentView:
    """An appointment as answered; ``rooms`` are the clinic's, by id (a retired room has no name any more)."""
    room = rooms.get(one.room_id) if rooms and one.room_id else None
    return AppointmentView(
        id=one.id,
        clinic_id=clinic_id,
        patient_id=one.patient_id,
        doctor_id=one.doctor_id,
        start_time=calendar.moment(one.start),
        end_time=calendar.moment(one.end),
        status=one.status,
        room_id=one.room_id or None,
        room_name=None if room is None else room.name,
        busy_from=_moment(one.busy_from),
        busy_to=_moment(one.busy_to),
        assignment=None if one.assignment is None else assignment_view(one.assignment),
        escalation=None if one.escalation is None else escalation_view(one.escalation),
        expires_at=_moment(one.expires_at) if one.status == "held" else None,
        release_at=_moment(one.release_at) if one.status == "booked" else None,
        checked_in_at=_moment(one.checked_in_at),
        started_at=_moment(one.started_at),
        ended_at=_moment(one.ended_at),
        series_id=one.series_id or None,
        note=one.note,
        reason=one.reason,
        overlap_reason=one.overlap_reason,
        created_at=calendar.moment(one.created_at),
        updated_at=calendar.moment(one.updated_at),
        version=one.version,
    )


def series_view(series: Series, appointments: list[AppointmentView]) -> SeriesView:
    """A series as answered; whoever asks finds its appointments, which may have moved."""
    skipped = [SkippedTime(_moment(one.start), one.local, one.code, one.detail) for one in series.skipped]
    return SeriesView(series.id, series.rrule, appointments, skipped)


def day_views(day: ClinicDay, rooms: Mapping[str, RoomProfile] | None = None) -> list[AppointmentView]:
    """All appointments of a day, in order of time."""
    ordered = sorted(day.appointments.values(), key=lambda one: (one.start, one.id))
    return [appointment_view(day.clinic_id, one, rooms) for one in ordered]


def assignment_view(assignment: Assignment) -> AssignmentView:
    """How a room was chosen, as answered."""
    chosen = assignment.chosen
    return AssignmentView(
        method=assignment.method,
        rule_version=assignment.rule_version,
        score=None if chosen is None else chosen.score,
        terms=[] if chosen is None else _terms(chosen),
        alternatives=[RoomScore(other.room_id, other.score) for other in assignment.next],
        considered=assignment.considered,
        failed=assignment.failed,
    )


def escalation_view(escalation: Escalation) -> EscalationView:
    """A wait for a room, as answered."""
    return EscalationView(
        status=escalation.status,
        opened_at=calendar.moment(escalation.opened_at),
        deadline=calendar.moment(escalation.deadline),
        closed_at=_moment(escalation.closed_at),
        reason=escalation.reason or None,
    )


def _terms(ranked: Ranked) -> list[TermView]:
    return [TermView(term.rule_id, term.points / 1_000) for term in ranked.terms]


def _moment(time: int) -> datetime | None:
    return calendar.moment(time) if time else None
