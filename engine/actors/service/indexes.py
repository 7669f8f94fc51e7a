"""A service's sorted indexes, kept by ``evolve`` while a ticket comes, goes or changes.

A ticket leaves its indexes before a field of a key changes and enters them after it: else it cannot be found.
"""

from __future__ import annotations

from bisect import bisect_left, insort

from sortedcontainers import SortedKeyList

from engine.actors.service.state import CALLED, ORDER, Pool, Service, Ticket


def admit(state: Service, ticket: Ticket) -> None:
    """A ticket is alive in this service."""
    state.tickets[ticket.id] = ticket
    if ticket.patient_id:
        state.by_patient[ticket.patient_id] = ticket.id
    state.series_alive += ticket.number > 0
    enter(state, ticket)


def dismiss(state: Service, ticket: Ticket) -> None:
    """A ticket is no longer in this service."""
    leave(state, ticket)
    del state.tickets[ticket.id]
    if ticket.patient_id:
        del state.by_patient[ticket.patient_id]
    state.series_alive -= ticket.number > 0


def enter(state: Service, ticket: Ticket) -> None:
    """Put a ticket where its fields say."""
    match ticket.status:
        case "waiting":
            state.line.add(ticket)
            name = pool_of(ticket)
            pool = state.pools.get(name)
            if pool is None:
                pool = state.pools[name] = SortedKeyList(key=ORDER)
            pool.add(ticket)
            if ticket.lift_at and not ticket.lifted:
                state.lifts.add(ticket)
        case "parked":
            state.parked.add(ticket)
        case _:
            insort(state.serving, ticket, key=CALLED)
            if ticket.counter:
                state.by_counter[ticket.counter] = ticket.id
    if ticket.alert_at:
        state.alerts.add(ticket)


def leave(state: Service, ticket: Ticket) -> None:
    """Take a ticket out of every index it is in."""
    match ticket.status:
        case "waiting":
            state.line.remove(ticket)
            name = pool_of(ticket)
            state.pools[name].remove(ticket)
            if not state.pools[name]:
                del state.pools[name]
            if ticket.lift_at and not ticket.lifted:
                state.lifts.remove(ticket)
        case "parked":
            state.parked.remove(ticket)
        case _:
            index = bisect_left(state.serving, CALLED(ticket), key=CALLED)
            assert state.serving[index].id == ticket.id, "the serving lost their order"
            del state.serving[index]
            if ticket.counter:
                del state.by_counter[ticket.counter]
    if ticket.alert_at:
        state.alerts.remove(ticket)


def pool_of(ticket: Ticket) -> Pool:
    """Which waiting tickets are like this one to a counter."""
    return (ticket.needs, ticket.priority, ticket.lifted)
