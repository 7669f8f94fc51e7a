"""What decisions ask of a referral. None of these is stored: the public command is, and the events are. Times are µs.

Each is decided by the referral alone; who may ask, and what the catalog says, the decision has looked up.
"""

from __future__ import annotations

import msgspec

from engine.actors.referral.state import Ordered, TestStatus, Urgency
from engine.decider import FreeText


class Create(msgspec.Struct, frozen=True, kw_only=True):
    """Begin a referral."""

    reference: str
    patient_id: str
    practitioner_id: str
    facility_id: str
    branch_id: str
    tests: tuple[Ordered, ...]
    priority: Urgency = "routine"
    expires_at: int = 0
    note: FreeText | None = None
    clinical_information: FreeText | None = None


class Revise(msgspec.Struct, frozen=True, kw_only=True):
    """Replace what the referrer says about it."""

    priority: Urgency
    note: FreeText | None
    clinical_information: FreeText | None
    if_version: int | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A test of it goes on to another status. ``acknowledge``: µs within which a result is to be acknowledged."""

    referral_test_id: str
    to: TestStatus
    reason: FreeText | None = None
    result: FreeText | None = None
    critical: bool | None = None
    """``None``: as it was; not critical, where there was nothing."""
    acknowledge: int = 0
    happened_at: int = 0
    """When it was received or completed, where that was before it is entered; 0: now."""
    if_version: int | None = None


class Queue(msgspec.Struct, frozen=True):
    """The patient has a ticket for a test of it."""

    referral_test_id: str
    ticket_id: str
    service_id: str


class Decline(msgspec.Struct, frozen=True):
    """The branch does not do it."""

    reason: FreeText
    if_version: int | None = None


class Redirect(msgspec.Struct, frozen=True, kw_only=True):
    """Another branch does what is open of it; the decision has seen that it offers those tests."""

    facility_id: str
    branch_id: str
    reason: FreeText | None = None
    expires_at: int = 0
    if_version: int | None = None


class Cancel(msgspec.Struct, frozen=True, kw_only=True):
    """What is open of it is not wanted any more. ``acknowledge``: as of a step."""

    reason: FreeText | None = None
    acknowledge: int = 0
    if_version: int | None = None


class Acknowledge(msgspec.Struct, frozen=True):
    """The referrer knows the results."""

    note: FreeText | None = None


class Wake(msgspec.Struct, frozen=True):
    """An instant has come: expiry, or that for acknowledging."""


class BookReview(msgspec.Struct, frozen=True):
    """The patient comes back with this token."""

    token_id: str


class Repoint(msgspec.Struct, frozen=True):
    """It is another record's now."""

    patient_id: str


ReferralCommand = (
    Create | Revise | Step | Queue | Decline | Redirect | Cancel | Acknowledge | Wake | BookReview | Repoint
)
