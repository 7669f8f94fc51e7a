"""Ask for a token: a seat in the slot, or a place in its waiting list, if the patient's day has room for it.

R1  The patient's day is asked before the capacity, so that nobody waits for a second token he could not have.
R2  A slot is booked within the hospital's window: not too many days ahead, not too few minutes before it starts.
R3  What was written down later counts from when it happened, which is never in the future; the slot must have been open
    then, and may be over by now: then there is a seat left, or the booking is refused.
R4  An emergency is inserted, and knows neither window nor waiting list.
R5  A token with which the patient comes back for the result of a referral is beside any other of that day: see
    ``engine.decisions.referral_results``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from msgspec import Meta

from engine import calendar
from engine.actors.doctor_day import TakeNumbers, TicketNumbersGiven, doctor_day_key
from engine.actors.hospital import Category, Hospital, Id
from engine.actors.patient_day import Commit, CommitmentState, patient_day_key
from engine.actors.referral import referral_key
from engine.actors.referral.commands import BookReview
from engine.actors.slot import slot_key
from engine.actors.slot.commands import AddNumbers, Book, Together, Waitlist
from engine.actors.slot.refusals import SlotFull
from engine.actors.slot.state import Slot, effective_end, free_seats, numbers_left
from engine.actors.slot.tally import NO_SEAT, must_be_open
from engine.actors.slot.view import TokenView, WaitingView, token_view, waiting_view
from engine.decider import MINUTE, At, Deciding, Decision, Done, Propose, Value
from engine.decisions import finding
from engine.decisions.insert_emergency import insert
from engine.decisions.promotion import SPARE_NUMBERS, Plan
from engine.decisions.referral_results import may_review
from engine.errors import Invalid, Rejected

Moment = Annotated[datetime, Meta(tz=True)]


class BookToken(Value, frozen=True):
    """Ask for a token. ``occurred_at``: when it was asked for, where that was before it is entered here;
    ``referral_id``: the patient comes back for the result of this referral."""

    slot_id: Id
    patient_id: Id
    category: Category
    occurred_at: Moment | None = None
    referral_id: Id | None = None


class TooFar(Rejected):
    """R2. Fact ``from_day``: the first day on which the slot may be booked."""

    code = "too_far"
    family = "invalid"
    rule = "R2"


class TooSoon(Rejected):
    """R2. Fact ``until``: the last instant at which the slot could be booked."""

    code = "too_soon"
    family = "invalid"
    rule = "R2"


def book_token(command: BookToken, at: At) -> Deciding:
    """The common path looks at four actors and asks two."""
    hospital = yield from finding.the_hospital()
    slot = yield from finding.the_slot(command.slot_id)
    yield from finding.the_patient(command.patient_id)
    if command.category == "EMERGENCY":
        if command.referral_id is not None:
            raise Invalid("an emergency is no review", field="referral_id")
        return (yield from insert(hospital, slot, command.patient_id, at))
    booked_at = happened_at(command.occurred_at, at.time)
    must_be_open(slot, at.time, booked_at)
    within_window(hospital, slot, booked_at)
    if command.referral_id is not None:
        yield from may_review(command.referral_id, command.patient_id, slot)
    free = free_seats(slot, hospital.policy.overbook_pct)
    if slot.waiting and free > 0 and at.time < effective_end(slot):
        return (yield from _behind_the_list(hospital, slot, command, booked_at, at))
    token_id = at.new_id(0)
    commit = _commitment(slot, token_id, free > 0, hospital, command.referral_id is not None)
    day = yield from finding.the_day(command.patient_id, slot.day)
    reason = yield from finding.objection(
        command.patient_id, slot.day, day.commitments if day else (), commit, hospital.policy
    )
    if reason is not None:
        raise reason
    if free <= 0 and at.time >= effective_end(slot):
        raise SlotFull(NO_SEAT, slot_id=slot.id, max_capacity=slot.max_capacity)
    yield Propose(patient_day_key(command.patient_id, slot.day), commit)
    yield from _note_review(command, token_id)
    if free <= 0:
        wait = Waitlist(token_id, command.patient_id, command.category, booked_at, hospital.policy)
        yield Propose(slot_key(slot.id), wait)
        return waits(slot.id, token_id, command.patient_id, at)
    entered = command.occurred_at is not None
    book: Any = Book(token_id, command.patient_id, command.category, booked_at, hospital.policy, entered=entered)
    if not numbers_left(slot):
        book = Together((*(yield from more_numbers(slot)), book))
    yield Propose(slot_key(slot.id), book)
    return booked(hospital, slot.id, token_id, command.patient_id, at)


def within_window(hospital: Hospital, slot: Slot, time: int) -> None:
    """R2."""
    policy = hospital.policy
    if policy.book_min_minutes_ahead is not None:
        until = slot.start - policy.book_min_minutes_ahead * MINUTE
        if time > until:
            raise TooSoon("it is too late to book this slot", field="slot_id", slot_id=slot.id, until=until)
    if policy.book_max_days_ahead is not None:
        days = policy.book_max_days_ahead
        today = date.fromisoformat(calendar.local_day(time, hospital.time_zone))
        if (date.fromisoformat(slot.day) - today).days > days:
            from_day = calendar.shift(slot.day, -days)
            raise TooFar("the slot is too far ahead", field="slot_id", slot_id=slot.id, from_day=from_day)


def happened_at(occurred_at: datetime | None, time: int) -> int:
    """R3: the instant that counts (µs)."""
    if occurred_at is None:
        return time
    happened = calendar.instant(occurred_at, "occurred_at")
    if happened > time:
        raise Invalid("what is entered has happened already", field="occurred_at")
    return happened


def entered(occurred_at: datetime | None, time: int) -> int:
    """The instant of a step that is entered afterwards; 0 of one that is taken now."""
    return 0 if occurred_at is None else happened_at(occurred_at, time)


def more_numbers(slot: Slot) -> finding.Deciding[tuple[AddNumbers, ...]]:
    """Further ticket numbers from the doctor's series of that day."""
    given: TicketNumbersGiven
    (given,) = yield Propose(doctor_day_key(slot.doctor_id, slot.day), TakeNumbers(slot.id, SPARE_NUMBERS))
    return (AddNumbers(given.first_number, given.count),)


