"""One doctor's local day: its slots in order of start, their delays, and the day's series of ticket numbers.

It knows of a slot when it is, whether it still counts, and how late it runs; nothing of tokens or patients.

R1  Two slots of one doctor that are not cancelled never overlap; intervals are half-open.
R2  Ticket numbers of a day rise by one for ever; what one slot was given no other slot gets.
R3  A delay is absolute: the slot's own delay is what was said last, said twice it is the same.
R4  What reaches a slot is how far the effective end of the slot before it lies past its start, in whole minutes
    rounded up; a gap absorbs. Its delay is the larger of its own and what reaches it.
R5  A change runs over the later slots and stops at the first that it does not change. Cancelled and closed
    slots are passed over; a cancelled one pushes nobody any more, a closed one leaves what it did. A slot
    opened behind a late one is late from the start.
R6  What reaches a slot never moves its end past the local midnight; it is capped there and flagged.
R7  No change lets a later slot that has not begun begin before the instant of the change: when a push ends, what
    was pushed falls back to now at most.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Literal, assert_never

import msgspec

from engine.decider import DAY, MINUTE, At, Decider, Event
from engine.errors import NotFound, Rejected

DaySlotStatus = Literal["OPEN", "CANCELLED", "CLOSED"]


class SlotDelay(msgspec.Struct, frozen=True, gc=False):
    """How late a slot runs, in minutes; ``capped`` where midnight cut off what reached it (R6)."""

    slot_id: str
    own_delay: int
    delay: int
    capped: bool = False


class PlannedSlot(msgspec.Struct, frozen=True, gc=False):
    """R2: the slot may give the ``count`` ticket numbers from ``first_number`` on. Times in µs."""

    slot_id: str
    start: int
    end: int
    first_number: int
    count: int


class SlotsPlanned(Event, frozen=True):
    """R1, R2: slots were opened; ``delays`` names those that are late from the start, and what they push."""

    slots: tuple[PlannedSlot, ...]
    day_end: int
    delays: tuple[SlotDelay, ...] = ()


class TicketNumbersGiven(Event, frozen=True):
    """R2: another block of numbers for a slot whose first is used up."""

    slot_id: str
    first_number: int
    count: int


class DayDelayed(Event, frozen=True):
    """R3..R6: a slot's own delay was set; ``delays`` names every slot that changed, in order of start."""

    slot_id: str
    delays: tuple[SlotDelay, ...]


class DaySlotsEnded(Event, frozen=True):
    """R5: these slots count no more; ``delays`` names the later slots that changed for it."""

    slot_ids: tuple[str, ...]
    status: DaySlotStatus
    delays: tuple[SlotDelay, ...] = ()


DoctorDayEvent = SlotsPlanned | TicketNumbersGiven | DayDelayed | DaySlotsEnded


class SlotOverlap(Rejected):
    """R1: the doctor has another slot then; facts ``slot_id``, ``start_time`` and ``end_time`` name it."""

    code = "slot_overlap"
    rule = "R1"


class DayFull(Rejected):
    """A doctor's day holds ``MAX_SLOTS`` slots, cancelled ones included."""

    code = "too_many_slots"


MAX_SLOTS = 1_440
"""Slots of one doctor in one day; one a minute."""


class PlanSlot(msgspec.Struct, frozen=True):
    """One slot to plan: its times in µs, and how many ticket numbers it needs."""

    slot_id: str
    start: int
    end: int
    count: int


class PlanSlots(msgspec.Struct, frozen=True):
    """Asked by ``OpenSlot`` and by templates: gives one ``SlotsPlanned``; ``day_end`` is the next midnight in µs."""

    slots: tuple[PlanSlot, ...]
    day_end: int


class TakeNumbers(msgspec.Struct, frozen=True):
    """Asked when a slot has used up its ticket numbers: gives one ``TicketNumbersGiven``."""

    slot_id: str
    count: int


class SetDelay(msgspec.Struct, frozen=True):
    """Asked by ``DelaySlot``; minutes. Gives one ``DayDelayed``, or nothing when nothing changes."""

    slot_id: str
    minutes: int


class SlotsEnded(msgspec.Struct, frozen=True):
    """Asked when slots are cancelled or closed; those that have ended before are passed over."""

    slot_ids: tuple[str, ...]
    status: Literal["CANCELLED", "CLOSED"]


