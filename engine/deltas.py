"""What the events of one entry look like to those who watch: messages for topics, and nothing that was not decided.

A pure function of an entry's position, its time, and its actors' events, so that a message read from the log is the
one that was sent live. A message says what changed and never enumerates a queue. It carries no free text, no name
and no link; ids of patients stand only in messages of topics that staff follow.

Two rows decide what a kind of event is worth: one writes the message, one says where it goes. An event that has no
row is nobody's news.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from engine import calendar
from engine.actors.service import events as service
from engine.actors.slot import events as slot
from engine.referral_deltas import of_referral
from engine.room_deltas import ALERTS, Fields, Placed, of_clinic, of_clinic_day, of_room
from engine.ward_deltas import of_admission, of_alerts, of_intake, of_ward

SERVICES: Final = "services"
ALL: Final = "all"
"""Not the topic of any message: whoever follows it gets each ``staff`` message once, under its own topic."""


class Delta(NamedTuple):
    """One message for one topic. ``id`` is ``position.ordinal``, the same wherever one event is told of."""

    topic: str
    type: str
    id: str
    at: int
    fields: Fields
    staff: bool
    """Whether it is the message of its event that ``all`` gets."""

    def document(self) -> Fields:
        """The message as it is sent, in order."""
        return {
            "type": self.type,
            "topic": self.topic,
            "id": self.id,
            "at": calendar.moment(self.at),
            **self.fields,
        }


_NONE: Final[Mapping[str, Any]] = MappingProxyType({})


class Told(NamedTuple):
    """What one event says: to staff in full, to boards without ids of anybody, to the ticket's holder, in the list."""

    type: str
    fields: Fields
    staff: Mapping[str, Any] = _NONE
    """Only for the service's own topic, on top of ``fields``."""
    ticket_id: str = ""
    board: bool = True
    """Whether a waiting room's board shows it."""
    counts: bool = True
    """Whether it changes a line of the list of services."""
    alert: bool = False


def deltas(position: int, time: int, changes: Iterable[tuple[str, Iterable[Any]]]) -> list[Delta]:
    """The messages of one entry, in order. ``changes``: each actor's key and its events."""
    made: list[Delta] = []
    ordinal = 0
    for key, events in changes:
        kind, _, id = key.partition(":")
        read = _KINDS.get(kind)
        for event in events:
            ordinal += 1
            if read is not None:
                for topic, type, fields, staff in read(id, event):
                    made.append(Delta(topic, type, f"{position}.{ordinal}", time, fields, staff))
    return made


# -- live queues --------------------------------------------------------------------------------------------


def _of_service(id: str, event: Any) -> Iterator[Placed]:
    row = _SERVICE.get(type(event))
    if row is None:
        return
    told = row(event)
    yield f"service:{id}", told.type, {**told.fields, **told.staff}, True
    if told.board:
        yield f"board:{id}", told.type, told.fields, False
    if told.ticket_id:
        yield f"ticket:{told.ticket_id}", told.type, {**told.fields, "service_id": id}, False
    if told.counts:
        names = _LINE if told.type == "service_update" else _COUNTS
        line: Fields = {name: told.fields[name] for name in names if name in told.fields}
        yield SERVICES, "service_update", {"service_id": id, **line}, False
    if told.alert:
        yield ALERTS, told.type, {"service_id": id, **told.fields, **told.staff}, False


_LINE: Final = ("change", "name", "status", "open_counters", "waiting")
"""What the list of services says of one that changed,"""
_COUNTS: Final = ("change", "waiting")
"""and of one whose tickets did."""


def _opened(event: service.ServiceOpened) -> Told:
    counters = sum(counter.open for counter in event.settings.counters)
    return Told("service_update", {"change": "opened", "name": event.name, "open_counters": counters, "waiting": 0})


def _changed(event: service.ServiceChanged) -> Told:
    counters = sum(counter.open for counter in event.settings.counters)
    where = event.settings.location
    return Told(
        "service_update", {"change": "settings", "name": event.name, "location": where, "open_counters": counters}
    )


def _status_changed(event: service.ServiceStatusChanged) -> Told:
    return Told("service_update", {"change": "status", "status": event.status})