def booked(hospital: Hospital, slot_id: str, token_id: str, patient_id: str, at: At, outcome: str = "created") -> Done:
    """A token was given; the answer may print its ticket."""
    key, link_key = slot_key(slot_id), hospital.link_key.text

    def answer(look: Any) -> TokenView:
        slot: Slot = look(key)
        return token_view(slot, slot.tokens[token_id], at.time, link_key)

    return Done(answer, outcome, patient_id)


def waits(slot_id: str, entry_id: str, patient_id: str, at: At) -> Done:
    """The slot is full: the entry's id will be the token's."""
    key = slot_key(slot_id)

    def answer(look: Any) -> WaitingView:
        slot: Slot = look(key)
        return waiting_view(slot, slot.tokens[entry_id], at.time)

    return Done(answer, "waiting", patient_id)


def _commitment(slot: Slot, token_id: str, seated: bool, hospital: Hospital, review: bool) -> Commit:
    """R5."""
    state: CommitmentState = "active" if seated else "waiting"
    return Commit(token_id, slot.id, slot.doctor_id, slot.start, slot.end, state, hospital.policy, review)


def _note_review(command: BookToken, token_id: str) -> finding.Deciding[None]:
    """R5: the referral knows with which token the patient comes back."""
    if command.referral_id is not None:
        yield Propose(referral_key(command.referral_id), BookReview(token_id))


def _behind_the_list(hospital: Hospital, slot: Slot, command: BookToken, booked_at: int, at: At) -> Deciding:
    """A seat is free although somebody waits: it is the list's first, should anybody on it have become eligible."""
    plan = Plan(hospital, at)
    here = plan.of(slot)
    plan.work.append(slot.id)
    yield from plan.fill()
    day = yield from plan.day(command.patient_id, slot.day)
    for one in day.commitments:
        if one.token_id in here.done and one.state == "active":
            # The patient himself was the first who could have it.
            yield from plan.propose()
            yield from _note_review(command, one.token_id)
            return booked(hospital, slot.id, one.token_id, command.patient_id, at)
    token_id = at.new_id(0)
    seated = here.tally.free_seats(hospital.policy) > 0 and (yield from plan.need_number(here))
    commit = _commitment(slot, token_id, seated, hospital, command.referral_id is not None)
    reason = yield from finding.objection(command.patient_id, slot.day, day.commitments, commit, hospital.policy)
    if reason is not None:
        raise reason
    day.commit(commit)
    if seated:
        here.ask(Book(token_id, command.patient_id, command.category, booked_at, hospital.policy))
    else:
        here.ask(Waitlist(token_id, command.patient_id, command.category, booked_at, hospital.policy))
    yield from plan.propose()
    yield from _note_review(command, token_id)
    if seated:
        return booked(hospital, slot.id, token_id, command.patient_id, at)
    return waits(slot.id, token_id, command.patient_id, at)


BOOK_TOKEN = Decision(command=BookToken, run=book_token, home=lambda command, find: find("slots", command.slot_id))
