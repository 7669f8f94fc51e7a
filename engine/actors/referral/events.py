"""What can happen to a referral. Names and fields are for ever; new fields carry defaults. Times are µs.

``by`` is the principal who asked, ``""`` the clock. What moves a referral from one list to another says from where:
the directory is told by one event, without the state.
"""

from __future__ import annotations

from engine.actors.referral.state import Ordered, ReferralStatus, Urgency
from engine.decider import Event, FreeText


class ReferralCreated(Event, frozen=True):
    """Somebody asks for these tests."""

    id: str
    reference: str
    patient_id: str
    practitioner_id: str
    facility_id: str
    branch_id: str
    tests: tuple[Ordered, ...]
    priority: Urgency
    time: int
    by: str
    expires_at: int = 0
    note: FreeText | None = None
    clinical_information: FreeText | None = None


class ReferralChanged(Event, frozen=True):
    """What the referrer says about it from now on, whole."""

    priority: Urgency
    time: int
    by: str
    note: FreeText | None = None
    clinical_information: FreeText | None = None


class ReferralTestReceived(Event, frozen=True):
    """The lab has what it needs for the test. ``happened_at``: since when, where that was before it was entered."""

    referral_test_id: str
    branch_id: str
    time: int
    by: str
    happened_at: int = 0
    practitioner_id: str = ""


class ReferralTestCompleted(Event, frozen=True):
    """There is a result. ``acknowledge_by``: when somebody is told that nobody has looked at a critical one;
    ``happened_at``: since when it is there, where that was before it was entered."""

    referral_test_id: str
    branch_id: str
    time: int
    by: str
    result: FreeText | None = None
    critical: bool = False
    acknowledge_by: int = 0
    happened_at: int = 0
    practitioner_id: str = ""


class ReferralTestRejected(Event, frozen=True):
    """What was collected cannot be used."""

    referral_test_id: str
    branch_id: str
    reason: FreeText
    time: int
    by: str
    practitioner_id: str = ""


class ReferralTestRecollected(Event, frozen=True):
    """It is to be collected again."""

    referral_test_id: str
    attempt: int
    time: int
    by: str
    reason: FreeText | None = None


class ReferralTestCancelled(Event, frozen=True):
    """It is not wanted any more."""

    referral_test_id: str
    time: int
    by: str
    reason: FreeText | None = None


class ReferralTestAmended(Event, frozen=True):
    """The result was wrong, or said too little; ``result`` takes its place."""

    referral_test_id: str
    branch_id: str
    reason: FreeText
    time: int
    by: str
    result: FreeText | None = None
    critical: bool = False
    acknowledge_by: int = 0
    practitioner_id: str = ""


class ReferralTestQueued(Event, frozen=True):
    """The patient is in line for it at the branch."""

    referral_test_id: str
    ticket_id: str
    service_id: str
    time: int
    by: str


class ReferralStatusChanged(Event, frozen=True):
    """What follows from the event before, for the lists."""

    id: str
    was: ReferralStatus
    now: ReferralStatus
    practitioner_id: str
    branch_id: str
    time: int
    acknowledge_by: int = 0
    """Completed: when somebody is told that the referrer has not looked."""
    happened_at: int = 0
    """Since when, where that was before it was entered."""


class ReferralDeclined(Event, frozen=True):
    """The branch does not do it."""

    reason: FreeText
    time: int
    by: str


class ReferralRedirected(Event, frozen=True):
    """Another branch does it. ``was`` and ``now``: its status before and after."""

    id: str
    from_branch_id: str
    facility_id: str
    branch_id: str
    practitioner_id: str
    was: ReferralStatus
    now: ReferralStatus
    time: int
    by: str
    expires_at: int = 0
    reason: FreeText | None = None


class ReferralExpired(Event, frozen=True):
    """Nobody began."""

    time: int


class ReferralCancelled(Event, frozen=True):
    """The referrer does not want what is still open of it; each open test says so too."""

    time: int
    by: str
    reason: FreeText | None = None


class ResultOverdue(Event, frozen=True):
    """The referrer has not acknowledged the result in time; somebody else is told."""

    time: int


class ResultAcknowledged(Event, frozen=True):
    """The referrer knows the results."""

    time: int
    by: str
    note: FreeText | None = None


class ReviewBooked(Event, frozen=True):
    """The patient comes back for the result with this token."""

    token_id: str
    time: int
    by: str


class ReferralRepointed(Event, frozen=True):
    """The patient's record was merged into another."""

    id: str
    from_patient_id: str
    patient_id: str
    time: int
    by: str


ReferralEvent = (
    ReferralCreated
    | ReferralChanged
    | ReferralTestReceived
    | ReferralTestCompleted
    | ReferralTestRejected
    | ReferralTestRecollected
    | ReferralTestCancelled
    | ReferralTestAmended
    | ReferralTestQueued
    | ReferralStatusChanged
    | ReferralDeclined
    | ReferralRedirected
    | ReferralExpired
    | ReferralCancelled
    | ResultOverdue
    | ResultAcknowledged
    | ReviewBooked
    | ReferralRepointed
)