class ReworkDay(msgspec.Struct, frozen=True):
    """Several changes in one decision: slots are cancelled, and others are given more ticket numbers."""

    cancelled: tuple[str, ...] = ()
    take: tuple[TakeNumbers, ...] = ()


DoctorDayCommand = ReworkDay | PlanSlots | TakeNumbers | SetDelay | SlotsEnded


class DaySlot(msgspec.Struct):
    """One slot of the day; times in µs, delays in minutes."""

    start: int
    id: str
    end: int
    status: DaySlotStatus = "OPEN"
    own_delay: int = 0
    delay: int = 0
    capped: bool = False

    def __lt__(self, other: DaySlot) -> bool:
        return (self.start, self.id) < (other.start, other.id)

    @property
    def effective_end(self) -> int:
        """When it is expected to be over, in µs."""
        return self.end + self.delay * MINUTE


class DoctorDay(msgspec.Struct):
    """State. ``slots`` is in order of start; ``day_end`` the next local midnight in µs."""

    doctor_id: str
    day: str
    day_end: int = 0
    slots: list[DaySlot] = []
    next_number: int = 1
    version: int = 0


def doctor_day_key(doctor_id: str, day: str) -> str:
    """The actor of a doctor's local day."""
    return f"doctor_day:{doctor_id}:{day}"


def overlapping(state: DoctorDay | None, start: int, end: int) -> DaySlot | None:
    """R1: the first slot of the day, cancelled ones aside, that shares a moment with ``[start, end)``."""
    return _overlapping(state.slots, start, end) if state else None


def slot_overlap(slot: DaySlot) -> SlotOverlap:
    """The refusal that names the slot in the way."""
    return SlotOverlap("the doctor has another slot then", slot_id=slot.id, start_time=slot.start, end_time=slot.end)


def decide(state: DoctorDay, command: DoctorDayCommand, at: At) -> Iterable[DoctorDayEvent]:
    """The events of a command to a doctor's day."""
    match command:
        case PlanSlots():
            return [_plan(state, command, at.time)]
        case ReworkDay():
            return [*_end(state, SlotsEnded(command.cancelled, "CANCELLED"), at.time), *_give(state, command.take)]
        case TakeNumbers():
            return _give(state, (command,))
        case SetDelay():
            delays = cascade(state, command.slot_id, command.minutes, at.time)
            return [DayDelayed(slot_id=command.slot_id, delays=delays)] if delays else []
        case SlotsEnded():
            return _end(state, command, at.time)
        case _:
            assert_never(command)


def _overlapping(slots: list[DaySlot], start: int, end: int) -> DaySlot | None:
    for slot in slots:
        if slot.start < end and start < slot.end and slot.status != "CANCELLED":
            return slot
    return None


def cascade(state: DoctorDay, slot_id: str, minutes: int, now: int) -> tuple[SlotDelay, ...]:
    """R3..R7: what changes when this slot's own delay becomes ``minutes``, in order of start."""
    if all(slot.id != slot_id for slot in state.slots):
        raise NotFound("no such slot on this day", slot_id=slot_id)
    return _run(state.slots, state.day_end, now, own={slot_id: minutes})


def delays_without(state: DoctorDay, gone: frozenset[str], now: int) -> dict[str, int]:
    """R5: the delay in minutes of every slot that counts, as it would be without the slots ``gone``."""
    delays = {slot.id: slot.delay for slot in state.slots if slot.status == "OPEN" and slot.id not in gone}
    return delays | {late.slot_id: late.delay for late in _run(state.slots, state.day_end, now, gone=gone)}


