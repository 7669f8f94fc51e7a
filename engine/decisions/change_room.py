"""Another room for an appointment at its time, by a person's word and with a reason.

R1  A named room is one of the same clinic, meets the hard rules, and is free; without a name the rules choose among
    the others.
R2  The room that is left goes to who waits for one, in the same decision; no room is left for nothing.
"""

from __future__ import annotations

from engine.actors.clinic_day.commands import Reason
from engine.actors.clinic_day.steps import MOVES, illegal
from engine.actors.hospital import Id
from engine.decider import At, Deciding, Decision, Value
from engine.decisions import finding
from engine.decisions.book_appointment import as_it_is
from engine.decisions.rooming.arranging import arranged_room
from engine.decisions.rooming.plan import Plan
from engine.decisions.rooming.wanting import again
from engine.errors import Invalid


class ChangeAppointmentRoom(Value, frozen=True):
    """Another room; ``null``: the best one by the rules that is not the present one."""

    appointment_id: Id
    room_id: Id | None
    reason: Reason
    if_version: int | None = None


def change_room(command: ChangeAppointmentRoom, at: At) -> Deciding:
    """R1, R2."""
    plan = Plan((yield from finding.the_hospital()), at)
    clinic, day, one = yield from plan.found(command.appointment_id, command.if_version)
    if one.status not in MOVES["room"]:
        raise illegal(one, "room")
    if command.room_id is not None and command.room_id == one.room_id:
        raise Invalid("the appointment is in this room", field="room_id")
    want = again(clinic.id, day, one)
    place = yield from arranged_room(plan, want, command.room_id or "", present=one, without=(one.room_id,))
    yield from plan.move(clinic.id, day, one, place, "room", command.reason)
    yield from plan.fill()
    yield from plan.propose()
    return as_it_is(clinic.id, day, one.id, one.patient_id)


CHANGE_APPOINTMENT_ROOM = Decision(
    command=ChangeAppointmentRoom,
    run=change_room,
    home=lambda command, find: find("appointments", command.appointment_id),
)
