"""Appointments that come again and again: booked in one decision by a recurrence rule, cancelled together.

R1  The rule counts on the hospital's wall clock; each appointment lasts as long as the first.
R2  Each is booked for itself, by the rules that hold on its day: its room need not be the same.
R3  ``all_or_nothing``: the first that cannot be had refuses the whole series, and is named. ``skip``: it is left
    out and listed with the reason; whoever still wants it books it by itself.
R4  A series of which nothing can be had is refused.
R5  Cancelling ends what is booked and begins at or after the given time, now where none is given. The rest stays.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

from msgspec import Meta
from msgspec.structs import replace

from engine import calendar
from engine.actors.clinic.state import Clinic, clinic_key
from engine.actors.clinic_day.commands import BeginSeries, Place, Step
from engine.actors.clinic_day.state import ClinicDay, Series, Skipped, clinic_day_key
from engine.actors.clinic_day.view import AppointmentView, SeriesView, appointment_view, series_view
from engine.actors.hospital import Id
from engine.decider import At, Deciding, Decision, Done, Find, FreeText, Look, Value
from engine.decisions import finding
from engine.decisions.book_appointment import appointment_of
from engine.decisions.rooming.arranging import Fallback, arranged, wanted
from engine.decisions.rooming.plan import Plan, Want
from engine.decisions.rooming.refusals import NoRoomAvailable
from engine.decisions.rooming.wanting import Asked
from engine.errors import NotFound, Rejected
from engine.recurrence import LocalStart, parse_rrule, series_starts

__all__ = ["BOOK_SERIES", "CANCEL_SERIES", "BookSeries", "CancelSeries", "NoSuchLocalTime", "SeriesView"]

MAX_OCCURRENCES = 60
"""Appointments of one series."""

Moment = Annotated[datetime, Meta(tz=True)]


class BookSeries(Asked, frozen=True, kw_only=True):
    """Book the same again and again; the times are those of the first."""

    rrule: Annotated[str, Meta(min_length=1, max_length=1_000)]
    mode: Literal["all_or_nothing", "skip"] = "all_or_nothing"
    fallback: Fallback = "reject"


class CancelSeries(Value, frozen=True):
    """Cancel what is left of a series."""

    series_id: Id
    from_time: Moment | None = None
    reason: FreeText | None = None


class NoSuchLocalTime(Rejected):
    """R1. The clocks skip this time on that day."""

    code = "no_such_local_time"
    rule = "R1"


class _Kept(NamedTuple):
    """Which day keeps an appointment."""

    clinic_id: str
    day: str
    appointment_id: str


def book_series(command: BookSeries, at: At) -> Deciding:
    """R1..R4."""
    hospital = yield from finding.the_hospital()
    plan = Plan(hospital, at)
    rule = parse_rrule(command.rrule, "rrule")
    first = yield from wanted(plan, command, at.new_id(0))
    series_id = first.appointment_id
    booked: list[_Kept] = []
    skipped: list[Skipped] = []
    fault: Rejected | None = None
    for occurrence in series_starts(rule, first.start, hospital.time_zone, MAX_OCCURRENCES):
        try:
            want = _want(first, occurrence, at.new_id(len(booked)), hospital.time_zone)
            place = yield from _place(plan, command, want)
        except Rejected as refusal:
            refusal.facts["occurrence"] = occurrence.local
            if command.mode == "all_or_nothing":
                raise
            fault = fault or refusal
            skipped.append(_skipped(occurrence, refusal))
            continue
        one = replace(appointment_of(want, place, command, at.time), series_id=series_id)
        plan.enter(want.clinic_id, want.day, one)
        booked.append(_Kept(want.clinic_id, want.day, one.id))
    if fault is not None and not booked:
        raise fault
    series = Series(
        id=series_id,
        rrule=rule.text,
        patient_id=command.patient_id,
        appointment_ids=tuple(one.appointment_id for one in booked),
        skipped=tuple(skipped),
    )
    plan.changes.of_day(first.clinic_id, booked[0].day).steps.append(BeginSeries(series))
    yield from plan.propose()
    return _answer(series, booked, "created")


def cancel_series(command: CancelSeries, at: At) -> Deciding:
    """R5."""
    plan = Plan((yield from finding.the_hospital()), at)
    key: str | None = yield Find("series", command.series_id)
    state: ClinicDay | None = (yield Look(key)) if key else None
    if state is None or command.series_id not in state.series:
        raise NotFound("there is no such series", series_id=command.series_id)
    series = state.series[command.series_id]
    since = at.time if command.from_time is None else calendar.instant(command.from_time, "from_time")
    kept: list[_Kept] = []
    patient_id = series.patient_id
    for id in series.appointment_ids:
        found = yield from plan.found(id)
        one = found.appointment
        patient_id = one.patient_id  # a merge of records took them along
        if one.status == "booked" and one.start >= since:
            cancelled = Step(appointment_id=id, to="cancelled", reason=command.reason)
            plan.step(found.clinic.id, found.day, one, cancelled)
        kept.append(_Kept(found.clinic.id, found.day, id))
    yield from plan.fill()
    yield from plan.propose()
    return _answer(series, kept, "ok", patient_id)


def _want(first: Want, occurrence: LocalStart, appointment_id: str, time_zone: str) -> Want:
    """R1: the same at another time."""
    start = occurrence.start
    if start is None:
        raise NoSuchLocalTime("the clocks skip this time")
    return replace(
        first,
        appointment_id=appointment_id,
        start=start,
        end=start + first.end - first.start,
        day=calendar.local_day(start, time_zone),
    )


def _place(plan: Plan, command: BookSeries, want: Want) -> finding.Deciding[Place]:
    """R2: people and room of one of them, as if it were booked by itself; what is left out needs no alternatives."""
    named = command.room_id or ""
    if command.mode == "all_or_nothing":
        return (yield from arranged(plan, want, named, command.fallback))
    yield from plan.free_people(want)
    place = yield from plan.place(want, named)
    if place is not None:
        return place
    why = plan.passed_over
    if command.fallback == "unassigned":
        return (yield from plan.unplaced(want, "occupied", why))
    considered, failed = (why.considered, why.failed) if why else (0, {})
    raise NoRoomAvailable("no room of the clinic can be had then", considered=considered, failed=failed)


def _skipped(occurrence: LocalStart, refusal: Rejected) -> Skipped:
    return Skipped(local=occurrence.local, start=occurrence.start or 0, code=refusal.code, detail=refusal.detail)


def _answer(series: Series, kept: list[_Kept], outcome: str, patient_id: str = "") -> Done:
    def answer(look: Callable[[str], Any]) -> SeriesView:
        views: list[AppointmentView] = []
        for one in kept:
            day: ClinicDay = look(clinic_day_key(one.clinic_id, one.day))
            clinic: Clinic = look(clinic_key(one.clinic_id))
            views.append(appointment_view(one.clinic_id, day.appointments[one.appointment_id], clinic.rooms))
        return series_view(series, views)

    return Done(answer, outcome, patient_id or series.patient_id)


BOOK_SERIES = Decision(
    command=BookSeries, run=book_series, home=lambda command, find: find("clinics", command.clinic_id)
)
CANCEL_SERIES = Decision(
    command=CancelSeries, run=cancel_series, home=lambda command, find: find("series", command.series_id)
)
