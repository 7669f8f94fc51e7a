"""Hold a room, its doctor and its patient for a while; then confirm the appointment, or give it back.

R1  A hold is idempotent by the client's own id, for that client on that day of the clinic, while it lives.
R2  A hold takes time like a booking, and there is none without a room.
R3  A confirmation books what is held, no more; after the hold has lapsed it is gone, whoever has the room then.
R4  A room that is given back goes to who waits for one.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from engine.actors.clinic_day.commands import EndHold
from engine.actors.clinic_day.refusals import HoldExpired
from engine.actors.clinic_day.state import Appointment
from engine.actors.hospital import Id
from engine.decider import MINUTE, At, Deciding, Decision, Done, FreeText, Value
from engine.decisions import finding
from engine.decisions.book_appointment import appointment_of, as_it_is
from engine.decisions.rooming.arranging import arranged, wanted
from engine.decisions.rooming.choosing import release_at
from engine.decisions.rooming.plan import Plan
from engine.decisions.rooming.wanting import Asked, Want


class HoldRoom(Asked, frozen=True):
    """Hold a room, a doctor and a time for a patient."""

    client_hold_id: Annotated[str, Meta(min_length=1, max_length=100)] | None = None


class ConfirmAppointment(Value, frozen=True):
    """Book what is held."""

    appointment_id: Id
    note: FreeText | None = None


class ReleaseAppointment(Value, frozen=True):
    """Give back what is held."""

    appointment_id: Id


def hold_room(command: HoldRoom, at: At) -> Deciding:
    """R1, R2."""
    plan = Plan((yield from finding.the_hospital()), at)
    want = yield from wanted(plan, command, at.new_id(0))
    hold_key = _key(at.who, command.client_hold_id) if command.client_hold_id else ""
    if hold_key:
        before = yield from _same_hold(plan, want, hold_key)
        if before is not None:
            return as_it_is(want.clinic_id, want.day, before.id, before.patient_id, "created")
    place = yield from arranged(plan, want, command.room_id or "")
    clinic = yield from plan.clinic(want.clinic_id)
    held = replace(
        appointment_of(want, place, command, at.time, "held"),
        expires_at=at.time + clinic.settings.hold_minutes * MINUTE,
        release_at=0,
        hold_key=hold_key,
    )
    plan.enter(want.clinic_id, want.day, held)
    yield from plan.propose()
    return as_it_is(want.clinic_id, want.day, held.id, want.patient_id, "created")


def confirm_appointment(command: ConfirmAppointment, at: At) -> Deciding:
    """R3."""
    plan = Plan((yield from finding.the_hospital()), at)
    clinic, day, one = yield from plan.found(command.appointment_id)
    if one.status == "held" and at.time >= one.expires_at:
        raise HoldExpired("the room is no longer held", appointment_id=one.id, how="expired")
    plan.confirm(clinic.id, day, one, release_at(clinic, one.start, at.time), command.note)
    yield from plan.propose()
    return as_it_is(clinic.id, day, one.id, one.patient_id)


def release_appointment(command: ReleaseAppointment, at: At) -> Deciding:
    """R4."""
    plan = Plan((yield from finding.the_hospital()), at)
    clinic, day, one = yield from plan.found(command.appointment_id)
    plan.step(clinic.id, day, one, EndHold(one.id, "released"))
    yield from plan.fill()
    yield from plan.propose()
    return Done(outcome="removed")


def _key(who: str, client_hold_id: str) -> str:
    """One client's id of a hold, as the log keeps it: what clients call their holds is nobody else's matter."""
    return sha256(f"{who}\0{client_hold_id}".encode()).hexdigest()[:32]


def _same_hold(plan: Plan, want: Want, hold_key: str) -> finding.Deciding[Appointment | None]:
    state = yield from plan.changes.clinic_day(want.clinic_id, want.day)
    for one in reversed(state.appointments.values()) if state is not None else ():
        if one.hold_key == hold_key and one.status == "held" and one.expires_at > plan.time:
            return one
    return None


HOLD_ROOM = Decision(command=HoldRoom, run=hold_room, home=lambda command, find: find("clinics", command.clinic_id))
CONFIRM_APPOINTMENT = Decision(
    command=ConfirmAppointment,
    run=confirm_appointment,
    home=lambda command, find: find("appointments", command.appointment_id),
)
RELEASE_APPOINTMENT = Decision(
    command=ReleaseAppointment,
    run=release_appointment,
    home=lambda command, find: find("appointments", command.appointment_id),
)
