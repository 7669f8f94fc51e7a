"""How a plan is answered: every token with what becomes of it, and one notice for each patient concerned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from engine import calendar
from engine.actors.agenda import Engagement
from engine.actors.slot import slot_key
from engine.actors.slot.state import Slot
from engine.decisions.cancel_slot.plan import Action, Placement, Plan, patients_of


class PlannedToken(msgspec.Struct, frozen=True):
    """What becomes of one token; ``why`` is given where it stays or nothing was found."""

    token_id: str
    patient_id: str
    slot_id: str
    action: Action
    to_slot_id: str | None
    to_doctor_id: str | None
    start_time: datetime | None
    """When the slot it goes to is expected to begin; UTC."""
    why: str | None


class EndedEntry(msgspec.Struct, frozen=True):
    """A waiting entry that ends with its slot."""

    entry_id: str
    patient_id: str
    slot_id: str


class ReducedSlot(msgspec.Struct, frozen=True):
    """A slot that goes on with fewer seats."""

    slot_id: str
    max_capacity: int


class Notice(msgspec.Struct, frozen=True):
    """One message to one patient about all that changes for him."""

    patient_id: str
    token_ids: list[str]


class AppointmentThen(msgspec.Struct, frozen=True):
    """An appointment in a room with the doctor who is away: it stays as it is, for somebody to move by hand."""

    appointment_id: str
    clinic_id: str
    start_time: datetime
    end_time: datetime


class PlanView(msgspec.Struct, frozen=True):
    """A plan, and whether it was applied or only made (``dry_run``)."""

    applied: bool
    cancelled_slots: list[str]
    reduced_slots: list[ReducedSlot]
    tokens: list[PlannedToken]
    waiting_closed: list[EndedEntry]
    counts: dict[Action, int]
    notices: list[Notice]
    appointments: list[AppointmentThen] = []


def plan_view(plan: Plan, applied: bool, look: Callable[[str], Any], engaged: Sequence[Engagement] = ()) -> PlanView:
    """The plan as answered; once it is applied, with the delays that the slots then have."""
    notices: dict[str, list[str]] = {}
    for patient_id, token_id in patients_of(plan):
        notices.setdefault(patient_id, []).append(token_id)
    counts: Counter[Action] = Counter(one.action for one in plan.placements)
    actions: tuple[Action, ...] = ("keep", "move", "reschedule", "manual")
    return PlanView(
        applied=applied,
        cancelled_slots=[source.slot.id for source in plan.sources if source.cancelled],
        reduced_slots=[
            ReducedSlot(source.slot.id, source.max_capacity) for source in plan.sources if not source.cancelled
        ],
        tokens=[_token(one, look) for one in plan.placements],
        waiting_closed=[EndedEntry(entry.id, entry.patient_id, slot.id) for entry, slot in plan.entries],
        counts={action: counts[action] for action in actions},
        notices=[Notice(patient_id, token_ids) for patient_id, token_ids in notices.items()],
        appointments=[
            AppointmentThen(one.appointment_id, one.clinic_id, calendar.moment(one.start), calendar.moment(one.end))
            for one in engaged
        ],
    )


def _token(one: Placement, look: Callable[[str], Any]) -> PlannedToken:
    target: Slot | None = look(slot_key(one.target.id)) if one.target else None
    return PlannedToken(
        token_id=one.token.id,
        patient_id=one.token.patient_id,
        slot_id=one.source.id,
        action=one.action,
        to_slot_id=target.id if target else None,
        to_doctor_id=target.doctor_id if target else None,
        start_time=calendar.moment(target.start + target.delay) if target else None,
        why=one.why or None,
    )
