"""How a referral is answered: ids, instants, and the texts. Names of people and tests stand where they are kept."""

from __future__ import annotations

from datetime import datetime

import msgspec

from engine import calendar
from engine.actors.referral.state import (
    RESULTED,
    Happened,
    Referral,
    ReferralStatus,
    ReferralTest,
    TestStatus,
    Urgency,
    What,
)
from engine.decider import HOUR, FreeText


class ReferralTestView(msgspec.Struct, frozen=True, kw_only=True):
    """A test of a referral. ``turnaround_hours``: from the referral to the result; ``bench_hours``: from receiving
    the sample to the result; null while there is none. An amendment changes neither."""

    id: str
    test_id: str
    status: TestStatus
    attempt: int
    result: FreeText | None
    critical: bool
    reason: FreeText | None
    price_minor: int
    currency: str | None
    due_at: datetime | None
    """When the result was promised."""
    received_at: datetime | None
    completed_at: datetime | None
    amended_at: datetime | None
    updated_at: datetime | None
    updated_by: str | None
    turnaround_hours: float | None
    bench_hours: float | None
    ticket_id: str | None
    service_id: str | None


class ChangeView(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the history. ``by``: the principal, null: by the clock."""

    at: datetime
    what: What
    by: str | None
    referral_test_id: str | None
    reason: FreeText | None
    detail: str | None


class ReferralView(msgspec.Struct, frozen=True, kw_only=True):
    """A referral."""

    id: str
    reference: str
    patient_id: str
    practitioner_id: str
    facility_id: str
    branch_id: str
    came_from: list[str]
    status: ReferralStatus
    priority: Urgency
    note: FreeText | None
    clinical_information: FreeText | None
    reason: FreeText | None
    tests: list[ReferralTestView]
    created_at: datetime
    created_by: str
    updated_at: datetime
    expires_at: datetime | None
    completed_at: datetime | None
    turnaround_hours: float | None
    """From the referral to its being complete."""
    awaits_acknowledgement: bool
    acknowledge_by: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    review_token_id: str | None
    history: list[ChangeView]
    version: int


def referral_view(state: Referral) -> ReferralView:
    """The referral as answered."""
    return ReferralView(
        id=state.id,
        reference=state.reference,
        patient_id=state.patient_id,
        practitioner_id=state.practitioner_id,
        facility_id=state.facility_id,
        branch_id=state.branch_id,
        came_from=list(state.came_from),
        status=state.status,
        priority=state.priority,
        note=state.note,
        clinical_information=state.clinical_information,
        reason=state.reason,
        tests=[view_of_test(state, test) for test in state.tests.values()],
        created_at=calendar.moment(state.created_at),
        created_by=state.created_by,
        updated_at=calendar.moment(state.updated_at),
        expires_at=_moment(state.expires_at),
        completed_at=_moment(state.completed_at),
        turnaround_hours=_hours(state.created_at, state.completed_at),
        awaits_acknowledgement=bool(state.result_at),
        acknowledge_by=_moment(state.acknowledge_by),
        acknowledged_at=_moment(state.acknowledged_at),
        acknowledged_by=state.acknowledged_by or None,
        review_token_id=state.review_token_id or None,
        history=[_change_view(one) for one in state.history],
        version=state.version,
    )


def view_of_test(state: Referral, test: ReferralTest) -> ReferralTestView:
    """A test of a referral as answered."""
    has_result = test.status in RESULTED
    return ReferralTestView(
        id=test.id,
        test_id=test.test_id,
        status=test.status,
        attempt=test.attempt,
        result=test.result,
        critical=test.critical,
        reason=test.reason,
        price_minor=test.price_minor,
        currency=test.currency or None,
        due_at=calendar.moment(state.created_at + test.turnaround_hours * HOUR) if test.turnaround_hours else None,
        received_at=_moment(test.received_at),
        completed_at=_moment(test.completed_at),
        amended_at=_moment(test.amended_at),
        updated_at=_moment(test.updated_at),
        updated_by=test.updated_by or None,
        turnaround_hours=_hours(state.created_at, test.completed_at) if has_result else None,
        bench_hours=_hours(test.received_at, test.completed_at) if has_result else None,
        ticket_id=test.ticket_id or None,
        service_id=test.service_id or None,
    )


def _change_view(one: Happened) -> ChangeView:
    return ChangeView(
        at=calendar.moment(one.at),
        what=one.what,
        by=one.by or None,
        referral_test_id=one.referral_test_id or None,
        reason=one.reason,
        detail=one.detail or None,
    )


def _moment(instant: int) -> datetime | None:
    return calendar.moment(instant) if instant else None


def _hours(since: int, until: int) -> float | None:
    return round((until - since) / HOUR, 2) if since and until else None
