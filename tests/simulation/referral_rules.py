"""What holds of referrals, worked out from their states alone.

Written down a second time on purpose: nothing here asks the code that decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from engine.actors.alerts.state import Alerts
from engine.actors.patient_referrals import PatientReferrals
from engine.actors.referral.state import Referral

State = Callable[[str], Any]

DONE = ("Completed", "Amended")


def referrals_broken(state: State, keys: Iterable[str]) -> Iterator[str]:
    """Each rule that these actors break now, among themselves and towards the others."""
    for key in keys:
        kind, _, id = key.partition(":")
        if kind == "referral":
            yield from _referral(state, state(key))
        elif kind == "patient_referrals":
            yield from _of_a_patient(state, id, state(key))


def _referral(state: State, one: Referral) -> Iterator[str]:
    expected = _status([test.status for test in one.tests.values()], one.ended_as)
    if one.status != expected:
        yield f"referral {one.id} is {one.status}; by its tests it is {expected}"
    for test in one.tests.values():
        if bool(test.completed_at) != (test.status in DONE):
            yield f"test {test.id} is {test.status}, completed: {bool(test.completed_at)}"
        if (test.result is None) != (test.status not in DONE):
            yield f"test {test.id} is {test.status}, and that is not said of its result"
        if test.status == "Received" and not test.received_at:
            yield f"test {test.id} was received at no time"
        if test.status == "Rejected" and test.reason is None:
            yield f"test {test.id} was rejected for no reason"
        if test.attempt < 1:
            yield f"test {test.id} was never collected"
    there: PatientReferrals | None = state(f"patient_referrals:{one.patient_id}")
    listed = there is not None and one.id in there.open
    if listed != (one.status in ("Pending", "Received")):
        yield f"referral {one.id} is {one.status}; its patient's list has it: {listed}"
    alerts: Alerts | None = state("alerts:self")
    told = {alert.kind for alert in alerts.open.values() if alert.subject == one.id} if alerts is not None else set()
    if one.acknowledged_at and not one.result_at and told & {"result_critical", "result_unacknowledged"}:
        yield f"the result of referral {one.id} is acknowledged, and {sorted(told)} is open"


def _status(tests: list[str], ended_as: str) -> str:
    if ended_as:
        return ended_as
    alive = [status for status in tests if status != "Cancelled"]
    if not alive:
        return "Cancelled"
    if set(alive) <= set(DONE):
        return "Completed"
    return "Pending" if set(alive) == {"Pending"} else "Received"


def _of_a_patient(state: State, patient_id: str, there: PatientReferrals) -> Iterator[str]:
    for id in there.open:
        one: Referral | None = state(f"referral:{id}")
        if one is None or one.patient_id != patient_id or one.status not in ("Pending", "Received"):
            yield f"patient {patient_id} has referral {id} open, which is not there or is over"