def _run(
    slots: list[DaySlot],
    day_end: int,
    now: int,
    *,
    own: dict[str, int] | None = None,
    gone: frozenset[str] = frozenset(),
    fresh: frozenset[str] = frozenset(),
) -> tuple[SlotDelay, ...]:
    """R4..R7: what changes if the delays ``own`` were set, slots ``gone`` cancelled and ``fresh`` just planned.

    Only what stands behind a change is looked at anew, so that a closed slot's push outlives it (R5).
    """
    own = own or {}
    changed: list[SlotDelay] = []
    reached_to = 0
    unsettled = False
    for slot in slots:
        if slot.id in gone:
            unsettled = True
        elif slot.status == "OPEN":
            present = SlotDelay(slot.id, slot.own_delay, slot.delay, slot.capped)
            if unsettled or slot.id in own or slot.id in fresh:
                minutes = own.get(slot.id, slot.own_delay)
                reached = max(0, -((slot.start - reached_to) // MINUTE))
                if slot.id not in own:  # R7
                    reached = max(reached, min(slot.delay, -((slot.start - now) // MINUTE)))
                room = max(0, (day_end - slot.end) // MINUTE)
                new = SlotDelay(slot.id, minutes, max(minutes, min(reached, room)), reached > room)
                unsettled = new != present
                if unsettled:
                    changed.append(new)
                present = new
            reached_to = slot.end + present.delay * MINUTE
    return tuple(changed)


def _plan(state: DoctorDay, command: PlanSlots, now: int) -> SlotsPlanned:
    if len(state.slots) + len(command.slots) > MAX_SLOTS:
        raise DayFull(f"a doctor's day holds {MAX_SLOTS} slots")
    number = state.next_number
    planned: list[PlannedSlot] = []
    slots = list(state.slots)
    for slot in command.slots:
        if there := _overlapping(slots, slot.start, slot.end):
            raise slot_overlap(there)
        insort(slots, DaySlot(slot.start, slot.slot_id, slot.end))
        planned.append(PlannedSlot(slot.slot_id, slot.start, slot.end, number, slot.count))
        number += slot.count
    fresh = frozenset(slot.slot_id for slot in planned)
    return SlotsPlanned(
        slots=tuple(planned), day_end=command.day_end, delays=_run(slots, command.day_end, now, fresh=fresh)
    )


def _give(state: DoctorDay, take: tuple[TakeNumbers, ...]) -> list[DoctorDayEvent]:
    events: list[DoctorDayEvent] = []
    number = state.next_number
    for one in take:
        events.append(TicketNumbersGiven(slot_id=one.slot_id, first_number=number, count=one.count))
        number += one.count
    return events


def _end(state: DoctorDay, command: SlotsEnded, now: int) -> list[DoctorDayEvent]:
    ended = tuple(slot.id for slot in state.slots if slot.id in command.slot_ids and slot.status == "OPEN")
    if not ended:
        return []
    # A closed slot took the time it took: what it pushed on stays. A cancelled one never will.
    cancelled = command.status == "CANCELLED"
    delays = _run(state.slots, state.day_end, now, gone=frozenset(ended)) if cancelled else ()
    return [DaySlotsEnded(slot_ids=ended, status=command.status, delays=delays)]


def evolve(state: DoctorDay, event: DoctorDayEvent) -> None:
    """The state after an event."""
    state.version += 1
    match event:
        case SlotsPlanned():
            for slot in event.slots:
                insort(state.slots, DaySlot(slot.start, slot.slot_id, slot.end))
                state.next_number = slot.first_number + slot.count
            state.day_end = event.day_end
            _apply(state, event.delays)
        case TicketNumbersGiven():
            state.next_number = event.first_number + event.count
        case DayDelayed():
            _apply(state, event.delays)
        case DaySlotsEnded():
            for ended in state.slots:
                if ended.id in event.slot_ids:
                    ended.status = event.status
            _apply(state, event.delays)
        case _:
            assert_never(event)


def _apply(state: DoctorDay, delays: tuple[SlotDelay, ...]) -> None:
    by_id = {delay.slot_id: delay for delay in delays}
    for slot in state.slots:
        if delay := by_id.get(slot.id):
            slot.own_delay, slot.delay, slot.capped = delay.own_delay, delay.delay, delay.capped


def check(state: DoctorDay) -> None:
    """What always holds."""
    counted = [slot for slot in state.slots if slot.status != "CANCELLED"]
    for earlier, later in pairwise(counted):
        assert earlier.end <= later.start, "R1: two slots overlap"
    assert all(slot.delay >= slot.own_delay for slot in state.slots), "R4"
    assert state.next_number >= 1


def _initial(key: str) -> DoctorDay:
    doctor_id, _, day = key.rpartition(":")
    return DoctorDay(doctor_id, day)


def _groups(key: str) -> Iterable[str]:
    doctor_id, _, day = key.rpartition(":")
    return (f"doctor:{doctor_id}", f"day:{day}")


DOCTOR_DAY: Decider[Any] = Decider(
    kind="doctor_day",
    events=(SlotsPlanned, TicketNumbersGiven, DayDelayed, DaySlotsEnded),
    initial=_initial,
    decide=decide,
    evolve=evolve,
    check=check,
    state=DoctorDay,
    closed=lambda state, time: time > state.day_end + 2 * DAY,
    groups=_groups,
)
