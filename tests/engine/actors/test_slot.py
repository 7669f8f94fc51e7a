"""The slot's rule book by itself: numbers, steps together, snapshots, cost."""

from __future__ import annotations

from time import perf_counter

import pytest

from engine.actors.hospital import Policy
from engine.actors.slot import SLOT
from engine.actors.slot.commands import (
    AddNumbers,
    Adopt,
    Book,
    Cancel,
    EmptySlot,
    MoveOut,
    Open,
    Promote,
    SetDelay,
    Together,
    Waitlist,
)
from engine.actors.slot.refusals import SlotExists, SlotFull
from engine.actors.slot.state import Slot, numbers_left, place
from engine.actors.slot.view import created_at, estimate
from engine.decider import MINUTE, At
from engine.errors import InvalidTransition, NotFound, Stale
from tests.engine.deciding import EIGHT, NINE

POLICY = Policy()
HOUR = 60 * MINUTE


def at(time: int = EIGHT) -> At:
    return At(time, bytes(16), lambda: bytes(16))


def given(*commands: object, seats: int = 3, numbers: int = 9, first: int = 1) -> Slot:
    state: Slot = SLOT.initial("s")
    begin = Open("d", "2026-02-01", NINE, NINE + HOUR, seats, "CAR", first, numbers)
    for command in (begin, *commands):
        when(state, command)
    return state


def when(state: Slot, command: object, time: int = EIGHT) -> list[str]:
    events = list(SLOT.decide(state, command, at(time)))
    for event in events:
        SLOT.evolve(state, event)
    SLOT.check(state)
    return [type(event).__name__ for event in events]


def book(n: int, category: str = "ONLINE") -> Book:
    return Book(f"t{n}", f"p{n}", category, EIGHT + n, POLICY)  # type: ignore[arg-type]


def test_r1_a_slot_is_opened_once_and_before_all_else() -> None:
    with pytest.raises(SlotExists):
        when(given(), Open("d", "2026-02-01", NINE, NINE + HOUR, 1, "CAR", 1, 1))
    with pytest.raises(NotFound):
        when(SLOT.initial("s"), book(1))


def test_r3_steps_of_one_decision_see_the_seats_of_those_before() -> None:
    state = given(*(book(n) for n in range(3)), Waitlist("w", "p", "ONLINE", EIGHT + 9, POLICY), numbers=4)
    assert when(state, Together((Cancel("t1"), Promote("w", POLICY)))) == ["TokenCancelled", "EntryPromoted"]
    with pytest.raises(SlotFull):
        when(state, Together((book(4),)))


def test_r3_all_steps_or_none() -> None:
    state = given(*(book(n) for n in range(3)))
    before = state.version
    with pytest.raises(SlotFull):
        when(state, Together((Cancel("t0"), book(4), book(5))))
    assert (state.version, state.regular) == (before, 3)


def test_r9_the_time_told_follows_the_place_in_the_same_decision() -> None:
    state = given(book(0), book(1), Waitlist("w", "p", "ONLINE", EIGHT + 9, POLICY), seats=2, numbers=3)
    when(state, Together((Cancel("t0"), Promote("w", POLICY))))
    assert place(state, state.tokens["w"]) == 2
    assert state.tokens["w"].mark_at == NINE + 30 * MINUTE + 15 * MINUTE


def test_r18_numbers_are_taken_in_order_over_several_blocks() -> None:
    state = given(book(0), seats=6, numbers=1)
    assert numbers_left(state) == 0
    when(state, Together((AddNumbers(7, 1), AddNumbers(20, 2), book(1), book(2))))
    when(state, book(3))
    assert [state.tokens[f"t{n}"].number for n in range(4)] == [1, 7, 20, 21]
    assert numbers_left(state) == 0


def test_r14_a_token_moves_with_all_that_it_keeps() -> None:
    old, new = given(book(0), book(1)), given(book(5), first=10)
    token = old.tokens["t0"]
    leave = when(new, Adopt(token, "old", POLICY, keeps_code=True, keeps_booking=True))
    assert leave + when(old, MoveOut("t0", "new")) == ["TokenMovedIn", "TokenMovedOut"]
    assert (new.tokens["t0"].booked_at, new.tokens["t0"].version, "t0" in old.tokens) == (EIGHT, 2, False)


def test_r21_an_emptied_slot_moves_cancels_and_ends_all() -> None:
    state = given(book(0), book(1), book(2), Waitlist("w", "p", "ONLINE", EIGHT + 9, POLICY))
    assert when(state, EmptySlot((("t1", "other"),))) == [
        "TokenCancelled", "TokenMovedOut", "TokenCancelled", "EntryEnded", "SlotCancelled",
    ]  # fmt: skip
    with pytest.raises(Stale):
        when(state, EmptySlot(if_version=1))


def test_r19_a_delay_is_absolute_and_ends_with_the_slot() -> None:
    state = given()
    assert when(state, SetDelay(MINUTE, MINUTE)) == ["SlotDelayed"]
    assert when(state, SetDelay(MINUTE, MINUTE)) == []
    assert (when(state, SetDelay(0, 0)), state.status) == (["SlotDelayed"], "ACTIVE")


def test_r8_cancelling_twice_is_illegal() -> None:
    state = given(book(0), Cancel("t0"))
    with pytest.raises(InvalidTransition) as refused:
        when(state, Cancel("t0"))
    assert refused.value.facts["from_state"] == "CANCELLED"


def test_a_slot_is_closed_for_memory_a_day_after_its_end_unless_somebody_is_open() -> None:
    state = given(book(0))
    state.status = "CLOSED"
    assert not SLOT.closed(state, NINE + 40 * HOUR)
    when(state, Cancel("t0"))
    assert (SLOT.closed(state, NINE + 20 * HOUR), SLOT.closed(state, NINE + 26 * HOUR)) == (False, True)


def test_an_estimate_never_lies_in_the_past_and_has_a_range() -> None:
    state = given(*(book(n) for n in range(3)))
    expected = estimate(state, state.tokens["t2"], NINE + 10 * MINUTE)
    assert expected is not None
    assert (expected.earliest, expected.told) == (NINE + 42 * MINUTE, NINE + 50 * MINUTE)
    assert estimate(state, state.tokens["t0"], NINE + 10 * MINUTE) == (NINE + 10 * MINUTE,) * 2


def test_the_instant_of_creation_is_read_from_the_id() -> None:
    for microseconds in (0, 1, 499, 500, 998, 999):
        assert created_at(at(EIGHT + microseconds).new_id(3)) == EIGHT + microseconds


def test_a_step_in_a_slot_of_ten_thousand_costs_about_what_it_costs_in_one_of_ten() -> None:
    def cost(tokens: int) -> float:
        state = given(seats=tokens + 400, numbers=tokens + 400)
        for n in range(tokens):
            for event in SLOT.decide(state, book(n), at()):
                SLOT.evolve(state, event)
        best = 1.0
        for round_ in range(20):
            start = perf_counter()
            for n in range(20):
                one = tokens + round_ * 20 + n
                for command in (book(one, "FOLLOWUP"), Cancel(f"t{one}")):
                    for event in SLOT.decide(state, command, at()):
                        SLOT.evolve(state, event)
            best = min(best, perf_counter() - start)
        return best

    assert cost(10_000) < 4 * cost(10)  # a linear step would cost hundreds of times as much
