"""One member of the staff: who it is, what he or she can do, and when he or she works.

How many patients somebody has is the roster's to know; a member knows when duty begins and ends.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from engine.decider import PersonName

Role = Literal["doctor", "nurse", "technician", "admin"]
Duty = Literal["on", "on_call", "off"]


class Profile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is entered of a member."""

    name: PersonName
    role: Role
    skills: tuple[str, ...] = ()
    max_load: int = 10
    """Patients at a time, at most."""
    ward_ids: tuple[str, ...] = ()
    """Works only there; none named: everywhere."""
    doctor_id: str = ""
    """The same person's record as a doctor with slots, where there is one."""


class Break(msgspec.Struct, frozen=True, order=True, gc=False):
    """``[start, end)`` inside a shift, µs."""

    start: int
    end: int


class Shift(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """``[start, end)`` on duty, µs. No two of a member overlap."""

    id: str
    start: int
    end: int
    on_call: bool = False
    """Called only when nobody is on shift."""
    breaks: tuple[Break, ...] = ()
    """In order, inside the shift, none overlapping another."""


class Leave(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """``[start, end)`` away, whatever shift stands there, µs."""

    id: str
    start: int
    end: int


class Staff(msgspec.Struct):
    """State. ``shifts`` and ``leaves`` are in order of time; those long over are dropped."""

    id: str
    profile: Profile = msgspec.field(default_factory=lambda: Profile(name=PersonName("", ""), role="admin"))
    approved: bool = False
    active: bool = False
    rostered: bool = False
    """Whether a shift was ever entered: until then, on duty whenever active and not on leave."""
    shifts: list[Shift] = []
    leaves: list[Leave] = []
    duty: Duty = "off"
    """As the roster was last told,"""
    until: int = 0
    """and until when that holds (µs); 0: for as long as nothing is changed."""
    on_break: bool = False
    """Off duty in the middle of a shift only: comes back to the same patients."""
    created_at: int = 0
    retired_at: int = 0
    version: int = 0
    """Of who it is and whether he or she works here; shifts, leaves and duty do not count."""


def available(staff: Staff) -> bool:
    """Whether the member works here: somebody vouches for him or her, active, and not gone."""
    return staff.approved and staff.active and not staff.retired_at


def staff_key(staff_id: str) -> str:
    """The actor of a member of the staff."""
    return f"staff:{staff_id}"
