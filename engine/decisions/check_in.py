"""The patient is here. One who was marked as no-show gets a seat if one is left, else a place in the waiting list.

R0  The ticket in the doctor's queue is opened in the same decision (``visits``).
R1  ``occurred_at`` is neither in the future nor before the booking (the slot checks both). Who was here then, and was
    marked meanwhile because nobody could enter it, keeps the place; a slot that is over by now is no obstacle.
R2  A late patient may hold another token of that day by now; then this one stays as it is.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from engine.actors.hospital import Hospital, Id
from engine.actors.patient_day import Commitment
from engine.actors.slot.commands import Arrive, Return
from engine.actors.slot.events import LatecomerWaitlisted
from engine.actors.slot.state import Slot, Token
from engine.decider import At, Deciding, Decision, Value
from engine.decisions import finding
from engine.decisions.book_token import happened_at
from engine.decisions.consult import as_it_is
from engine.decisions.promotion import Plan
from engine.decisions.visits import ask_slot


class CheckIn(Value, frozen=True):
    """The patient has arrived, ``occurred_at`` or now."""

    token_id: Id
    occurred_at: Annotated[datetime, Meta(tz=True)] | None = None
    if_version: int | None = None


def check_in(command: CheckIn, at: At) -> Deciding:
    """The slot decides, and the doctor's queue gets a ticket; a late arrival concerns more than these."""
    hospital = yield from finding.the_hospital()
    slot, token = yield from finding.the_token(command.token_id, command.if_version)
    arrived_at = happened_at(command.occurred_at, at.time)
    if token.status == "NO_SHOW":
        late = Return(token.id, arrived_at, hospital.policy, entered=command.occurred_at is not None)
        return (yield from _late(hospital, slot, token, late, at))
    yield from ask_slot(slot, Arrive(token.id, arrived_at, hospital.policy), hospital, at)
    return as_it_is(slot, token, at)


def _late(hospital: Hospital, slot: Slot, token: Token, late: Return, at: At) -> Deciding:
    yield from finding.the_patient(token.patient_id)  # a closed token stays with a record that was merged
    plan = Plan(hospital, at)
    here = plan.of(slot)
    if slot.waiting:
        # Whoever waits and may have a free seat comes before one who comes late.
        plan.work.append(slot.id)
        yield from plan.fill()
    (event,) = here.ask(late)
    waits = isinstance(event, LatecomerWaitlisted)
    day = yield from plan.day(token.patient_id, slot.day)
    wanted = Commitment(token.id, slot.id, slot.doctor_id, slot.start, slot.end, "waiting" if waits else "active")
    reason = yield from finding.objection(token.patient_id, slot.day, day.commitments, wanted, hospital.policy)
    if reason is not None:
        raise reason
    day.set(token.id, wanted.state)
    yield from plan.propose()
    return as_it_is(slot, token, at, "waiting" if waits else "ok")


CHECK_IN = Decision(command=CheckIn, run=check_in, home=lambda command, find: find("tokens", command.token_id))
