"""A plan: what one decision changes in several slots and patients' days, and who gets the seats that it frees.

A seat that frees up goes past entries that are not eligible (each with its reason) until it is filled or the list
is empty. A promotion withdraws the patient's other entries of that day; where one of these was an offer, that
seat is free in turn. So slots with free seats are a worklist, and each actor is asked once, at the end, for all
that the plan has for it. While it grows, the plan asks the slots' own rule book (a ``Tally``), not its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine.actors.doctor_day import TakeNumbers, TicketNumbersGiven, doctor_day_key
from engine.actors.hospital import Category, Hospital, Policy
from engine.actors.patient_day import (
    ChangeDay,
    Commit,
    Commitment,
    CommitmentState,
    patient_day_key,
)
from engine.actors.slot import slot_key
from engine.actors.slot.commands import AddNumbers, EndEntry, Offer, PassOver, Promote, SlotCommand, Together
from engine.actors.slot.decide import step
from engine.actors.slot.events import SlotEvent
from engine.actors.slot.refusals import ChannelQuota
from engine.actors.slot.state import Slot, Token, effective_end
from engine.actors.slot.tally import Tally
from engine.decider import MINUTE, At, Propose
from engine.decisions import visits
from engine.decisions.finding import Deciding, objection, the_day, the_slot
from engine.errors import Rejected

SPARE_NUMBERS = 10
"""Ticket numbers taken beyond those needed at once, so that a busy slot does not ask its doctor's day each time."""


class SlotPlan:
    """What one slot is to do: its steps so far, and the seats as they will be after them."""

    __slots__ = ("done", "free", "if_version", "slot", "steps", "tally")

    def __init__(self, slot: Slot, policy: Policy, time: int) -> None:
        self.slot = slot
        self.steps: list[SlotCommand] = []
        self.tally = Tally(slot, time)
        self.free = self.tally.free_seats(policy)
        """Free seats before the plan."""
        self.done: set[str] = set()
        """Entries that this plan has promoted, offered a seat or ended."""
        self.if_version: int | None = None

    def ask(self, command: SlotCommand) -> list[SlotEvent]:
        """Add a step, or raise the slot's refusal; gives the events of this step."""
        known = len(self.tally.events)
        step(self.tally, command)
        self.steps.append(command)
        return self.tally.events[known:]


class DayPlan:
    """What is to change in one patient's day, and the day as it will be."""

    __slots__ = ("commitments", "commits", "key", "states")

    def __init__(self, key: str, commitments: list[Commitment]) -> None:
        self.key = key
        self.commitments = commitments
        self.states: dict[str, CommitmentState] = {}
        self.commits: list[Commit] = []

    def set(self, token_id: str, state: CommitmentState) -> None:
        """A token or entry of this day is in another state."""
        self.commitments = [
            msgspec.structs.replace(one, state=state) if one.token_id == token_id else one for one in self.commitments
        ]
        self.states[token_id] = state

    def commit(self, wanted: Commit) -> None:
        """A token or entry is new on this day, or in another slot of it; the plan has asked the rules already."""
        review = wanted.review or any(one.review for one in self.commitments if one.token_id == wanted.token_id)
        one = Commitment(
            wanted.token_id, wanted.slot_id, wanted.doctor_id, wanted.start, wanted.end, wanted.state, review
        )
        self.commitments = [*(other for other in self.commitments if other.token_id != one.token_id), one]
        self.commits.append(msgspec.structs.replace(wanted, policy=None))


