"""Lists of doctors and of patients. They know the records and nothing of slots or tokens.

Who has left, was removed or was merged into another is listed only when ``retired`` says so; by id they stay
readable. Filters by text look for it anywhere, whatever its case; a phone number is compared by its digits.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, cast

from msgspec import Meta

from engine.actors.doctor import Doctor, DoctorView, doctor_key, doctor_view
from engine.actors.patient import Patient, PatientView, patient_key, patient_view
from engine.decider import Private, Value
from engine.errors import NotFound
from engine.views.paging import ById, ListQuery, Page, filed, page, position
from engine.views.reader import Found, Id, Reader

Sought = Annotated[str, Meta(max_length=200)]


class ListDoctors(ListQuery, frozen=True):
    """Doctors in the order in which they were added."""

    specialization: Sought | None = None
    name: Sought | None = None
    retired: bool = False


class GetDoctor(Value, frozen=True):
    """One doctor, also one who has left."""

    doctor_id: Id


class ListPatients(ListQuery, frozen=True):
    """Patients in the order in which they were registered."""

    name: Sought | None = None
    phone: Sought | None = None
    email: Sought | None = None
    retired: bool = False


class GetPatient(Value, frozen=True):
    """One patient's record, also a removed or merged one."""

    patient_id: Id


def list_doctors(reader: Reader, query: ListDoctors) -> Found:
    """A page of doctors."""
    after = position(query, ById)
    specialization, name = _folded(query.specialization), _folded(query.name)

    def rows() -> Iterator[tuple[ById, Doctor | None]]:
        for id in filed(reader, "doctors", after.id if after else None):
            doctor = cast("Doctor | None", reader.look(doctor_key(id)))
            wanted = (
                doctor is not None
                and bool(doctor.retired_at) == query.retired
                and specialization in doctor.specialization.casefold()
                and (not name or name in doctor.name.text.casefold())
            )
            yield ById(id), doctor if wanted else None

    found: Page[DoctorView] = page(query, rows(), doctor_view)
    return Found(found)


def get_doctor(reader: Reader, query: GetDoctor) -> Found:
    """A doctor, or ``NotFound``."""
    doctor = cast("Doctor | None", reader.look(doctor_key(query.doctor_id)))
    if doctor is None:
        raise NotFound("there is no such doctor", doctor_id=query.doctor_id)
    return Found(doctor_view(doctor), doctor.version)


def list_patients(reader: Reader, query: ListPatients) -> Found:
    """A page of patients."""
    after = position(query, ById)
    name, phone, email = _folded(query.name), query.phone or "", _folded(query.email)
    digits = _digits(phone)

    def wanted(patient: Patient) -> bool:
        # Text is opened last and only where somebody looks for it: opening a sealed name has a cost.
        return (
            bool(patient.retired_at) == query.retired
            and not (patient.erased_at and (name or email or phone))  # the word in place of a name is nobody's name
            and (not name or _holds(patient.name, name))
            and (not email or _holds(patient.email, email))
            and (not phone or (patient.phone is not None and _same_number(patient.phone.text, phone, digits)))
        )

    def rows() -> Iterator[tuple[ById, Patient | None]]:
        for id in filed(reader, "patients", after.id if after else None):
            patient = cast("Patient | None", reader.look(patient_key(id)))
            yield ById(id), patient if patient is not None and wanted(patient) else None

    found: Page[PatientView] = page(query, rows(), patient_view)
    return Found(found)


def get_patient(reader: Reader, query: GetPatient) -> Found:
    """A patient's record, or ``NotFound``."""
    patient = cast("Patient | None", reader.look(patient_key(query.patient_id)))
    if patient is None:
        raise NotFound("there is no such patient", patient_id=query.patient_id)
    return Found(patient_view(patient), patient.version)


def _folded(text: str | None) -> str:
    return text.casefold() if text is not None else ""


def _holds(private: Private | None, folded: str) -> bool:
    return private is not None and folded in private.text.casefold()


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _same_number(kept: str, sought: str, digits: str) -> bool:
    return digits in _digits(kept) if digits else sought.casefold() in kept.casefold()
