"""What events do to a service's state. Decides nothing and never refuses."""

from __future__ import annotations

from copy import copy
from sys import intern
from typing import assert_never

from engine.actors.service.events import (
    ServiceChanged,
    ServiceDayEnded,
    ServiceEvent,
    ServiceOpened,
    ServiceStatusChanged,
    TicketCalled,
    TicketEnded,
    TicketJoined,
    TicketLifted,
    TicketNear,
    TicketParked,
    TicketPatientChanged,
    TicketPrioritized,
    TicketRecalled,
    TicketResumed,
    TicketStale,
    TicketStarted,
    TicketStepUndone,
    TicketTransferred,
    TicketUnanswered,
)
from engine.actors.service.indexes import admit, dismiss, enter, leave
from engine.actors.service.state import Service, ServiceSettings, Ticket
from engine.actors.service.steps import note_step, touch
from engine.decider import MINUTE


def evolve(state: Service, event: ServiceEvent) -> None:  # noqa: C901 - one match over a closed set
    """The state after an event."""
    state.version += 1
    state.updated_at = event.at
    match event:
        case TicketJoined():
            _joined(state, event)
        case TicketNear():
            state.tickets[event.ticket_id].near = True
        case TicketCalled():
            _called(state, state.tickets[event.ticket_id], event)
        case TicketRecalled():
            ticket = state.tickets[event.ticket_id]
            touch(ticket, event.at)
            ticket.calls, ticket.announced_at = event.calls, event.at
            state.counts.recalls += 1
        case TicketUnanswered():
            ticket = state.tickets[event.ticket_id]
            leave(state, ticket)
            note_step(ticket, "no_answer", event.by, event.at)
            ticket.status, ticket.order, ticket.not_before = "waiting", event.order, event.not_before
            ticket.counter, ticket.called_at, ticket.announced_at = "", 0, 0
            state.counts.unanswered += 1
            enter(state, ticket)
        case TicketStarted():
            ticket = state.tickets[event.ticket_id]
            leave(state, ticket)
            note_step(ticket, "start", event.by, event.at)
            ticket.status, ticket.started_at = "consulting", event.happened_at or event.at
            ticket.alert_at, ticket.alerts = event.alert_at, 0
            enter(state, ticket)
        case TicketParked():
            ticket = state.tickets[event.ticket_id]
            leave(state, ticket)
            note_step(ticket, "park", event.by, event.at)
            ticket.status, ticket.parked_at = "parked", event.at
            ticket.counter, ticket.called_at, ticket.announced_at = "", 0, 0
            ticket.alert_at, ticket.alerts = event.alert_at, 0
            enter(state, ticket)
        case TicketResumed():
            ticket = state.tickets[event.ticket_id]
            leave(state, ticket)
            note_step(ticket, "resume", event.by, event.at)
            ticket.status, ticket.order, ticket.parked_at = "waiting", event.order, 0
            ticket.alert_at = ticket.alerts = 0
            enter(state, ticket)
        case TicketPrioritized():
            ticket = state.tickets[event.ticket_id]
            leave(state, ticket)
            note_step(ticket, "priority", event.by, event.at)
            ticket.priority, ticket.order, ticket.lift_at = event.priority, event.order, event.lift_at
            enter(state, ticket)
        case TicketLifted():
            ticket = state.tickets[event.ticket_id]
            leave(state, ticket)
            touch(ticket, event.at)
            ticket.lifted, ticket.order, ticket.lift_at = True, event.order, 0
            state.counts.lifts += 1
            enter(state, ticket)
        case TicketStale():
            ticket = state.tickets[event.ticket_id]
            state.alerts.remove(ticket)
            ticket.alerts, ticket.alert_at = event.alerts, event.again_at
            state.alerts.add(ticket)
            state.counts.alerts += 1
        case TicketEnded():
            _ended(state, state.tickets[event.ticket_id], event)
        case TicketTransferred():
            dismiss(state, state.tickets[event.ticket_id])
            state.counts.transferred += 1
        case TicketStepUndone():
            _undone(state, event)
        case TicketPatientChanged():
            ticket = state.tickets[event.ticket_id]
            dismiss(state, ticket)
            touch(ticket, event.at)
            ticket.patient_id = intern(event.patient_id)
            admit(state, ticket)
        case _:
            _evolve_service(state, event)


def _evolve_service(
    state: Service, event: ServiceOpened | ServiceChanged | ServiceStatusChanged | ServiceDayEnded
) -> None:
    match event:
        case ServiceOpened():
            state.name, state.prefix, state.doctor_id = event.name, event.prefix, event.doctor_id
            state.settings, state.created_at, state.next_close_at = event.settings, event.at, event.next_close_at
            _expect(state, event.settings)
        case ServiceChanged():
            state.name, state.settings, state.next_close_at = event.name, event.settings, event.next_close_at
            if not state.observed:
                _expect(state, event.settings)
        case ServiceStatusChanged():
            state.status = event.status
        case ServiceDayEnded():
            state.next_close_at = event.next_close_at
        case _:
            assert_never(event)


def _expect(state: Service, settings: ServiceSettings) -> None:
    """What consultations take while none has been observed: the settings', give or take a quarter."""
    state.average = settings.expected_minutes * MINUTE
    state.deviation = state.average // 4


def _joined(state: Service, event: TicketJoined) -> None:
    ticket = copy(event.ticket)
    ticket.patient_id = intern(ticket.patient_id)
    state.next_seq = ticket.seq + 1
    if event.number:
        if event.renumbered:
            state.series_day, state.series_at = event.day, event.at
        state.next_number = event.number + 1
    state.counts.joined += 1
    admit(state, ticket)


def _called(state: Service, ticket: Ticket, event: TicketCalled) -> None:
    leave(state, ticket)
    note_step(ticket, "call", event.by, event.at)
    ticket.status, ticket.counter, ticket.calls = "called", event.counter, event.calls
    ticket.called_at = event.happened_at or event.at
    ticket.announced_at = event.at
    ticket.lift_at = 0  # who was called has had a turn: what comes now is not the queue's wait
    if event.starts:
        ticket.status, ticket.started_at = "consulting", ticket.called_at
        ticket.alert_at, ticket.alerts = event.alert_at, 0
    ticket.share = share = event.share
    if share is not None:
        if state.shares_used.get(share, 0) >= state.settings.shares.get(share, 1):
            state.shares_used = {}
        state.shares_used[share] = state.shares_used.get(share, 0) + 1
    state.counts.calls += 1
    enter(state, ticket)


def _ended(state: Service, ticket: Ticket, event: TicketEnded) -> None:
    dismiss(state, ticket)
    state.average, state.deviation = event.average, event.deviation
    counts = state.counts
    match event.status:
        case "completed":
            state.observed += ticket.status == "consulting"
            counts.completed += 1
        case "no_show":
            counts.no_show += 1
        case "cancelled":
            counts.cancelled += 1
        case "expired":
            counts.expired += 1
        case _:
            assert_never(event.status)


def _undone(state: Service, event: TicketStepUndone) -> None:
    before = state.tickets.get(event.ticket.id)
    if before is not None:
        dismiss(state, before)
        if event.step == "call" and before.share is not None and state.shares_used.get(before.share):
            state.shares_used[before.share] -= 1
    state.counts.undone += 1
    admit(state, copy(event.ticket))
