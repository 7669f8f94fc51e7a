"""A doctor: name, specialization, ticket prefix. It knows nothing of slots; a decision looks for those.

R1  A doctor who has left stays readable, so that history keeps the name, and can no longer be changed.
R2  An update of another version than the present one is stale.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, assert_never

import msgspec

from engine import calendar
from engine.decider import At, Decider, Event, PersonName
from engine.errors import NotFound, Rejected, Stale


class DoctorAdded(Event, frozen=True):
    """A new doctor; ``prefix`` begins the ticket codes of his slots."""

    id: str
    name: PersonName
    specialization: str
    prefix: str
    time: int


class DoctorChanged(Event, frozen=True):
    """The doctor's data from now on."""

    name: PersonName
    specialization: str


class DoctorRetired(Event, frozen=True):
    """R1."""

    time: int


DoctorEvent = DoctorAdded | DoctorChanged | DoctorRetired


class DoctorGone(Rejected):
    """R1."""

    code = "doctor_retired"
    rule = "R1"


class CreateDoctor(msgspec.Struct, frozen=True):
    """Asked by ``AddDoctor``."""

    name: PersonName
    specialization: str
    prefix: str


class ReviseDoctor(msgspec.Struct, frozen=True):
    """Asked by ``UpdateDoctor``; ``None`` leaves a field as it is."""

    name: PersonName | None
    specialization: str | None
    if_version: int | None


class RetireDoctor(msgspec.Struct, frozen=True):
    """Asked by ``RemoveDoctor``."""

    if_version: int | None


DoctorCommand = CreateDoctor | ReviseDoctor | RetireDoctor


class Doctor(msgspec.Struct):
    """State; times in µs, ``retired_at`` 0 while in service."""

    id: str
    name: PersonName = PersonName("", "")
    specialization: str = ""
    prefix: str = ""
    created_at: int = 0
    retired_at: int = 0
    version: int = 0


class DoctorView(msgspec.Struct, frozen=True):
    """A doctor as answered; times in UTC."""

    id: str
    name: PersonName
    specialization: str
    created_at: datetime
    ticket_prefix: str
    retired: bool
    version: int


def doctor_key(doctor_id: str) -> str:
    """The actor of a doctor."""
    return f"doctor:{doctor_id}"


def doctor_view(state: Doctor) -> DoctorView:
    """The doctor as answered."""
    return DoctorView(
        id=state.id,
        name=state.name,
        specialization=state.specialization,
        created_at=calendar.moment(state.created_at),
        ticket_prefix=state.prefix,
        retired=bool(state.retired_at),
        version=state.version,
    )


def in_service(state: Doctor | None) -> Doctor:
    """The doctor, if known and not retired (R1)."""
    if state is None or not state.version:
        raise NotFound("there is no such doctor")
    if state.retired_at:
        raise DoctorGone("the doctor has left", doctor_id=state.id)
    return state


def decide(state: Doctor, command: DoctorCommand, at: At) -> Iterable[DoctorEvent]:
    """The events of a command to a doctor."""
    if isinstance(command, CreateDoctor):
        assert not state.version, "ids are given once"
        return [
            DoctorAdded(
                id=state.id,
                name=command.name.about(""),
                specialization=command.specialization,
                prefix=command.prefix,
                time=at.time,
            )
        ]
    in_service(state)
    if command.if_version is not None and command.if_version != state.version:
        raise Stale("the doctor has changed", version=state.version)
    match command:
        case ReviseDoctor():
            name = state.name if command.name is None else command.name.about("")
            specialization = state.specialization if command.specialization is None else command.specialization
            if name == state.name and specialization == state.specialization:
                return []
            return [DoctorChanged(name=name, specialization=specialization)]
        case RetireDoctor():
            return [DoctorRetired(time=at.time)]
        case _:
            assert_never(command)


def evolve(state: Doctor, event: DoctorEvent) -> None:
    """The state after an event."""
    state.version += 1
    match event:
        case DoctorAdded():
            state.id, state.name, state.specialization = event.id, event.name, event.specialization
            state.prefix, state.created_at = event.prefix, event.time
        case DoctorChanged():
            state.name, state.specialization = event.name, event.specialization
        case DoctorRetired():
            state.retired_at = event.time
        case _:
            assert_never(event)


def _filed(event: DoctorEvent) -> Iterable[tuple[str, str, bool]]:
    return (("doctors", event.id, True),) if isinstance(event, DoctorAdded) else ()


DOCTOR: Decider[Any] = Decider(
    kind="doctor",
    events=(DoctorAdded, DoctorChanged, DoctorRetired),
    initial=Doctor,
    decide=decide,
    evolve=evolve,
    state=Doctor,
    files=lambda state: (("doctors", state.id),),
    filed=_filed,
)
