"""Clinics: opened, changed, and no longer used.

R1  A clinic is not retired while it has rooms, or an appointment that is not over (one may wait for a room).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from msgspec import Meta

from engine import calendar
from engine.actors.clinic.commands import OpenClinic, ReplaceClinic, RetireClinic
from engine.actors.clinic.decide import in_use
from engine.actors.clinic.refusals import ClinicInUse
from engine.actors.clinic.state import Clinic, ClinicSettings, clinic_key
from engine.actors.clinic.view import ClinicView, clinic_view
from engine.actors.clinic_day.state import HOLDING, ClinicDay
from engine.actors.hospital import Id
from engine.decider import At, Deciding, Decision, Done, Look, Members, Propose, Value
from engine.decisions import finding

Name = Annotated[str, Meta(min_length=1, max_length=120)]

# An appointment lasts a day at most, so whatever began before yesterday is over by the clock.
_DAYS_BACK = 1


class AddClinic(Value, frozen=True):
    """Open a clinic, without rooms and rules."""

    name: Name
    settings: ClinicSettings = ClinicSettings()


class ChangeClinic(Value, frozen=True):
    """Replace a clinic's name and settings."""

    clinic_id: Id
    name: Name
    settings: ClinicSettings
    if_version: int | None = None


class RemoveClinic(Value, frozen=True):
    """Use a clinic no longer; it stays readable."""

    clinic_id: Id


def add(command: AddClinic, at: At) -> Deciding:
    """A clinic of this hospital."""
    yield from finding.the_hospital()
    clinic_id = at.new_id(0)
    yield Propose(clinic_key(clinic_id), OpenClinic(command.name, command.settings))
    return as_it_is(clinic_id, "created")


def change(command: ChangeClinic, at: At) -> Deciding:
    """What it is from now on."""
    clinic = yield from the_clinic(command.clinic_id)
    change = ReplaceClinic(command.name, command.settings, command.if_version)
    yield Propose(clinic_key(clinic.id), change)
    return as_it_is(clinic.id)


def remove(command: RemoveClinic, at: At) -> Deciding:
    """R1."""
    hospital = yield from finding.the_hospital()
    clinic = yield from the_clinic(command.clinic_id)
    first = calendar.shift(calendar.local_day(at.time, hospital.time_zone), -_DAYS_BACK)
    for key in (yield Members(f"clinic:{clinic.id}")):
        if key.rpartition(":")[2] < first:
            continue
        day: ClinicDay | None = yield Look(key)
        for appointment in day.appointments.values() if day is not None else ():
            if appointment.status in HOLDING:
                raise ClinicInUse(
                    "the clinic has an appointment that is not over", clinic_id=clinic.id, appointment_id=appointment.id
                )
    yield Propose(clinic_key(clinic.id), RetireClinic())
    return Done(outcome="removed")


def the_clinic(clinic_id: str) -> finding.Deciding[Clinic]:
    """The clinic of this id; ``NotFound`` when unknown, ``ClinicRetired`` when it is no longer used."""
    return in_use((yield Look(clinic_key(clinic_id))))


def as_it_is(clinic_id: str, outcome: str = "ok") -> Done:
    """The clinic as the decision leaves it."""

    def answer(look: Callable[[str], Any]) -> ClinicView:
        return clinic_view(look(clinic_key(clinic_id)))

    return Done(answer, outcome)


def _home(command: Any, find: Callable[[str, str], str | None]) -> str | None:
    return find("clinics", command.clinic_id)


ADD_CLINIC = Decision(command=AddClinic, run=add)
CHANGE_CLINIC = Decision(command=ChangeClinic, run=change, home=_home)
REMOVE_CLINIC = Decision(command=RemoveClinic, run=remove, home=_home)
