"""Who is admitted to the hospital, and who of them waits, in the order in which they are served.

It knows needs and no resources: it says who comes first, not whether there is anything for him.
"""

from __future__ import annotations

from typing import Final

import msgspec

from engine.needs import RANK, Acuity, Care, Need, Reason

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

Line = tuple[Need, tuple[Care, ...], bool, str]
"""What is waited for: those in one line can be served by the same things, but for beds kept for one of them."""


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
    due: int = 0
    """When the next of those are served who can be served already (µs); 0: nobody can."""
    version: int = 0

    lines: dict[Line, list[Turn]] = {}
    """By what they wait for: who of those that can be served by the same things comes first. Where the first of a line
    cannot be served, none of it can, but for whom a bed is kept."""
    reasons: dict[str, int] = {}
    """How many wait for each reason."""


def turn_of(waiter: Waiter) -> Turn:
    """The place in the order in which who waits is served: acuity, then since when, then the older admission."""
    return (RANK[waiter.acuity], waiter.since, waiter.admission_id)


def line_of(waiter: Waiter) -> Line:
    """What is waited for."""
    return (waiter.need, waiter.roles, waiter.bed, waiter.ward_id)
