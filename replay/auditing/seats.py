"""Whether every seat was there to be given, to a patient who might have it, and in turn: told from events alone.

Knows slots as ``replay.auditing.slots`` follows them, the hospital's policy as its events say it, and when a patient
comes back for a result. What is held against each other after an entry that gave a seat:

- no more seats are taken than the capacity and what the policy adds to it; only an emergency has one above it;
- no tier has more than its quota, unless that is released;
- a patient who is given a token has no other that the policy forbids beside it: of the day, of the doctor's day, of
  the slot, at the same time elsewhere, or in number;
- nobody stood in front of who was given a free seat and could have had it just as well.

A policy binds from the entry that states it on; what was allowed before stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from engine.actors.hospital import Policy
from engine.actors.slot import events as on
from replay.auditing.slots import ACTIVE, Slot, Slots, Token, token_of

_MINUTE: Final = 60_000_000

_GIVES: Final = (on.TokenBooked, on.EntryPromoted, on.PatientReturned, on.StepUndone, on.TokenMovedIn)
"""Events by which a patient has an active token who had not."""
_WITHIN_QUOTA: Final = (on.TokenBooked, on.EntryPromoted, on.TokenMovedIn, on.CategoryChanged)
_ASKED: Final = (on.TokenBooked, on.EntryPromoted, on.PatientReturned, on.StepUndone)
"""Events for which a patient's tokens of all days are counted."""

Given = tuple[Slot, Any]
"""A slot and an event of it."""


Engaged = Callable[[str, int, int], str]
"""A patient's appointment that shares a moment with a stretch of time; empty where there is none."""


