"""What a referral keeps: for whom, by whom, where, the tests and what became of each, who did what, when and why.

A referral's status is never entered: it follows from its tests (``derived``), but for the two ends that are nobody's
test: declined by the branch, expired by the clock. Of people it knows ids; texts are sealed under the patient.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from engine.decider import FreeText

TestStatus = Literal["Pending", "Received", "Completed", "Rejected", "Cancelled", "Amended"]
ReferralStatus = Literal["Pending", "Received", "Completed", "Cancelled", "Declined", "Expired"]
Urgency = Literal["routine", "urgent", "stat"]

TRANSITIONS: Final[dict[TestStatus, tuple[TestStatus, ...]]] = {
    "Pending": ("Received", "Rejected", "Cancelled"),
    "Received": ("Completed", "Rejected", "Cancelled"),
    "Rejected": ("Pending", "Cancelled"),
    "Completed": ("Amended",),
    "Amended": ("Amended",),
    "Cancelled": (),
}
"""The legal steps of a test. Rejected → Pending is a recollection; a result can be amended more than once."""

OPEN: Final[frozenset[TestStatus]] = frozenset(("Pending", "Received", "Rejected"))
"""Of tests from which something is still expected."""
RESULTED: Final[frozenset[TestStatus]] = frozenset(("Completed", "Amended"))
"""Of tests that have a result."""
STATUSES: Final[tuple[ReferralStatus, ...]] = ("Pending", "Received", "Completed", "Cancelled", "Declined", "Expired")

KEPT: Final = 200
"""Changes that a referral shows, the latest; the log has all."""

CRITICAL: Final = "result_critical"
UNACKNOWLEDGED: Final = "result_unacknowledged"
"""Kinds of alerts about a referral."""

What = Literal[
    "created", "changed", "received", "completed", "rejected", "recollected", "cancelled", "amended", "queued",
    "declined", "redirected", "expired", "acknowledged", "overdue", "review_booked", "patient_merged",
]  # fmt: skip
"""What somebody did to a referral, or to one of its tests."""


class Ordered(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A test as it was ordered: price and promise stay what they were that day."""

    id: str
    """Of this test in this referral."""
    test_id: str
    """In the catalog."""
    price_minor: int = 0
    currency: str = ""
    turnaround_hours: int = 0


class ReferralTest(msgspec.Struct, kw_only=True, gc=False):
    """A test of a referral. Instants are µs, 0 where nothing happened yet."""

    id: str
    test_id: str
    price_minor: int = 0
    currency: str = ""
    turnaround_hours: int = 0
    status: TestStatus = "Pending"
    attempt: int = 1
    """Which collection this is: each rejection that is collected again counts."""
    received_at: int = 0
    """Of the present attempt."""
    completed_at: int = 0
    """Set once: an amendment does not move it."""
    amended_at: int = 0
    updated_at: int = 0
    updated_by: str = ""
    branch_id: str = ""
    """Where it was received, rejected or completed last; ``""``: nowhere yet."""
    result: FreeText | None = None
    critical: bool = False
    reason: FreeText | None = None
    """Why it was rejected, cancelled or amended."""
    ticket_id: str = ""
    """Of the lab's queue,"""
    service_id: str = ""
    """and of which service."""


class Happened(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One line of the history: who did what, when and why."""

    at: int
    what: What
    by: str = ""
    """The principal; ``""``: by the clock."""
    referral_test_id: str = ""
    """``""``: the referral as a whole."""
    reason: FreeText | None = None
    detail: str = ""
    """An id that belongs to it: the branch it came from, the ticket, the token, the record merged."""


class Referral(msgspec.Struct):
    """State. Instants are µs, 0 where nothing happened yet."""

    id: str
    reference: str = ""
    """Ten characters, A-Z and 0-9: what is printed and told on the telephone; unique in the hospital."""
    patient_id: str = ""
    practitioner_id: str = ""
    facility_id: str = ""
    branch_id: str = ""
    """Where it is to be done now."""
    came_from: tuple[str, ...] = ()
    """The branches from which it was redirected, in order."""
    priority: Urgency = "routine"
    note: FreeText | None = None
    clinical_information: FreeText | None = None
    tests: dict[str, ReferralTest] = {}
    """By id, in the order in which they were asked for."""
    ended_as: Literal["", "Declined", "Expired"] = ""
    """What its tests do not tell."""
    status: ReferralStatus = "Pending"
    """As it follows from ``tests`` and ``ended_as``."""
    reason: FreeText | None = None
    """Why it was declined, redirected or cancelled, the last time."""
    created_at: int = 0
    created_by: str = ""
    updated_at: int = 0
    expires_at: int = 0
    """Expires then if nothing has begun; 0: never."""
    completed_at: int = 0
    """When it was first complete; an amendment does not move it."""
    result_at: int = 0
    """Since when there is a result that the referrer has not acknowledged; 0: there is none."""
    acknowledge_by: int = 0
    """After this somebody else is told; 0: never, or told already."""
    alerted: tuple[str, ...] = ()
    """Kinds of alerts that were raised about it and are to be cleared when the result is acknowledged."""
    acknowledged_at: int = 0
    acknowledged_by: str = ""
    review_token_id: str = ""
    """The token with which the patient comes back for the result."""
    history: list[Happened] = []
    """The last ``KEPT``."""
    version: int = 0


def referral_key(referral_id: str) -> str:
    """The actor of a referral."""
    return f"referral:{referral_id}"


def derived(statuses: Iterable[TestStatus]) -> ReferralStatus:
    """What a referral is, by its tests: Cancelled when all are; Completed when nothing is expected any more and there
    is a result; Pending while nothing is begun; else Received."""
    counting = [status for status in statuses if status != "Cancelled"]
    if not counting:
        return "Cancelled"
    if all(status in RESULTED for status in counting):
        return "Completed"
    return "Pending" if all(status == "Pending" for status in counting) else "Received"


def is_open(status: ReferralStatus) -> bool:
    """Whether something is still expected of a referral of this status."""
    return status in ("Pending", "Received")


def nothing_begun(state: Referral) -> bool:
    """Whether the referral is pending and no lab ever had anything of it."""
    return state.status == "Pending" and all(test.attempt == 1 for test in state.tests.values())
