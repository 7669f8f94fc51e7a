"""What a change of somebody's plan does beyond it: the roster is told, and who goes with patients is seen to.

R1  The roster is told of another duty in the decision that brings it, and who waits is served by it in the same.
R2  Patients of somebody who goes off duty, for good or for the night, stay listed in an alert, or are handed over:
    the hospital's policy says which. A break changes nothing: who comes back has the same patients.
R3  The alert is opened once. It is closed once the member is back, or has no patients left.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.actors.alerts.commands import Clear, Raise
from engine.actors.alerts.state import ALERTS, Alerts
from engine.actors.hospital import Policy
from engine.actors.roster.commands import SetDuty
from engine.actors.staff.events import DutyReached, StaffEvent
from engine.decider import Look
from engine.decisions.assigning.plan import Plan
from engine.decisions.assigning.serving import SHIFT_OVER
from engine.decisions.finding import Deciding


def duty_told(plan: Plan, staff_id: str, events: Iterable[StaffEvent]) -> Deciding[DutyReached | None]:
    """R1: what the member's events say of the duty, if anything."""
    for event in events:
        if isinstance(event, DutyReached):
            yield from plan.roster(SetDuty(staff_id, event.duty, event.until))
            return event
    return None


def duty_changed(plan: Plan, policy: Policy, staff_id: str, events: Iterable[StaffEvent], by: str) -> Deciding[None]:
    """R1, R2, R3: all that follows from the plan alone."""
    reached = yield from duty_told(plan, staff_id, events)
    if reached is None:
        return
    away = reached.duty == "off" and not reached.on_break
    patients = (yield from plan.patients_of(staff_id)) if away else ()
    if not patients:
        yield from settled(plan, staff_id)
    elif policy.shift_end == "handover":
        yield from plan.hand_over(staff_id, None, None, "shift_end", by=by)
        yield from settled(plan, staff_id)
    elif not (yield from _alerted(staff_id)):
        many = float(len(patients))
        plan.raise_alert(Raise(kind=SHIFT_OVER, severity="warning", subject=staff_id, value=many, unit="patients"))


def settled(plan: Plan, staff_id: str) -> Deciding[None]:
    """R3: nobody needs to look after the member's patients any more."""
    if (yield from _alerted(staff_id)):
        plan.clear_alert(Clear(kind=SHIFT_OVER, subject=staff_id))


def _alerted(staff_id: str) -> Deciding[bool]:
    alerts: Alerts | None = yield Look(ALERTS)
    return alerts is not None and (SHIFT_OVER, staff_id) in alerts.by_subject
