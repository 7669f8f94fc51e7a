"""The day of an appointment: the patient comes or does not, it begins, it ends, the room is cleaned.

R1  Each step is a person's act; nothing begins or ends by itself.
R2  Check-in not earlier than the clinic lets patients in.
R3  An appointment that ends early frees its room early: cleaning begins when it ends. It never takes time of the
    room's next stretch.
R4  Absent before the appointment begins only by force, and what is forced has a reason.
R5  Cleaning is shortened, never made longer, by a person with a reason.
R6  A room that frees up goes to who waits for one, in the same decision.
R7  Nothing begins in a room in which another appointment is in progress: it is completed first.
R8  What is entered afterwards says when it happened (``occurred_at``): not in the future, and not before what came
    before it (the clinic's day says so). A check-in is then early or not by that, and the room is cleaned from then on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from msgspec import Meta

from engine import calendar
from engine.actors.clinic.state import Clinic, clinic_key
from engine.actors.clinic_day.commands import Place, Reason, Step
from engine.actors.clinic_day.refusals import NoTurnover, TooEarly
from engine.actors.clinic_day.state import Appointment, ClinicDay
from engine.actors.clinic_day.view import AppointmentView, appointment_view
from engine.actors.hospital import Id
from engine.decider import MINUTE, At, Deciding, Decision, Done, FreeText, Value
from engine.decisions import finding
from engine.decisions.book_token import Moment, entered
from engine.decisions.rooming.plan import Found, Plan
from engine.errors import Invalid, Rejected


class RoomOccupied(Rejected):
    """R7. Facts ``room_id``, and ``appointment_id`` of the one in progress."""

    code = "room_occupied"
    rule = "R7"


class CheckInAppointment(Value, frozen=True):
    """The patient is here."""

    appointment_id: Id
    occurred_at: Moment | None = None
    if_version: int | None = None


class StartAppointment(Value, frozen=True):
    """It begins."""

    appointment_id: Id
    occurred_at: Moment | None = None
    if_version: int | None = None


class CompleteAppointment(Value, frozen=True):
    """It is over; the room is cleaned from then on."""

    appointment_id: Id
    occurred_at: Moment | None = None
    if_version: int | None = None


class MarkAppointmentMissed(Value, frozen=True):
    """The patient has not come; ``force`` before it begins."""

    appointment_id: Id
    force: bool = False
    reason: FreeText | None = None
    occurred_at: Moment | None = None
    if_version: int | None = None


class ShortenTurnover(Value, frozen=True):
    """The room is clean after so many minutes already."""

    appointment_id: Id
    minutes: Annotated[int, Meta(ge=0, le=480)]
    reason: Reason
    if_version: int | None = None


class DeclineEscalation(Value, frozen=True):
    """The appointment takes place without a room."""

    appointment_id: Id
    reason: Reason
    if_version: int | None = None


def check_in(command: CheckInAppointment, at: At) -> Deciding:
    """R2, R8."""
    happened_at = entered(command.occurred_at, at.time)
    plan = Plan((yield from finding.the_hospital()), at)
    found = yield from plan.found(command.appointment_id, command.if_version)
    one, early = found.appointment, found.clinic.settings.early_check_in_minutes
    if one.status == "booked" and early is not None and (happened_at or at.time) < one.start - early * MINUTE:
        opens = one.start - early * MINUTE
        raise TooEarly("it is too early to check in", appointment_id=one.id, from_time=opens)
    plan.step(found.clinic.id, found.day, one, Step(appointment_id=one.id, to="checked_in", happened_at=happened_at))
    yield from plan.propose()
    return as_it_is(found)


def start(command: StartAppointment, at: At) -> Deciding:
    """R1, R7, R8."""
    happened_at = entered(command.occurred_at, at.time)
    plan = Plan((yield from finding.the_hospital()), at)
    found = yield from plan.found(command.appointment_id, command.if_version)
    one = found.appointment
    if one.room_id and one.status == "checked_in":
        for day in (found.day, calendar.shift(found.day, -1), calendar.shift(found.day, 1)):
            beside = yield from plan.changes.clinic_day(found.clinic.id, day)
            there = _in_progress(beside, one.room_id)
            if there is not None:
                raise RoomOccupied(
                    "another appointment is in progress there", room_id=one.room_id, appointment_id=there
                )
    plan.step(found.clinic.id, found.day, one, Step(appointment_id=one.id, to="in_progress", happened_at=happened_at))
    yield from plan.propose()
    return as_it_is(found)


def complete(command: CompleteAppointment, at: At) -> Deciding:
    """R3, R6, R8."""
    happened_at = entered(command.occurred_at, at.time)
    plan = Plan((yield from finding.the_hospital()), at)
    found = yield from plan.found(command.appointment_id, command.if_version)
    clinic_id, day, one = found.clinic.id, found.day, found.appointment
    busy_to = None
    if one.room_id and one.status == "in_progress":
        busy_to = yield from plan.until_clean(one, happened_at or at.time)
    over = Step(appointment_id=one.id, to="completed", busy_to=busy_to, happened_at=happened_at)
    plan.step(clinic_id, day, one, over)
    yield from plan.fill()
    yield from plan.propose()
    return as_it_is(found)


def _in_progress(day: ClinicDay | None, room_id: str) -> str | None:
    if day is None:
        return None
    held = (stretch.appointment_id for stretch in day.rooms.get(room_id, ()))
    return next((id for id in held if day.appointments[id].status == "in_progress"), None)


def mark_missed(command: MarkAppointmentMissed, at: At) -> Deciding:
    """R4, R6, R8."""
    happened_at = entered(command.occurred_at, at.time)
    if command.force and (command.reason is None or not command.reason.text.strip()):
        raise Invalid("what is forced needs a reason", field="reason")
    plan = Plan((yield from finding.the_hospital()), at)
    found = yield from plan.found(command.appointment_id, command.if_version)
    one = found.appointment
    missed = Step(
        appointment_id=one.id, to="no_show", force=command.force, reason=command.reason, happened_at=happened_at
    )
    plan.step(found.clinic.id, found.day, one, missed)
    yield from plan.fill()
    yield from plan.propose()
    return as_it_is(found)


def shorten_turnover(command: ShortenTurnover, at: At) -> Deciding:
    """R5, R6."""
    plan = Plan((yield from finding.the_hospital()), at)
    found = yield from plan.found(command.appointment_id, command.if_version)
    one = found.appointment
    if one.status in ("cancelled", "no_show") or one.busy_to <= at.time:
        raise NoTurnover("no room is to be cleaned after the appointment", appointment_id=one.id)
    over = one.ended_at if one.status == "completed" else one.end
    # A stretch that began to be held cannot end before it did.
    clean = max(over + command.minutes * MINUTE, one.busy_from + MINUTE)
    if clean >= one.busy_to:
        raise Invalid("the cleaning is to become shorter", field="minutes", busy_to=one.busy_to)
    yield from plan.move(found.clinic.id, found.day, one, _until(one, clean), "turnover", command.reason)
    yield from plan.fill()
    yield from plan.propose()
    return as_it_is(found)


def decline(command: DeclineEscalation, at: At) -> Deciding:
    """Nobody looks for a room for it any more."""
    plan = Plan((yield from finding.the_hospital()), at)
    found = yield from plan.found(command.appointment_id, command.if_version)
    one = found.appointment
    yield from plan.move(found.clinic.id, found.day, one, _until(one, one.busy_to), "declined", command.reason)
    yield from plan.propose()
    return as_it_is(found)


def as_it_is(found: Found, outcome: str = "ok") -> Done:
    """The appointment as the decision leaves it, on the day where it was found."""
    key, clinic, id = found.key, clinic_key(found.clinic.id), found.appointment.id

    def answer(look: Callable[[str], Any]) -> AppointmentView:
        day: ClinicDay = look(key)
        state: Clinic = look(clinic)
        return appointment_view(state.id, day.appointments[id], state.rooms)

    return Done(answer, outcome, found.appointment.patient_id)


def _until(one: Appointment, busy_to: int) -> Place:
    """Where it is, its room held until this instant."""
    return Place(
        start=one.start,
        end=one.end,
        doctor_id=one.doctor_id,
        room_id=one.room_id,
        busy_from=one.busy_from,
        busy_to=busy_to,
        release_at=one.release_at,
    )


def _home(command: Any, find: Callable[[str, str], str | None]) -> str | None:
    return find("appointments", command.appointment_id)


CHECK_IN_APPOINTMENT = Decision(command=CheckInAppointment, run=check_in, home=_home)
START_APPOINTMENT = Decision(command=StartAppointment, run=start, home=_home)
COMPLETE_APPOINTMENT = Decision(command=CompleteAppointment, run=complete, home=_home)
MARK_APPOINTMENT_MISSED = Decision(command=MarkAppointmentMissed, run=mark_missed, home=_home)
SHORTEN_TURNOVER = Decision(command=ShortenTurnover, run=shorten_turnover, home=_home)
DECLINE_ESCALATION = Decision(command=DeclineEscalation, run=decline, home=_home)