class Seats:
    """The rules about seats. ``policy`` is what is in force, ``reviews`` are tokens to come back for a result with."""

    def __init__(self, slots: Slots, engaged: Engaged = lambda *_: "") -> None:
        self.policy = Policy()
        self.reviews: set[str] = set()
        self._slots = slots
        self._engaged = engaged

    def faults(self, given: list[Given], time: int) -> Iterator[str]:
        """What is wrong with what one entry gave, looked at once all of it has taken effect."""
        for slot_id in sorted(self._slots.tight):
            yield from self._capacity(self._slots.slots[slot_id])
        new = {event.entry_id if isinstance(event, on.EntryPromoted) else event.token_id
               for _, event in given if isinstance(event, _GIVES)}  # fmt: skip
        repointed = {event.token_id for _, event in given if isinstance(event, on.TokenRepointed)}
        for slot, event in given:
            token = slot.tokens.get(token_of(event))
            if token is None:
                continue
            yield from self._token(slot, token, event, time)
            if _is_given(token, event) or (token.id in repointed and isinstance(event, on.TokenRepointed)):
                yield from self._patient(slot, token, event, repointed if token.id in repointed else new)
            if isinstance(event, on.PatientWaitlisted | on.LatecomerWaitlisted):
                yield from self._list(slot, token)
            if isinstance(event, on.EntryPromoted | on.EntryOffered | on.TokenBooked):
                yield from self._turn(slot, token, event, time)

    def _capacity(self, slot: Slot) -> Iterator[str]:
        seats = slot.capacity + slot.capacity * self.policy.overbook_pct // 100
        if slot.taken > seats:
            yield f"slot {slot.id} has {slot.taken} seats taken of {seats}"

    def _token(self, slot: Slot, token: Token, event: Any, time: int) -> Iterator[str]:
        """What holds for the seat of one token."""
        if getattr(event, "hold_id", "") in slot.holds:
            yield f"token {token.id} has the seat of hold {event.hold_id}, which goes on"
        if getattr(event, "override", False) and token.override and token.category != "EMERGENCY":
            yield f"token {token.id} has a seat above the capacity of slot {slot.id} and is no emergency"
        gives = isinstance(event, _GIVES) and not isinstance(event, on.StepUndone)
        if slot.status != "ACTIVE" and gives and not _was_in_time(slot, event):
            yield f"token {token.id} was given a seat in slot {slot.id}, which is {slot.status}"
        quota = slot.quotas.get(token.category)
        counted = isinstance(event, _WITHIN_QUOTA) and token.state != "WAITING" and token.category != "EMERGENCY"
        if quota is None or quota.max is None or not counted or self._released(slot, time):
            return
        if slot.by_category.get(token.category, 0) > quota.max:
            yield f"slot {slot.id} has more {token.category} tokens than the {quota.max} of its quota"

    def _patient(self, slot: Slot, token: Token, event: Any, together: set[str]) -> Iterator[str]:
        """R1 to R4 of a patient's day. An emergency is never refused as a duplicate."""
        if token.category == "EMERGENCY":
            return
        active = self._slots.active.get(token.patient_id, set())
        for other in active:
            # Of two that one merge brought along, or one plan moved, neither came to the other.
            if other == token.id or (other in together and (other < token.id or type(event) is on.TokenRepointed)):
                continue
            there = self._slots.slots[self._slots.where[other]]
            if self._forbidden(slot, token.id, there, other):
                yield f"patient {token.patient_id} has token {token.id} beside {other}"
        if self.policy.patient_overlap and type(event) is not on.TokenRepointed:
            there_too = self._engaged(token.patient_id, slot.start, slot.end)
            if there_too:
                yield f"patient {token.patient_id} has token {token.id} while in appointment {there_too}"
        limit = self.policy.max_active_tokens_per_patient
        if limit is not None and len(active) > limit and isinstance(event, _ASKED):
            yield f"patient {token.patient_id} has {len(active)} active tokens of at most {limit}"

    def _forbidden(self, slot: Slot, token_id: str, there: Slot, other: str) -> bool:
        """Whether the policy has a patient have one of these, not both."""
        same = slot.id == there.id
        if same and self.policy.double_booking != "off":
            return True
        if not same and not {token_id, other} & self.reviews and slot.day == there.day:
            rule = self.policy.double_booking
            if rule == "day" or (rule == "doctor_day" and slot.doctor_id == there.doctor_id):
                return True
        apart = slot.doctor_id == there.doctor_id or slot.start >= there.end or there.start >= slot.end
        return self.policy.patient_overlap and not apart

    def _list(self, slot: Slot, token: Token) -> Iterator[str]:
        """Nobody stands twice in one list, or in the list of a slot in which he has a token."""
        for other in self._slots.listed.get(token.patient_id, ()):
            if other != token.id and self._slots.where[other] == slot.id:
                yield f"patient {token.patient_id} waits twice for slot {slot.id}"
        for other in self._slots.active.get(token.patient_id, ()):
            if self._slots.where[other] == slot.id:
                yield f"patient {token.patient_id} waits for slot {slot.id} and has token {other} in it"

    def _turn(self, slot: Slot, token: Token, event: Any, time: int) -> Iterator[str]:
        """The seat goes to the first of the list who may have it; who held it, or is urgent, comes before the list."""
        if token.category == "EMERGENCY" or token.state == "WAITING":
            return
        booked = isinstance(event, on.TokenBooked)
        if (booked and event.hold_id) or (isinstance(event, on.EntryPromoted) and token.before == "OFFERED"):
            return
        ahead = slot.in_front(None if booked else token.key)
        for entry in ahead:
            if entry.since < token.since and not self._objection(slot, entry, time):
                how = "booked" if booked else "offered a seat" if token.state == "OFFERED" else "promoted"
                yield f"token {token.id} was {how} before {entry.id}, who waited in front in slot {slot.id}"
                return

    def _objection(self, slot: Slot, entry: Token, time: int) -> bool:
        """Whether the seat had to go past this entry: by what is known here, or for what was written down as reason."""
        quota: Any = slot.quotas.get(entry.category)
        limited = quota is not None and quota.max is not None and not self._released(slot, time)
        if limited and slot.by_category.get(entry.category, 0) >= quota.max:
            return True
        active = self._slots.active.get(entry.patient_id, set())
        for other in active:
            if self._forbidden(slot, entry.id, self._slots.slots[self._slots.where[other]], other):
                return True
        limit = self.policy.max_active_tokens_per_patient
        if limit is not None and len(active) >= limit:
            return True
        return self.policy.patient_overlap and self._engaged(entry.patient_id, slot.start, slot.end) != ""

    def _released(self, slot: Slot, time: int) -> bool:
        minutes = self.policy.quota_release_minutes
        return minutes is not None and time >= slot.start - minutes * _MINUTE


def _is_given(token: Token, event: Any) -> bool:
    """Whether the patient has an active token by this event who had not; most steps that are undone leave it active."""
    return isinstance(event, _GIVES) and not (isinstance(event, on.StepUndone) and token.before in ACTIVE)


def _was_in_time(slot: Slot, event: Any) -> bool:
    """Whether what is entered only now, from paper, happened before the slot was over."""
    match event:
        case on.TokenBooked():
            happened = event.booked_at
        case on.PatientReturned():
            happened = event.arrived_at
        case _:
            return False
    return slot.status == "CLOSED" and happened < min(event.at, slot.end + slot.delay)