class Plan:
    """One decision over several slots and days; nothing is proposed before ``propose``, except ticket numbers."""

    __slots__ = ("at", "days", "hospital", "numbers", "policy", "slots", "time", "work")

    def __init__(self, hospital: Hospital, at: At) -> None:
        self.hospital = hospital
        self.at = at
        self.policy = hospital.policy
        self.time = at.time
        self.slots: dict[str, SlotPlan] = {}
        self.days: dict[str, DayPlan] = {}
        self.work: list[str] = []
        """Slots that may have a free seat to give."""
        self.numbers: dict[str, tuple[str, int, int] | None] = {}
        """By doctor's day: the slot that asked, and what is left of the numbers; ``None``: it cannot be asked."""

    def of(self, slot: Slot) -> SlotPlan:
        """The plan of a slot that the decision has looked at."""
        plan = self.slots.get(slot.id)
        if plan is None:
            plan = self.slots[slot.id] = SlotPlan(slot, self.policy, self.time)
        return plan

    def day(self, patient_id: str, day: str) -> Deciding[DayPlan]:
        """The plan of a patient's day."""
        key = patient_day_key(patient_id, day)
        plan = self.days.get(key)
        if plan is None:
            state = yield from the_day(patient_id, day)
            plan = self.days[key] = DayPlan(key, state.commitments if state else [])
        return plan

    def settle(self, slot: Slot, token: Token) -> Deciding[DayPlan]:
        """The token is over; entries of its patient that it stood in the way of may now be promoted."""
        day = yield from self.day(token.patient_id, slot.day)
        day.set(token.id, "over")
        self.left(slot, day)
        return day

    def left(self, slot: Slot, day: DayPlan) -> None:
        """A token of this day has left this slot: its seat is free, and its patient may get another he waits for."""
        self.work.append(slot.id)
        self.work.extend(one.slot_id for one in day.commitments if one.state == "waiting")

    def withdraw(self, day: DayPlan, but: str) -> Deciding[None]:
        """End all entries of the day but this one; a seat that one of them held is free. A review is beside them."""
        if any(one.review for one in day.commitments if one.token_id == but):
            return
        for one in day.commitments:
            if one.token_id != but and not one.review and (one.state == "waiting" or one.state == "offered"):
                plan = self.of((yield from the_slot(one.slot_id)))
                plan.ask(EndEntry(one.token_id, "CANCELLED", "promoted_elsewhere"))
                plan.done.add(one.token_id)
                day.set(one.token_id, "over")
                self.work.append(one.slot_id)

    def fill(self) -> Deciding[None]:
        """Give every free seat away, as far as somebody eligible waits for it."""
        while self.work:
            slot_id = self.work.pop(0)
            plan = self.of((yield from the_slot(slot_id)))
            slot = plan.slot
            running = slot.status == "ACTIVE" or slot.status == "DELAYED"
            if not slot.waiting or not running or self.time >= effective_end(slot):
                continue
            # What is no news is not written down: a seat that was free before went past them then.
            news = plan.tally.free_seats(self.policy) > plan.free or 0 < slot.release_at <= self.time
            # A quota speaks for its whole tier: thousands of entries behind it are not asked one by one.
            closed: set[Category] = set()
            for entry in slot.waiting:
                if plan.tally.free_seats(self.policy) <= 0:
                    break
                if entry.id in plan.done or entry.category in closed:
                    continue
                reason = yield from self._objection(plan, entry)
                if reason is None:
                    numbered = entry.number or self.policy.promotion == "offer"
                    if not numbered and not (yield from self.need_number(plan)):
                        break
                    reason = yield from self._give(plan, entry)
                again_at = 0
                if isinstance(reason, ChannelQuota):
                    closed.add(entry.category)
                    again_at = self._released(slot)
                if reason is not None and (news or again_at not in (0, slot.release_at)):
                    plan.ask(PassOver(entry.id, reason.code, again_at))

    def need_number(self, plan: SlotPlan) -> Deciding[bool]:
        """See to it that the slot has a ticket number to give; ``False`` when its doctor's day cannot be asked."""
        if plan.tally.has_number():
            return True
        slot = plan.slot
        key = doctor_day_key(slot.doctor_id, slot.day)
        if key not in self.numbers:
            wanted = SPARE_NUMBERS + max(plan.tally.free_seats(self.policy), 0)
            given: TicketNumbersGiven
            (given,) = yield Propose(key, TakeNumbers(slot.id, wanted))
            self.numbers[key] = (slot.id, given.first_number, given.count)
        left = self.numbers[key]
        if left is None or not left[2]:
            return False
        owner, first, count = left
        # Another slot of the same day may need some too, and the day can be asked once only.
        share = min(count, max(plan.tally.free_seats(self.policy), 1))
        self.numbers[key] = (owner, first + share, count - share)
        plan.ask(AddNumbers(first, share))
        return True

    def propose(self) -> Deciding[None]:
        """Ask every slot and every day once for all that the plan has for it; the tickets follow their tokens."""
        for left in self.numbers.values():
            if left is not None and left[2]:
                self.slots[left[0]].ask(AddNumbers(left[1], left[2]))
        for day in self.days.values():
            if day.states or day.commits:
                yield Propose(day.key, ChangeDay(tuple(day.states.items()), tuple(day.commits)))
        changed: list[tuple[Slot, Sequence[SlotEvent]]] = []
        for slot_id, plan in self.slots.items():
            if plan.steps:
                events = yield Propose(slot_key(slot_id), Together(tuple(plan.steps), plan.if_version))
                changed.append((plan.slot, events))
        yield from visits.follow(self.hospital, self.at, changed)

    def _objection(self, plan: SlotPlan, entry: Token) -> Deciding[Rejected | None]:
        """Why the patient's day has no room for the token of this entry."""
        slot = plan.slot
        day = yield from self.day(entry.patient_id, slot.day)
        wanted = Commitment(entry.id, slot.id, slot.doctor_id, slot.start, slot.end, "active")
        return (yield from objection(entry.patient_id, slot.day, day.commitments, wanted, self.policy))

    def _released(self, slot: Slot) -> int:
        """When the slot's quotas are released (µs); 0: never, under the policy as it is."""
        minutes = self.policy.quota_release_minutes
        return 0 if minutes is None else slot.start - minutes * MINUTE

    def _give(self, plan: SlotPlan, entry: Token) -> Deciding[Rejected | None]:
        """Give or offer a free seat to this entry; gives the slot's refusal."""
        policy = self.policy
        offers = policy.promotion == "offer"
        try:
            plan.ask(Offer(entry.id, policy) if offers else Promote(entry.id, policy))
        except Rejected as refusal:
            return refusal
        day = yield from self.day(entry.patient_id, plan.slot.day)
        plan.done.add(entry.id)
        if offers:
            day.set(entry.id, "offered")
        else:
            day.set(entry.id, "active")
            yield from self.withdraw(day, entry.id)
        return None
