"""A plan: what one decision changes in rooms, clinics' days and people's agendas, and who gets the rooms it frees.

A ``day`` is a local day (``YYYY-MM-DD``) throughout, never the key of an actor.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from engine.actors.clinic.state import Clinic
from engine.actors.clinic_day.commands import EndHold, Place, Step
from engine.actors.clinic_day.state import Appointment, clinic_day_key
from engine.actors.hospital import Hospital
from engine.actors.room.state import Closure
from engine.decider import At, FreeText
from engine.decisions.finding import Deciding
from engine.rules.subject import RoomProfile, Wish


class Want(msgspec.Struct, frozen=True, kw_only=True):
    """One appointment-to-be. ``overlapping``: the patient may be elsewhere then, somebody said why."""

    appointment_id: str
    clinic_id: str
    patient_id: str
    doctor_id: str
    start: int
    end: int
    day: str
    wish: Wish
    overlapping: bool = False


class Found(NamedTuple):
    """An appointment as it is in the plan; ``day`` is the local day on which it starts."""

    clinic: Clinic
    day: str
    appointment: Appointment

    @property
    def key(self) -> str:
        """The actor of the clinic's day."""
        return clinic_day_key(self.clinic.id, self.day)


class OtherRoom(msgspec.Struct, frozen=True):
    """A room that could be had at the wanted time."""

    room_id: str
    name: str
    score: int


class OtherTime(msgspec.Struct, frozen=True):
    """Another time, and a room that could be had then. Times are µs."""

    start_time: int
    end_time: int
    room_id: str


class Alternatives(msgspec.Struct, frozen=True):
    """What could be had instead; each was tested by the code that books."""

    rooms: tuple[OtherRoom, ...] = ()
    times: tuple[OtherTime, ...] = ()


class Plan:
    """What one decision changes; it sees its own pending changes, and asks nobody before ``propose``."""

    def __init__(self, hospital: Hospital, at: At) -> None:
        self.hospital = hospital
        self.at = at

    def clinic(self, clinic_id: str) -> Deciding[Clinic]:
        """The clinic; ``NotFound`` when unknown, ``ClinicRetired`` when it is no longer used."""
        raise NotImplementedError

    def found(self, appointment_id: str, if_version: int | None = None) -> Deciding[Found]:
        """An appointment by its id, terminal ones too (retired clinics too); ``NotFound``, ``Stale``."""
        raise NotImplementedError

    def place(self, want: Want, named: str = "", without: frozenset[str] = frozenset()) -> Deciding[Place | None]:
        """A room for it, with the reasons; ``None`` when there is none (``passed_over`` says why, in numbers).

        ``named``: this room or a refusal: ``NotFound`` (not a room of this clinic), ``RoomConflict``, ``RoomClosed``,
        ``RoomUnavailable``, ``RoomNotFitting``. ``without``: rooms that are left out. What the appointment of this id
        holds at present is not in its own way. ``release_at`` is filled from the clinic's settings.
        """
        raise NotImplementedError

    def unplaced(self, want: Want, reason: str) -> Deciding[Place]:
        """No room: with an escalation that is open until the clinic's deadline. ``reason`` as in ``Escalation``."""
        raise NotImplementedError

    def free_people(self, want: Want) -> Deciding[None]:
        """Refuses with ``DoctorConflict`` or ``PatientOverlap``; the appointment of this id is not in its own way."""
        raise NotImplementedError

    def enter(self, clinic_id: str, day: str, appointment: Appointment) -> None:
        """A new held or booked one (with or without a room): day, room, agendas of doctor and patient."""
        raise NotImplementedError

    def move(
        self, clinic_id: str, day: str, appointment: Appointment, place: Place, change: str, reason: FreeText | None
    ) -> Deciding[None]:
        """Another time, room or doctor, on this day or another (``Move``, or ``MoveOut`` and ``MoveIn``).

        ``day`` is where ``appointment`` is now. Agendas follow.
        """
        raise NotImplementedError

    def step(self, clinic_id: str, day: str, appointment: Appointment, step: Step | EndHold) -> None:
        """A change of state; frees room and people where the new status holds nothing.

        ``completed`` keeps the room until ``step.busy_to`` (see ``until_clean``), and shortens the engagements.
        """
        raise NotImplementedError

    def until_clean(self, clinic_id: str, day: str, appointment: Appointment) -> Deciding[int]:
        """Until when the room is held when the appointment ends now: cleaning, cut where the next stretch begins."""
        raise NotImplementedError

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

        Call it before anything is placed. What it may free is looked at by ``fill``.
        """
        raise NotImplementedError

    def fill(self) -> Deciding[None]:
        """Give rooms that were freed to appointments that wait for one, in order of start, then of waiting."""
        raise NotImplementedError

    def alternatives(self, want: Want, named: str = "") -> Deciding[Alternatives]:
        """What could be had instead: other rooms then, the nearest times (in the named room, else in any)."""
        raise NotImplementedError

    def propose(self) -> Deciding[None]:
        """Ask every actor once, for all that the plan has for it."""
        raise NotImplementedError
