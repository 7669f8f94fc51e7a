"""A plan: what one decision changes in rooms, clinics' days and people's agendas, and who gets the rooms it frees.

A ``day`` is a local day (``YYYY-MM-DD``) throughout, never the key of an actor. The plan asks the rule books of rooms,
days and agendas with what it has changed so far, so that what it foresees is what they agree to in the end; each actor
is asked once, for all that the plan has for it.

R1  Held, booked, checked in and in progress take time of room, doctor and patient; what is completed keeps its room
    until it is clean, and its people until it ended; what is cancelled or missed holds nothing.
R2  What frees a room gives it, in the same decision, to appointments that wait for one: in order of start, then of
    waiting.
R3  An appointment without a room waits with an escalation, for which the clinic sets the deadline.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from engine import calendar
from engine.actors.agenda import Engagement
from engine.actors.clinic.refusals import ClinicRetired
from engine.actors.clinic.state import Clinic
from engine.actors.clinic_day.commands import Confirm, EndHold, Enter, Move, MoveIn, MoveOut, Place, Step
from engine.actors.clinic_day.decide import appointment_of
from engine.actors.clinic_day.indexes import holds_room
from engine.actors.clinic_day.state import HOLDING, Appointment, Assignment, ClinicDay, Escalation, clinic_day_key
from engine.actors.clinic_day.steps import confirmed, moved, placed, stepped
from engine.actors.hospital import Hospital
from engine.actors.room.calendar import neighbours
from engine.actors.room.state import Closure, Display, Room, Taken, room_key
from engine.decider import MINUTE, At, Find, FreeText, Look
from engine.decisions.finding import Deciding
from engine.decisions.rooming import alternatives, choosing, filling, people, proposing
from engine.decisions.rooming.changes import Changes, Freed, Opening, beside
from engine.decisions.rooming.wanting import Alternatives, Found, OtherRoom, OtherTime, Want
from engine.errors import NotFound, Stale
from engine.rules.subject import RoomProfile

__all__ = ["Alternatives", "Found", "OtherRoom", "OtherTime", "Plan", "Want"]


class Plan:
    """What one decision changes; it sees its own pending changes, and asks nobody before ``propose``."""

    __slots__ = ("at", "changes", "hospital", "passed_over", "time")

    def __init__(self, hospital: Hospital, at: At) -> None:
        self.hospital = hospital
        self.at = at
        self.time = at.time
        self.changes = Changes(hospital, at)
        self.passed_over: Assignment | None = None
        """Why ``place`` last found no room."""

    def clinic(self, clinic_id: str) -> Deciding[Clinic]:
        """The clinic; ``NotFound`` when unknown, ``ClinicRetired`` when it is no longer used."""
        state = yield from self.changes.clinic_state(clinic_id)
        if state is None or not state.version:
            raise NotFound("there is no such clinic", field="clinic_id", clinic_id=clinic_id)
        if state.retired:
            raise ClinicRetired("the clinic is no longer used", clinic_id=clinic_id)
        return state

    def found(self, appointment_id: str, if_version: int | None = None) -> Deciding[Found]:
        """An appointment by its id, over or not, of a retired clinic, too.

        Refuses with ``NotFound``, ``Stale``, and ``HoldExpired`` for a hold that is gone.
        """
        key: str | None = yield Find("appointments", appointment_id)
        if key is None:
            raise NotFound("there is no such appointment", field="appointment_id", appointment_id=appointment_id)
        _, clinic_id, day = key.split(":")
        state: ClinicDay | None
        state = yield from self.changes.clinic_day(clinic_id, day)
        one = appointment_of(state, appointment_id)
        if if_version is not None and if_version != one.version:
            raise Stale("the appointment has changed", id=appointment_id, version=one.version)
        clinic = yield from self.changes.clinic_state(clinic_id)
        assert clinic is not None, "an appointment has a clinic"
        return Found(clinic, day, one)

    def place(self, want: Want, named: str = "", without: Collection[str] = ()) -> Deciding[Place | None]:
        """A room for it, with the reasons; ``None`` when there is none (``passed_over`` says why, in numbers).

        ``named``: this room or a refusal: ``NotFound`` (not a room of this clinic), ``RoomConflict``, ``RoomClosed``,
        ``RoomUnavailable``, ``RoomNotFitting``. ``without``: rooms that are left out. What the appointment of this id
        holds at present is not in its own way. ``release_at`` is filled from the clinic's settings.
        """
        clinic = yield from self.clinic(want.clinic_id)
        asked = yield from choosing.question(self.changes, clinic, want)
        if named:
            return (yield from choosing.named(self.changes, asked, want, named))
        place, self.passed_over = yield from choosing.best(self.changes, asked, want, but=without)
        return place

    def unplaced(self, want: Want, reason: str, assignment: Assignment | None = None) -> Deciding[Place]:
        """R3: no room. ``reason`` as in ``Escalation``."""
        clinic = yield from self.clinic(want.clinic_id)
        deadline = self.time + clinic.settings.escalation_minutes * MINUTE
        return Place(
            start=want.start,
            end=want.end,
            doctor_id=want.doctor_id,
            assignment=assignment,
            escalation=Escalation(status="open", opened_at=self.time, deadline=deadline, reason=reason),
            release_at=choosing.release_at(clinic, want.start, self.time),
        )

    def free_people(self, want: Want) -> Deciding[None]:
        """Refuses with ``DoctorConflict`` or ``PatientOverlap``; the appointment of this id is not in its own way."""
        return people.free_people(self.changes, want)

    def enter(self, clinic_id: str, day: str, appointment: Appointment) -> None:
        """A new held or booked one, with or without a room: day, room, agendas of doctor and patient."""
        change = self.changes.of_day(clinic_id, day)
        change.ask(Enter(appointment, self._day_end(day)), appointment.id, appointment)
        if appointment.room_id:
            self.changes.of_room(appointment.room_id).have(_taken(appointment, day))
        self._engage(clinic_id, day, appointment)

    def move(
        self, clinic_id: str, day: str, appointment: Appointment, place: Place, change: str, reason: FreeText | None
    ) -> Deciding[None]:
        """Another time, room or doctor, on this day or another; ``change`` as in ``Move``, ``day`` is where it is now.

        A decision that has asked for ``place`` has the room's word; of ``turnover`` and ``declined`` no room is asked.
        """
        yield from ()  # a part of a decision like the others, though it asks nobody
        if place.start == appointment.start:
            place = replace(place, release_at=appointment.release_at)
        here, new_day = self.changes.of_day(clinic_id, day), calendar.local_day(place.start, self.hospital.time_zone)
        if new_day == day:
            step = Move(appointment_id=appointment.id, place=place, change=change, reason=reason)
            after = moved(appointment, step, self.time)
            here.ask(step, appointment.id, after)
        else:
            there, now_at = self.changes.of_day(clinic_id, new_day), clinic_day_key(clinic_id, new_day)
            moved(appointment, Move(appointment_id=appointment.id, place=place, change=change), self.time)
            after = placed(appointment, place, self.time, reason)
            here.ask(MoveOut(appointment.id, now_at), appointment.id, None)
            there.ask(MoveIn(after, self._day_end(new_day), clinic_day_key(clinic_id, day)), after.id, after)
        self._room_follows(clinic_id, day, appointment, new_day, after, checked=change not in ("turnover", "declined"))
        if after.status in HOLDING and change not in ("turnover", "declined"):
            if (day, appointment.doctor_id) != (new_day, after.doctor_id):
                self._disengage(day, appointment)
            self._engage(clinic_id, new_day, after)

    def confirm(
        self, clinic_id: str, day: str, appointment: Appointment, release_at: int, note: FreeText | None
    ) -> None:
        """What is held is booked; its times are those that it has."""
        command = Confirm(appointment.id, self._day_end(day), release_at, note)
        after = confirmed(appointment, command, self.time)
        self.changes.of_day(clinic_id, day).ask(command, appointment.id, after)

    def step(self, clinic_id: str, day: str, appointment: Appointment, step: Step | EndHold) -> None:
        """R1: a change of state; ``completed`` keeps the room until ``step.busy_to`` (see ``until_clean``)."""
        after = stepped(appointment, step, self.time) if isinstance(step, Step) else None
        self.changes.of_day(clinic_id, day).ask(step, appointment.id, after)
        self._room_follows(clinic_id, day, appointment, day, after, checked=False)
        if after is None or after.status not in HOLDING:
            self._disengage(day, appointment)
            if after is not None and after.status == "completed" and after.ended_at > after.start:
                self._engage(clinic_id, day, after, min(after.ended_at, after.end))
        elif appointment.status not in HOLDING:
            self._engage(clinic_id, day, after)  # it takes place after all

    def until_clean(self, appointment: Appointment, ended_at: int) -> Deciding[int]:
        """Until when the room is cleaned when the appointment ends so; cut where the room's next stretch begins."""
        room: Room | None = yield Look(room_key(appointment.room_id))
        busy_to = appointment.busy_to
        clean = ended_at + busy_to - appointment.end
        if room is None:
            return clean
        free = neighbours(room, appointment.busy_from, busy_to, (appointment.id,)).after
        return clean if free is None else min(clean, busy_to + free)

    def open_room(self, clinic_id: str, profile: RoomProfile, display: Display) -> None:
        """A new room, to be opened and listed with this plan; who waits for one may get it (``fill``)."""
        change = self.changes.of_room(profile.id)
        change.opening, change.profile = Opening(clinic_id, display), profile
        self.changes.listed.setdefault(clinic_id, {})[profile.id] = profile
        self.changes.freed[Freed(clinic_id, "", profile.id)] = None

    def alter_room(
        self,
        room_id: str,
        *,
        profile: RoomProfile | None = None,
        closure: Closure | None = None,
        end_closure: str = "",
        if_version: int | None = None,
    ) -> Deciding[None]:
        """Changes of a room that go into its one compound, and, with a profile, into its clinic's; the plan sees them.

        Call it before anything is placed. What it may free is looked at by ``fill``, on today's and all later days.
        """
        room: Room | None = yield Look(room_key(room_id))
        if room is None or not room.clinic_id:
            raise NotFound("there is no such room", field="room_id", room_id=room_id)
        change = self.changes.of_room(room_id)
        change.profile, change.closure, change.end_closure, change.if_version = (
            profile,
            closure,
            end_closure,
            if_version,
        )
        if profile is not None:
            self.changes.listed.setdefault(room.clinic_id, {})[room_id] = profile
        if profile is not None or end_closure:
            self.changes.freed[Freed(room.clinic_id, "", room_id)] = None

    def fill(self) -> Deciding[None]:
        """R2."""
        if not self.changes.freed:
            return
        for next_one in (yield from filling.waiting(self.changes)):
            day = yield from self.changes.clinic_day(next_one.clinic_id, next_one.day)
            assert day is not None, "somebody waits on it"
            one = day.appointments[next_one.id]
            place = yield from filling.room_for(self.changes, next_one, one)
            if place is not None:
                yield from self.move(next_one.clinic_id, next_one.day, one, place, "assigned", None)

    def alternatives(self, want: Want, named: str = "", present: Appointment | None = None) -> Deciding[Alternatives]:
        """What could be had instead: other rooms then, the nearest times (in the named room, else in any).

        ``present``: the appointment as it is, where it is to be moved.
        """
        return alternatives.alternatives(self.changes, want, named, present)

    def propose(self) -> Deciding[None]:
        """Ask every actor once, for all that the plan has for it."""
        return proposing.propose(self.changes)

    def _room_follows(
        self, clinic_id: str, day: str, before: Appointment, new_day: str, after: Appointment | None, *, checked: bool
    ) -> None:
        changes = self.changes
        had = before.room_id if holds_room(before) else ""
        has = after.room_id if after is not None and holds_room(after) else ""
        if had and had != has:
            changes.of_room(had).give_back(before.id)
            changes.freed[Freed(clinic_id, day, had)] = None
        if after is None or not has:
            return
        taken = _taken(after, new_day)
        if had == has:
            if taken == _taken(before, day):
                return
            changes.freed[Freed(clinic_id, day, had)] = None
        room = changes.of_room(has)
        room.have(taken)
        if not checked:
            room.checked = False

    def _engage(self, clinic_id: str, day: str, one: Appointment, end: int = 0) -> None:
        changes, end = self.changes, end or one.end
        own = Engagement(one.start, end, one.id, clinic_id, one.room_id)
        changes.of_agenda("doctor", one.doctor_id, day).have(own)
        if one.overlap_reason is not None:
            own = Engagement(one.start, end, one.id, clinic_id, one.room_id, True)
        changes.of_agenda("patient", one.patient_id, day).have(own)

    def _disengage(self, day: str, one: Appointment) -> None:
        self.changes.of_agenda("doctor", one.doctor_id, day).release(one.id)
        self.changes.of_agenda("patient", one.patient_id, day).release(one.id)

    def _day_end(self, day: str) -> int:
        return beside(day, self.hospital.time_zone).bounds.end


def _taken(one: Appointment, day: str) -> Taken:
    return Taken(one.busy_from, one.busy_to, one.id, one.start, one.end, day)
