"""A slot's sorted indexes, its count of seats and its numbers, kept by ``evolve`` while a token comes, goes or
changes phase.

An index is touched before a field of its key changes and after it, never between: else the token cannot be found.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from typing import Any

from engine.actors.slot.state import CALLED, LIFTS, MARKED, SERVED, Slot, Token


def seat(state: Slot, token: Token) -> None:
    """Count the seat of a token that has one again."""
    if token.override:
        state.overrides += 1
        return
    state.regular += 1
    state.overbooked += token.overbooked
    counts = state.by_category
    counts[token.category] = counts.get(token.category, 0) + 1


def free(state: Slot, token: Token) -> None:
    """Count the seat of a token no more."""
    if token.override:
        state.overrides -= 1
        return
    state.regular -= 1
    state.overbooked -= token.overbooked
    state.by_category[token.category] -= 1


def join_line(state: Slot, token: Token) -> None:
    """Put a confirmed token where its phase and its key say."""
    if token.phase == "CALLED" or token.phase == "IN_CONSULT":
        insort(state.pinned, token, key=CALLED)
        return
    put_in(state.line, token, SERVED)
    if token.phase == "BOOKED":
        if token.mark_at:
            put_in(state.marks, token, MARKED)
    else:
        await_lift(state, token)


def leave_line(state: Slot, token: Token) -> None:
    """Take a confirmed token out of every index it is in."""
    if token.phase == "CALLED" or token.phase == "IN_CONSULT":
        take_out(state.pinned, token, CALLED)
        return
    take_out(state.line, token, SERVED)
    if token.phase == "BOOKED":
        unmark(state, token)
    elif token.lift_at:
        take_out(state.lifts, token, LIFTS)


def unmark(state: Slot, token: Token) -> None:
    """The token is not marked by the clock any more."""
    if token.mark_at:
        take_out(state.marks, token, MARKED)


def await_lift(state: Slot, token: Token) -> None:
    """The token is lifted by the clock, if it has an instant for it."""
    if token.lift_at:
        insort(state.lifts, token, key=LIFTS)


def leave_list(state: Slot, entry: Token) -> None:
    """Take an entry out of the waiting list, or its offer back."""
    if entry.status == "OFFERED":
        take_out(state.offers, entry, MARKED)
    else:
        take_out(state.waiting, entry, SERVED)


def put_in(items: list[Any], item: Any, key: Callable[[Any], Any]) -> None:
    """Put an item into a sorted index; most come last, and then no other but the last is looked at."""
    if not items or key(items[-1]) <= key(item):
        items.append(item)
    else:
        insort(items, item, key=key)


def take_out(items: list[Any], item: Any, key: Callable[[Any], Any]) -> None:
    """Remove an item from a sorted index; it must be where its key says."""
    index = bisect_left(items, key(item), key=key)
    assert items[index] is item, "an index of the slot lost its order"
    del items[index]


def next_seq(state: Slot) -> int:
    """The next place in the order of coming."""
    seq = state.next_seq
    state.next_seq = seq + 1
    return seq


def take_number(state: Slot, number: int) -> int:
    """Note that this ticket number was given; R18."""
    if number > state.last_number or number < state.next_number:
        first, count = state.blocks.pop(0)
        state.last_number = first + count - 1
    state.next_number = number + 1
    return number