def _day_ended(event: service.ServiceDayEnded) -> Told:
    return Told("service_update", {"change": "day_ended", "day": event.day})


def _joined(event: service.TicketJoined) -> Told:
    ticket = event.ticket
    return Told(
        "queue_position_update",
        {
            "change": "transferred" if event.from_service else "joined",
            "code": ticket.code,
            "position": event.position,
            "waiting": event.waiting,
        },
        {
            "ticket_id": ticket.id,
            "patient_id": ticket.patient_id or None,
            "token_id": ticket.token_id or None,
            "priority": ticket.priority,
        },
        ticket.id,
    )


def _near(event: service.TicketNear) -> Told:
    near = {"change": "near", "code": event.code, "near": True, "position": event.position}
    return Told("ticket_update", near, {"ticket_id": event.ticket_id}, event.ticket_id, board=False, counts=False)


def _called(event: service.TicketCalled) -> Told:
    return Told(
        "patient_called",
        {
            "change": "called",
            "code": event.code,
            "counter": event.counter,
            "calls": event.calls,
            "waiting": event.waiting,
            "status": "consulting" if event.starts else "called",
        },
        {"ticket_id": event.ticket_id},
        event.ticket_id,
    )


def _recalled(event: service.TicketRecalled) -> Told:
    return Told(
        "patient_called",
        {
            "change": "recalled",
            "code": event.code,
            "counter": event.counter,
            "calls": event.calls,
            "status": "called",
        },
        {"ticket_id": event.ticket_id},
        event.ticket_id,
        counts=False,
    )


def _unanswered(event: service.TicketUnanswered) -> Told:
    return _moved("requeued", event, waiting=event.waiting)


def _resumed(event: service.TicketResumed) -> Told:
    return _moved("resumed", event, waiting=event.waiting)


def _prioritized(event: service.TicketPrioritized) -> Told:
    return _moved("priority", event, {"priority": event.priority})


def _lifted(event: service.TicketLifted) -> Told:
    return _moved("lifted", event)


def _moved(change: str, event: Any, staff: Fields | None = None, **more: int) -> Told:
    """A ticket has another place in line."""
    fields = {"change": change, "code": event.code, "position": event.position, **more}
    staff = {"ticket_id": event.ticket_id, **(staff or {})}
    return Told("queue_position_update", fields, staff, event.ticket_id, counts=bool(more))


def _started(event: service.TicketStarted) -> Told:
    fields = {"change": "started", "code": event.code, "counter": event.counter, "status": "consulting"}
    return Told("ticket_update", fields, {"ticket_id": event.ticket_id}, event.ticket_id)


def _parked(event: service.TicketParked) -> Told:
    fields = {"change": "parked", "code": event.code, "status": "parked", "waiting": event.waiting}
    return Told("ticket_update", fields, {"ticket_id": event.ticket_id}, event.ticket_id)


def _ended(event: service.TicketEnded) -> Told:
    fields = {"change": event.status, "code": event.code, "status": event.status, "waiting": event.waiting}
    staff = {"ticket_id": event.ticket_id, "counter": event.counter or None}
    return Told("ticket_update", fields, staff, event.ticket_id)


def _transferred(event: service.TicketTransferred) -> Told:
    fields = {"change": "left", "code": event.code, "status": "transferred", "waiting": event.waiting}
    # Its holder hears from the service where it is now: the two may stand in the entry in either order.
    return Told("ticket_update", fields, {"ticket_id": event.ticket_id, "to_service": event.to_service})


def _undone(event: service.TicketStepUndone) -> Told:
    ticket = event.ticket
    fields: Fields = {
        "change": "undone",
        "step": event.step,
        "code": ticket.code,
        "status": ticket.status,
        "counter": ticket.counter or None,
        "position": event.position or None,
        "waiting": event.waiting,
    }
    return Told("ticket_update", fields, {"ticket_id": ticket.id}, ticket.id)


def _patient_changed(event: service.TicketPatientChanged) -> Told:
    staff = {"ticket_id": event.ticket_id, "patient_id": event.patient_id}
    return Told("ticket_update", {"change": "patient"}, staff, board=False, counts=False)


