"""One admission: whom it is for, what is needed, who and what the patient has, and how it came to that.

It knows ids only, and asks nobody: staff and bed agreed in the same decision.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from engine.decider import FreeText
from engine.needs import Acuity, Carers, Need, Reason

Status = Literal["waiting", "assigned", "handed_over", "discharged", "cancelled"]
"""``handed_over``: has a bed and one of the two, and waits for whoever takes over the rest."""

OPEN: Final[frozenset[Status]] = frozenset(("waiting", "assigned", "handed_over"))

KEPT: Final = 50
"""Assignments of the past that an admission remembers; the log has all."""

How = Literal["", "automatic", "backlog", "retry", "manual", "handover", "reassigned", "transfer", "swap"]


class Choice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How one was chosen, or why nobody was: kept in the event, so that it can be explained."""

    order: tuple[str, ...] = ()
    """In which order roles were looked for."""
    doctor_load: tuple[int, int] = (0, 0)
    """Patients and maximum before this one,"""
    nurse_load: tuple[int, int] = (0, 0)
    doctors: int = 0
    """how many were free then,"""
    nurses: int = 0
    beds: int = 0
    on_call: tuple[str, ...] = ()
    """and which roles were found on call only."""
    forced: bool = False


class Assigned(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One assignment: what held from ``at`` on."""

    at: int
    how: How
    carers: Carers
    choice: Choice | None = None
    by: str = ""
    """Principal; ``""``: the engine."""


class Admission(msgspec.Struct):
    """State. Instants are µs, 0 where nothing happened."""

    id: str
    patient_id: str = ""
    acuity: Acuity = "low"
    need: Need = Need()
    status: Status = "waiting"
    reason: Reason = ""
    """Why it waits."""
    carers: Carers = Carers()
    history: tuple[Assigned, ...] = ()
    """Assignments, oldest first, the last ``KEPT``; the last is the present one."""
    admitted_at: int = 0
    """When it really happened."""
    created_at: int = 0
    waiting_since: int = 0
    assigned_at: int = 0
    """First time."""
    ended_at: int = 0
    attempts: int = 0
    """Automatic ones in vain since it began to wait."""
    timeouts: int = 0
    retry_at: int = 0
    """When it is tried again by itself; 0: not before something frees up."""
    escalated_at: int = 0
    """When retries were given up and somebody was told."""
    note: FreeText | None = None
    last_reason: FreeText | None = None
    """Of the last change that needed one."""
    acknowledged: bool = True
    """Whether who took over has said so."""
    version: int = 0


def table_of(patient_id: str) -> str:
    """Directory table: the admissions of a patient, over or not."""
    return f"admissions_of:{patient_id}"


def admission_key(admission_id: str) -> str:
    """The actor of an admission."""
    return f"admission:{admission_id}"
