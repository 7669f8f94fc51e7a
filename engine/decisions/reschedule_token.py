"""Move a token to another slot: one decision over both slots and the patient's days; a refusal leaves all as it was.

R1  The token keeps its id; its code within a doctor's day; its time of booking, and so its rank, within a local day.
R2  The new slot is booked like any other: its window, seats and quotas hold, and so does the patient's day.
R3  The seat left behind is filled in the same decision, and so is any that the patient waits for on that day, if the
    token stood in the way where it was and does not where it is.
"""

from __future__ import annotations

from typing import Any

from engine.actors.hospital import Id
from engine.actors.patient_day import Commit
from engine.actors.slot import slot_key
from engine.actors.slot.commands import Adopt, MoveOut
from engine.actors.slot.state import Slot
from engine.actors.slot.tally import must_be_open
from engine.actors.slot.view import TokenView, token_view
from engine.decider import At, Deciding, Decision, Done, FreeText, Value
from engine.decisions import finding
from engine.decisions.book_token import within_window
from engine.decisions.promotion import Plan
from engine.errors import Invalid


class RescheduleToken(Value, frozen=True):
    """Move a token to another slot."""

    token_id: Id
    slot_id: Id
    reason: FreeText | None = None
    if_version: int | None = None


def reschedule_token(command: RescheduleToken, at: At) -> Deciding:
    """R1, R2, R3."""
    hospital = yield from finding.the_hospital()
    policy = hospital.policy
    old, token = yield from finding.the_token(command.token_id, command.if_version)
    new = yield from finding.the_slot(command.slot_id)
    if new.id == old.id:
        raise Invalid("the token is in this slot", field="slot_id", slot_id=new.id)
    plan = Plan(hospital, at)
    plan.of(old).ask(MoveOut(token.id, new.id, command.reason))
    must_be_open(new, at.time)
    if token.category != "EMERGENCY":
        within_window(hospital, new, at.time)
    before = yield from plan.day(token.patient_id, old.day)
    review = any(one.review for one in before.commitments if one.token_id == token.id)
    commit = Commit(token.id, new.id, new.doctor_id, new.start, new.end, "active", None, review)
    day = yield from plan.day(token.patient_id, new.day)
    reason = yield from finding.objection(token.patient_id, new.day, day.commitments, commit, policy)
    if reason is not None:
        raise reason
    same_day = old.day == new.day
    keeps_code = same_day and old.doctor_id == new.doctor_id
    if not keeps_code and (token.category == "EMERGENCY" or plan.of(new).tally.free_seats(policy) > 0):
        yield from plan.need_number(plan.of(new))
    plan.of(new).ask(Adopt(token, old.id, policy, keeps_code=keeps_code, keeps_booking=same_day, counts=True))
    day.commit(commit)
    if same_day:
        plan.left(old, day)
    else:
        yield from plan.settle(old, token)
    yield from plan.fill()
    yield from plan.propose()
    key, link_key, token_id = slot_key(new.id), hospital.link_key.text, token.id

    def answer(look: Any) -> TokenView:
        after: Slot = look(key)
        return token_view(after, after.tokens[token_id], at.time, link_key)

    return Done(answer, subject=token.patient_id)


RESCHEDULE_TOKEN = Decision(
    command=RescheduleToken, run=reschedule_token, home=lambda command, find: find("tokens", command.token_id)
)
