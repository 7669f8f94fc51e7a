"""Take the last step of a token back: check-in, call, start, complete, cancel or no-show.

R1  A token that is active again must agree with the patient's day as it is now.
"""

from __future__ import annotations

from engine.actors.hospital import Hospital, Id
from engine.actors.patient_day import Commitment
from engine.actors.slot.commands import Undo
from engine.actors.slot.state import Slot, Token
from engine.decider import At, Deciding, Decision, Value
from engine.decisions import finding
from engine.decisions.consult import as_it_is
from engine.decisions.promotion import Plan


class UndoToken(Value, frozen=True):
    """Take the last step back."""

    token_id: Id
    if_version: int | None = None


def undo_token(command: UndoToken, at: At) -> Deciding:
    """R1."""
    hospital = yield from finding.the_hospital()
    slot, token = yield from finding.the_token(command.token_id, command.if_version)
    yield from undone(hospital, slot, token, at)
    return as_it_is(slot, token, at)


def undone(hospital: Hospital, slot: Slot, token: Token, at: At) -> finding.Deciding[None]:
    """Take the step back, from the token's side or its ticket's."""
    plan = Plan(hospital, at)
    plan.of(slot).ask(Undo(token.id, hospital.policy))
    if token.status != "CONFIRMED":
        yield from finding.the_patient(token.patient_id)
        day = yield from plan.day(token.patient_id, slot.day)
        wanted = Commitment(token.id, slot.id, slot.doctor_id, slot.start, slot.end, "active")
        reason = yield from finding.objection(token.patient_id, slot.day, day.commitments, wanted, hospital.policy)
        if reason is not None:
            raise reason
        day.set(token.id, "active")
    yield from plan.propose()


UNDO_TOKEN = Decision(command=UndoToken, run=undo_token, home=lambda command, find: find("tokens", command.token_id))
