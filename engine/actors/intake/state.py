"""Who is admitted to the hospital, and who of them waits, in the order in which they are served.

It knows needs and no resources: it says who comes first, not whether there is anything for him.
"""

from __future__ import annotations

from typing import Final

import msgspec

from engine.needs import Acuity, Care, Need, Reason

INTAKE: Final = "intake:self"
"""The actor: one a hospital."""


class Waiter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One admission that waits, and for what."""

    admission_id: str
    patient_id: str
    acuity: Acuity
    since: int
    need: Need
    roles: tuple[Care, ...] = ("doctor", "nurse")
    """What is missing of these,"""
    bed: bool = True
    """and whether a bed is."""
    ward_id: str = ""
    """Where the patient lies already, who waits for somebody to take over."""
    reason: Reason = ""


Turn = tuple[int, int, str]
"""(rank of the acuity, since, admission): the least comes first."""


class Intake(msgspec.Struct):
    """State. ``lines`` and ``reasons`` are indexes over ``waiting`` and are not stored."""

    open: dict[str, str] = {}
    """By patient: the admission that is not over. A patient has one at a time."""
    waiting: dict[str, Waiter] = {}
    """By admission."""
    assigned: int = 0
    """Admissions so far that were given all,"""
    ended: int = 0
    """and those that are over."""
    version: int = 0

    lines: dict[tuple[Need, tuple[Care, ...], bool, str], list[Turn]] = {}
    """By what they wait for: who of those that can be served by the same things comes first. Where the first of a line
    cannot be served, none of it can."""
    reasons: dict[str, int] = {}
    """How many wait for each reason."""
