"""Cancel a token, or the waiting entry that would have become one. What it frees goes to who waits, at once."""

from __future__ import annotations

from engine.actors.hospital import Hospital, Id
from engine.actors.slot.commands import Cancel, EndEntry
from engine.actors.slot.state import Slot, Token
from engine.decider import At, Deciding, Decision, FreeText, Value
from engine.decisions import finding
from engine.decisions.book_token import Moment, entered
from engine.decisions.consult import as_it_is
from engine.decisions.promotion import Plan


class CancelToken(Value, frozen=True):
    """Cancel a token. ``occurred_at``: when the patient said so, if it is entered later; an entry ends now."""

    token_id: Id
    reason: FreeText | None = None
    occurred_at: Moment | None = None
    if_version: int | None = None


def cancel_token(command: CancelToken, at: At) -> Deciding:
    """The seat and the patient's day are free in the same commit in which the next one gets them."""
    hospital = yield from finding.the_hospital()
    slot, token = yield from finding.the_token(command.token_id, command.if_version)
    happened_at = entered(command.occurred_at, at.time)
    yield from cancelled(hospital, slot, token, at, command.reason, happened_at)
    return as_it_is(slot, token, at)


def cancelled(
    hospital: Hospital, slot: Slot, token: Token, at: At, reason: FreeText | None, happened_at: int = 0
) -> finding.Deciding[None]:
    """Cancel it, from the token's side or its ticket's."""
    plan = Plan(hospital, at)
    if token.status in ("WAITING", "OFFERED"):
        plan.of(slot).ask(EndEntry(token.id, "CANCELLED", "left", reason))
        plan.of(slot).done.add(token.id)
    else:
        plan.of(slot).ask(Cancel(token.id, reason, happened_at=happened_at))
    yield from plan.settle(slot, token)
    yield from plan.fill()
    yield from plan.propose()


CANCEL_TOKEN = Decision(
    command=CancelToken, run=cancel_token, home=lambda command, find: find("tokens", command.token_id)
)
