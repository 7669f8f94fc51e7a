"""Whether every token is where it says, was given by the rules and is never lost: told from events alone.

What slots say of a token, what its patient's day says of it, and what the doctor's day says of ticket numbers are kept
apart and held against each other after every entry: one of them alone could be wrong in all of its entries.

- every step of a token follows from the one before it; a token is in one slot, and one that leaves a slot comes to
  the slot it left for, in the same entry, as who it was;
- the patient's day knows the same tokens, in the same slots and states; a slot that ends leaves nobody waiting;
- the doctor's day knows the same slots (``replay.auditing.doctor_days``) and gave their ticket numbers
  (``replay.auditing.numbers``);
- seats, quotas, double booking and the waiting list: ``replay.auditing.seats``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from engine.actors.hospital import HospitalAdded, PolicyChanged
from engine.actors.patient_day import CommitmentChanged, Committed
from engine.actors.slot import events as on
from replay.auditing.doctor_days import DoctorDays
from replay.auditing.numbers import Numbers
from replay.auditing.seats import Engaged, Seats
from replay.auditing.slots import ACTIVE, Slot, Slots, token_of

NAMED: Final = 20
"""Of the faults that were found, so many are named."""

OPEN: Final = ACTIVE | {"WAITING", "OFFERED"}

Commitment = tuple[str, str]
"""Slot and state, as a patient's day has them."""


class Tokens:
    """Told of every entry in order. ``found`` names the first faults, ``count`` how many there were in all.

    ``engaged``: whether a patient has an appointment elsewhere.
    """

    def __init__(self, engaged: Engaged = lambda *_: "") -> None:
        self.found: list[str] = []
        self.count = 0
        self.slots = Slots()
        self._seats = Seats(self.slots, engaged)
        self._committed: dict[str, dict[str, Commitment]] = {}
        self._numbers = Numbers()
        self._days = DoctorDays()

    @property
    def states(self) -> Counter[str]:
        """How many tokens and entries are in each state now."""
        slots = self.slots.slots.values()
        return Counter(token.state for slot in slots for token in slot.tokens.values())

    @property
    def open(self) -> int:
        """How many tokens and entries have not come to an end."""
        return sum(count for state, count in self.states.items() if state in OPEN)

    def entry(self, position: int, changes: Iterable[tuple[str, Iterable[Any]]], time: int) -> None:
        """One entry: each actor's key and its events. All of them take effect before they are held together."""
        self.slots.tight.clear()
        self.slots.left.clear()
        given: list[tuple[Slot, Any]] = []
        touched: set[str] = set()
        faults: list[str] = []
        for key, events in changes:
            for event in events:
                faults += self._event(position, key, event, given, touched)
        faults += self._numbers.faults(given)
        faults += self._days.faults(given, self.slots)
        if given:
            touched |= {token_of(event) for _, event in given}
            faults += self._moves(given)
            faults += self._ended(given)
            faults += self._seats.faults(given, time)
        for token_id in sorted(touched - {""}):
            faults += self._agree(token_id)
        for fault in faults:
            self.count += 1
            if len(self.found) < NAMED:
                self.found.append(f"{fault}, at position {position}")

    def _event(
        self, position: int, key: str, event: Any, given: list[tuple[Slot, Any]], touched: set[str]
    ) -> Iterator[str]:
        kind, _, id = key.partition(":")
        if kind == "slot":
            if fault := self.slots.apply(position, id, event):
                yield fault
            if id in self.slots.slots:
                given.append((self.slots.slots[id], event))
        elif kind == "patient_day":
            touched.add(event.token_id)
            self._day(id, event)
        elif kind == "doctor_day":
            self._days.event(event)
            yield from self._numbers.given_out(id, event)
        elif isinstance(event, HospitalAdded | PolicyChanged):
            self._seats.policy = event.policy

    def _day(self, id: str, event: Any) -> None:
        """What a patient's day says."""
        known = self._committed.setdefault(event.token_id, {})
        if isinstance(event, Committed):
            known[id] = (event.slot_id, event.state)
            if event.review:
                self._seats.reviews.add(event.token_id)
        elif isinstance(event, CommitmentChanged):
            known[id] = (known.get(id, ("", ""))[0], event.state)

    def _agree(self, token_id: str) -> Iterator[str]:
        """Slot and patient's day say the same of this token."""
        there = {id: one for id, one in self._committed.get(token_id, {}).items() if one[1] != "over"}
        token = self.slots.token(token_id)
        expected: dict[str, Commitment] = {}
        if token is not None and token.state in OPEN:
            slot = self.slots.slots[self.slots.where[token_id]]
            state = "active" if token.state in ACTIVE else token.state.lower()
            expected = {f"{token.patient_id}:{slot.day}": (slot.id, state)}
        if there != expected:
            stands = "nowhere" if token is None else f"{token.state} in slot {self.slots.where[token_id]}"
            told = ", ".join(f"{state} in slot {slot}" for slot, state in there.values()) or "over"
            yield f"token {token_id} is {stands}, and to its patient's day it is {told}"

    def _moves(self, given: list[tuple[Slot, Any]]) -> Iterator[str]:
        """Whoever leaves a slot arrives in that entry where he went, as who he was, and nobody arrives otherwise."""
        left = {(event.token_id, slot.id, event.to_slot): event for slot, event in given
                if isinstance(event, on.TokenMovedOut)}  # fmt: skip
        came = {(event.token_id, event.from_slot, slot.id): event for slot, event in given
                if isinstance(event, on.TokenMovedIn)}  # fmt: skip
        for move, event in left.items():
            if move not in came:
                yield f"token {move[0]} left slot {move[1]} for slot {move[2]} and never came there"
            elif came[move].patient_id != event.patient_id:
                yield f"token {move[0]} came to slot {move[2]} as another patient's"
            elif came[move].version != (version := self.slots.left.get(move[0], 0)):
                yield f"token {move[0]} is told to be at version {came[move].version}, and its steps make {version}"
        for move in came.keys() - left.keys():
            yield f"token {move[0]} came to slot {move[2]} and had not left slot {move[1]}"

    def _ended(self, given: list[tuple[Slot, Any]]) -> Iterator[str]:
        """R20, R21: a slot that ended keeps nobody waiting; one that was cancelled only who is in consultation."""
        for slot, event in given:
            if isinstance(event, on.SlotClosed | on.SlotCancelled):
                if slot.waiting or slot.offers or slot.holds:
                    yield f"slot {slot.id} ended and somebody still waits for a seat in it"
                left = [one.id for one in slot.tokens.values() if one.state in ACTIVE - {"IN_CONSULT"}]
                if left and isinstance(event, on.SlotCancelled):
                    yield f"slot {slot.id} was cancelled and token {left[0]} is still open in it"
