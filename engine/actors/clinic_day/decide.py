"""What a clinic's day answers to a command: its events, or a refusal. The rules are in the package's docstring."""

from __future__ import annotations

from typing import assert_never

from msgspec.structs import replace

from engine.actors.clinic_day.commands import (
    BeginSeries,
    ClinicDayCommand,
    ClinicDayStep,
    Confirm,
    EndHold,
    Enter,
    Move,
    MoveIn,
    MoveOut,
    Repoint,
    Step,
    Together,
)
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
from engine.actors.clinic_day.refusals import HoldExpired
from engine.actors.clinic_day.state import Appointment, ClinicDay
from engine.actors.clinic_day.steps import about, confirmed, illegal, moved, repointed, stepped
from engine.decider import At
from engine.errors import NotFound


def decide(state: ClinicDay, command: ClinicDayCommand, at: At) -> list[ClinicDayEvent]:
    """The events of a command to a clinic's day."""
    draft = _Draft(state, at.time)
    for one in command.do if isinstance(command, Together) else (command,):
        _step(draft, one)
    return draft.events


def appointment_of(state: ClinicDay | None, appointment_id: str) -> Appointment:
    """An appointment of this day; ``HoldExpired`` where it was a hold that is gone, else ``NotFound``."""
    one = None if state is None else state.appointments.get(appointment_id)
    if one is None:
        raise _missing(state, appointment_id)
    return one


class _Draft:
    """The day as the steps so far would leave it."""

    __slots__ = ("changed", "ended", "events", "state", "time")

    def __init__(self, state: ClinicDay, time: int) -> None:
        self.state = state
        self.time = time
        self.events: list[ClinicDayEvent] = []
        self.changed: dict[str, Appointment | None] = {}
        self.ended: dict[str, str] = {}

    def find(self, appointment_id: str) -> Appointment:
        if appointment_id not in self.changed:
            return appointment_of(self.state, appointment_id)
        one = self.changed[appointment_id]
        if one is None:
            raise _gone(appointment_id, self.ended.get(appointment_id))
        return one

    def note(self, event: ClinicDayEvent, one: Appointment) -> None:
        self.changed[one.id] = one
        self.events.append(event)


def _missing(state: ClinicDay | None, appointment_id: str) -> NotFound | HoldExpired:
    return _gone(appointment_id, None if state is None else state.ended_holds.get(appointment_id))


def _gone(appointment_id: str, how: str | None) -> NotFound | HoldExpired:
    if how is None:
        return NotFound("there is no such appointment", appointment_id=appointment_id)
    return HoldExpired("the room is no longer held", appointment_id=appointment_id, how=how)


def _step(draft: _Draft, command: ClinicDayStep) -> None:
    time = draft.time
    match command:
        case Enter():
            _enter(draft, command)
        case Confirm():
            one = confirmed(draft.find(command.appointment_id), command, time)
            draft.note(AppointmentBooked(appointment=one, day_end=command.day_end), one)
        case Step():
            _take(draft, command)
        case Move():
            _move(draft, command)
        case MoveOut():
            one = draft.find(command.appointment_id)
            if one.status != "booked":
                raise illegal(one, "rescheduled")
            draft.changed[one.id] = None
            draft.events.append(AppointmentMovedOut(appointment_id=one.id, to_day=command.to_day))
        case MoveIn():
            one = _sealed(command.appointment)
            draft.note(AppointmentMovedIn(appointment=one, day_end=command.day_end, from_day=command.from_day), one)
        case EndHold():
            one = draft.find(command.appointment_id)
            if one.status != "held":
                raise illegal(one, command.how)
            draft.changed[one.id] = None
            draft.ended[one.id] = command.how
            draft.events.append(HoldEnded(appointment_id=one.id, how=command.how))
        case BeginSeries():
            draft.events.append(SeriesBooked(series=command.series))
        case Repoint():
            one = repointed(draft.find(command.appointment_id), command.patient_id, time)
            draft.note(AppointmentRepointed(appointment=one), one)
        case _:
            assert_never(command)


def _enter(draft: _Draft, command: Enter) -> None:
    one = _sealed(command.appointment)
    assert one.id not in draft.state.appointments, "ids are given once"
    if one.status == "held":
        draft.note(AppointmentHeld(appointment=one, day_end=command.day_end), one)
    else:
        assert one.status == "booked", "an appointment begins as held or booked"
        draft.note(AppointmentBooked(appointment=one, day_end=command.day_end), one)


def _take(draft: _Draft, step: Step) -> None:
    one = stepped(draft.find(step.appointment_id), step, draft.time)
    match one.status:
        case "checked_in":
            draft.note(AppointmentCheckedIn(appointment=one), one)
        case "in_progress":
            draft.note(AppointmentStarted(appointment=one), one)
        case "completed":
            draft.note(AppointmentCompleted(appointment=one), one)
        case "cancelled":
            draft.note(AppointmentCancelled(appointment=one), one)
        case "no_show":
            draft.note(AppointmentMissed(appointment=one, by_clock=step.by_clock), one)
        case "held" | "booked":
            raise AssertionError("no step leads back")
        case _:
            assert_never(one.status)


def _move(draft: _Draft, command: Move) -> None:
    one = moved(draft.find(command.appointment_id), command, draft.time)
    match command.change:
        case "rescheduled":
            draft.note(AppointmentRescheduled(appointment=one), one)
        case "room":
            draft.note(AppointmentRoomChanged(appointment=one), one)
        case "assigned":
            draft.note(RoomAssigned(appointment=one), one)
        case "turnover":
            draft.note(TurnoverShortened(appointment=one), one)
        case "declined":
            draft.note(EscalationDeclined(appointment=one), one)
        case _:
            raise AssertionError(f"{command.change} is no change of a place")


def _sealed(one: Appointment) -> Appointment:
    """Its text is the patient's; a new appointment comes with the text as the command has it."""
    if one.note is None and one.reason is None and one.overlap_reason is None:
        return one
    return replace(
        one,
        note=about(one.note, one),
        reason=about(one.reason, one),
        overlap_reason=about(one.overlap_reason, one),
    )
