"""What a plan has for each actor so far, and each actor as it will be then: nothing is proposed here.

States are looked at when they are needed and not kept: what stands here are the changes alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from engine import calendar
from engine.actors.agenda import Agenda, Engagement, Person, agenda_key, overlap
from engine.actors.clinic.state import Clinic, clinic_key
from engine.actors.clinic_day.commands import ClinicDayStep
from engine.actors.clinic_day.indexes import put_in, take_out, waits
from engine.actors.clinic_day.state import Appointment, ClinicDay, clinic_day_key
from engine.actors.hospital import Hospital
from engine.actors.room.calendar import objection
from engine.actors.room.refusals import RoomUnavailable
from engine.actors.room.state import Closure, Display, Room, Taken, room_key
from engine.calendar import Bounds
from engine.decider import At, Look
from engine.decisions.finding import Deciding
from engine.errors import Rejected
from engine.rules.choice import RuleError
from engine.rules.subject import RoomProfile


class Beside(NamedTuple):
    """The local days beside a day, and when it begins and ends."""

    before: str
    after: str
    bounds: Bounds


@lru_cache(maxsize=4_096)
def beside(day: str, time_zone: str) -> Beside:
    """A day among its neighbours."""
    return Beside(calendar.shift(day, -1), calendar.shift(day, 1), calendar.day_bounds(day, time_zone))


class Freed(NamedTuple):
    """A room that is given back, and the day of the appointment that had it; ``""``: on all days to come."""

    clinic_id: str
    day: str
    room_id: str


class DayChange:
    """What a clinic's day is to do, in order, and its appointments after it (``None``: not here any more)."""

    __slots__ = ("_changes", "_copied", "_copy", "changed", "clinic_id", "day", "steps")

    def __init__(self, clinic_id: str, day: str) -> None:
        self.clinic_id = clinic_id
        self.day = day
        self.steps: list[ClinicDayStep] = []
        self.changed: dict[str, Appointment | None] = {}
        self._changes: list[tuple[str, Appointment | None]] = []
        self._copy: ClinicDay | None = None
        self._copied = 0

    def ask(self, step: ClinicDayStep, appointment_id: str, after: Appointment | None) -> None:
        """One step more, and what becomes of its appointment."""
        self.steps.append(step)
        self.changed[appointment_id] = after
        self._changes.append((appointment_id, after))

    def after(self, state: ClinicDay | None) -> ClinicDay:
        """The day as it will be. Made only where somebody looks again at a day that changes: it costs a copy."""
        copy = self._copy
        if copy is None:
            copy = self._copy = ClinicDay(self.clinic_id, self.day)
            if state is not None:
                copy.appointments = dict(state.appointments)
                copy.rooms = {room_id: list(held) for room_id, held in state.rooms.items()}
                copy.counts = dict(state.counts)
                copy.alarms, copy.waiting = list(state.alarms), list(state.waiting)
        for id, one in self._changes[self._copied :]:
            before = copy.appointments.pop(id, None)
            if before is not None:
                take_out(copy, before)
            if one is not None:
                put_in(copy, one)
        self._copied = len(self._changes)
        return copy


class Opening(NamedTuple):
    """A room that is not there yet."""

    clinic_id: str
    display: Display


class RoomChange:
    """What a room is to do in its one compound."""

    __slots__ = ("checked", "closure", "end_closure", "free", "if_version", "opening", "profile", "take")

    def __init__(self) -> None:
        self.free: dict[str, None] = {}
        self.take: dict[str, Taken] = {}
        self.checked = True
        """Whether all that is taken was asked for; what merely ends earlier is written down whatever is closed."""
        self.profile: RoomProfile | None = None
        self.closure: Closure | None = None
        self.end_closure = ""
        self.if_version: int | None = None
        self.opening: Opening | None = None

    def give_back(self, appointment_id: str) -> None:
        """The appointment leaves the room."""
        self.take.pop(appointment_id, None)
        self.free[appointment_id] = None

    def have(self, taken: Taken) -> None:
        """The appointment has this stretch, and no other."""
        self.free.pop(taken.appointment_id, None)
        self.take[taken.appointment_id] = taken


class AgendaChange:
    """What changes on one day of a person."""

    __slots__ = ("drop", "engage")

    def __init__(self) -> None:
        self.drop: dict[str, None] = {}
        self.engage: dict[str, Engagement] = {}

    def release(self, appointment_id: str) -> None:
        """The person does not have it any more."""
        self.engage.pop(appointment_id, None)
        self.drop[appointment_id] = None

    def have(self, engagement: Engagement) -> None:
        """The person has it, in place of what was there under its id."""
        self.drop.pop(engagement.appointment_id, None)
        self.engage[engagement.appointment_id] = engagement


