"""What the events of referrals look like to those who watch: ids and states, and nothing of what was found.

Read by ``engine.deltas``. Everything is told to whoever follows the referral itself; its branch and its practitioner
hear what is new to their lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from engine.actors.referral import events as referral
from engine.room_deltas import Fields, Placed

REFERRALS: Final = "referrals"
"""Topics of lists: ``referrals:branch:{id}`` and ``referrals:practitioner:{id}``."""

UPDATE: Final = "referral_update"


def of_referral(id: str, event: Any) -> Iterator[Placed]:
    """Something of a referral; one that goes elsewhere is told at both ends."""
    change = _CHANGE.get(type(event))
    if change is None:
        return
    fields: Fields = {"change": change, "referral_id": id}
    fields |= {name: getattr(event, of) for of, name in _FIELDS if hasattr(event, of)}
    if type(event) is referral.ReferralCreated:
        fields["status"] = "Pending"
    if (test_status := _TEST_STATUS.get(type(event))) is not None:
        fields["test_status"] = test_status
    yield f"referral:{id}", UPDATE, fields, True
    for topic in _lists(event):
        yield topic, UPDATE, fields, False


def _lists(event: Any) -> Iterator[str]:
    for field, of in _OF:
        if id := getattr(event, field, ""):
            yield f"{REFERRALS}:{of}:{id}"


_OF: Final = (("from_branch_id", "branch"), ("branch_id", "branch"), ("practitioner_id", "practitioner"))

_FIELDS: Final = (
    ("reference", "reference"),
    ("practitioner_id", "practitioner_id"),
    ("from_branch_id", "from_branch_id"),
    ("branch_id", "branch_id"),
    ("was", "was"),
    ("now", "status"),
    ("priority", "priority"),
    ("referral_test_id", "referral_test_id"),
    ("attempt", "attempt"),
    ("critical", "critical"),
    ("ticket_id", "ticket_id"),
    ("token_id", "token_id"),
)
"""What of an event is told, and under which name. No reason, no note and no result is among them, and no patient."""

_CHANGE: Final[dict[type[Any], str]] = {
    referral.ReferralCreated: "created",
    referral.ReferralChanged: "changed",
    referral.ReferralTestReceived: "test",
    referral.ReferralTestCompleted: "test",
    referral.ReferralTestRejected: "test",
    referral.ReferralTestRecollected: "test",
    referral.ReferralTestCancelled: "test",
    referral.ReferralTestAmended: "test",
    referral.ReferralTestQueued: "queued",
    referral.ReferralStatusChanged: "status",
    referral.ReferralRedirected: "redirected",
    referral.ResultOverdue: "overdue",
    referral.ResultAcknowledged: "acknowledged",
    referral.ReviewBooked: "review_booked",
}
"""What declines, cancels or lets expire changes the status, and is told by that."""

_TEST_STATUS: Final[dict[type[Any], str]] = {
    referral.ReferralTestReceived: "Received",
    referral.ReferralTestCompleted: "Completed",
    referral.ReferralTestRejected: "Rejected",
    referral.ReferralTestRecollected: "Pending",
    referral.ReferralTestCancelled: "Cancelled",
    referral.ReferralTestAmended: "Amended",
}
