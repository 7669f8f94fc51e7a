"""What an event does to a referral. It never refuses."""

from __future__ import annotations

from sys import intern
from typing import assert_never

from engine.actors.referral.events import (
    ReferralCancelled,
    ReferralChanged,
    ReferralCreated,
    ReferralDeclined,
    ReferralEvent,
    ReferralExpired,
    ReferralRedirected,
    ReferralRepointed,
    ReferralStatusChanged,
    ReferralTestAmended,
    ReferralTestCancelled,
    ReferralTestCompleted,
    ReferralTestQueued,
    ReferralTestReceived,
    ReferralTestRecollected,
    ReferralTestRejected,
    ResultAcknowledged,
    ResultOverdue,
    ReviewBooked,
)
from engine.actors.referral.state import (
    CRITICAL,
    KEPT,
    OPEN,
    UNACKNOWLEDGED,
    Happened,
    Referral,
    ReferralTest,
    What,
)
from engine.decider import FreeText

_TestEvent = (
    ReferralTestReceived | ReferralTestCompleted | ReferralTestRejected | ReferralTestRecollected
    | ReferralTestCancelled | ReferralTestAmended | ReferralTestQueued
)  # fmt: skip


def evolve(state: Referral, event: ReferralEvent) -> None:
    """Change the state."""
    state.version += 1
    state.updated_at = event.time
    if isinstance(event, _TestEvent):
        _test(state, event)
        return
    match event:
        case ReferralCreated():
            _create(state, event)
        case ReferralChanged():
            state.priority, state.note = event.priority, event.note
            state.clinical_information = event.clinical_information
            _note(state, event.time, "changed", event.by)
        case ReferralStatusChanged():
            state.status = event.now
            if event.now == "Completed":
                state.completed_at = state.completed_at or event.happened_at or event.time
                _await(state, event.time, event.acknowledge_by)
        case ReferralDeclined():
            state.ended_as, state.reason = "Declined", event.reason
            _note(state, event.time, "declined", event.by, event.reason)
        case ReferralRedirected():
            _redirect(state, event)
        case ReferralExpired():
            state.ended_as = "Expired"
            _note(state, event.time, "expired", "")
        case ReferralCancelled():
            state.reason = event.reason
            _note(state, event.time, "cancelled", event.by, event.reason)
        case ResultOverdue():
            state.acknowledge_by = 0
            state.alerted = _with(state.alerted, UNACKNOWLEDGED)
            _note(state, event.time, "overdue", "")
        case ResultAcknowledged():
            state.result_at, state.acknowledge_by, state.alerted = 0, 0, ()
            state.acknowledged_at, state.acknowledged_by = event.time, event.by
            _note(state, event.time, "acknowledged", event.by, event.note)
        case ReviewBooked():
            state.review_token_id = event.token_id
            _note(state, event.time, "review_booked", event.by, detail=event.token_id)
        case ReferralRepointed():
            state.patient_id = event.patient_id
            _note(state, event.time, "patient_merged", event.by, detail=event.from_patient_id)
        case _:
            assert_never(event)


def _test(state: Referral, event: _TestEvent) -> None:
    match event:
        case ReferralTestReceived():
            test = _touch(state, event, "received")
            test.status, test.branch_id = "Received", event.branch_id
            test.received_at = event.happened_at or event.time
        case ReferralTestCompleted():
            test = _touch(state, event, "completed")
            test.status, test.branch_id = "Completed", event.branch_id
            test.completed_at = event.happened_at or event.time
            test.result, test.critical = event.result, event.critical
            _returned(state, event)
        case ReferralTestRejected():
            test = _touch(state, event, "rejected", event.reason)
            test.status, test.reason, test.branch_id = "Rejected", event.reason, event.branch_id
        case ReferralTestRecollected():
            test = _touch(state, event, "recollected", event.reason)
            test.status, test.attempt = "Pending", event.attempt
            test.received_at, test.ticket_id, test.service_id = 0, "", ""
        case ReferralTestCancelled():
            test = _touch(state, event, "cancelled", event.reason)
            test.status, test.reason = "Cancelled", event.reason
        case ReferralTestAmended():
            test = _touch(state, event, "amended", event.reason)
            test.status, test.amended_at, test.branch_id = "Amended", event.time, event.branch_id
            test.result, test.critical, test.reason = event.result, event.critical, event.reason
            _returned(state, event)
        case ReferralTestQueued():
            test = _touch(state, event, "queued", detail=event.ticket_id)
            test.ticket_id, test.service_id = event.ticket_id, event.service_id
        case _:
            assert_never(event)


def _create(state: Referral, event: ReferralCreated) -> None:
    state.id, state.reference, state.patient_id = event.id, event.reference, event.patient_id
    # A hundred thousand of these name a few hundred of such ids: one text each, not one per reading of the log.
    state.practitioner_id = intern(event.practitioner_id)
    state.facility_id, state.branch_id = intern(event.facility_id), intern(event.branch_id)
    state.priority, state.note, state.clinical_information = event.priority, event.note, event.clinical_information
    for one in event.tests:
        state.tests[one.id] = ReferralTest(
            id=one.id,
            test_id=intern(one.test_id),
            price_minor=one.price_minor,
            currency=intern(one.currency),
            turnaround_hours=one.turnaround_hours,
        )
    state.created_at, state.created_by, state.expires_at = event.time, event.by, event.expires_at
    _note(state, event.time, "created", event.by)


def _redirect(state: Referral, event: ReferralRedirected) -> None:
    state.came_from = (*state.came_from, event.from_branch_id)
    state.facility_id, state.branch_id = event.facility_id, event.branch_id
    state.ended_as, state.status, state.reason = "", event.now, event.reason
    state.expires_at = event.expires_at
    for test in state.tests.values():
        if test.status in OPEN:
            test.ticket_id = test.service_id = ""
    _note(state, event.time, "redirected", event.by, event.reason, detail=event.from_branch_id)


def _touch(
    state: Referral, event: _TestEvent, what: What, reason: FreeText | None = None, detail: str = ""
) -> ReferralTest:
    test = state.tests[event.referral_test_id]
    test.updated_at, test.updated_by = event.time, event.by
    _note(state, event.time, what, event.by, reason, event.referral_test_id, detail)
    return test


def _returned(state: Referral, event: ReferralTestCompleted | ReferralTestAmended) -> None:
    """There is something new to know."""
    state.acknowledged_at, state.acknowledged_by = 0, ""
    if event.critical:
        state.alerted = _with(state.alerted, CRITICAL)
    _await(state, event.time, event.acknowledge_by)


def _await(state: Referral, time: int, acknowledge_by: int) -> None:
    """The referrer is to acknowledge by then; the first instant counts, and nobody is told twice."""
    if acknowledge_by:
        state.result_at = state.result_at or time
        if not state.acknowledge_by and UNACKNOWLEDGED not in state.alerted:
            state.acknowledge_by = acknowledge_by


def _with(kinds: tuple[str, ...], kind: str) -> tuple[str, ...]:
    return kinds if kind in kinds else (*kinds, kind)


def _note(
    state: Referral, at: int, what: What, by: str, reason: FreeText | None = None, test_id: str = "", detail: str = ""
) -> None:
    state.history.append(Happened(at=at, what=what, by=by, referral_test_id=test_id, reason=reason, detail=detail))
    if len(state.history) > KEPT:
        del state.history[0]
