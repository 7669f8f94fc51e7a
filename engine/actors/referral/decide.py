"""What a referral answers to a command: its events, or a refusal. Which rule is which is in the package's docstring."""

from __future__ import annotations

from typing import assert_never

from engine.actors.referral.commands import (
    Acknowledge,
    BookReview,
    Cancel,
    Create,
    Decline,
    Queue,
    Redirect,
    ReferralCommand,
    Repoint,
    Revise,
    Step,
    Wake,
)
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
    ReferralTestCancelled,
    ReferralTestQueued,
    ResultAcknowledged,
    ResultOverdue,
    ReviewBooked,
)
from engine.actors.referral.refusals import IllegalStep, NoChange, NoResult, ReferralTransition, SampleInHand
from engine.actors.referral.state import (
    OPEN,
    RESULTED,
    Referral,
    ReferralStatus,
    TestStatus,
    derived,
    is_open,
    nothing_begun,
)
from engine.actors.referral.testing import about, given, step, the_test
from engine.decider import At
from engine.errors import Invalid, NotFound, Stale


def decide(state: Referral, command: ReferralCommand, at: At) -> list[ReferralEvent]:
    """The events of a command to a referral."""
    if isinstance(command, Create):
        return [_create(state, command, at)]
    if not state.version:
        raise NotFound("there is no such referral", field="referral_id", referral_id=state.id)
    match command:
        case Revise():
            return _revise(state, command, at)
        case Step():
            _fresh(state, command.if_version)
            event, to = step(state, command, at)
            changed = {command.referral_test_id: to}
            return [event, *_follow(state, changed, at, command.acknowledge, command.happened_at)]
        case Queue():
            return [_queue(state, command, at)]
        case Decline():
            return _decline(state, command, at)
        case Redirect():
            return [_redirect(state, command, at)]
        case Cancel():
            return _cancel(state, command, at)
        case Acknowledge():
            return [_acknowledge(state, command, at)]
        case Wake():
            return _wake(state, at)
        case BookReview():
            if not any(test.status in RESULTED for test in state.tests.values()):
                raise NoResult("there is no result to come back for", referral_id=state.id)
            return [ReviewBooked(token_id=command.token_id, time=at.time, by=at.who)]
        case Repoint():
            return [
                ReferralRepointed(
                    id=state.id,
                    from_patient_id=state.patient_id,
                    patient_id=command.patient_id,
                    time=at.time,
                    by=at.who,
                )
            ]
        case _:
            assert_never(command)


def _create(state: Referral, command: Create, at: At) -> ReferralCreated:
    """R1."""
    assert not state.version, "ids are given once"
    assert command.tests, "R1: a referral asks for something"
    assert len({test.test_id for test in command.tests}) == len(command.tests), "R1: a test is asked for twice"
    return ReferralCreated(
        id=state.id,
        reference=command.reference,
        patient_id=command.patient_id,
        practitioner_id=command.practitioner_id,
        facility_id=command.facility_id,
        branch_id=command.branch_id,
        tests=command.tests,
        priority=command.priority,
        time=at.time,
        by=at.who,
        expires_at=command.expires_at,
        note=about(command.note, command.patient_id),
        clinical_information=about(command.clinical_information, command.patient_id),
    )


def _fresh(state: Referral, if_version: int | None) -> None:
    """R2."""
    if if_version is not None and if_version != state.version:
        raise Stale("the referral has changed", referral_id=state.id, version=state.version)


def _revise(state: Referral, command: Revise, at: At) -> list[ReferralEvent]:
    """R2."""
    _fresh(state, command.if_version)
    if not is_open(state.status):
        raise ReferralTransition("the referral is over", referral_id=state.id, from_state=state.status, to_state="")
    changed = ReferralChanged(
        priority=command.priority,
        time=at.time,
        by=at.who,
        note=about(command.note, state.patient_id),
        clinical_information=about(command.clinical_information, state.patient_id),
    )
    same = (state.priority, state.note, state.clinical_information)
    return [] if same == (changed.priority, changed.note, changed.clinical_information) else [changed]


def _queue(state: Referral, command: Queue, at: At) -> ReferralTestQueued:
    """R11."""
    test = the_test(state, command.referral_test_id)
    if test.status != "Pending" or state.ended_as:
        raise IllegalStep(
            "nothing is to be collected for this test",
            referral_test_id=test.id,
            from_state=state.ended_as or test.status,
            to_state="Queued",
        )
    return ReferralTestQueued(
        referral_test_id=test.id, ticket_id=command.ticket_id, service_id=command.service_id, time=at.time, by=at.who
    )


