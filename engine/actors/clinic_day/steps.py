"""What becomes of one appointment: a step of the state machine, another place, another record of its patient.

Each function gives the appointment as it is after the change, or a refusal, and needs nothing of the day. A decision
that plans over several days asks them, too, so that what it foresees is what the day writes down.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from engine.actors.clinic_day.commands import Confirm, Move, Place, Step
from engine.actors.clinic_day.refusals import IllegalStep, NoTurnover, NotWaiting, TooEarly
from engine.actors.clinic_day.state import HOLDING, Appointment, Escalation
from engine.decider import FreeText
from engine.errors import Invalid

STEPS: Final[dict[str, frozenset[str]]] = {
    "checked_in": frozenset(("booked",)),
    "in_progress": frozenset(("checked_in",)),
    "completed": frozenset(("in_progress",)),
    "cancelled": frozenset(("booked", "checked_in")),
    "no_show": frozenset(("booked",)),
}
"""R3: from which states each is reached."""

MOVES: Final[dict[str, frozenset[str]]] = {
    "rescheduled": frozenset(("booked",)),
    "room": frozenset(("held", "booked", "checked_in")),
    "assigned": frozenset(("booked", "checked_in")),
    "turnover": HOLDING | {"completed"},
    "declined": frozenset(("booked", "checked_in", "in_progress")),
}
"""R3: in which states it may have another time, another room or none."""

_KEPT: Final = 8
"""Former rooms and doctors that are remembered."""


def stepped(one: Appointment, step: Step, time: int) -> Appointment:
    """R3, R4, R5, R11: the appointment after a step; ``updated_at`` is when it was entered."""
    if one.status == "no_show" and step.to == "checked_in" and 0 < step.happened_at <= one.ended_at:
        return _here_after_all(one, step.happened_at, time)
    if one.status not in STEPS[step.to]:
        raise illegal(one, step.to)
    when = happened(one, step, time)
    reason = about(step.reason, one)
    escalation = one.escalation
    match step.to:
        case "checked_in":
            return replace(one, status="checked_in", checked_in_at=when, updated_at=time, version=one.version + 1)
        case "in_progress":
            return replace(
                one,
                status="in_progress",
                started_at=when,
                escalation=ended(escalation, "resolved", time),
                updated_at=time,
                version=one.version + 1,
            )
        case "completed":
            return _completed(one, step, when, time)
        case "no_show" if when < one.start and not step.force:
            raise TooEarly("the appointment has not begun", appointment_id=one.id, from_time=one.start)
        case "cancelled" | "no_show":
            return replace(
                one,
                status="cancelled" if step.to == "cancelled" else "no_show",
                busy_from=0,
                busy_to=0,
                ended_at=when,
                escalation=ended(escalation, "resolved", time),
                reason=reason,
                updated_at=time,
                version=one.version + 1,
            )
        case _:
            raise AssertionError(f"{step.to} is no step")


def happened(one: Appointment, step: Step, time: int) -> int:
    """R11: when the step was taken: not in the future, and not before the one that came before it."""
    if step.happened_at > time:
        raise Invalid("what is entered has happened already", field="occurred_at")
    before = max(one.checked_in_at, one.started_at)
    if step.happened_at and step.happened_at < before:
        raise Invalid("it cannot have happened before the step that came before it", field="occurred_at", since=before)
    return step.happened_at or time


def _here_after_all(one: Appointment, when: int, time: int) -> Appointment:
    """R11: marked as absent because nobody could enter the check-in; the room was given up, and stays so."""
    before = (*one.before, (one.room_id, one.start, one.end))[-_KEPT:] if one.room_id else one.before
    return replace(
        one,
        status="checked_in",
        room_id="",
        assignment=None,
        escalation=None,
        before=before,
        checked_in_at=when,
        ended_at=0,
        reason=None,
        updated_at=time,
        version=one.version + 1,
    )


def _completed(one: Appointment, step: Step, when: int, time: int) -> Appointment:
    """R5: the room is cleaned until ``busy_to``; where that lies before the room was held, it holds nothing."""
    busy_from, busy_to = one.busy_from, one.busy_to if step.busy_to is None else step.busy_to
    if busy_to <= busy_from:
        busy_from = busy_to = 0
    return replace(
        one,
        status="completed",
        busy_from=busy_from,
        busy_to=busy_to,
        ended_at=when,
        updated_at=time,
        version=one.version + 1,
    )


def confirmed(one: Appointment, command: Confirm, time: int) -> Appointment:
    """R2: a hold that is booked now."""
    if one.status != "held":
        raise illegal(one, "booked")
    return replace(
        one,
        status="booked",
        expires_at=0,
        release_at=command.release_at,
        note=one.note if command.note is None else about(command.note, one),
        updated_at=time,
        version=one.version + 1,
    )


def moved(one: Appointment, move: Move, time: int) -> Appointment:
    """R3, R6, R7: the appointment in its new place, checked for what the change is called."""
    if one.status not in MOVES[move.change]:
        raise illegal(one, move.change)
    escalation = one.escalation
    if move.change in ("assigned", "declined") and (escalation is None or escalation.status != "open"):
        raise NotWaiting("the appointment does not wait for a room", appointment_id=one.id)
    if move.change == "turnover" and one.busy_to <= max(time, one.busy_from):
        raise NoTurnover("no room is to be cleaned after the appointment", appointment_id=one.id)
    after = placed(one, move.place, time, move.reason)
    if move.change == "declined":
        return replace(after, escalation=ended(escalation, "declined", time))
    return replace(after, shortened=True) if move.change == "turnover" else after


def placed(one: Appointment, place: Place, time: int, reason: FreeText | None = None) -> Appointment:
    """The appointment in another place: what it had is remembered, an escalation ends where it has a room.

    Its version is one more; for ``MoveIn`` a decision makes it with this.
    """
    before, doctors = one.before, one.doctors_before
    if one.room_id and (one.room_id, one.start, one.end) != (place.room_id, place.start, place.end):
        before = (*before, (one.room_id, one.start, one.end))[-_KEPT:]
    if one.doctor_id != place.doctor_id:
        doctors = (*(id for id in doctors if id != place.doctor_id), one.doctor_id)[-_KEPT:]
    escalation = place.escalation
    if escalation is None:
        escalation = ended(one.escalation, "assigned", time) if place.room_id else one.escalation
    kept = one.assignment if place.room_id == one.room_id else None
    return replace(
        one,
        start=place.start,
        end=place.end,
        doctor_id=place.doctor_id,
        room_id=place.room_id,
        busy_from=place.busy_from,
        busy_to=place.busy_to,
        assignment=kept if place.assignment is None else place.assignment,
        escalation=escalation,
        release_at=place.release_at,
        before=before,
        doctors_before=doctors,
        reason=about(reason, one),
        shortened=False,
        updated_at=time,
        version=one.version + 1,
    )


def repointed(one: Appointment, patient_id: str, time: int) -> Appointment:
    """The appointment of another record of the same patient; its text goes under that record's key."""
    return replace(
        one,
        patient_id=patient_id,
        note=_again(one.note, patient_id),
        reason=_again(one.reason, patient_id),
        overlap_reason=_again(one.overlap_reason, patient_id),
        updated_at=time,
        version=one.version + 1,
    )


def ended(escalation: Escalation | None, status: str, time: int) -> Escalation | None:
    """R6: an open escalation, closed as ``assigned``, ``resolved`` or ``declined``; any other as it is."""
    if escalation is None or escalation.status != "open":
        return escalation
    match status:
        case "assigned" | "resolved" | "declined":
            return replace(escalation, status=status, closed_at=time)
        case _:
            raise AssertionError(f"no escalation ends as {status}")


def illegal(one: Appointment, to: str) -> IllegalStep:
    """R3: the refusal that names both states."""
    return IllegalStep(
        f"an appointment that is {one.status} cannot become {to}",
        appointment_id=one.id,
        from_state=one.status,
        to_state=to,
    )


def about(text: FreeText | None, one: Appointment) -> FreeText | None:
    """Text of a command, to be sealed under the patient's key."""
    return text if text is None or text.subject == one.patient_id else text.about(one.patient_id)


def _again(text: FreeText | None, patient_id: str) -> FreeText | None:
    return None if text is None else text.about(patient_id)
