"""Mark by hand that a patient did not come; the clock does the same through ``WakeSlot``.

R1  What is forced has a reason.
"""

from __future__ import annotations

from engine.actors.hospital import Hospital, Id
from engine.actors.slot.commands import MarkAbsent
from engine.actors.slot.state import Slot
from engine.decider import At, Deciding, Decision, FreeText, Value
from engine.decisions import finding
from engine.decisions.book_token import Moment, entered
from engine.decisions.consult import as_it_is, reason_if_forced
from engine.decisions.promotion import Plan


class MarkNoShow(Value, frozen=True):
    """The patient did not come; ``force`` (with a reason) before the grace is over. ``occurred_at``: when that was."""

    token_id: Id
    force: bool = False
    reason: FreeText | None = None
    occurred_at: Moment | None = None
    if_version: int | None = None


def mark_no_show(command: MarkNoShow, at: At) -> Deciding:
    """The mark, the free seat and who gets it are one commit, or nothing is."""
    reason = reason_if_forced(command.force, command.reason)
    hospital = yield from finding.the_hospital()
    slot, token = yield from finding.the_token(command.token_id, command.if_version)
    mark = MarkAbsent(
        token.id,
        hospital.policy,
        force=command.force,
        reason=reason,
        happened_at=entered(command.occurred_at, at.time),
    )
    yield from absent(hospital, slot, mark, at)
    return as_it_is(slot, token, at)


def absent(hospital: Hospital, slot: Slot, mark: MarkAbsent, at: At) -> finding.Deciding[None]:
    """Mark a token, from its own side or its ticket's."""
    plan = Plan(hospital, at)
    plan.of(slot).ask(mark)
    yield from plan.settle(slot, slot.tokens[mark.token_id])
    yield from plan.fill()
    yield from plan.propose()


MARK_NO_SHOW = Decision(
    command=MarkNoShow, run=mark_no_show, home=lambda command, find: find("tokens", command.token_id)
)
