"""Whether a room, a doctor or a patient was ever in two appointments at one time: told from a log's events alone.

It keeps what appointments and slots say of themselves and asks neither a rule book nor a state: what those agree on
among themselves could be wrong in all of them.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from typing import Any, Final

from engine.actors.clinic_day.events import AppointmentMovedOut, HoldEnded
from engine.actors.clinic_day.state import HOLDING, Appointment
from engine.actors.slot.events import SlotCancelled, SlotOpened

Span = tuple[int, int, str]
"""From and to (µs, half-open), and whose it is."""

NAMED: Final = 20
"""Of the overlaps that were found, so many are named."""


class Overlaps:
    """Told of every entry in order. ``found`` names the first overlaps, ``count`` how many there were in all.

    ``appointments`` counts those that were seen.
    """

    def __init__(self) -> None:
        self.found: list[str] = []
        self.count = 0
        self._held: dict[str, Appointment] = {}
        self._seen: set[str] = set()
        self._lines: dict[str, Line] = {}
        self._slots: dict[str, SlotOpened] = {}

    @property
    def appointments(self) -> int:
        """How many there were."""
        return len(self._seen)

    def entry(self, position: int, changes: Iterable[tuple[str, Iterable[Any]]]) -> None:
        """One entry: each actor's key and its events. All of them take effect before anything is held against it."""
        now: dict[str, Appointment | None] = {}
        opened: list[SlotOpened] = []
        for key, events in changes:
            kind = key.partition(":")[0]
            if kind == "clinic_day":
                for event in events:
                    _appointments(event, now)
            elif kind == "slot":
                opened += [event for event in events if type(event) is SlotOpened]
                if any(type(event) is SlotCancelled for event in events):
                    self._cancelled(key.partition(":")[2])
        for id, appointment in now.items():
            self._place(id, appointment)
        for slot in opened:
            self._slots[slot.id] = slot
            self._line(f"doctor {slot.doctor_id}").add((slot.start, slot.end, slot.id))
        for appointment in now.values():
            if appointment is not None:
                self._look(position, appointment)
        for slot in opened:
            self._meet(position, f"doctor {slot.doctor_id}", (slot.start, slot.end, slot.id))

    def engaged(self, patient_id: str, start: int, end: int) -> str:
        """An appointment of this patient that shares a moment with ``[start, end)``; empty where there is none."""
        line = self._lines.get(f"patient {patient_id}")
        return "" if line is None else next(iter(line.meeting((start, end, ""))), "")

    def _place(self, id: str, appointment: Appointment | None) -> None:
        """Where it was it is no more; it is where it says, if that takes anybody's time."""
        before = self._held.pop(id, None)
        if before is not None:
            for whose, span in _spans(before):
                self._line(whose).drop(span)
        if appointment is not None:
            self._seen.add(id)
            self._held[id] = appointment
            for whose, span in _spans(appointment):
                self._line(whose).add(span)

    def _look(self, position: int, appointment: Appointment) -> None:
        for whose, span in _spans(appointment):
            self._meet(position, whose, span)

    def _meet(self, position: int, whose: str, span: Span) -> None:
        for other in self._line(whose).meeting(span):
            if whose.startswith("patient") and (self._agreed(span[2]) or self._agreed(other)):
                continue
            self.count += 1
            if len(self.found) < NAMED:
                self.found.append(f"{whose} is in {span[2]} and in {other} at one time, since position {position}")

    def _agreed(self, id: str) -> bool:
        """Whether somebody said why the patient may be in two places."""
        return self._held[id].overlap_reason is not None

    def _cancelled(self, slot_id: str) -> None:
        slot = self._slots.pop(slot_id, None)
        if slot is not None:
            self._line(f"doctor {slot.doctor_id}").drop((slot.start, slot.end, slot.id))

    def _line(self, whose: str) -> Line:
        line = self._lines.get(whose)
        if line is None:
            line = self._lines[whose] = Line()
        return line


class Line:
    """The time of one room or person: spans in order of their beginning."""

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._longest = 0

    def add(self, span: Span) -> None:
        """Take this time."""
        self._longest = max(self._longest, span[1] - span[0])
        insort(self._spans, span)

    def drop(self, span: Span) -> None:
        """Give it back."""
        place = bisect_left(self._spans, span)
        if place < len(self._spans) and self._spans[place] == span:
            del self._spans[place]

    def meeting(self, span: Span) -> Iterator[str]:
        """Whose spans, other than its own, overlap this one. None that begins longer before it than any lasts can."""
        begins, ends, whose = span
        for place in range(bisect_left(self._spans, (begins - self._longest,)), len(self._spans)):
            other = self._spans[place]
            if other[0] >= ends:
                return
            if other[1] > begins and other[2] != whose:
                yield other[2]


def _appointments(event: Any, now: dict[str, Appointment | None]) -> None:
    """What an event says of an appointment; it leaves one day and comes to another in one entry, in either order."""
    appointment = getattr(event, "appointment", None)
    if appointment is not None:
        now[appointment.id] = appointment
    elif type(event) is AppointmentMovedOut:
        now.setdefault(event.appointment_id, None)
    elif type(event) is HoldEnded:
        now[event.appointment_id] = None


def _spans(appointment: Appointment) -> Iterator[tuple[str, Span]]:
    """Whose time it takes, and from when to when; what is completed has its people until it ended."""
    completed = appointment.status == "completed"
    if not completed and appointment.status not in HOLDING:
        return
    if appointment.room_id and (not completed or appointment.busy_to > appointment.busy_from):
        yield f"room {appointment.room_id}", (appointment.busy_from, appointment.busy_to, appointment.id)
    end = min(appointment.ended_at, appointment.end) if completed else appointment.end
    if end > appointment.start:
        yield f"doctor {appointment.doctor_id}", (appointment.start, end, appointment.id)
        yield f"patient {appointment.patient_id}", (appointment.start, end, appointment.id)
