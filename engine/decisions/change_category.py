"""Another tier for a token or a waiting entry, with a reason. Seat, code and time of booking stay.

R1  To EMERGENCY, an entry is an emergency from now on: it gets a token, over the capacity if need be.
"""

from __future__ import annotations

from engine.actors.hospital import Category, Id
from engine.actors.slot.commands import Recategorize
from engine.decider import At, Deciding, Decision, FreeText, Value
from engine.decisions import finding
from engine.decisions.consult import as_it_is
from engine.decisions.insert_emergency import insert
from engine.decisions.promotion import Plan
from engine.errors import Invalid


class ChangeCategory(Value, frozen=True):
    """Another tier."""

    token_id: Id
    category: Category
    reason: FreeText
    if_version: int | None = None


def change_category(command: ChangeCategory, at: At) -> Deciding:
    """A quota of the old tier may free up, so the list is looked at again."""
    if not command.reason.text.strip():
        raise Invalid("another category needs a reason", field="reason")
    hospital = yield from finding.the_hospital()
    slot, token = yield from finding.the_token(command.token_id, command.if_version)
    if command.category == "EMERGENCY" and token.status in ("WAITING", "OFFERED"):
        return (yield from insert(hospital, slot, token.patient_id, at, reason=command.reason))
    plan = Plan(hospital, at)
    plan.of(slot).ask(Recategorize(token.id, command.category, hospital.policy, command.reason))
    plan.work.append(slot.id)
    yield from plan.fill()
    yield from plan.propose()
    return as_it_is(slot, token, at)


CHANGE_CATEGORY = Decision(
    command=ChangeCategory, run=change_category, home=lambda command, find: find("tokens", command.token_id)
)