def _decline(state: Referral, command: Decline, at: At) -> list[ReferralEvent]:
    """R6."""
    _fresh(state, command.if_version)
    _must_be(state, "Declined", state.status == "Pending")
    if not given(command.reason):
        raise Invalid("who declines says why", field="reason")
    reason = command.reason.about(state.patient_id)
    declined = ReferralDeclined(reason=reason, time=at.time, by=at.who)
    return [declined, _moved(state, "Declined", at)]


def _redirect(state: Referral, command: Redirect, at: At) -> ReferralRedirected:
    """R7."""
    _fresh(state, command.if_version)
    _must_be(state, "Redirected", is_open(state.status) or state.status == "Declined")
    if command.branch_id == state.branch_id:
        raise NoChange("the referral is at this branch", referral_id=state.id, branch_id=state.branch_id)
    held = [test.id for test in state.tests.values() if test.status == "Received"]
    if held:
        raise SampleInHand(
            "what the branch has received it completes or rejects first", referral_id=state.id, referral_test_ids=held
        )
    return ReferralRedirected(
        id=state.id,
        from_branch_id=state.branch_id,
        facility_id=command.facility_id,
        branch_id=command.branch_id,
        practitioner_id=state.practitioner_id,
        was=state.status,
        now=derived(test.status for test in state.tests.values()),
        time=at.time,
        by=at.who,
        expires_at=command.expires_at,
        reason=about(command.reason, state.patient_id),
    )


def _cancel(state: Referral, command: Cancel, at: At) -> list[ReferralEvent]:
    """R8."""
    _fresh(state, command.if_version)
    if state.status == "Cancelled":
        raise NoChange("the referral is cancelled", referral_id=state.id, status=state.status)
    _must_be(state, "Cancelled", is_open(state.status))
    reason = about(command.reason, state.patient_id)
    ended: dict[str, TestStatus] = {test.id: "Cancelled" for test in state.tests.values() if test.status in OPEN}
    return [
        *(ReferralTestCancelled(referral_test_id=id, time=at.time, by=at.who, reason=reason) for id in ended),
        ReferralCancelled(time=at.time, by=at.who, reason=reason),
        *_follow(state, ended, at, command.acknowledge),
    ]


def _acknowledge(state: Referral, command: Acknowledge, at: At) -> ResultAcknowledged:
    """R9."""
    if not any(test.status in RESULTED for test in state.tests.values()):
        raise NoResult("there is no result yet", referral_id=state.id)
    if state.acknowledged_at:
        raise NoChange("the result is acknowledged", referral_id=state.id, acknowledged_by=state.acknowledged_by)
    return ResultAcknowledged(time=at.time, by=at.who, note=about(command.note, state.patient_id))


def _wake(state: Referral, at: At) -> list[ReferralEvent]:
    """R9, R10."""
    events: list[ReferralEvent] = []
    if nothing_begun(state) and 0 < state.expires_at <= at.time:
        events += [ReferralExpired(time=at.time), _moved(state, "Expired", at)]
    if 0 < state.acknowledge_by <= at.time:
        events.append(ResultOverdue(time=at.time))
    return events


def _must_be(state: Referral, to: str, legal: bool) -> None:
    if not legal:
        raise ReferralTransition(
            f"a referral that is {state.status} cannot be {to}",
            referral_id=state.id,
            from_state=state.status,
            to_state=to,
        )


def _follow(
    state: Referral, changed: dict[str, TestStatus], at: At, acknowledge: int, happened_at: int = 0
) -> list[ReferralStatusChanged]:
    """R5: what the referral is after these tests have changed, where that is something else than before."""
    now = derived(changed.get(test.id, test.status) for test in state.tests.values())
    if now == state.status:
        return []
    if now != "Completed":
        return [_moved(state, now, at)]
    # An earlier result may have been entered first: complete is what is complete with the last of them.
    last = max(happened_at, *(test.completed_at for test in state.tests.values())) if happened_at else 0
    return [_moved(state, now, at, at.time + acknowledge if acknowledge else 0, last)]


def _moved(
    state: Referral, now: ReferralStatus, at: At, acknowledge_by: int = 0, happened_at: int = 0
) -> ReferralStatusChanged:
    return ReferralStatusChanged(
        id=state.id,
        was=state.status,
        now=now,
        practitioner_id=state.practitioner_id,
        branch_id=state.branch_id,
        time=at.time,
        acknowledge_by=acknowledge_by,
        happened_at=happened_at,
    )
