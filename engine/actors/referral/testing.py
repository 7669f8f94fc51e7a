"""What becomes of one test of a referral: the steps it may take (R3, R4)."""

from __future__ import annotations

from typing import TypeGuard, assert_never

from engine.actors.referral.commands import Step
from engine.actors.referral.events import (
    ReferralEvent,
    ReferralTestAmended,
    ReferralTestCancelled,
    ReferralTestCompleted,
    ReferralTestReceived,
    ReferralTestRecollected,
    ReferralTestRejected,
)
from engine.actors.referral.refusals import IllegalStep, NoChange
from engine.actors.referral.state import RESULTED, TRANSITIONS, Referral, ReferralTest, TestStatus
from engine.decider import At, FreeText
from engine.errors import Invalid, NotFound


def step(state: Referral, command: Step, at: At) -> tuple[ReferralEvent, TestStatus]:
    """The event of a step, and the status after it."""
    test = the_test(state, command.referral_test_id)
    _legal(state, test, command)
    _fits(command)
    _happened(state, test, command)
    by, reason = at.who, about(command.reason, state.patient_id)
    match command.to:
        case "Received":
            received = ReferralTestReceived(
                referral_test_id=test.id,
                branch_id=state.branch_id,
                time=at.time,
                by=by,
                happened_at=command.happened_at,
                practitioner_id=state.practitioner_id,
            )
            return received, "Received"
        case "Completed":
            return _completed(state, test, command, at), "Completed"
        case "Rejected":
            assert reason is not None
            rejected = ReferralTestRejected(
                referral_test_id=test.id,
                branch_id=state.branch_id,
                reason=reason,
                time=at.time,
                by=by,
                practitioner_id=state.practitioner_id,
            )
            return rejected, "Rejected"
        case "Pending":
            again = ReferralTestRecollected(
                referral_test_id=test.id, attempt=test.attempt + 1, time=at.time, by=by, reason=reason
            )
            return again, "Pending"
        case "Cancelled":
            return ReferralTestCancelled(referral_test_id=test.id, time=at.time, by=by, reason=reason), "Cancelled"
        case "Amended":
            return _amended(state, test, command, at), "Amended"
        case _:
            assert_never(command.to)


def the_test(state: Referral, referral_test_id: str) -> ReferralTest:
    """A test of this referral."""
    test = state.tests.get(referral_test_id)
    if test is None:
        raise NotFound("the referral has no such test", field="referral_test_id", referral_test_id=referral_test_id)
    return test


def about(text: FreeText | None, patient_id: str) -> FreeText | None:
    """The text, to be sealed with the patient's key; what is blank says nothing."""
    return text.about(patient_id) if given(text) else None


def given(text: FreeText | None) -> TypeGuard[FreeText]:
    """Whether somebody wrote something."""
    return text is not None and bool(text.text.strip())


def _legal(state: Referral, test: ReferralTest, command: Step) -> None:
    """R3, R6."""
    legal = () if state.ended_as else TRANSITIONS[test.status]
    if command.to in legal:
        return
    if command.to == test.status:
        raise NoChange(f"the test is {test.status} already", referral_test_id=test.id, status=test.status)
    raise IllegalStep(
        f"a test that is {test.status}, of a referral that is {state.status}, cannot become {command.to}",
        referral_test_id=test.id,
        from_state=state.ended_as or test.status,
        to_state=command.to,
        legal=list(legal),
    )


def _fits(command: Step) -> None:
    """R4; and a result where there can be one."""
    if command.to in ("Rejected", "Amended") and not given(command.reason):
        raise Invalid("a test is rejected or amended with a reason", field="reason")
    if command.to not in RESULTED:
        if command.result is not None:
            raise Invalid("only a test that is completed or amended has a result", field="result")
        if command.critical is not None:
            raise Invalid("only a result is critical", field="critical")


def _happened(state: Referral, test: ReferralTest, command: Step) -> None:
    """R3: nothing is received before it was asked for, nor completed before it was received."""
    happened = command.happened_at
    if not happened:
        return
    if command.to not in ("Received", "Completed"):
        raise Invalid("only what is received or completed is entered afterwards", field="occurred_at")
    if happened < (test.received_at if command.to == "Completed" else state.created_at):
        raise Invalid("it cannot have happened before the step that came before it", field="occurred_at")


def _completed(state: Referral, test: ReferralTest, command: Step, at: At) -> ReferralTestCompleted:
    critical = bool(command.critical)
    return ReferralTestCompleted(
        referral_test_id=test.id,
        branch_id=state.branch_id,
        time=at.time,
        by=at.who,
        result=about(command.result, state.patient_id),
        critical=critical,
        acknowledge_by=at.time + command.acknowledge if critical and command.acknowledge else 0,
        happened_at=command.happened_at,
        practitioner_id=state.practitioner_id,
    )


def _amended(state: Referral, test: ReferralTest, command: Step, at: At) -> ReferralTestAmended:
    """R3: an amendment changes something; what it leaves out stays."""
    result = test.result if command.result is None else about(command.result, state.patient_id)
    critical = test.critical if command.critical is None else command.critical
    if (result, critical) == (test.result, test.critical):
        raise NoChange("the result says this already", referral_test_id=test.id, status=test.status)
    reason = about(command.reason, state.patient_id)
    assert reason is not None
    # Whoever acted on the first result must hear of this one, also while other tests are open.
    return ReferralTestAmended(
        referral_test_id=test.id,
        branch_id=state.branch_id,
        reason=reason,
        time=at.time,
        by=at.who,
        result=result,
        critical=critical,
        acknowledge_by=at.time + command.acknowledge if command.acknowledge else 0,
        practitioner_id=state.practitioner_id,
    )
