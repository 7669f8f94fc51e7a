"""Rules of time: lifts, alerts, and the end of the day (R13, R14, R16). Nothing here completes anything."""

from __future__ import annotations

from itertools import takewhile

from engine.actors.service.calling import patience
from engine.actors.service.commands import EndDay
from engine.actors.service.ending import moved_to
from engine.actors.service.events import ServiceDayEnded, TicketEnded, TicketLifted, TicketStale
from engine.actors.service.line import own_order, place_of
from engine.actors.service.state import LIFTED
from engine.actors.service.tally import Tally
from engine.decider import MINUTE


def wake(tally: Tally) -> None:
    """R13, R14: everything whose instant has come."""
    time = tally.time
    for ticket in list(takewhile(lambda one: one.lift_at <= time, tally.service.lifts)):
        service = tally.service
        # Who stands further in front already, behind somebody urgent, is not put back.
        order = moved_to(service, ticket, min(ticket.order, own_order(ticket, LIFTED)))
        tally.events.append(
            TicketLifted(
                ticket_id=ticket.id,
                code=ticket.code,
                order=order,
                position=place_of(service, ticket, order),
                at=time,
            )
        )
        tally.moved = True
    service = tally.service
    for ticket in takewhile(lambda one: one.alert_at <= time, service.alerts):
        parked = ticket.status == "parked"
        period = service.settings.parked_minutes * MINUTE if parked else patience(service)
        tally.events.append(
            TicketStale(
                ticket_id=ticket.id,
                code=ticket.code,
                counter=ticket.counter,
                status=ticket.status,
                since=ticket.parked_at if parked else ticket.started_at,
                again_at=time + period,
                alerts=ticket.alerts + 1,
                at=time,
            )
        )


def end_day(tally: Tally, command: EndDay) -> None:
    """R16: consultations go on; who waits, is called or parked expires, or all stay as they are."""
    service = tally.service
    tally.events.append(ServiceDayEnded(day=command.day, at=tally.time, next_close_at=command.next_close_at))
    if service.settings.carry_over:
        return
    called = [ticket for ticket in service.serving if ticket.status == "called"]
    waiting = len(service.line)
    for ticket in (*called, *service.parked, *service.line):
        waiting -= ticket.status == "waiting"
        tally.events.append(
            TicketEnded(
                ticket_id=ticket.id,
                code=ticket.code,
                status="expired",
                waiting=waiting,
                at=tally.time,
                average=service.average,
                deviation=service.deviation,
                counter=ticket.counter,
                patient_id=ticket.patient_id,
                group=ticket.group,
            )
        )
