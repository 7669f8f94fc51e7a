"""Who of a hospital's staff could take a patient now, and who has how many: the index by which staff is chosen.

It knows no plan of shifts: each member's own actor says when duty begins and ends. It knows no names.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from engine.actors.staff.state import Duty, Role

ROSTER: Final = "roster:self"
"""The actor: one a hospital."""


class Listed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A member as the roster sees him or her, replaced whole at each change."""

    staff_id: str
    role: Role
    skills: tuple[str, ...] = ()
    """Each once, in order: a set's order differs from process to process, and what is stored must not."""
    ward_ids: tuple[str, ...] = ()
    """Likewise; empty: everywhere."""
    max_load: int = 10
    available: bool = False
    """Approved, active and not retired."""
    duty: Duty = "off"
    until: int = 0
    """When that duty ends (µs); 0: not by itself."""
    patients: tuple[str, ...] = ()
    """Ids of open admissions, in the order in which they came."""
    last_assigned_at: int = 0
    over: int = 0
    """Patients beyond the maximum that somebody's word, or a lowered maximum, has let be."""

    @property
    def load(self) -> int:
        """How many patients."""
        return len(self.patients)


Working = Literal["on", "on_call"]
"""The duties in which somebody can take a patient."""

Standing = tuple[float, int, int, str]
"""(load / maximum, load, last assigned, id): the least comes first, and whoever is at the maximum after all others."""

EVERYBODY: Final = "*"
"""In the place of a ward: all of a role and duty, wherever they work."""


class Roster(msgspec.Struct):
    """State. ``pools`` and ``ending`` are indexes over ``members`` and are not stored."""

    members: dict[str, Listed] = {}
    """By id, in the order in which they came."""
    version: int = 0

    pools: dict[tuple[Role, Working, str], list[Standing]] = {}
    """By role, duty and ward: who is available, in order. Under ``""`` who works everywhere, under ``EVERYBODY``
    all of them, whatever their wards."""
    ending: list[tuple[int, str]] = []
    """(until, id) of those in pools whose duty ends by itself, in order."""


def standing(one: Listed) -> Standing:
    """Where a member stands among those who could take a patient."""
    load = len(one.patients)
    return (load / one.max_load if one.max_load > 0 else 1.0, load, one.last_assigned_at, one.staff_id)
