"""An assignment was not decided within the limit: nothing of it was done, and that must be known.

R1  The patient stays as he or she was; where the admission waits, that is written down, it is tried again by a timer,
    and after too many attempts in vain somebody is told. Who has got all meanwhile is left alone.
R2  There is an alert until the patient has been given all: of the admission, or of the patient where none was made.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from engine.actors.admission.commands import TimeOut
from engine.actors.admission.decide import tries
from engine.actors.admission.state import Admission, admission_key
from engine.actors.alerts.commands import Raise
from engine.actors.intake.state import INTAKE, Intake
from engine.decider import SECOND, At, Deciding, Decision, Done, Look, Value
from engine.decisions import finding
from engine.decisions.assigning.plan import Plan
from engine.decisions.assigning.serving import TIMEOUT
from engine.decisions.wake_admission import give_up, next_retry


class NoteAssignmentTimeout(Value, frozen=True):
    """Asked by the engine itself: an assignment was withdrawn after ``waited_us`` µs without having been decided.

    ``patient_id`` where a patient was to be admitted, ``admission_id`` where one that exists was to be assigned.
    """

    waited_us: Annotated[int, Meta(ge=0)]
    patient_id: str = ""
    admission_id: str = ""


def note_timeout(command: NoteAssignmentTimeout, at: At) -> Deciding:
    """R1, R2."""
    hospital = yield from finding.the_hospital()
    plan = Plan(hospital, at)
    admission_id = command.admission_id or (yield from _open_of(command.patient_id))
    one: Admission | None = (yield Look(admission_key(admission_id))) if admission_id else None
    if one is None or not one.version:
        if command.patient_id:
            _alert(plan, command.patient_id, command.patient_id, command.waited_us)
    elif one.status in ("waiting", "handed_over"):
        retry_at = next_retry(hospital.policy, tries(one), at.time)
        after = yield from plan.admission(one.id, TimeOut(command.waited_us, retry_at))
        plan.line_up(after)
        _alert(plan, one.id, one.patient_id, command.waited_us)
        if not retry_at:
            yield from give_up(plan, after)
    yield from plan.propose()
    return Done()


def _open_of(patient_id: str) -> finding.Deciding[str]:
    """Somebody else may have admitted the patient meanwhile."""
    intake: Intake | None = yield Look(INTAKE)
    return intake.open.get(patient_id, "") if intake is not None else ""


def _alert(plan: Plan, subject: str, patient_id: str, waited: int) -> None:
    plan.raise_alert(
        Raise(
            kind=TIMEOUT,
            severity="critical",
            subject=subject,
            patient_id=patient_id,
            value=waited / SECOND,
            unit="s",
        )
    )


NOTE_ASSIGNMENT_TIMEOUT = Decision(
    command=NoteAssignmentTimeout,
    run=note_timeout,
    home=lambda command, find: find("admissions", command.admission_id) if command.admission_id else None,
)
