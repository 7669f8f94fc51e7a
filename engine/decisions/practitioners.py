"""Practitioners who refer and technicians who do the tests: added, changed, and gone.

R1  A credential is one practitioner's at most, and one technician's at most; one person may be both.
R2  A practitioner who is a doctor with slots names that record; a technician's branches are there.
R3  Who has left stays readable, and what he or she did; the credential is free for another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from msgspec import Meta

from engine.actors import doctor as doctors
from engine.actors import practitioner as practitioners
from engine.actors import technician as technicians
from engine.actors.hospital import Id
from engine.actors.practitioner import (
    CreatePractitioner,
    PractitionerProfile,
    RetirePractitioner,
    RevisePractitioner,
    practitioner_key,
    practitioner_view,
)
from engine.actors.technician import (
    CreateTechnician,
    RetireTechnician,
    ReviseTechnician,
    TechnicianProfile,
    technician_key,
    technician_view,
)
from engine.decider import At, Deciding, Decision, Done, Find, Look, PersonName, Propose, Value
from engine.decisions import finding
from engine.decisions.referring.catalog import the_branch
from engine.errors import Rejected

Specialty = Annotated[str, Meta(max_length=100)]
PrincipalName = Annotated[str, Meta(min_length=1, max_length=200)]
"""The name of a credential, as it stands in the log."""
BranchIds = Annotated[tuple[Id, ...], Meta(max_length=500)]


class AddPractitioner(Value, frozen=True):
    """Add somebody who refers patients. ``principal``: the name of the credential that is his or hers."""

    name: PersonName
    specialty: Specialty = ""
    principal: PrincipalName | None = None
    doctor_id: Id | None = None


class ChangePractitioner(Value, frozen=True):
    """Replace what is known of a practitioner."""

    practitioner_id: Id
    name: PersonName
    specialty: Specialty = ""
    principal: PrincipalName | None = None
    doctor_id: Id | None = None
    if_version: int | None = None


class RemovePractitioner(Value, frozen=True):
    """Retire a practitioner; the record stays readable, and others may take over what is open."""

    practitioner_id: Id
    if_version: int | None = None


class AddTechnician(Value, frozen=True):
    """Add somebody who does tests at these branches."""

    name: PersonName
    branch_ids: BranchIds
    principal: PrincipalName | None = None


class ChangeTechnician(Value, frozen=True):
    """Replace what is known of a technician."""

    technician_id: Id
    name: PersonName
    branch_ids: BranchIds
    principal: PrincipalName | None = None
    if_version: int | None = None


class RemoveTechnician(Value, frozen=True):
    """Retire a technician; the record stays readable."""

    technician_id: Id
    if_version: int | None = None


class PrincipalTaken(Rejected):
    """R1. Fact ``id``: whose the credential is."""

    code = "principal_taken"
    rule = "R1"


def add_practitioner(command: AddPractitioner, at: At) -> Deciding:
    """R1, R2."""
    yield from finding.the_hospital()
    key = practitioner_key(at.new_id(0))
    profile = yield from _practitioner(command, key)
    yield Propose(key, CreatePractitioner(profile))
    return _practitioner_as_it_is(key, "created")


def change_practitioner(command: ChangePractitioner, at: At) -> Deciding:
    """R1, R2."""
    key = practitioner_key(command.practitioner_id)
    practitioners.in_service((yield Look(key)))
    profile = yield from _practitioner(command, key)
    yield Propose(key, RevisePractitioner(profile, command.if_version))
    return _practitioner_as_it_is(key)


def remove_practitioner(command: RemovePractitioner, at: At) -> Deciding:
    """R3."""
    key = practitioner_key(command.practitioner_id)
    practitioners.in_service((yield Look(key)))
    yield Propose(key, RetirePractitioner(command.if_version))
    return Done(outcome="removed")


def add_technician(command: AddTechnician, at: At) -> Deciding:
    """R1, R2."""
    yield from finding.the_hospital()
    key = technician_key(at.new_id(0))
    profile = yield from _technician(command, key)
    yield Propose(key, CreateTechnician(profile))
    return _technician_as_it_is(key, "created")


def change_technician(command: ChangeTechnician, at: At) -> Deciding:
    """R1, R2."""
    key = technician_key(command.technician_id)
    technicians.in_service((yield Look(key)))
    profile = yield from _technician(command, key)
    yield Propose(key, ReviseTechnician(profile, command.if_version))
    return _technician_as_it_is(key)


def remove_technician(command: RemoveTechnician, at: At) -> Deciding:
    """R3."""
    key = technician_key(command.technician_id)
    technicians.in_service((yield Look(key)))
    yield Propose(key, RetireTechnician(command.if_version))
    return Done(outcome="removed")


def _practitioner(command: AddPractitioner | ChangePractitioner, key: str) -> finding.Deciding[PractitionerProfile]:
    yield from _free(practitioners.PRINCIPALS, command.principal, key)
    if command.doctor_id is not None:
        doctors.in_service((yield Look(doctors.doctor_key(command.doctor_id))))
    return PractitionerProfile(
        name=command.name,
        specialty=command.specialty,
        principal=command.principal or "",
        doctor_id=command.doctor_id or "",
    )


def _technician(command: AddTechnician | ChangeTechnician, key: str) -> finding.Deciding[TechnicianProfile]:
    yield from _free(technicians.PRINCIPALS, command.principal, key)
    branch_ids = tuple(dict.fromkeys(command.branch_ids))
    for branch_id in branch_ids:
        yield from the_branch(branch_id)
    return TechnicianProfile(name=command.name, branch_ids=branch_ids, principal=command.principal or "")


def _free(table: str, principal: str | None, key: str) -> finding.Deciding[None]:
    """R1."""
    holder: str | None = (yield Find(table, principal)) if principal else None
    if holder not in (None, key):
        assert holder is not None
        raise PrincipalTaken("the credential is somebody else's", field="principal", id=holder.partition(":")[2])


def _practitioner_as_it_is(key: str, outcome: str = "ok") -> Done:
    def answer(look: Callable[[str], Any]) -> Any:
        return practitioner_view(look(key))

    return Done(answer, outcome)


def _technician_as_it_is(key: str, outcome: str = "ok") -> Done:
    def answer(look: Callable[[str], Any]) -> Any:
        return technician_view(look(key))

    return Done(answer, outcome)


def _practitioner_home(command: Any, find: Callable[[str, str], str | None]) -> str | None:
    return find("practitioners", command.practitioner_id)


def _technician_home(command: Any, find: Callable[[str, str], str | None]) -> str | None:
    return find("technicians", command.technician_id)


ADD_PRACTITIONER = Decision(command=AddPractitioner, run=add_practitioner)
CHANGE_PRACTITIONER = Decision(command=ChangePractitioner, run=change_practitioner, home=_practitioner_home)
REMOVE_PRACTITIONER = Decision(command=RemovePractitioner, run=remove_practitioner, home=_practitioner_home)
ADD_TECHNICIAN = Decision(command=AddTechnician, run=add_technician)
CHANGE_TECHNICIAN = Decision(command=ChangeTechnician, run=change_technician, home=_technician_home)
REMOVE_TECHNICIAN = Decision(command=RemoveTechnician, run=remove_technician, home=_technician_home)
