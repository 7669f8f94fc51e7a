"""Whether rooms, doctors' and patients' days agree with the appointments, and nobody without a room is forgotten."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from engine.actors.agenda import Agenda
from engine.actors.clinic_day.state import HOLDING, Appointment, ClinicDay
from engine.actors.room.state import Room
from engine.recovery import Book

Stretch = tuple[int, int, str]
"""From and to (µs), and of which appointment."""


def differing_calendars(book: Book) -> tuple[int, list[str]]:
    """Stretches looked at, and those of which a room's calendar and the appointments do not say the same.

    A room forgets what is over; what ended before the log's last entry counts in neither.
    """
    held: defaultdict[str, set[Stretch]] = defaultdict(set)
    for one in appointments(book):
        if one.room_id and (one.status in HOLDING or one.status == "completed") and one.busy_to > book.time:
            held[one.room_id].add((one.busy_from, one.busy_to, one.id))
    count, faults = 0, []
    for room in _states(book, "room", Room):
        mine = {(one.busy_from, one.busy_to, one.appointment_id) for one in room.calendar if one.busy_to > book.time}
        theirs = held.pop(room.id, set())
        count += len(mine | theirs)
        faults += [f"room {room.id} of {book.hospital} and appointment {id} differ" for *_, id in mine ^ theirs]
    faults += [f"room {room}, which is not there, holds {id}" for room, those in held.items() for *_, id in those]
    return count, faults


def differing_agendas(book: Book) -> tuple[int, list[str]]:
    """Engagements looked at, and those of which a person's agenda and the appointments do not say the same."""
    held: defaultdict[str, set[Stretch]] = defaultdict(set)
    over = set()
    for one in appointments(book):
        if one.status == "completed":  # an agenda may keep how long it really lasted
            over.add(one.id)
        if one.status in HOLDING:
            held[f"doctor:{one.doctor_id}"].add((one.start, one.end, one.id))
            held[f"patient:{one.patient_id}"].add((one.start, one.end, one.id))
    kept: defaultdict[str, set[Stretch]] = defaultdict(set)
    for agenda in _states(book, "agenda", Agenda):
        those = [one for one in agenda.engagements if one.appointment_id not in over]
        who = f"{agenda.person}:{agenda.person_id}"
        kept[who].update((one.start, one.end, one.appointment_id) for one in those)
    count, faults = 0, []
    for who in held.keys() | kept.keys():
        count += len(held[who] | kept[who])
        faults += [f"{who} of {book.hospital} and appointment {id} differ" for *_, id in held[who] ^ kept[who]]
    return count, faults


def forgotten(book: Book) -> tuple[int, list[str]]:
    """Appointments without a room looked at, and those of which nobody is told and which wait for none."""
    count, faults = 0, []
    for day in _states(book, "clinic_day", ClinicDay):
        waiting = {id for *_, id in day.waiting}
        for one in day.appointments.values():
            if one.room_id or one.status not in HOLDING:
                continue
            count += 1
            if one.escalation is None or (one.escalation.status == "open" and one.id not in waiting):
                faults.append(f"appointment {one.id} of {book.hospital} has no room, and nobody sees to it")
    return count, faults


def appointments(book: Book) -> Iterator[Appointment]:
    """All of them, those that are over included."""
    for day in _states(book, "clinic_day", ClinicDay):
        yield from day.appointments.values()


def _states(book: Book, kind: str, of: type[Any]) -> Iterator[Any]:
    for key in book.cells:
        if key.startswith(f"{kind}:"):
            cell = book.cell(key)
            assert cell is not None
            assert isinstance(cell.state, of)
            yield cell.state
