"""A patient's own record. It knows nothing of tokens; a decision looks for those. Never matched by name.

All that identifies the person is sealed under the patient's own key, the date of birth included.

R1  A removed or merged record stays readable and can no longer be changed.
R2  An update of another version than the present one is stale.
R3  A date of birth is a date from 1850 up to today in the hospital.
R4  A record is merged into another once; not into itself, nor into one that is itself merged or removed.
R5  A record that was erased says nothing of the person any more and never changes again; to erase it twice is to erase
    it once. The records that were merged into it are erased with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final, assert_never, get_args

import msgspec
from msgspec import UNSET, UnsetType

from engine import calendar
from engine.decider import At, Contact, Decider, Event, PersonName, Private
from engine.errors import Invalid, NotFound, Rejected, Stale, SubjectErased


class Gender(Private):
    """As the person gives it: free text of up to 50 characters."""

    __slots__ = ()
    max_length = 50


class BirthDate(Private):
    """A date of birth, ``YYYY-MM-DD``; text, because what identifies a person is stored sealed."""

    __slots__ = ()
    max_length = 10
    min_length = 10


ERASED_PATIENTS: Final = "erased_patients"
"""The table of the ids of those who were erased."""

EARLIEST_BIRTH = date(1850, 1, 1)


class PatientRegistered(Event, frozen=True):
    """A new patient."""

    id: str
    name: PersonName
    time: int
    phone: Contact | None = None
    email: Contact | None = None
    gender: Gender | None = None
    dob: BirthDate | None = None


class PatientChanged(Event, frozen=True):
    """The patient's data from now on, whole."""

    name: PersonName
    phone: Contact | None = None
    email: Contact | None = None
    gender: Gender | None = None
    dob: BirthDate | None = None


class PatientRetired(Event, frozen=True):
    """R1: the record was removed."""

    time: int


class PatientMerged(Event, frozen=True):
    """R4: this record is the same person as ``into``, which goes on."""

    into: str
    time: int


class PatientAbsorbed(Event, frozen=True):
    """R4: another record, ``patient_id``, was merged into this one."""

    patient_id: str
    time: int


class PatientErased(Event, frozen=True):
    """R5: nothing of the person is left here, and the key of all that was sealed about the person is destroyed."""

    id: str
    time: int


PatientEvent = PatientRegistered | PatientChanged | PatientRetired | PatientMerged | PatientAbsorbed | PatientErased


class PatientGone(Rejected):
    """R1; facts ``merged_into`` names the record that goes on, where there is one."""

    code = "patient_retired"
    rule = "R1"


class MergeConflict(Rejected):
    """R4; or two tokens that one person may not have both, then facts ``tokens`` names them."""

    code = "merge_conflict"
    rule = "R4"


class CreatePatient(msgspec.Struct, frozen=True):
    """Asked by ``RegisterPatient``; ``today`` is the hospital's local date."""

    name: PersonName
    phone: Contact | None
    email: Contact | None
    gender: Gender | None
    dob: BirthDate | None
    today: str


class RevisePatient(msgspec.Struct, frozen=True):
    """Asked by ``UpdatePatient``; what is ``UNSET`` stays, what is ``None`` is taken away."""

    name: PersonName | UnsetType
    phone: Contact | UnsetType | None
    email: Contact | UnsetType | None
    gender: Gender | UnsetType | None
    dob: BirthDate | UnsetType | None
    today: str
    if_version: int | None


class RetirePatient(msgspec.Struct, frozen=True):
    """Asked by ``RemovePatient``."""

    if_version: int | None


class MergeInto(msgspec.Struct, frozen=True):
    """Asked by ``MergePatients`` of the record that ends."""

    into: str
    if_version: int | None


class Absorb(msgspec.Struct, frozen=True):
    """Asked by ``MergePatients`` of the record that goes on."""

    patient_id: str


class Erase(msgspec.Struct, frozen=True):
    """Asked by ``ErasePatient``; nothing happens where it has happened."""


PatientCommand = CreatePatient | RevisePatient | RetirePatient | MergeInto | Absorb | Erase


class Patient(msgspec.Struct):
    """State; times in µs, ``retired_at`` 0 while in use. ``absorbed``: the records that were merged into this one."""

    id: str
    name: PersonName = PersonName("", "")
    phone: Contact | None = None
    email: Contact | None = None
    gender: Gender | None = None
    dob: BirthDate | None = None
    created_at: int = 0
    retired_at: int = 0
    merged_into: str = ""
    version: int = 0
    erased_at: int = 0
    absorbed: list[str] = []


class PatientView(msgspec.Struct, frozen=True):
    """A patient as answered; times in UTC."""

    id: str
    name: PersonName
    phone: Contact | None
    email: Contact | None
    gender: Gender | None
    dob: BirthDate | None
    created_at: datetime
    merged_into: str | None
    retired: bool
    erased: bool
    """Nothing of the person is left; the texts that are shown say so."""
    version: int


def patient_key(patient_id: str) -> str:
    """The actor of a patient."""
    return f"patient:{patient_id}"


