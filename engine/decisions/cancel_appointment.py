"""Cancel an appointment: room, doctor and patient are free, and the room goes to who waits for one."""

from __future__ import annotations

from engine.actors.clinic_day.commands import Step
from engine.actors.hospital import Id
from engine.decider import At, Deciding, Decision, FreeText, Value
from engine.decisions import finding
from engine.decisions.book_appointment import as_it_is
from engine.decisions.book_token import Moment, entered
from engine.decisions.rooming.plan import Plan


class CancelAppointment(Value, frozen=True):
    """Cancel an appointment that is booked, or whose patient is here. ``occurred_at``: when, if it is entered later."""

    appointment_id: Id
    reason: FreeText | None = None
    occurred_at: Moment | None = None
    if_version: int | None = None


def cancel_appointment(command: CancelAppointment, at: At) -> Deciding:
    """The decision of a cancellation."""
    plan = Plan((yield from finding.the_hospital()), at)
    clinic, day, one = yield from plan.found(command.appointment_id, command.if_version)
    happened_at = entered(command.occurred_at, at.time)
    cancelled = Step(appointment_id=one.id, to="cancelled", reason=command.reason, happened_at=happened_at)
    plan.step(clinic.id, day, one, cancelled)
    yield from plan.fill()
    yield from plan.propose()
    return as_it_is(clinic.id, day, one.id, one.patient_id)


CANCEL_APPOINTMENT = Decision(
    command=CancelAppointment,
    run=cancel_appointment,
    home=lambda command, find: find("appointments", command.appointment_id),
)
