"""What decisions ask of the roster. None of these is stored. Times are µs."""

from __future__ import annotations

import msgspec

from engine.actors.staff.state import Duty, Role


class ListStaff(msgspec.Struct, frozen=True):
    """A member as he or she is now."""

    staff_id: str
    role: Role
    max_load: int
    available: bool
    skills: tuple[str, ...] = ()
    ward_ids: tuple[str, ...] = ()


class DelistStaff(msgspec.Struct, frozen=True):
    """Refused while the member has patients."""

    staff_id: str


class SetDuty(msgspec.Struct, frozen=True):
    """On, on call or off; until when (0: until it is changed)."""

    staff_id: str
    duty: Duty
    until: int = 0


class TakePatient(msgspec.Struct, frozen=True):
    """Refused to who is unavailable, off duty, unskilled or at the maximum; ``force``: only to who is unavailable."""

    staff_id: str
    admission_id: str
    skills: tuple[str, ...] = ()
    ward_id: str = ""
    force: bool = False


class ReleasePatient(msgspec.Struct, frozen=True):
    """The member does not have the patient any more."""

    staff_id: str
    admission_id: str


class Together(msgspec.Struct, frozen=True):
    """Several of these in order, each seeing what the ones before it left; all or none."""

    do: tuple[RosterStep, ...]


RosterStep = ListStaff | DelistStaff | SetDuty | TakePatient | ReleasePatient
RosterCommand = RosterStep | Together