class Changes:
    """All changes of one decision, by actor."""

    def __init__(self, hospital: Hospital, at: At) -> None:
        self.hospital = hospital
        self.at = at
        self.time = at.time
        self.time_zone = hospital.time_zone
        self.days: dict[tuple[str, str], DayChange] = {}
        self.rooms: dict[str, RoomChange] = {}
        self.agendas: dict[str, AgendaChange] = {}
        self.listed: dict[str, dict[str, RoomProfile]] = {}
        """By clinic: rooms that will be otherwise."""
        self.errors: dict[str, tuple[int, dict[tuple[str, str], RuleError]]] = {}
        """By clinic: version of the rules, and which of them failed."""
        self.freed: dict[Freed, None] = {}

    # -- what will be ------------------------------------------------------------------------------------------

    def clinic_state(self, clinic_id: str) -> Deciding[Clinic | None]:
        """The clinic as it is, retired or not."""
        state: Clinic | None = yield Look(clinic_key(clinic_id))
        return state

    def profiles(self, clinic: Clinic) -> Mapping[str, RoomProfile]:
        """The clinic's rooms, by id."""
        listed = self.listed.get(clinic.id)
        return {**clinic.rooms, **listed} if listed else clinic.rooms

    def clinic_day(self, clinic_id: str, day: str) -> Deciding[ClinicDay | None]:
        """A day of a clinic; ``None`` while there is nothing on it."""
        state: ClinicDay | None = yield Look(clinic_day_key(clinic_id, day))
        change = self.days.get((clinic_id, day))
        return state if change is None else change.after(state)

    def who_waits(self, clinic_id: str, day: str) -> Deciding[list[tuple[int, int, str]]]:
        """(start, opened, id) of those who will wait for a room on this day; usually nobody, found out cheaply."""
        state: ClinicDay | None = yield Look(clinic_day_key(clinic_id, day))
        there = state.waiting if state is not None else []
        change = self.days.get((clinic_id, day))
        if change is None or not (there or any(one is not None and waits(one) for one in change.changed.values())):
            return there
        return change.after(state).waiting

    def refusal(self, room_id: str, wanted: Taken) -> Deciding[Rejected | None]:
        """Why the room does not take this stretch, by its own rule book."""
        room: Room | None = yield Look(room_key(room_id))
        change = self.rooms.get(room_id)
        if room is None:
            if change is None or change.opening is None:
                return RoomUnavailable("there is no such room", room_id=room_id)
            room = Room(room_id, change.opening.clinic_id, self.time_zone)
        if change is None:
            return objection(room, wanted)
        return objection(
            room,
            wanted,
            {*change.free, *change.take},
            tuple(change.take.values()),
            ended_closures=(change.end_closure,) if change.end_closure else (),
            new_closures=(change.closure,) if change.closure else (),
            profile=change.profile,
        )

    def met(self, key: str, agenda: Agenda | None, start: int, end: int, but: str) -> Engagement | None:
        """What a person has then, of what begins on the day of this agenda, the appointment ``but`` left out."""
        change = self.agendas.get(key)
        if change is None:
            return overlap(agenda, start, end, (but,))
        there = overlap(agenda, start, end, {but, *change.drop, *change.engage})
        if there is not None:
            return there
        for one in change.engage.values():
            if one.start < end and start < one.end and one.appointment_id != but:
                return one
        return None

    # -- what is to change -------------------------------------------------------------------------------------

    def of_day(self, clinic_id: str, day: str) -> DayChange:
        """The changes of a clinic's day."""
        change = self.days.get((clinic_id, day))
        if change is None:
            change = self.days[clinic_id, day] = DayChange(clinic_id, day)
        return change

    def of_room(self, room_id: str) -> RoomChange:
        """The changes of a room."""
        change = self.rooms.get(room_id)
        if change is None:
            change = self.rooms[room_id] = RoomChange()
        return change

    def of_agenda(self, person: Person, person_id: str, day: str) -> AgendaChange:
        """The changes of a person's day."""
        key = agenda_key(person, person_id, day)
        change = self.agendas.get(key)
        if change is None:
            change = self.agendas[key] = AgendaChange()
        return change

    def note_errors(self, clinic_id: str, number: int, errors: tuple[RuleError, ...]) -> None:
        """Rules failed while rooms were looked at; each counts once in a decision, with the most rooms."""
        known = self.errors.setdefault(clinic_id, (number, {}))[1]
        for error in errors:
            before = known.get((error.rule_id, error.error))
            if before is None or before.rooms < error.rooms:
                known[error.rule_id, error.error] = error
