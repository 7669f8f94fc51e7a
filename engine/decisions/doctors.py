"""Doctors: their own record, and what the hospital must know of them (prefix, specialization).

R1  A doctor with a slot that is not over, or with open tokens or entries in one that is, cannot be removed, nor one
    with an open appointment.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from engine import calendar
from engine.actors.agenda import agenda_group
from engine.actors.doctor import (
    CreateDoctor,
    Doctor,
    RetireDoctor,
    ReviseDoctor,
    doctor_key,
    doctor_view,
    in_service,
)
from engine.actors.doctor_day import DoctorDay
from engine.actors.hospital import HOSPITAL, ForgetDoctor, GivePrefix, Hospital, Id, Specialize, known
from engine.actors.slot.state import Slot
from engine.decider import At, Deciding, Decision, Done, Look, Members, PersonName, Propose, Value
from engine.decisions.engagements import HasActiveAppointments, open_engagements
from engine.errors import Invalid, Rejected

Specialization = Annotated[str, Meta(min_length=1, max_length=100)]

# Slots of earlier days are over, whatever their delay (a slot lasts 24 h at most), and their days are closed.
_DAYS_BACK = 2


class AddDoctor(Value, frozen=True):
    """Add a doctor; the specialization gives the first letters of the ticket codes."""

    name: PersonName
    specialization: Specialization


class UpdateDoctor(Value, frozen=True):
    """Change a doctor; a field that is left out stays as it is."""

    doctor_id: Id
    name: PersonName | None = None
    specialization: Specialization | None = None
    if_version: int | None = None


class RemoveDoctor(Value, frozen=True):
    """Retire a doctor without open work; the record stays readable."""

    doctor_id: Id
    if_version: int | None = None


class HasActiveSlots(Rejected):
    """R1; fact ``slot_ids`` names up to ten of them."""

    code = "has_active_slots"
    rule = "R1"


def add(command: AddDoctor, at: At) -> Deciding:
    """Give the doctor a prefix in the hospital, then a record."""
    known((yield Look(HOSPITAL)))
    specialization = _tidy(command.specialization)
    doctor_id = at.new_id(0)
    (given,) = yield Propose(HOSPITAL, GivePrefix(doctor_id, specialization))
    key = doctor_key(doctor_id)
    yield Propose(key, CreateDoctor(command.name, specialization, given.prefix))
    return Done(lambda look: doctor_view(look(key)), "created")


def update(command: UpdateDoctor, at: At) -> Deciding:
    """Change the record, and the hospital's list where the specialization changes. The prefix stays."""
    key = doctor_key(command.doctor_id)
    doctor = in_service((yield Look(key)))
    specialization = None if command.specialization is None else _tidy(command.specialization)
    yield Propose(key, ReviseDoctor(command.name, specialization, command.if_version))
    if specialization is not None and specialization != doctor.specialization:
        yield Propose(HOSPITAL, Specialize(command.doctor_id, specialization))
    return Done(lambda look: doctor_view(look(key)))


def remove(command: RemoveDoctor, at: At) -> Deciding:
    """R1."""
    key = doctor_key(command.doctor_id)
    doctor: Doctor = in_service((yield Look(key)))
    hospital: Hospital = known((yield Look(HOSPITAL)))
    since = calendar.shift(calendar.local_day(at.time, hospital.time_zone), -_DAYS_BACK)
    busy: list[str] = []
    for member in (yield Members(key)):
        if member.startswith("doctor_day:") and member.rpartition(":")[2] >= since:
            day: DoctorDay = yield Look(member)
            for planned in day.slots:
                if planned.status == "OPEN" and planned.effective_end > at.time:
                    busy.append(planned.id)
                elif planned.status != "CANCELLED":
                    slot: Slot = yield Look(f"slot:{planned.id}")
                    if slot.line or slot.pinned or slot.waiting or slot.offers:
                        busy.append(planned.id)
    if busy:
        raise HasActiveSlots("the doctor has slots with open work", doctor_id=doctor.id, slot_ids=busy[:10])
    engaged: list[str] = []
    for member in (yield Members(agenda_group("doctor", doctor.id))):
        if member.rpartition(":")[2] >= since:
            engaged.extend(one.appointment_id for one in (yield from open_engagements(member)))
    if engaged:
        raise HasActiveAppointments(
            "the doctor has open appointments", doctor_id=doctor.id, appointment_ids=engaged[:10]
        )
    yield Propose(key, RetireDoctor(command.if_version))
    yield Propose(HOSPITAL, ForgetDoctor(command.doctor_id))
    return Done(outcome="removed")


def _tidy(specialization: str) -> str:
    tidy = " ".join(specialization.split())
    if not tidy:
        raise Invalid("specialization must not be blank", field="specialization")
    return tidy


ADD_DOCTOR = Decision(command=AddDoctor, run=add)
UPDATE_DOCTOR = Decision(
    command=UpdateDoctor, run=update, home=lambda command, find: find("doctors", command.doctor_id)
)
REMOVE_DOCTOR = Decision(
    command=RemoveDoctor, run=remove, home=lambda command, find: find("doctors", command.doctor_id)
)
