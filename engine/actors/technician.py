"""A technician of a lab: name, branches of work, the credential that is his or hers. It knows no referral.

R1  A technician who has left stays readable, so that history keeps the name, and can no longer be changed.
R2  A change of another version than the present one is stale.
R3  A credential is one technician's at most: the decision has looked; it is given back when he or she leaves.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, assert_never

import msgspec

from engine import calendar
from engine.decider import At, Decider, Event, PersonName
from engine.errors import NotFound, Rejected, Stale

PRINCIPALS = "technician_principals"
"""The table of credentials: name of the principal → the technician's key."""


class TechnicianProfile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is entered of a technician."""

    name: PersonName
    branch_ids: tuple[str, ...] = ()
    """Where he or she works: sees the referrals of all of these, and does their tests."""
    principal: str = ""
    """The name of the credential with which he or she asks; ``""``: none of their own."""


class TechnicianAdded(Event, frozen=True):
    """A new technician."""

    id: str
    profile: TechnicianProfile
    time: int


class TechnicianChanged(Event, frozen=True):
    """The profile from now on, whole."""

    profile: TechnicianProfile
    was_principal: str = ""


class TechnicianRetired(Event, frozen=True):
    """R1, R3."""

    time: int
    principal: str = ""


TechnicianEvent = TechnicianAdded | TechnicianChanged | TechnicianRetired


class TechnicianGone(Rejected):
    """R1."""

    code = "technician_retired"
    rule = "R1"


class CreateTechnician(msgspec.Struct, frozen=True):
    """Asked by ``AddTechnician``."""

    profile: TechnicianProfile


class ReviseTechnician(msgspec.Struct, frozen=True):
    """Asked by ``ChangeTechnician``."""

    profile: TechnicianProfile
    if_version: int | None = None


class RetireTechnician(msgspec.Struct, frozen=True):
    """Asked by ``RemoveTechnician``."""

    if_version: int | None = None


TechnicianCommand = CreateTechnician | ReviseTechnician | RetireTechnician


class Technician(msgspec.Struct):
    """State; times in µs, ``retired_at`` 0 while in service."""

    id: str
    profile: TechnicianProfile = msgspec.field(default_factory=lambda: TechnicianProfile(name=PersonName("", "")))
    created_at: int = 0
    retired_at: int = 0
    version: int = 0


class TechnicianView(msgspec.Struct, frozen=True):
    """A technician as answered; times in UTC."""

    id: str
    name: PersonName
    branch_ids: list[str]
    principal: str | None
    retired: bool
    created_at: datetime
    version: int


def technician_key(technician_id: str) -> str:
    """The actor of a technician."""
    return f"technician:{technician_id}"


def technician_view(state: Technician) -> TechnicianView:
    """The technician as answered."""
    return TechnicianView(
        id=state.id,
        name=state.profile.name,
        branch_ids=list(state.profile.branch_ids),
        principal=state.profile.principal or None,
        retired=bool(state.retired_at),
        created_at=calendar.moment(state.created_at),
        version=state.version,
    )


def in_service(state: Technician | None) -> Technician:
    """The technician, if known and not retired (R1)."""
    if state is None or not state.version:
        raise NotFound("there is no such technician", field="technician_id")
    if state.retired_at:
        raise TechnicianGone("the technician has left", technician_id=state.id)
    return state


def decide(state: Technician, command: TechnicianCommand, at: At) -> Iterable[TechnicianEvent]:
    """The events of a command to a technician."""
    if isinstance(command, CreateTechnician):
        assert not state.version, "ids are given once"
        return [TechnicianAdded(id=state.id, profile=_sealed(command.profile), time=at.time)]
    in_service(state)
    if command.if_version is not None and command.if_version != state.version:
        raise Stale("the technician has changed", version=state.version)
    match command:
        case ReviseTechnician():
            profile = _sealed(command.profile)
            if profile == state.profile:
                return []
            return [TechnicianChanged(profile=profile, was_principal=state.profile.principal)]
        case RetireTechnician():
            return [TechnicianRetired(time=at.time, principal=state.profile.principal)]
        case _:
            assert_never(command)


def evolve(state: Technician, event: TechnicianEvent) -> None:
    """The state after an event."""
    state.version += 1
    match event:
        case TechnicianAdded():
            state.id, state.profile, state.created_at = event.id, event.profile, event.time
        case TechnicianChanged():
            state.profile = event.profile
        case TechnicianRetired():
            state.retired_at = event.time
        case _:
            assert_never(event)


def _sealed(profile: TechnicianProfile) -> TechnicianProfile:
    return msgspec.structs.replace(profile, name=profile.name.about(""))


def _files(state: Technician) -> Iterable[tuple[str, str]]:
    if state.version:
        yield ("technicians", state.id)
        if state.profile.principal and not state.retired_at:
            yield (PRINCIPALS, state.profile.principal)


def _filed(event: TechnicianEvent) -> Iterable[tuple[str, str, bool]]:
    match event:
        case TechnicianAdded():
            yield ("technicians", event.id, True)
            if event.profile.principal:
                yield (PRINCIPALS, event.profile.principal, True)
        case TechnicianChanged():
            if event.was_principal:
                yield (PRINCIPALS, event.was_principal, False)
            if event.profile.principal:
                yield (PRINCIPALS, event.profile.principal, True)
        case TechnicianRetired():
            if event.principal:
                yield (PRINCIPALS, event.principal, False)
        case _:
            assert_never(event)


TECHNICIAN: Decider[Any] = Decider(
    kind="technician",
    events=(TechnicianAdded, TechnicianChanged, TechnicianRetired),
    initial=Technician,
    decide=decide,
    evolve=evolve,
    state=Technician,
    files=_files,
    filed=_filed,
)
