"""What the events of clinics, their days and their rooms look like to those who watch.

One row for each kind of actor, read by ``engine.deltas``. A day's board learns which appointment is where and when,
and nothing of who comes; the clinic's own topic, which staff follow, gets the same with the ids of both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from engine import calendar
from engine.actors.clinic import events as clinic
from engine.actors.clinic_day import events as day
from engine.actors.clinic_day.state import Appointment
from engine.actors.room import events as room

Fields = dict[str, Any]
Placed = tuple[str, str, Fields, bool]
"""Topic, type, fields, and whether it is the message of its event that ``all`` gets."""

ALERTS: Final = "alerts"

UPDATE: Final = "room_update"
"""Something of an appointment,"""
ROOM: Final = "room_change"
"""of a room itself,"""
ALERT: Final = "admin_alert"
"""and what somebody should look at."""


# -- appointments -------------------------------------------------------------------------------------------


def of_clinic_day(id: str, event: Any) -> Iterator[Placed]:
    """``id``: of the clinic, and the local day."""
    clinic_id = id.partition(":")[0]
    appointment: Appointment | None = getattr(event, "appointment", None)
    if appointment is None:
        gone = _gone(event)
        if gone is not None:
            yield f"clinic_day:{id}", UPDATE, gone, False
            yield f"clinic:{clinic_id}", UPDATE, gone, True
        return
    people = {"patient_id": appointment.patient_id, "doctor_id": appointment.doctor_id}
    if type(event) is day.AppointmentRepointed:
        yield f"clinic:{clinic_id}", UPDATE, {"change": "patient", **_shown(appointment), **people}, True
    change = _CHANGE.get(type(event))
    if change is None:
        return
    if _waits(appointment):
        change = "waiting"
    fields = {"change": change, **_shown(appointment)}
    yield f"clinic_day:{id}", UPDATE, fields, False
    yield f"clinic:{clinic_id}", UPDATE, {**fields, **people}, True
    if change == "waiting" and _began_to_wait(appointment):
        assert appointment.escalation is not None
        alert = {
            "alert": "appointment_without_room",
            "clinic_id": clinic_id,
            "appointment_id": appointment.id,
            "start_time": calendar.moment(appointment.start),
            "deadline": calendar.moment(appointment.escalation.deadline),
            "reason": appointment.escalation.reason,
        }
        yield ALERTS, ALERT, alert, False


def _shown(appointment: Appointment) -> Fields:
    held = bool(appointment.room_id and appointment.busy_to)
    return {
        "appointment_id": appointment.id,
        "room_id": appointment.room_id or None,
        "start_time": calendar.moment(appointment.start),
        "end_time": calendar.moment(appointment.end),
        "busy_from": calendar.moment(appointment.busy_from) if held else None,
        "busy_to": calendar.moment(appointment.busy_to) if held else None,
        "status": appointment.status,
    }


def _waits(appointment: Appointment) -> bool:
    escalation = appointment.escalation
    return not appointment.room_id and escalation is not None and escalation.status == "open"


def _began_to_wait(appointment: Appointment) -> bool:
    """Whether it waits since this very change: one that is only moved on while it waits is no new alert."""
    return appointment.escalation is not None and appointment.escalation.opened_at == appointment.updated_at


def _gone(event: Any) -> Fields | None:
    """What is said of an appointment that is no longer one of this day."""
    if type(event) is day.HoldEnded:
        return {"change": event.how, "appointment_id": event.appointment_id, "room_id": None, "status": event.how}
    if type(event) is day.AppointmentMovedOut:
        return {"change": "moved", "appointment_id": event.appointment_id, "room_id": None, "status": "moved"}
    return None


_CHANGE: Final[Mapping[type[Any], str]] = {
    day.AppointmentHeld: "held",
    day.AppointmentBooked: "booked",
    day.AppointmentMovedIn: "moved",
    day.AppointmentRescheduled: "moved",
    day.AppointmentRoomChanged: "room",
    day.RoomAssigned: "assigned",
    day.AppointmentCheckedIn: "checked_in",
    day.AppointmentStarted: "started",
    day.AppointmentCompleted: "completed",
    day.AppointmentCancelled: "cancelled",
    day.AppointmentMissed: "no_show",
    day.EscalationDeclined: "declined",
    day.TurnoverShortened: "turnover",
}


# -- clinics and their rules --------------------------------------------------------------------------------


def of_clinic(id: str, event: Any) -> Iterator[Placed]:
    """What staff hear of a clinic; boards hear that its rooms are not what they were, and look again."""
    if type(event) is clinic.RuleFailed:
        fields = {
            "alert": "rule_failed",
            "clinic_id": id,
            "rule_id": event.rule_id,
            "rule_version": event.rule_version,
            "rooms": event.rooms,
            "room_id": event.first_room,
            "error": event.error,
        }
        yield f"clinic:{id}", ALERT, fields, True
        yield ALERTS, ALERT, fields, False
        return
    told = _CLINIC.get(type(event))
    if told is not None:
        kind, fields = told(event)
        yield f"clinic:{id}", kind, {"clinic_id": id, **fields}, True
        if kind == ROOM:
            yield f"clinic_rooms:{id}", ROOM, fields, False


def _named(change: str, event: Any) -> Fields:
    return {"change": change, "name": event.name}


_CLINIC: Final[dict[type[Any], Callable[[Any], tuple[str, Fields]]]] = {
    clinic.ClinicOpened: lambda event: ("clinic_update", _named("opened", event)),
    clinic.ClinicChanged: lambda event: ("clinic_update", _named("settings", event)),
    clinic.ClinicRetired: lambda event: ("clinic_update", {"change": "retired"}),
    clinic.RoomListed: lambda event: (ROOM, {"change": "room", "room_id": event.profile.id}),
    clinic.RoomDelisted: lambda event: (ROOM, {"change": "room_retired", "room_id": event.room_id}),
    clinic.RulesDrafted: lambda event: ("rules_update", {"change": "drafted", "rule_version": event.from_version}),
    clinic.RuleDrafted: lambda event: ("rules_update", {"change": "rule", "rule_id": event.rule.id}),
    clinic.RuleDropped: lambda event: ("rules_update", {"change": "dropped", "rule_id": event.rule_id}),
    clinic.DraftDiscarded: lambda event: ("rules_update", {"change": "discarded"}),
    clinic.RulesActivated: lambda event: (
        "rules_update", {"change": "activated", "rule_version": event.number, "rules": len(event.rules)},
    ),
}  # fmt: skip


# -- rooms --------------------------------------------------------------------------------------------------


def of_room(id: str, event: Any) -> Iterator[Placed]:
    """That a room is shown otherwise or is closed; what that means for a day, whoever watches the day looks up."""
    told = _ROOM.get(type(event))
    if told is not None and event.clinic_id:
        fields = {"room_id": id, **told(event)}
        yield f"clinic:{event.clinic_id}", ROOM, fields, True
        yield f"clinic_rooms:{event.clinic_id}", ROOM, fields, False


def _closure(event: room.RoomClosureAdded) -> Fields:
    closure = event.closure
    return {
        "change": "closure",
        "closure_id": closure.id,
        "kind": closure.kind,
        "start_time": calendar.moment(closure.start),
        "end_time": calendar.moment(closure.end),
        "recurs": bool(closure.rrule),
    }


_ROOM: Final[dict[type[Any], Callable[[Any], Fields]]] = {
    room.RoomDisplayChanged: lambda event: {"change": "display"},
    room.RoomClosureAdded: _closure,
    room.RoomClosureCut: lambda event: {
        "change": "closure_cut", "closure_id": event.closure_id, "until": calendar.moment(event.until),
    },
    room.RoomClosureRemoved: lambda event: {"change": "closure_removed", "closure_id": event.closure_id},
}  # fmt: skip
