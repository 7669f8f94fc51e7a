"""Seats, ticket numbers and places as they stand while one decision of several steps is being made.

``decide`` changes nothing, yet the second step of a decision must see the seat that the first one freed. A tally
starts from the state, costs no copy of it, and knows only what the steps so far added or took away.
"""

from __future__ import annotations

from typing import Final

from engine.actors.hospital import Category, Policy
from engine.actors.slot.events import SlotEvent
from engine.actors.slot.refusals import ChannelQuota, SlotFull, SlotNotOpen, SlotOver
from engine.actors.slot.state import SERVED, Slot, Token, before, effective_end, rank_of
from engine.decider import MINUTE
from engine.errors import InvalidTransition, NotFound

NO_SEAT: Final = "no seat is left"


class Tally:
    """One decision on one slot: the state it began with, its events so far, and what they changed."""

    __slots__ = (
        "blocks",
        "by_category",
        "capacity",
        "events",
        "held",
        "joined",
        "left",
        "next_number",
        "overbooked",
        "regular",
        "spare",
        "state",
        "time",
        "until",
    )

    def __init__(self, state: Slot, time: int) -> None:
        self.state = state
        self.time = time
        self.events: list[SlotEvent] = []
        self.capacity = state.max_capacity
        self.regular = state.regular
        self.overbooked = state.overbooked
        self.held = len(state.holds) + len(state.offers)
        self.next_number = state.next_number
        self.until = state.last_number
        self.blocks = state.blocks
        self.spare = 0
        self.by_category: dict[Category, int] | None = None
        # Keys of tokens that these steps put in line or took out of it; few, so a list is enough.
        self.joined: list[tuple[int, int, int]] = []
        self.left: list[tuple[int, int, int]] = []

    def token(self, token_id: str) -> Token:
        """The token or entry of this id."""
        token = self.state.tokens.get(token_id)
        if token is None:
            raise NotFound("there is no such token in this slot", token_id=token_id)
        return token

    def must_be_open(self) -> None:
        """R2."""
        must_be_open(self.state, self.time)

    def within_quota(self, category: Category, policy: Policy, *, booking: bool) -> None:
        """R4. The last time of issue binds who books, not who is promoted later."""
        quota = self.state.quotas.get(category)
        if quota is None or category == "EMERGENCY":
            return
        if booking and quota.last_issue_at is not None and self.time > quota.last_issue_at:
            raise ChannelQuota(f"{category} tokens are no longer given", category=category, until=quota.last_issue_at)
        if quota.max is None:
            return
        release = policy.quota_release_minutes
        if release is not None and self.time >= self.state.start - release * MINUTE:
            return
        counts = self.state.by_category if self.by_category is None else self.by_category
        if counts.get(category, 0) >= quota.max:
            raise ChannelQuota(f"all {category} tokens are given", category=category, max=quota.max)

    def take_seat(self, category: Category, policy: Policy, *, beyond: bool = False) -> tuple[bool, bool]:
        """R3, R7: whether the seat is an override, and whether it is overbooked; ``SlotFull`` when there is none.

        ``beyond``: somebody was seen already, so that there is one.
        """
        state = self.state
        capacity = self.capacity
        taken = self.regular + self.held
        overbooked = False
        if taken >= capacity:
            if category == "EMERGENCY":
                return True, False
            if taken >= capacity + capacity * policy.overbook_pct // 100 and not beyond:
                raise SlotFull(NO_SEAT, slot_id=state.id, max_capacity=capacity)
            overbooked = taken - self.overbooked >= capacity
        self.regular += 1
        self.overbooked += overbooked
        if state.quotas:
            self._count(category, 1)
        return False, overbooked

    def free_seats(self, policy: Policy) -> int:
        """R3: seats that a regular token could still get."""
        capacity = self.capacity
        return capacity + capacity * policy.overbook_pct // 100 - self.regular - self.held

    def has_number(self) -> bool:
        """R18."""
        return self.next_number <= self.until or self.spare < len(self.blocks)

    def free_seat(self, token: Token) -> None:
        """The token gives its seat back; an override has none to give."""
        if not token.override:
            self.regular -= 1
            self.overbooked -= token.overbooked
            if self.state.quotas:
                self._count(token.category, -1)

    def leave_line(self, token: Token) -> None:
        """The token is no longer in line; who was called stood in front of all."""
        waits = token.phase == "BOOKED" or token.phase == "ARRIVED"
        self.left.append(SERVED(token) if waits else (0, 0, 0))

    def take_number(self) -> int:
        """R18: the next number of a ticket code; the decision has seen to it that there is one."""
        number = self.next_number
        if number > self.until:
            assert self.spare < len(self.blocks), "no ticket number is left"
            number, count = self.blocks[self.spare]
            self.until = number + count - 1
            self.spare += 1
        self.next_number = number + 1
        return number

    def add_numbers(self, first: int, count: int) -> None:
        """R18: numbers that came with this decision; they come last, after those of the state."""
        self.blocks = [*self.blocks, (first, count)]

    def mark_at(self, category: Category, rank_at: int, policy: Policy) -> int:
        """R9: the time told to the patient plus the grace, the slot's delay left out; 0: never.

        Joins the line at that place.
        """
        state = self.state
        key = (rank_of(category), rank_at, state.next_seq + len(self.joined))
        grace = policy.no_show_grace_minutes
        if not grace:
            self.joined.append(key)
            return 0
        ahead = len(state.pinned) + before(state.line, key)
        for other in self.joined:
            ahead += other < key
        for other in self.left:
            ahead -= other < key
        self.joined.append(key)
        told = state.start + ahead * state.average
        return max(told, self.time) + grace * MINUTE

    def lift_at(self, category: Category, arrived_at: int, policy: Policy) -> int:
        """R22: when the wait since arrival becomes too long for this tier; 0: never."""
        if category == "EMERGENCY" or not policy.max_wait_minutes:
            return 0
        limit = policy.max_wait_minutes.get(category)
        return arrived_at + limit * MINUTE if limit else 0

    def _count(self, category: Category, by: int) -> None:
        if self.by_category is None:
            self.by_category = dict(self.state.by_category)
        self.by_category[category] = self.by_category.get(category, 0) + by


def must_be_open(state: Slot, time: int, booked_at: int = 0) -> None:
    """R2: bookings are taken while the slot is ACTIVE or DELAYED and its effective end has not come.

    What was booked before (``booked_at``) and is entered afterwards needs a slot that took place, and was open then.
    """
    if state.status == "CANCELLED":
        raise SlotNotOpen("the slot was cancelled", slot_id=state.id)
    entered = 0 < booked_at < time
    if (booked_at if entered else time) >= effective_end(state) or (state.status == "CLOSED" and not entered):
        raise SlotOver("the slot has ended", slot_id=state.id)


def illegal(token: Token, to: str) -> InvalidTransition:
    """R8: the refusal that names both states."""
    return InvalidTransition(
        f"a token that is {state_word(token)} cannot become {to}",
        token_id=token.id,
        from_state=state_word(token),
        to_state=to,
    )


def state_word(token: Token) -> str:
    """One word for where a token stands: its phase while it is confirmed, else its status."""
    return token.phase if token.status == "CONFIRMED" else token.status
