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
    skills: frozenset[str] = frozenset()
    ward_ids: frozenset[str] = frozenset()
    """Empty: everywhere."""
    max_load: int = 10
    available: bool = False
    """Approved, active and not retired."""
    duty: Duty = "off"
    until: int = 0
    """When that duty ends (µs); 0: not by itself."""
    patients: tuple[str, ...] = ()
    """Ids of open admissions, in the order in which they came."""
    last_assigned_at: int = 0


Standing = tuple[float, int, int, str]
"""(load / maximum, load, last assigned, id): the least comes first."""


class Roster(msgspec.Struct):
    """State. ``pools`` is an index over ``members`` and is not stored."""

    members: dict[str, Listed] = {}
    """By id, in the order in which they came."""
    version: int = 0

    pools: dict[tuple[Role, Literal["on", "on_call"]], list[Standing]] = {}
    """By role and duty: who is available and under the maximum, in order."""
