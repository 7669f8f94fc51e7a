"""What decisions ask of a clinic's day. None of these is stored. Times are µs.

Each step that a person takes is checked against the state machine held → booked → checked_in → in_progress →
completed | cancelled | no_show; an illegal one is ``InvalidTransition`` with both states. Room, doctor and patient
were asked by the decision; here the appointment is written down, and its indexes with it.
"""

from __future__ import annotations

import msgspec

from engine.actors.clinic_day.state import Appointment, Assignment, Escalation, Series
from engine.decider import FreeText


class Reason(FreeText):
    """Why somebody overrides what the rules would do: no mere letter, 10 characters at least."""

    __slots__ = ()
    min_length = 10


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where and when an appointment is. ``room_id`` ``""``: no room, ``escalation`` says why."""

    start: int
    end: int
    doctor_id: str
    room_id: str = ""
    busy_from: int = 0
    busy_to: int = 0
    assignment: Assignment | None = None
    escalation: Escalation | None = None
    release_at: int = 0


class Enter(msgspec.Struct, frozen=True):
    """A new appointment of status ``held`` or ``booked``, made by the decision."""

    appointment: Appointment
    day_end: int


class Confirm(msgspec.Struct, frozen=True):
    """Book what is held; ``HoldExpired`` (410) when it lapsed, ``InvalidTransition`` when it is booked or over."""

    appointment_id: str
    day_end: int
    release_at: int
    note: FreeText | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """``check_in`` | ``start`` | ``complete`` | ``cancel`` | ``miss`` of one appointment."""

    appointment_id: str
    to: str
    """The status: ``checked_in`` | ``in_progress`` | ``completed`` | ``cancelled`` | ``no_show``."""
    reason: FreeText | None = None
    by_clock: bool = False
    force: bool = False
    """A no-show before it may be marked."""
    busy_to: int | None = None
    """Of ``completed``: until when the room is cleaned."""
    happened_at: int = 0
    """When it was taken, where it is entered afterwards; 0: now."""


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """Another time on this day, another room or doctor; ``change`` names the event."""

    appointment_id: str
    place: Place
    change: str
    """``rescheduled`` | ``room`` | ``assigned`` | ``turnover`` | ``declined``."""
    reason: FreeText | None = None


class MoveOut(msgspec.Struct, frozen=True):
    """It leaves for another clinic's day, which is asked to ``MoveIn``."""

    appointment_id: str
    to_day: str


class MoveIn(msgspec.Struct, frozen=True):
    """It comes from another day, as the decision made it (``Appointment`` with the new place, version + 1)."""

    appointment: Appointment
    day_end: int
    from_day: str


class EndHold(msgspec.Struct, frozen=True):
    """A hold lapses (``expired``) or is given back (``released``)."""

    appointment_id: str
    how: str


class BeginSeries(msgspec.Struct, frozen=True):
    """Keep which appointments belong together; asked of the day of the first."""

    series: Series


class Repoint(msgspec.Struct, frozen=True):
    """Another record of the same patient goes on with it."""

    appointment_id: str
    patient_id: str


class Together(msgspec.Struct, frozen=True):
    """Several of these in order, each seeing what the ones before it left; all or none."""

    do: tuple[ClinicDayStep, ...]


ClinicDayStep = Enter | Confirm | Step | Move | MoveOut | MoveIn | EndHold | BeginSeries | Repoint
ClinicDayCommand = ClinicDayStep | Together
