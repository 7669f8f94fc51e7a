"""Another time for an appointment, and with it perhaps another doctor or room, in one decision.

R1  It keeps its id, its wish and what was noted; nothing of the old place is in the way of the new one.
R2  The new place is found like any other: people, rules and room agree, or all stays as it was.
R3  Without a named room the rules choose again; an appointment that waited for a room may get one.
R4  The room that is left goes to who waits for one.
"""

from __future__ import annotations

from msgspec.structs import replace

from engine import calendar
from engine.actors.clinic_day.steps import MOVES, illegal
from engine.actors.doctor import doctor_key, in_service
from engine.actors.hospital import Id
from engine.decider import At, Deciding, Decision, FreeText, Look, Value
from engine.decisions import finding
from engine.decisions.book_appointment import as_it_is
from engine.decisions.rooming.arranging import Fallback, arranged
from engine.decisions.rooming.plan import Plan
from engine.decisions.rooming.wanting import Moment, again, time_of
from engine.errors import Invalid


class RescheduleAppointment(Value, frozen=True):
    """Another time; without ``room_id`` the rules choose the room, without ``doctor_id`` the doctor stays."""

    appointment_id: Id
    start_time: Moment
    end_time: Moment
    room_id: Id | None = None
    doctor_id: Id | None = None
    reason: FreeText | None = None
    fallback: Fallback = "reject"
    if_version: int | None = None


def reschedule_appointment(command: RescheduleAppointment, at: At) -> Deciding:
    """R1..R4."""
    plan = Plan((yield from finding.the_hospital()), at)
    clinic, day, one = yield from plan.found(command.appointment_id, command.if_version)
    if one.status not in MOVES["rescheduled"]:
        raise illegal(one, "rescheduled")
    start, end = time_of(clinic, command.start_time, command.end_time, at.time)
    doctor_id = command.doctor_id or one.doctor_id
    if doctor_id != one.doctor_id:
        in_service((yield Look(doctor_key(doctor_id))))
    elif (start, end) == (one.start, one.end) and command.room_id in (None, one.room_id):
        raise Invalid("the appointment is at this time", field="start_time")
    new_day = calendar.local_day(start, plan.hospital.time_zone)
    want = replace(again(clinic.id, day, one), start=start, end=end, doctor_id=doctor_id, day=new_day)
    place = yield from arranged(plan, want, command.room_id or "", command.fallback, one)
    yield from plan.move(clinic.id, day, one, place, "rescheduled", command.reason)
    yield from plan.fill()
    yield from plan.propose()
    return as_it_is(clinic.id, new_day, one.id, one.patient_id)


RESCHEDULE_APPOINTMENT = Decision(
    command=RescheduleAppointment,
    run=reschedule_appointment,
    home=lambda command, find: find("appointments", command.appointment_id),
)
