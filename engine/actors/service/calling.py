"""Rules of the counter: who comes next, calls, recalls, no answer, the consultation (R5, R7, R8, R9)."""

from __future__ import annotations

from engine.actors.service.commands import CallNext, CallTicket, NoAnswer, Recall, Start
from engine.actors.service.ending import end_as, illegal
from engine.actors.service.events import TicketCalled, TicketRecalled, TicketStarted, TicketUnanswered
from engine.actors.service.line import order_at, own_order, rank_of
from engine.actors.service.refusals import CounterBusy, CounterClosed, QueueClosed, QueuePaused, TooSoon
from engine.actors.service.state import Counter, Priority, Service, Ticket, counter_named
from engine.actors.service.tally import Tally, about, given, happened
from engine.decider import MINUTE, SECOND, FreeText
from engine.errors import Invalid


def call_next(tally: Tally, command: CallNext) -> None:
    """R5: the first in line whom this counter can serve; nobody, and nothing else, when there is none."""
    counter = free_counter(tally.service, command.counter)
    found = first_for(tally.service, counter, tally.time, command.skip)
    if found is not None:
        ticket, share = found
        _call(tally, ticket, counter.name, command.by, share=share)


def call_ticket(tally: Tally, command: CallTicket) -> None:
    """R7: out of turn with a reason. A token's own call needs none, and can do without a counter."""
    ticket = tally.ticket(command.ticket_id)
    if ticket.status != "waiting":
        raise illegal(ticket, "called")
    service = tally.service
    if command.direct and not command.counter:
        _must_call(service)
        reason = about(command.reason, ticket.patient_id)
        _call(tally, ticket, "", command.by, reason=reason, happened_at=command.happened_at)
        return
    counter = free_counter(service, command.counter)
    first = first_for(service, counter, tally.time)
    share = first[1] if first is not None and first[0].id == ticket.id else None
    if (first is None or first[0].id != ticket.id) and not command.direct and not given(command.reason):
        raise Invalid("a call out of turn needs a reason", field="reason")
    reason = about(command.reason, ticket.patient_id)
    _call(tally, ticket, counter.name, command.by, reason=reason, share=share, happened_at=command.happened_at)


def recall(tally: Tally, command: Recall) -> None:
    """R8: announced again, not at once."""
    ticket = tally.ticket(command.ticket_id)
    if ticket.status != "called":
        raise illegal(ticket, "called")
    again = ticket.announced_at + tally.service.settings.recall_seconds * SECOND
    if tally.time < again and not command.direct:
        raise TooSoon("it was announced a moment ago", ticket_id=ticket.id, from_time=again)
    tally.events.append(
        TicketRecalled(
            ticket_id=ticket.id,
            code=ticket.code,
            counter=ticket.counter,
            calls=ticket.calls + 1,
            at=tally.time,
            by=command.by,
        )
    )


def no_answer(tally: Tally, command: NoAnswer) -> None:
    """R9: some places back, and not called again by itself for a while; after so many calls, a no-show."""
    ticket = tally.ticket(command.ticket_id)
    if ticket.status != "called":
        raise illegal(ticket, "waiting")
    service = tally.service
    settings = service.settings
    if ticket.calls >= settings.max_calls:
        end_as(tally, ticket, "no_show", command.by)
        return
    index = min(settings.requeue_offset, len(service.line))
    order = order_at(service.line, index, own_order(ticket, rank_of(ticket.priority, lifted=ticket.lifted)))
    tally.events.append(
        TicketUnanswered(
            ticket_id=ticket.id,
            code=ticket.code,
            order=order,
            not_before=tally.time + settings.requeue_minutes * MINUTE,
            position=service.line.bisect_key_left(order) + 1,
            waiting=len(service.line) + 1,
            at=tally.time,
            by=command.by,
        )
    )
    tally.moved = True


def start(tally: Tally, command: Start) -> None:
    """R6: who was called has come."""
    ticket = tally.ticket(command.ticket_id)
    if ticket.status != "called":
        raise illegal(ticket, "consulting")
    happened_at = happened(tally, ticket, command.happened_at)
    tally.events.append(
        TicketStarted(
            ticket_id=ticket.id,
            code=ticket.code,
            counter=ticket.counter,
            alert_at=(happened_at or tally.time) + patience(tally.service),
            at=tally.time,
            by=command.by,
            happened_at=happened_at,
        )
    )


def patience(service: Service) -> int:
    """R14: how long a consultation may last before it raises an alert, and between two alerts (µs)."""
    return max(3 * service.average, service.settings.stale_minutes * MINUTE)


def free_counter(service: Service, name: str) -> Counter:
    """R5: the counter of this name, which is open and serves nobody."""
    _must_call(service)
    counter = counter_named(service.settings, name)
    if counter is None or not counter.open:
        raise CounterClosed("there is no such counter, or it is closed", counter=name, service_id=service.id)
    if busy := service.by_counter.get(name):
        raise CounterBusy("the counter serves a patient", counter=name, ticket_id=busy)
    return counter


def first_for(
    service: Service, counter: Counter, time: int, skip: tuple[str, ...] = ()
) -> tuple[Ticket, Priority | None] | None:
    """R5: who comes next at this counter, and whose share that call counts against.

    Looks at the first of each pool that the counter can serve, past those who may not be called yet: they did not
    answer a moment ago, so they are few.
    """
    skills = frozenset(counter.skills)
    firsts: dict[Priority | None, Ticket] = {}
    for (needs, priority, lifted), pool in service.pools.items():
        if not skills.issuperset(needs):
            continue
        ticket = next((one for one in pool if one.not_before <= time and one.id not in skip), None)
        if ticket is not None:
            who = None if lifted else priority
            if who not in firsts or ticket.order < firsts[who].order:
                firsts[who] = ticket
    if not firsts:
        return None
    if not service.settings.shares:
        return min(firsts.values(), key=lambda ticket: ticket.order), None
    if None in firsts:
        return firsts[None], None
    share = whose_turn(service, [priority for priority in TURNS if priority in firsts])
    return firsts[share], share


TURNS: tuple[Priority, ...] = ("high", "medium", "low")


def whose_turn(service: Service, waiting: list[Priority]) -> Priority:
    """R5: the first whose share of this turn is not used up; when all are, a new turn begins."""
    shares, used = service.settings.shares, service.shares_used
    return next((one for one in waiting if used.get(one, 0) < shares.get(one, 1)), waiting[0])


def _must_call(service: Service) -> None:
    """R5."""
    if service.status == "paused":
        raise QueuePaused("nobody is called now", service_id=service.id, status=service.status)
    if service.status == "closed":
        raise QueueClosed("the queue is closed", service_id=service.id, status=service.status)


def _call(
    tally: Tally,
    ticket: Ticket,
    counter: str,
    by: str,
    *,
    reason: FreeText | None = None,
    share: Priority | None = None,
    happened_at: int = 0,
) -> None:
    service = tally.service
    happened_at = happened(tally, ticket, happened_at)
    starts = not service.settings.confirm_arrival
    tally.events.append(
        TicketCalled(
            ticket_id=ticket.id,
            code=ticket.code,
            counter=counter,
            calls=ticket.calls + 1,
            waiting=len(service.line) - 1,
            at=tally.time,
            by=by,
            reason=reason,
            starts=starts,
            alert_at=(happened_at or tally.time) + patience(service) if starts else 0,
            share=share,
            happened_at=happened_at,
        )
    )
    tally.moved = True