def patient_view(state: Patient) -> PatientView:
    """The patient as answered."""
    return PatientView(
        id=state.id,
        name=state.name,
        phone=state.phone,
        email=state.email,
        gender=state.gender,
        dob=state.dob,
        created_at=calendar.moment(state.created_at),
        merged_into=state.merged_into or None,
        retired=bool(state.retired_at),
        erased=bool(state.erased_at),
        version=state.version,
    )


def in_use(state: Patient | None) -> Patient:
    """The patient, if known, not removed and not merged (R1), not erased (R5)."""
    if state is None or not state.version:
        raise NotFound("there is no such patient")
    if state.erased_at:
        raise SubjectErased("the patient was erased", patient_id=state.id)
    if state.merged_into:
        raise PatientGone("the record was merged into another", patient_id=state.id, merged_into=state.merged_into)
    if state.retired_at:
        raise PatientGone("the record was removed", patient_id=state.id)
    return state


def decide(state: Patient, command: PatientCommand, at: At) -> Iterable[PatientEvent]:
    """The events of a command to a patient's record."""
    if isinstance(command, CreatePatient):
        assert not state.version, "ids are given once"
        return [
            PatientRegistered(
                id=state.id,
                time=at.time,
                name=command.name.about(state.id),
                phone=_sealed(command.phone, state.id),
                email=_sealed(command.email, state.id),
                gender=_sealed(command.gender, state.id),
                dob=_sealed(_birth(command.dob, command.today), state.id),
            )
        ]
    if isinstance(command, Erase):
        assert state.version, "who is unknown was refused before"
        return [] if state.erased_at else [PatientErased(id=state.id, time=at.time)]
    in_use(state)
    match command:
        case Absorb():
            return [PatientAbsorbed(patient_id=command.patient_id, time=at.time)]
        case RevisePatient() | RetirePatient() | MergeInto():
            if command.if_version is not None and command.if_version != state.version:
                raise Stale("the patient has changed", version=state.version)
    match command:
        case RevisePatient():
            return _revise(state, command)
        case RetirePatient():
            return [PatientRetired(time=at.time)]
        case MergeInto():
            if command.into == state.id:
                raise MergeConflict("a record cannot be merged into itself", patient_id=state.id)
            return [PatientMerged(into=command.into, time=at.time)]
        case _:
            assert_never(command)


def _revise(state: Patient, command: RevisePatient) -> list[PatientEvent]:
    changed = PatientChanged(
        name=state.name if command.name is UNSET else command.name.about(state.id),
        phone=state.phone if command.phone is UNSET else _sealed(command.phone, state.id),
        email=state.email if command.email is UNSET else _sealed(command.email, state.id),
        gender=state.gender if command.gender is UNSET else _sealed(command.gender, state.id),
        dob=state.dob if command.dob is UNSET else _sealed(_birth(command.dob, command.today), state.id),
    )
    same = (changed.name, changed.phone, changed.email, changed.gender, changed.dob) == (
        *(state.name, state.phone, state.email, state.gender, state.dob),
    )
    return [] if same else [changed]


def _sealed(text: Any, subject: str) -> Any:
    return None if text is None else text.about(subject)


def _birth(dob: BirthDate | None, today: str) -> BirthDate | None:
    """R3."""
    if dob is None:
        return None
    try:
        born = date.fromisoformat(dob.text)
    except ValueError:
        raise Invalid("dob is a date, YYYY-MM-DD", field="dob") from None
    # Python also reads week dates such as 2000-W01-1; the sealed text stays one form.
    if born.isoformat() != dob.text:
        raise Invalid("dob is a date, YYYY-MM-DD", field="dob")
    if not EARLIEST_BIRTH <= born <= date.fromisoformat(today):
        raise Invalid("dob lies between 1850-01-01 and today", field="dob")
    return dob


def evolve(state: Patient, event: PatientEvent) -> None:
    """The state after an event."""
    state.version += 1
    match event:
        case PatientRegistered() | PatientChanged():
            state.name, state.phone, state.email = event.name, event.phone, event.email
            state.gender, state.dob = event.gender, event.dob
            if isinstance(event, PatientRegistered):
                state.id, state.created_at = event.id, event.time
        case PatientRetired():
            state.retired_at = event.time
        case PatientMerged():
            state.merged_into = event.into
            state.retired_at = event.time
        case PatientAbsorbed():
            state.absorbed.append(event.patient_id)
        case PatientErased():
            state.name = PersonName.gone(state.id)
            state.phone = state.email = state.gender = state.dob = None
            state.erased_at = event.time
            state.retired_at = state.retired_at or event.time
        case _:
            assert_never(event)


def _files(state: Patient) -> Iterable[tuple[str, str]]:
    return (("patients", state.id), (ERASED_PATIENTS, state.id)) if state.erased_at else (("patients", state.id),)


def _filed(event: PatientEvent) -> Iterable[tuple[str, str, bool]]:
    match event:
        case PatientRegistered():
            return (("patients", event.id, True),)
        case PatientErased():
            return ((ERASED_PATIENTS, event.id, True),)
        case _:
            return ()


PATIENT: Decider[Any] = Decider(
    kind="patient",
    events=get_args(PatientEvent),
    initial=Patient,
    decide=decide,
    evolve=evolve,
    state=Patient,
    files=_files,
    filed=_filed,
)
