"""What can happen on a clinic's day. Names and fields are for ever; new fields carry defaults. Times are µs.

An appointment is replaced whole: a change touches it once, and whoever reads the log needs no second look. What kind
of change it was is the event's name.
"""

from __future__ import annotations

from engine.actors.clinic_day.state import Appointment, Series
from engine.decider import Event


class AppointmentHeld(Event, frozen=True):
    """A room, a doctor and a time are kept for a while."""

    appointment: Appointment
    day_end: int


class AppointmentBooked(Event, frozen=True):
    """A new appointment, or a hold that was confirmed."""

    appointment: Appointment
    day_end: int


class AppointmentMovedIn(Event, frozen=True):
    """An appointment came from another day, or from another clinic's."""

    appointment: Appointment
    day_end: int
    from_day: str
    """The key of the clinic's day that it left."""


class AppointmentMovedOut(Event, frozen=True):
    """An appointment left for another day."""

    appointment_id: str
    to_day: str


class AppointmentRescheduled(Event, frozen=True):
    """Another time on the same day, and perhaps another room or doctor."""

    appointment: Appointment


class AppointmentRoomChanged(Event, frozen=True):
    """Another room, or none, at the same time."""

    appointment: Appointment


class RoomAssigned(Event, frozen=True):
    """An appointment that waited for a room has one."""

    appointment: Appointment


class AppointmentCheckedIn(Event, frozen=True):
    """The patient is here."""

    appointment: Appointment


class AppointmentStarted(Event, frozen=True):
    """It begins."""

    appointment: Appointment


class AppointmentCompleted(Event, frozen=True):
    """It is over; the room is cleaned from now on."""

    appointment: Appointment


class AppointmentCancelled(Event, frozen=True):
    """It will not take place."""

    appointment: Appointment


class AppointmentMissed(Event, frozen=True):
    """The patient did not come."""

    appointment: Appointment
    by_clock: bool = False


class HoldEnded(Event, frozen=True, tag="AppointmentHoldEnded"):
    """A hold lapsed or was given back; nothing else is left of it but how it ended."""

    appointment_id: str
    how: str
    """``expired`` | ``released``."""


class EscalationDeclined(Event, frozen=True):
    """Somebody decided that the appointment takes place without a room."""

    appointment: Appointment


class TurnoverShortened(Event, frozen=True):
    """The cleaning after an appointment ends earlier than usual."""

    appointment: Appointment


class SeriesBooked(Event, frozen=True):
    """The appointments of a series were booked in this decision; this day keeps which they are."""

    series: Series


class AppointmentRepointed(Event, frozen=True):
    """It is another record's of the same patient now."""

    appointment: Appointment


ClinicDayEvent = (
    AppointmentHeld
    | AppointmentBooked
    | AppointmentMovedIn
    | AppointmentMovedOut
    | AppointmentRescheduled
    | AppointmentRoomChanged
    | RoomAssigned
    | AppointmentCheckedIn
    | AppointmentStarted
    | AppointmentCompleted
    | AppointmentCancelled
    | AppointmentMissed
    | HoldEnded
    | EscalationDeclined
    | TurnoverShortened
    | SeriesBooked
    | AppointmentRepointed
)
