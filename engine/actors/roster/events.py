"""What can happen on the roster. Names and fields are for ever; new fields carry defaults. Times are µs."""

from __future__ import annotations

from engine.actors.staff.state import Duty, Role
from engine.decider import Event


class StaffListed(Event, frozen=True):
    """A member is new on the roster, or is seen otherwise; patients and duty stay as they are."""

    staff_id: str
    role: Role
    max_load: int
    available: bool
    skills: tuple[str, ...] = ()
    ward_ids: tuple[str, ...] = ()


class StaffDelisted(Event, frozen=True):
    """A member has left, and has no patients any more."""

    staff_id: str


class DutyChanged(Event, frozen=True):
    """From now on, and until when (0: until it is changed)."""

    staff_id: str
    duty: Duty
    until: int = 0


class PatientTaken(Event, frozen=True):
    """A patient more. ``forced``: beyond the maximum, by somebody's word."""

    staff_id: str
    admission_id: str
    time: int
    forced: bool = False


class PatientReleased(Event, frozen=True):
    """A patient less."""

    staff_id: str
    admission_id: str


RosterEvent = StaffListed | StaffDelisted | DutyChanged | PatientTaken | PatientReleased