def _stale(event: service.TicketStale) -> Told:
    fields = {
        "alert": "stale_consultation" if event.status == "consulting" else "parked_too_long",
        "code": event.code,
        "counter": event.counter or None,
        "since": calendar.moment(event.since),
        "alerts": event.alerts,
    }
    return Told("admin_alert", fields, {"ticket_id": event.ticket_id}, board=False, counts=False, alert=True)


_SERVICE: Final[dict[type[Any], Callable[[Any], Told]]] = {
    service.ServiceOpened: _opened,
    service.ServiceChanged: _changed,
    service.ServiceStatusChanged: _status_changed,
    service.ServiceDayEnded: _day_ended,
    service.TicketJoined: _joined,
    service.TicketNear: _near,
    service.TicketCalled: _called,
    service.TicketRecalled: _recalled,
    service.TicketUnanswered: _unanswered,
    service.TicketStarted: _started,
    service.TicketParked: _parked,
    service.TicketResumed: _resumed,
    service.TicketPrioritized: _prioritized,
    service.TicketLifted: _lifted,
    service.TicketEnded: _ended,
    service.TicketTransferred: _transferred,
    service.TicketStepUndone: _undone,
    service.TicketPatientChanged: _patient_changed,
    service.TicketStale: _stale,
}


# -- the day's slots ----------------------------------------------------------------------------------------


def _of_slot(id: str, event: Any) -> Iterator[Placed]:
    kind = type(event)
    if kind is slot.TokenCalled:
        fields = {"change": "called", **_token(event), "calls": event.calls, "status": "called"}
        yield f"slot:{id}", "patient_called", fields, True
    elif (change := _TOKEN.get(kind)) is not None:
        yield f"slot:{id}", "token_update", {"change": change, **_token(event)}, True
    elif kind is slot.SlotDelayed:
        fields = {"change": "delayed", "slot_id": id, "delay_minutes": event.delay // 60_000_000}
        yield f"slot:{id}", "slot_update", fields, True
    elif (change := _SLOT.get(kind)) is not None:
        yield f"slot:{id}", "slot_update", {"change": change, "slot_id": id}, True


def _token(event: Any) -> Fields:
    return {name: getattr(event, of) for name, of in _TOKEN_FIELDS if hasattr(event, of)}


_TOKEN_FIELDS: Final = (
    ("token_id", "token_id"),
    ("token_id", "entry_id"),
    ("patient_id", "patient_id"),
    ("category", "category"),
    ("to_slot", "to_slot"),
)
"""A waiting entry's id is that of the token it may become."""

_TOKEN: Final[dict[type[Any], str]] = {
    slot.TokenBooked: "booked",
    slot.PatientWaitlisted: "waitlisted",
    slot.LatecomerWaitlisted: "waitlisted",
    slot.EntryPromoted: "booked",
    slot.EntryEnded: "left",
    slot.PatientArrived: "arrived",
    slot.PatientReturned: "arrived",
    slot.PatientLifted: "lifted",
    slot.ConsultStarted: "started",
    slot.ConsultCompleted: "completed",
    slot.TokenCancelled: "cancelled",
    slot.NoShowMarked: "no_show",
    slot.StepUndone: "undone",
    slot.CategoryChanged: "category",
    slot.TokenMovedOut: "moved",
    slot.TokenMovedIn: "booked",
}

_SLOT: Final[dict[type[Any], str]] = {
    slot.SlotOpened: "opened",
    slot.SlotResized: "capacity",
    slot.SlotPaused: "paused",
    slot.SlotResumed: "resumed",
    slot.SlotClosed: "closed",
    slot.SlotCancelled: "cancelled",
}

_KINDS: Final[dict[str, Callable[[str, Any], Iterator[Placed]]]] = {
    "service": _of_service,
    "slot": _of_slot,
    "clinic": of_clinic,
    "clinic_day": of_clinic_day,
    "room": of_room,
    "ward": of_ward,
    "intake": of_intake,
    "admission": of_admission,
    "alerts": of_alerts,
    "referral": of_referral,
}
