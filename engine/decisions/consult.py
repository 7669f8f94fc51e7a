"""Calling a patient, beginning a consultation and ending it: each by a person's act, nothing by itself.

R1  What is forced has a reason.
R2  What is entered afterwards says when it happened (``occurred_at``): not in the future, and not before what came
    before it (the slot says so).
"""

from __future__ import annotations

from typing import Any

from engine.actors.hospital import Hospital, Id
from engine.actors.slot import slot_key
from engine.actors.slot.commands import Call, Complete, Start
from engine.actors.slot.state import Slot, Token
from engine.actors.slot.view import TokenView, token_view
from engine.decider import At, Deciding, Decision, Done, FreeText, Value
from engine.decisions import finding
from engine.decisions.book_token import Moment, entered
from engine.decisions.promotion import Plan
from engine.decisions.visits import ask_slot
from engine.errors import Invalid


class CallToken(Value, frozen=True):
    """Call a patient, or call him again."""

    token_id: Id
    occurred_at: Moment | None = None
    if_version: int | None = None


class StartConsult(Value, frozen=True):
    """The consultation begins."""

    token_id: Id
    occurred_at: Moment | None = None
    if_version: int | None = None


class CompleteConsult(Value, frozen=True):
    """The consultation is over; ``force`` where its beginning was never entered."""

    token_id: Id
    force: bool = False
    reason: FreeText | None = None
    occurred_at: Moment | None = None
    if_version: int | None = None


def call_token(command: CallToken, at: At) -> Deciding:
    """The slot decides, and the queue where the patient has a ticket by now."""
    hospital = yield from finding.the_hospital()
    slot, token = yield from finding.the_token(command.token_id, command.if_version)
    yield from ask_slot(slot, Call(token.id, entered(command.occurred_at, at.time)), hospital, at)
    return as_it_is(slot, token, at)


def start_consult(command: StartConsult, at: At) -> Deciding:
    """As a call."""
    hospital = yield from finding.the_hospital()
    slot, token = yield from finding.the_token(command.token_id, command.if_version)
    yield from ask_slot(slot, Start(token.id, entered(command.occurred_at, at.time)), hospital, at)
    return as_it_is(slot, token, at)


def complete_consult(command: CompleteConsult, at: At) -> Deciding:
    """R1. The seat was used; what becomes free is the patient's day."""
    reason = reason_if_forced(command.force, command.reason)
    hospital = yield from finding.the_hospital()
    slot, token = yield from finding.the_token(command.token_id, command.if_version)
    complete = Complete(token.id, command.force, reason, entered(command.occurred_at, at.time))
    yield from completed(hospital, slot, token, at, complete)
    return as_it_is(slot, token, at)


def completed(hospital: Hospital, slot: Slot, token: Token, at: At, complete: Complete) -> finding.Deciding[None]:
    """End a consultation, from the token's side or its ticket's."""
    plan = Plan(hospital, at)
    plan.of(slot).ask(complete)
    yield from plan.settle(slot, token)
    yield from plan.fill()
    yield from plan.propose()


def reason_if_forced(force: bool, reason: FreeText | None) -> FreeText | None:
    """R1."""
    if force and (reason is None or not reason.text.strip()):
        raise Invalid("what is forced needs a reason", field="reason")
    return reason


def as_it_is(slot: Slot, token: Token, at: At, outcome: str = "ok") -> Done:
    """The token as the decision leaves it."""
    key, token_id = slot_key(slot.id), token.id

    def answer(look: Any) -> TokenView:
        after: Slot = look(key)
        return token_view(after, after.tokens[token_id], at.time)

    return Done(answer, outcome, token.patient_id)


CALL_TOKEN = Decision(command=CallToken, run=call_token, home=lambda command, find: find("tokens", command.token_id))
START_CONSULT = Decision(
    command=StartConsult, run=start_consult, home=lambda command, find: find("tokens", command.token_id)
)
COMPLETE_CONSULT = Decision(
    command=CompleteConsult, run=complete_consult, home=lambda command, find: find("tokens", command.token_id)
)
