"""Book an appointment: doctor, patient and a room at one time, in one decision.

R1  Doctor and patient are not in two places; the room is never held twice, its setup and cleaning counted.
R2  Without a named room the clinic's rules choose; how they did stands in the appointment.
R3  Without any room the caller's ``fallback`` decides: refused with alternatives, or booked and waiting for a room.
R4  An appointment may be entered until a day after it began; then no clock calls the patient absent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.actors.clinic.state import Clinic, clinic_key
from engine.actors.clinic_day.commands import Place
from engine.actors.clinic_day.state import Appointment, ClinicDay, Status, clinic_day_key
from engine.actors.clinic_day.view import AppointmentView, appointment_view
from engine.decider import At, Deciding, Decision, Done
from engine.decisions import finding
from engine.decisions.rooming.arranging import Fallback, arranged, wanted
from engine.decisions.rooming.plan import Plan
from engine.decisions.rooming.wanting import Asked, Want


class BookAppointment(Asked, frozen=True):
    """Book an appointment."""

    fallback: Fallback = "reject"


def book_appointment(command: BookAppointment, at: At) -> Deciding:
    """R1, R2, R3."""
    plan = Plan((yield from finding.the_hospital()), at)
    want = yield from wanted(plan, command, at.new_id(0))
    place = yield from arranged(plan, want, command.room_id or "", command.fallback)
    plan.enter(want.clinic_id, want.day, appointment_of(want, place, command, at.time))
    yield from plan.propose()
    return as_it_is(want.clinic_id, want.day, want.appointment_id, want.patient_id, "created")


def appointment_of(want: Want, place: Place, asked: Asked, now: int, status: Status = "booked") -> Appointment:
    """The appointment that a decision has found a place for."""
    return Appointment(
        id=want.appointment_id,
        patient_id=want.patient_id,
        doctor_id=want.doctor_id,
        start=want.start,
        end=want.end,
        status=status,
        wish=want.wish,
        room_id=place.room_id,
        busy_from=place.busy_from,
        busy_to=place.busy_to,
        assignment=place.assignment,
        escalation=place.escalation,
        created_at=now,
        updated_at=now,
        release_at=place.release_at,
        note=None if asked.note is None else asked.note.about(want.patient_id),
        overlap_reason=None if asked.overlap_reason is None else asked.overlap_reason.about(want.patient_id),
    )


def as_it_is(clinic_id: str, day: str, appointment_id: str, patient_id: str, outcome: str = "ok") -> Done:
    """The appointment as the decision leaves it, on this day."""
    key, clinic = clinic_day_key(clinic_id, day), clinic_key(clinic_id)

    def answer(look: Callable[[str], Any]) -> AppointmentView:
        state: ClinicDay = look(key)
        its_clinic: Clinic = look(clinic)
        return appointment_view(clinic_id, state.appointments[appointment_id], its_clinic.rooms)

    return Done(answer, outcome, patient_id)


BOOK_APPOINTMENT = Decision(
    command=BookAppointment, run=book_appointment, home=lambda command, find: find("clinics", command.clinic_id)
)
