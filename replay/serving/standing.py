"""What the explorer shows of one thing at a moment: a slot, a queue, or a room, as its state was then.

Knows states and the forms in which they are answered; opens no text, so that nobody has a name here. ``changed`` is
asked for each token and ticket: the last entry about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from engine import calendar
from engine.actors.clinic_day.state import Appointment
from engine.actors.room.state import Room
from engine.actors.room.view import standing_at
from engine.actors.service.state import Service, Ticket, position
from engine.actors.service_day import ServiceDay
from engine.actors.slot.state import Slot, Token
from engine.actors.slot.view import slot_view, token_view
from gateway.explorer.answers import (
    AuditAppointment,
    AuditCount,
    AuditQueue,
    AuditRoom,
    AuditSlot,
    AuditTicket,
    AuditToken,
)

Changed = Callable[[str], int]


def slot_as_it_was(slot: Slot, time: int, changed: Changed) -> AuditSlot:
    """A slot and its tokens, each list in its own order."""
    seen = slot_view(slot, time)
    over = sorted((one for one in slot.tokens.values() if ended(one)), key=lambda one: (one.updated_at, one.id))

    def shown(tokens: Iterable[Token]) -> list[AuditToken]:
        return [token_as_it_was(slot, token, time, changed(token.id)) for token in tokens]

    return AuditSlot(
        id=slot.id,
        doctor_id=slot.doctor_id,
        prefix=slot.prefix,
        start_time=seen.start_time,
        end_time=seen.end_time,
        status=seen.status,
        paused=slot.paused,
        delay_minutes=seen.delay_minutes,
        max_capacity=slot.max_capacity,
        current_capacity=seen.current_capacity,
        free_seats=seen.free_seats,
        held_count=seen.held_count,
        called=shown(slot.pinned),
        line=shown(slot.line),
        waiting=shown([*slot.offers, *slot.waiting]),
        over=shown(over),
    )


def ended(token: Token) -> bool:
    """Whether it is in no line any more."""
    return token.status not in ("CONFIRMED", "WAITING", "OFFERED")


def token_as_it_was(slot: Slot, token: Token, time: int, changed: int) -> AuditToken:
    """A token or an entry of the waiting list."""
    seen = token_view(slot, token, time)
    return AuditToken(
        id=token.id,
        code=seen.ticket_code,
        patient_id=token.patient_id,
        category=token.category,
        status=token.status,
        phase=seen.phase,
        place=seen.token_number or seen.position,
        priority=round(seen.priority, 3),
        order=[token.rank, token.rank_at, token.seq],
        booked_at=seen.booked_at,
        arrived_at=seen.arrived_at,
        called_at=seen.called_at,
        started_at=seen.actual_time,
        completed_at=seen.completed_at,
        estimated_time=seen.estimated_time,
        lifted=seen.lifted,
        late=token.late,
        override=token.override,
        changed=changed,
    )


def queue_as_it_was(service: Service, day: ServiceDay | None, changed: Changed) -> AuditQueue:
    """A queue, with the tickets that ended on its day."""
    over = sorted(day.tickets.values(), key=lambda one: (one.ended_at, one.id)) if day is not None else []

    def shown(tickets: Iterable[Ticket]) -> list[AuditTicket]:
        return [ticket_as_it_was(service, ticket, changed(ticket.id)) for ticket in tickets]

    return AuditQueue(
        id=service.id,
        name=service.name,
        status=service.status,
        doctor_id=service.doctor_id or None,
        waiting=len(service.line),
        serving=shown(service.serving),
        line=shown(service.line),
        parked=shown(service.parked),
        over=shown(over),
    )


def ticket_as_it_was(service: Service, ticket: Ticket, changed: int) -> AuditTicket:
    """A ticket, alive or over."""
    return AuditTicket(
        id=ticket.id,
        code=ticket.code,
        patient_id=ticket.patient_id or None,
        priority=ticket.priority,
        status=ticket.status,
        place=position(service, ticket) or None,
        counter=ticket.counter or None,
        calls=ticket.calls,
        order=list(ticket.order),
        arrived_at=calendar.moment(ticket.arrived_at),
        joined_at=calendar.moment(ticket.joined_at),
        called_at=moment(ticket.called_at),
        started_at=moment(ticket.started_at),
        ended_at=moment(ticket.ended_at),
        lifted=ticket.lifted,
        changed=changed,
    )


def room_as_it_was(room: Room, appointments: Iterable[Appointment], time: int, changed: Changed) -> AuditRoom:
    """A room, and the day's appointments that were in it then."""
    there = sorted((one for one in appointments if one.room_id == room.id), key=lambda one: (one.start, one.id))
    return AuditRoom(
        id=room.id,
        name=room.profile.name,
        clinic_id=room.clinic_id,
        state=standing_at(room, time).state,
        retired=room.retired,
        appointments=[
            AuditAppointment(
                id=one.id,
                patient_id=one.patient_id,
                doctor_id=one.doctor_id,
                status=one.status,
                start_time=calendar.moment(one.start),
                end_time=calendar.moment(one.end),
                busy_from=moment(one.busy_from),
                busy_to=moment(one.busy_to),
                checked_in_at=moment(one.checked_in_at),
                started_at=moment(one.started_at),
                ended_at=moment(one.ended_at),
                score=one.assignment.chosen.score
                if one.assignment is not None and one.assignment.chosen is not None
                else None,
                changed=changed(one.id),
            )
            for one in there
        ],
    )


def counted(state: Any) -> AuditCount:
    """How full a slot was, how long a queue."""
    if isinstance(state, Slot):
        over = sum(map(ended, state.tokens.values()))
        waiting = len(state.waiting) + len(state.offers)
        return AuditCount(state.id, len(state.pinned), len(state.line), waiting, over)
    return AuditCount(state.id, len(state.serving), len(state.line), len(state.parked), 0)


def patients_in(shown: AuditSlot | AuditQueue | AuditRoom) -> set[str]:
    """Whom an answer names by id."""
    if isinstance(shown, AuditRoom):
        return {one.patient_id for one in shown.appointments}
    if isinstance(shown, AuditSlot):
        return {one.patient_id for one in (*shown.called, *shown.line, *shown.waiting, *shown.over)}
    return {one.patient_id for one in (*shown.serving, *shown.line, *shown.parked, *shown.over) if one.patient_id}


def moment(time: int) -> datetime | None:
    """An instant; ``None`` where nothing happened."""
    return calendar.moment(time) if time else None
