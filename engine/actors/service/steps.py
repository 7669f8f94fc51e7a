"""The steps of one ticket: what is noted so that the last can be taken back, and the ticket as it is when over."""

from __future__ import annotations

from copy import copy
from typing import Final

from engine.actors.service.events import TicketEnded
from engine.actors.service.state import Ended, Standing, Ticket, TicketStep

_ENDS: Final[dict[Ended, TicketStep]] = {
    "completed": "complete", "no_show": "no_show", "cancelled": "cancel", "expired": "",
}  # fmt: skip
"""What expired cannot be taken back: nobody did it."""


def ended(ticket: Ticket, event: TicketEnded) -> Ticket:
    """A live ticket as its service's day files it after this event."""
    over = copy(ticket)
    note_step(over, _ENDS[event.status], event.by, event.at)
    over.status, over.ended_at = event.status, event.happened_at or event.at
    over.alert_at = over.lift_at = 0
    return over


def note_step(ticket: Ticket, step: TicketStep, by: str, at: int) -> None:
    """Note a step about to be taken, and how the ticket stands before it."""
    assert ticket.status in ("waiting", "called", "consulting", "parked"), "the ticket is over"
    ticket.before = Standing(
        status=ticket.status,
        order=ticket.order,
        priority=ticket.priority,
        counter=ticket.counter,
        calls=ticket.calls,
        called_at=ticket.called_at,
        announced_at=ticket.announced_at,
        started_at=ticket.started_at,
        parked_at=ticket.parked_at,
        not_before=ticket.not_before,
        lifted=ticket.lifted,
    )
    ticket.last, ticket.last_by, ticket.last_at = step, by, at
    touch(ticket, at)


def touch(ticket: Ticket, at: int) -> None:
    """The ticket changed."""
    ticket.updated_at = at
    ticket.version += 1
