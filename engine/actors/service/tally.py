"""One decision on one service: its events so far, and the service as they leave it.

``decide`` changes nothing, yet the second step of a decision must see the counter that the first one freed. A tally
begins with the state itself and costs no copy of it; only what is asked after an event is answered by an overlay.
"""

from __future__ import annotations

from engine.actors.service.events import ServiceEvent
from engine.actors.service.evolve import evolve
from engine.actors.service.overlay import overlay
from engine.actors.service.state import Service, Ticket
from engine.decider import FreeText
from engine.errors import Invalid, NotFound


class Tally:
    """The service now, the time (µs), the events. ``moved``: the line has changed, so that a turn may be near."""

    __slots__ = ("_applied", "_now", "events", "moved", "time")

    def __init__(self, state: Service, time: int) -> None:
        self.time = time
        self.events: list[ServiceEvent] = []
        self.moved = False
        self._now = state
        self._applied = 0

    @property
    def service(self) -> Service:
        """The service after the events so far; for reading only."""
        if self._applied < len(self.events):
            if not self._applied:
                self._now = overlay(self._now)
            for event in self.events[self._applied :]:
                evolve(self._now, event)
            self._applied = len(self.events)
        return self._now

    def ticket(self, ticket_id: str) -> Ticket:
        """The live ticket of this id."""
        service = self.service
        ticket = service.tickets.get(ticket_id)
        if ticket is None:
            raise NotFound("there is no such ticket in this service", ticket_id=ticket_id, service_id=service.id)
        return ticket


def about(reason: FreeText | None, patient_id: str) -> FreeText | None:
    """A reason, sealed for the patient it is about; for the hospital where nobody knows who that is."""
    return None if reason is None else reason.about(patient_id)


def happened(tally: Tally, ticket: Ticket, happened_at: int) -> int:
    """R20: neither in the future nor before the step that came before it; 0 where it happens now."""
    if happened_at > tally.time:
        raise Invalid("what is entered has happened already", field="occurred_at")
    before = max(ticket.arrived_at, ticket.called_at, ticket.started_at, ticket.parked_at)
    if happened_at and happened_at < before:
        raise Invalid("it cannot have happened before the step that came before it", field="occurred_at", since=before)
    return 0 if happened_at == tally.time else happened_at


def given(reason: FreeText | None) -> bool:
    """Whether a reason says anything."""
    return reason is not None and bool(reason.text.strip())
