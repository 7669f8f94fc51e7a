"""Get in line: a ticket of a service, for a patient or for somebody at a kiosk.

R1  In services that name the same exclusive group a patient has one ticket at a time.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta

from engine import calendar
from engine.actors.hospital import Hospital, Id
from engine.actors.service import service_key
from engine.actors.service.commands import Join
from engine.actors.service.refusals import AlreadyInQueue
from engine.actors.service.state import Priority, Service
from engine.actors.service.view import TicketView, ticket_view
from engine.decider import At, Deciding, Decision, Done, Find, Look, Value
from engine.decisions import finding
from engine.decisions.book_token import happened_at
from engine.decisions.services import the_service
from engine.decisions.visits import ask_service

Skill = Annotated[str, Meta(min_length=1, max_length=40)]


class JoinQueue(Value, frozen=True):
    """Get in line, since ``occurred_at`` or now. ``needs``: skills that the counter must have."""

    service_id: Id
    patient_id: Id | None = None
    priority: Priority = "low"
    needs: Annotated[tuple[Skill, ...], Meta(max_length=20)] = ()
    occurred_at: Annotated[datetime, Meta(tz=True)] | None = None


def join_queue(command: JoinQueue, at: At) -> Deciding:
    """R1; the rest the service decides."""
    hospital = yield from finding.the_hospital()
    service = yield from the_service(command.service_id)
    patient_id = command.patient_id or ""
    if patient_id:
        yield from finding.the_patient(patient_id)
        yield from alone_in_group(service, patient_id)
    join = joining(hospital, at, at.new_id(0), patient_id, command.priority, happened_at(command.occurred_at, at.time))
    yield from ask_service(service.id, join(needs=command.needs), hospital, at)
    key, ticket_id, link_key = service_key(service.id), at.new_id(0), hospital.link_key.text

    def answer(look: Any) -> TicketView:
        after: Service = look(key)
        return ticket_view(after, after.tickets[ticket_id], at.time, link_key)

    return Done(answer, "created", patient_id)


def alone_in_group(service: Service, patient_id: str) -> finding.Deciding[None]:
    """R1."""
    group = service.settings.exclusive_group
    if not group:
        return
    key: str | None = yield Find("exclusive", f"{group}:{patient_id}")
    if key is not None:
        other: Service = yield Look(key)
        raise AlreadyInQueue(
            "the patient has a ticket in a service of this group",
            ticket_id=other.by_patient.get(patient_id, ""),
            service_id=other.id,
        )


def joining(hospital: Hospital, at: At, ticket_id: str, patient_id: str, priority: Priority, arrived_at: int) -> Any:
    """A ``Join`` at the hospital's local time, to be completed with what else there is to say."""
    local = calendar.local_time(at.time, hospital.time_zone)

    def join(**more: Any) -> Join:
        day, minute = local.date().isoformat(), local.hour * 60 + local.minute
        return Join(ticket_id, patient_id, priority, arrived_at, day, minute, **more)

    return join


JOIN_QUEUE = Decision(
    command=JoinQueue, run=join_queue, home=lambda command, find: find("services", command.service_id)
)
"""Queues at the service."""
