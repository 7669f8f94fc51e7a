"""Cancel a token, or the waiting entry that would have become one. What it frees goes to who waits, at once."""

from __future__ import annotations

from engine.actors.hospital import Id
from engine.actors.slot.commands import Cancel, EndEntry
from engine.decider import At, Deciding, Decision, FreeText, Value
from engine.decisions import finding
from engine.decisions.consult import as_it_is
from engine.decisions.promotion import Plan


class CancelToken(Value, frozen=True):
    """Cancel a token."""

    token_id: Id
    reason: FreeText | None = None
    if_version: int | None = None


def cancel_token(command: CancelToken, at: At) -> Deciding:
    """The seat and the patient's day are free in the same commit in which the next one gets them."""
    hospital = yield from finding.the_hospital()
    slot, token = yield from finding.the_token(command.token_id, command.if_version)
    plan = Plan(hospital.policy, at.time)
    if token.status in ("WAITING", "OFFERED"):
        plan.of(slot).ask(EndEntry(token.id, "CANCELLED", "left", command.reason))
        plan.of(slot).done.add(token.id)
    else:
        plan.of(slot).ask(Cancel(token.id, command.reason))
    yield from plan.settle(slot, token)
    yield from plan.fill()
    yield from plan.propose()
    return as_it_is(slot, token, at)


CANCEL_TOKEN = Decision(
    command=CancelToken, run=cancel_token, home=lambda command, find: find("tokens", command.token_id)
)
