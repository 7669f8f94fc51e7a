"""What somebody decided against the usual course: by force, out of turn, by hand, or above what is planned.

Told from events alone. A reason is what was typed; it may be sealed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from engine.actors.admission import events as admissions
from engine.actors.clinic_day import events as appointments
from engine.actors.roster import events as roster
from engine.actors.service import events as tickets
from engine.actors.slot import events as slots


class Override(msgspec.Struct, frozen=True):
    """One of them: ``what`` in words, of which ``id``; ``event`` has the reason, where one was given."""

    what: str
    id: str
    event: Any


_BY_HAND: Final = {
    "AssignManually": "assigned by hand", "ReassignCarer": "carer changed by hand", "HandOver": "handed over",
}  # fmt: skip


class _Forced(msgspec.Struct):
    force: bool = False


_FORCED: Final = msgspec.msgpack.Decoder(_Forced)


def overrides(entry: Any) -> Iterator[Override]:
    """Those of an entry, in order."""
    # What is done to a token is told of the token, not of its ticket once more.
    forced = _FORCED.decode(entry.command).force and not any(one.actor.startswith("slot:") for one in entry.changes)
    for change in entry.changes:
        id = change.actor.partition(":")[2]
        for event in change.events:
            found = _of_slot(event) or _of_ticket(event, forced) or _of_rooms_and_wards(event, id, entry.name)
            if found is not None:
                yield Override(*found, event)


def _of_slot(event: Any) -> tuple[str, str] | None:
    match event:
        case slots.NoShowMarked(forced=True):
            return "no-show marked before the grace was over", event.token_id
        case slots.ConsultCompleted(forced=True):
            return "consultation completed that was never begun", event.token_id
        case (
            slots.TokenBooked(override=True) | slots.TokenMovedIn(override=True) | slots.PatientReturned(override=True)
        ):
            return "seat above the capacity", event.token_id
        case slots.EntryPromoted(override=True):
            return "seat above the capacity", event.entry_id
        case slots.CategoryChanged():
            return f"another tier: {event.category}", event.token_id
        case slots.TokenMovedOut():
            return "moved to another slot", event.token_id
        case slots.StepUndone():
            return f"step taken back: {event.step}", event.token_id
        case slots.SlotCancelled():
            return "slot cancelled", ""
    return None


def _of_ticket(event: Any, forced: bool) -> tuple[str, str] | None:
    match event:
        case tickets.TicketCalled() if event.reason is not None:
            return "called out of turn", event.ticket_id
        case tickets.TicketEnded(status="completed" | "no_show") if event.reason is not None and forced:
            return f"ended by force: {event.status}", event.ticket_id
        case tickets.TicketPrioritized():
            return f"another priority: {event.priority}", event.ticket_id
        case tickets.TicketStepUndone() if not event.ticket.token_id:
            return f"step taken back: {event.step}", event.ticket.id
    return None


def _of_rooms_and_wards(event: Any, id: str, name: str) -> tuple[str, str] | None:
    match event:
        case roster.PatientTaken(forced=True):
            return "taken beyond the maximum of patients", event.admission_id
        case admissions.PatientAssigned() | admissions.CarersChanged() if name in _BY_HAND:
            return _BY_HAND[name], id
        case appointments.AppointmentRoomChanged() if name == "ChangeAppointmentRoom":
            return "room changed by hand", event.appointment.id
        case appointments.AppointmentBooked() if _method(event.appointment) == "chosen":
            return "room named by who booked", event.appointment.id
    return None


def _method(appointment: Any) -> str:
    return appointment.assignment.method if appointment.assignment is not None else ""
