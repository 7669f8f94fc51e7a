"""Whether a doctor's day and its slots say the same: which slots there are, how late they run, which have ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from engine.actors.doctor_day import DayDelayed, DaySlotsEnded, SlotDelay, SlotsPlanned
from engine.actors.slot import events as on
from replay.auditing.slots import Slot, Slots

_MINUTE: Final = 60_000_000
_TOLD: Final = (on.SlotOpened, on.SlotDelayed, on.SlotClosed, on.SlotCancelled)
"""Events of a slot that its doctor's day tells of too."""


class DoctorDays:
    """What doctors' days say of slots: (start, end, status, own delay, delay), in µs."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[int, int, str, int, int]] = {}
        self._touched: set[str] = set()

    def event(self, event: Any) -> None:
        """A doctor's day changed."""
        delays: tuple[SlotDelay, ...] = getattr(event, "delays", ())
        if isinstance(event, SlotsPlanned):
            for slot in event.slots:
                self._say(slot.slot_id, (slot.start, slot.end, "ACTIVE", 0, 0))
        elif isinstance(event, DaySlotsEnded):
            for slot_id in event.slot_ids:
                start, end, _, own, delay = self._said.get(slot_id, (0, 0, "", 0, 0))
                self._say(slot_id, (start, end, event.status, own, delay))
        if isinstance(event, SlotsPlanned | DayDelayed | DaySlotsEnded):
            for late in delays:
                start, end, status, *_ = self._said.get(late.slot_id, (0, 0, "", 0, 0))
                self._say(late.slot_id, (start, end, status, late.own_delay * _MINUTE, late.delay * _MINUTE))

    def faults(self, given: list[tuple[Slot, Any]], slots: Slots) -> Iterator[str]:
        """Where the two do not say the same of a slot that an entry was about."""
        touched = self._touched | {slot.id for slot, event in given if isinstance(event, _TOLD)}
        for slot_id in sorted(touched):
            slot = slots.slots.get(slot_id)
            itself = slot and (slot.start, slot.end, slot.status, slot.own_delay, slot.delay)
            if itself != self._said.get(slot_id):
                yield f"slot {slot_id} and its doctor's day do not say the same of when it is and whether it goes on"
        self._touched.clear()

    def _say(self, slot_id: str, said: tuple[int, int, str, int, int]) -> None:
        self._said[slot_id] = said
        self._touched.add(slot_id)
