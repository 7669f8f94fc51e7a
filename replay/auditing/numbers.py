"""Whether ticket numbers were given once each, in order and without a gap: told from events alone.

A doctor's day gives blocks of numbers that rise from 1 on; its slots take them, several slots parts of one block at
times; a slot gives the numbers of its blocks one after the other. A token that moves inside a doctor's day keeps its
number, and so does one that comes back from the waiting list.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Any

from engine.actors.doctor_day import SlotsPlanned, TicketNumbersGiven
from engine.actors.slot import events as on
from replay.auditing.slots import Slot


class Numbers:
    """The series of all doctors' days, and what slots gave of them."""

    def __init__(self) -> None:
        self._next: dict[str, int] = {}
        self._taken: dict[str, list[tuple[int, int, str]]] = {}
        self._left: dict[str, list[tuple[int, int]]] = {}
        self._count: dict[str, int] = {}
        self._had: dict[str, int] = {}
        self._touched: set[str] = set()

    def given_out(self, day: str, event: Any) -> Iterator[str]:
        """A doctor's day gave blocks: they follow each other."""
        blocks: list[tuple[str, int, int]] = []
        if isinstance(event, SlotsPlanned):
            blocks = [(slot.slot_id, slot.first_number, slot.count) for slot in event.slots]
        elif isinstance(event, TicketNumbersGiven):
            blocks = [(event.slot_id, event.first_number, event.count)]
        for slot_id, first, count in blocks:
            expected = self._next.get(day, 1)
            if first != expected:
                yield f"slot {slot_id} was given numbers from {first} on, and {expected} is the next of its day"
            self._next[day] = first + count
            self._touched.add(day)

    def faults(self, given: list[tuple[Slot, Any]]) -> Iterator[str]:
        """What is wrong with the numbers of one entry's events, those of doctors' days having been told before."""
        for slot, event in given:
            match event:
                case on.SlotOpened():
                    yield from self._take(slot, event.first_number, event.numbers)
                case on.NumbersAdded():
                    yield from self._take(slot, event.first, event.count)
                case on.TokenBooked() | on.TokenMovedIn():
                    yield from self._give(slot, event.token_id, event.number)
                case on.EntryPromoted():
                    yield from self._give(slot, event.entry_id, event.number)
        for day in sorted(self._touched):
            if self._count.get(day, 0) != self._next.get(day, 1) - 1:
                told, took = self._next.get(day, 1) - 1, self._count.get(day, 0)
                yield f"doctor's day {day} gave {told} numbers, and its slots took {took}"
        self._touched.clear()

    def _take(self, slot: Slot, first: int, count: int) -> Iterator[str]:
        day, end = f"{slot.doctor_id}:{slot.day}", first + count
        if end > self._next.get(day, 1):
            yield f"slot {slot.id} has numbers up to {end - 1}, which its doctor's day has not given"
        self._touched.add(day)
        self._count[day] = self._count.get(day, 0) + count
        taken = self._taken.setdefault(day, [])
        place = bisect_left(taken, (first, 0, ""))
        for other in taken[max(place - 1, 0) : place + 1]:
            if other[0] < end and first < other[1]:
                yield f"slots {other[2]} and {slot.id} have the same ticket numbers from {max(first, other[0])} on"
        insort(taken, (first, end, slot.id))
        self._left.setdefault(slot.id, []).append((first, end))

    def _give(self, slot: Slot, token_id: str, number: int) -> Iterator[str]:
        blocks = self._left.get(slot.id, [])
        had, self._had[token_id] = self._had.get(token_id), number
        if not any(first <= number < end for first, end in blocks):
            if number != had:  # a number that is not the slot's to give is the one that the token brings along
                yield f"slot {slot.id} gave number {number}, which it has not or no more"
            return
        first = blocks[0][0]
        if number != first:
            yield f"slot {slot.id} gave number {number}, and {first} is its next"
        while blocks[0][1] <= number:
            del blocks[0]
        blocks[0:1] = [(number + 1, blocks[0][1])] if number + 1 < blocks[0][1] else []
