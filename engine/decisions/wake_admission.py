"""What happens at admissions by itself: assignments that came to nothing in time are tried again; and who can be served
still is served.

R1  A retry looks for all that is missing, as long as the admission waits. In vain, the next one comes later; after
    ``policy.assignment_max_retries`` of them somebody is told, and the admission waits on for what frees up.
R2  The first retry comes ``policy.assignment_retry_minutes`` after the timeout, each further one after twice the time,
    up to an hour.
R3  The intake goes on where one decision has served as many as it may.
R4  Overtaken (nothing is due any more), they do nothing.
"""

from __future__ import annotations

from typing import Final

from engine.actors.admission.commands import Escalate
from engine.actors.admission.decide import tries
from engine.actors.admission.state import Admission, admission_key
from engine.actors.alerts.commands import Raise
from engine.actors.hospital import Id, Policy
from engine.actors.intake.state import INTAKE, Intake
from engine.decider import HOUR, MINUTE, At, Deciding, Decision, Done, Look, Value
from engine.decisions import finding
from engine.decisions.assigning.choosing import Missing
from engine.decisions.assigning.plan import Plan
from engine.decisions.assigning.serving import ESCALATED

LONGEST: Final = HOUR
"""R2: between two retries, at most."""


class WakeAdmission(Value, frozen=True):
    """The timer of an admission; ``due`` is the instant (µs) for which it was set."""

    admission_id: Id
    due: int


class WakeIntake(Value, frozen=True):
    """The timer of the intake; ``due`` is the instant (µs) for which it was set."""

    due: int


def wake_admission(command: WakeAdmission, at: At) -> Deciding:
    """R1, R4."""
    hospital = yield from finding.the_hospital()
    state: Admission | None = yield Look(admission_key(command.admission_id))
    if state is None or not 0 < state.retry_at <= at.time or state.status not in ("waiting", "handed_over"):
        return Done()
    plan = Plan(hospital, at, "retry")
    found = yield from plan.assign(state.id)
    if isinstance(found, Missing):
        retry_at = next_retry(hospital.policy, tries(state), at.time)
        one = yield from plan.wait_on(state.id, found, counted=True, retry_at=retry_at)
        if not retry_at:
            yield from give_up(plan, one)
    yield from plan.propose()
    return Done(subject=state.patient_id)


def wake_intake(command: WakeIntake, at: At) -> Deciding:
    """R3, R4."""
    hospital = yield from finding.the_hospital()
    state: Intake | None = yield Look(INTAKE)
    if state is None or not 0 < state.due <= at.time:
        return Done()
    plan = Plan(hospital, at, "backlog")
    yield from plan.drain()
    yield from plan.propose()
    return Done()


def next_retry(policy: Policy, before: int, time: int) -> int:
    """R2: when to try again after ``before`` attempts in vain and this one; 0: not any more."""
    if before >= policy.assignment_max_retries:
        return 0
    return time + min(LONGEST, policy.assignment_retry_minutes * MINUTE << min(before, 20))


def give_up(plan: Plan, one: Admission) -> finding.Deciding[None]:
    """R1: somebody is told."""
    attempts = tries(one)
    yield from plan.admission(one.id, Escalate())
    plan.raise_alert(
        Raise(
            kind=ESCALATED,
            severity="critical",
            subject=one.id,
            patient_id=one.patient_id,
            value=float(attempts),
            unit="attempts",
        )
    )


WAKE_ADMISSION = Decision(
    command=WakeAdmission, run=wake_admission, home=lambda command, find: find("admissions", command.admission_id)
)
WAKE_INTAKE = Decision(command=WakeIntake, run=wake_intake, home=lambda command, find: INTAKE)
