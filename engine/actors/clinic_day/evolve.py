"""What events do to a clinic's day. Decides nothing and never refuses."""

from __future__ import annotations

from typing import assert_never

from engine.actors.clinic_day.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentCheckedIn,
    AppointmentCompleted,
    AppointmentHeld,
    AppointmentMissed,
    AppointmentMovedIn,
    AppointmentMovedOut,
    AppointmentRepointed,
    AppointmentRescheduled,
    AppointmentRoomChanged,
    AppointmentStarted,
    ClinicDayEvent,
    EscalationDeclined,
    HoldEnded,
    RoomAssigned,
    SeriesBooked,
    TurnoverShortened,
)
from engine.actors.clinic_day.indexes import put_in, take_out
from engine.actors.clinic_day.state import Appointment, ClinicDay


def evolve(state: ClinicDay, event: ClinicDayEvent) -> None:
    """The state after an event."""
    state.version += 1
    match event:
        case AppointmentBooked() | AppointmentHeld():
            state.day_end = event.day_end
            _replace(state, event.appointment)
        case AppointmentMovedIn():
            state.day_end = event.day_end
            state.moved.pop(event.appointment.id, None)
            _replace(state, event.appointment)
        case AppointmentMovedOut():
            take_out(state, state.appointments.pop(event.appointment_id))
            state.moved[event.appointment_id] = event.to_day
        case HoldEnded():
            take_out(state, state.appointments.pop(event.appointment_id))
            state.ended_holds[event.appointment_id] = event.how
        case SeriesBooked():
            state.series[event.series.id] = event.series
        case (
            AppointmentRescheduled()
            | AppointmentRoomChanged()
            | RoomAssigned()
            | AppointmentCheckedIn()
            | AppointmentStarted()
            | AppointmentCompleted()
            | AppointmentCancelled()
            | AppointmentMissed()
            | EscalationDeclined()
            | TurnoverShortened()
            | AppointmentRepointed()
        ):
            _replace(state, event.appointment)
        case _:
            assert_never(event)


def _replace(state: ClinicDay, one: Appointment) -> None:
    before = state.appointments.get(one.id)
    if before is not None:
        take_out(state, before)
    put_in(state, one)
