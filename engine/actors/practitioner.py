"""A practitioner who refers patients: name, specialty, and the credential that is his or hers. It knows no referral.

R1  A practitioner who has left stays readable, so that history keeps the name, and can no longer be changed.
R2  A change of another version than the present one is stale.
R3  A credential is one practitioner's at most: the decision has looked; it is given back when he or she leaves.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, assert_never

import msgspec

from engine import calendar
from engine.decider import At, Decider, Event, PersonName
from engine.errors import NotFound, Rejected, Stale

PRINCIPALS = "practitioner_principals"
"""The table of credentials: name of the principal → the practitioner's key."""


class PractitionerProfile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is entered of a practitioner."""

    name: PersonName
    specialty: str = ""
    principal: str = ""
    """The name of the credential with which he or she asks; ``""``: none of their own."""
    doctor_id: str = ""
    """The same person's record as a doctor with slots, where there is one."""


class PractitionerAdded(Event, frozen=True):
    """A new practitioner."""

    id: str
    profile: PractitionerProfile
    time: int


class PractitionerChanged(Event, frozen=True):
    """The profile from now on, whole."""

    profile: PractitionerProfile
    was_principal: str = ""


class PractitionerRetired(Event, frozen=True):
    """R1, R3."""

    time: int
    principal: str = ""


PractitionerEvent = PractitionerAdded | PractitionerChanged | PractitionerRetired


class PractitionerGone(Rejected):
    """R1."""

    code = "practitioner_retired"
    rule = "R1"


class CreatePractitioner(msgspec.Struct, frozen=True):
    """Asked by ``AddPractitioner``."""

    profile: PractitionerProfile


class RevisePractitioner(msgspec.Struct, frozen=True):
    """Asked by ``ChangePractitioner``."""

    profile: PractitionerProfile
    if_version: int | None = None


class RetirePractitioner(msgspec.Struct, frozen=True):
    """Asked by ``RemovePractitioner``."""

    if_version: int | None = None


PractitionerCommand = CreatePractitioner | RevisePractitioner | RetirePractitioner


class Practitioner(msgspec.Struct):
    """State; times in µs, ``retired_at`` 0 while in service."""

    id: str
    profile: PractitionerProfile = msgspec.field(default_factory=lambda: PractitionerProfile(name=PersonName("", "")))
    created_at: int = 0
    retired_at: int = 0
    version: int = 0


class PractitionerView(msgspec.Struct, frozen=True):
    """A practitioner as answered; times in UTC."""

    id: str
    name: PersonName
    specialty: str
    principal: str | None
    doctor_id: str | None
    retired: bool
    created_at: datetime
    version: int


def practitioner_key(practitioner_id: str) -> str:
    """The actor of a practitioner."""
    return f"practitioner:{practitioner_id}"


def practitioner_view(state: Practitioner) -> PractitionerView:
    """The practitioner as answered."""
    return PractitionerView(
        id=state.id,
        name=state.profile.name,
        specialty=state.profile.specialty,
        principal=state.profile.principal or None,
        doctor_id=state.profile.doctor_id or None,
        retired=bool(state.retired_at),
        created_at=calendar.moment(state.created_at),
        version=state.version,
    )


def in_service(state: Practitioner | None) -> Practitioner:
    """The practitioner, if known and not retired (R1)."""
    if state is None or not state.version:
        raise NotFound("there is no such practitioner", field="practitioner_id")
    if state.retired_at:
        raise PractitionerGone("the practitioner has left", practitioner_id=state.id)
    return state


def decide(state: Practitioner, command: PractitionerCommand, at: At) -> Iterable[PractitionerEvent]:
    """The events of a command to a practitioner."""
    if isinstance(command, CreatePractitioner):
        assert not state.version, "ids are given once"
        return [PractitionerAdded(id=state.id, profile=_sealed(command.profile), time=at.time)]
    in_service(state)
    if command.if_version is not None and command.if_version != state.version:
        raise Stale("the practitioner has changed", version=state.version)
    match command:
        case RevisePractitioner():
            profile = _sealed(command.profile)
            if profile == state.profile:
                return []
            return [PractitionerChanged(profile=profile, was_principal=state.profile.principal)]
        case RetirePractitioner():
            return [PractitionerRetired(time=at.time, principal=state.profile.principal)]
        case _:
            assert_never(command)


def evolve(state: Practitioner, event: PractitionerEvent) -> None:
    """The state after an event."""
    state.version += 1
    match event:
        case PractitionerAdded():
            state.id, state.profile, state.created_at = event.id, event.profile, event.time
        case PractitionerChanged():
            state.profile = event.profile
        case PractitionerRetired():
            state.retired_at = event.time
        case _:
            assert_never(event)


def _sealed(profile: PractitionerProfile) -> PractitionerProfile:
    return msgspec.structs.replace(profile, name=profile.name.about(""))


def _files(state: Practitioner) -> Iterable[tuple[str, str]]:
    if state.version:
        yield ("practitioners", state.id)
        if state.profile.principal and not state.retired_at:
            yield (PRINCIPALS, state.profile.principal)


def _filed(event: PractitionerEvent) -> Iterable[tuple[str, str, bool]]:
    match event:
        case PractitionerAdded():
            yield ("practitioners", event.id, True)
            if event.profile.principal:
                yield (PRINCIPALS, event.profile.principal, True)
        case PractitionerChanged():
            if event.was_principal:
                yield (PRINCIPALS, event.was_principal, False)
            if event.profile.principal:
                yield (PRINCIPALS, event.profile.principal, True)
        case PractitionerRetired():
            if event.principal:
                yield (PRINCIPALS, event.principal, False)
        case _:
            assert_never(event)


PRACTITIONER: Decider[Any] = Decider(
    kind="practitioner",
    events=(PractitionerAdded, PractitionerChanged, PractitionerRetired),
    initial=Practitioner,
    decide=decide,
    evolve=evolve,
    state=Practitioner,
    files=_files,
    filed=_filed,
)
