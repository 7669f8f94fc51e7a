"""Services and their tickets: lists, one queue in order, what a board shows, a ticket by its id or its link."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from hmac import compare_digest
from typing import Annotated, Any

from msgspec import Meta

from engine import calendar
from engine.actors.service import service_key
from engine.actors.service.state import Service, ServiceStatus, Ticket
from engine.actors.service.statistics import statistics_view
from engine.actors.service.view import (
    PublicTicketView,
    ServiceView,
    board_view,
    integrity_view,
    public_ticket_view,
    queue_view,
    service_view,
    ticket_link,
    ticket_view,
)
from engine.actors.service_day import ServiceDay, service_day_key
from engine.decider import Value
from engine.errors import Invalid, NotFound
from engine.views.paging import MAX_LIMIT, ById, ListQuery, Page, filed, page, position
from engine.views.reader import Found, Id, Reader
from engine.views.states import the_hospital

Link = Annotated[str, Meta(max_length=80)]


class ListServices(ListQuery, frozen=True):
    """Services in order of opening, the doctors' own queues included."""

    status: ServiceStatus | None = None
    doctor_id: Id | None = None


class GetService(Value, frozen=True):
    """One service."""

    service_id: Id


class GetQueue(ListQuery, frozen=True, kw_only=True):
    """Who is served and parked, and a page of who waits, in the order of being called."""

    service_id: Id


class GetBoard(Value, frozen=True):
    """What a waiting room may see."""

    service_id: Id


class GetIntegrity(Value, frozen=True):
    """Whether the positions of a queue have gaps or doubles."""

    service_id: Id


class GetStatistics(Value, frozen=True):
    """Counts, waits and service times of a local day; today without ``date``."""

    service_id: Id
    date: dt.date | None = None


class GetTicket(Value, frozen=True):
    """One ticket, also one that is over."""

    ticket_id: Id


class GetTicketByLink(Value, frozen=True):
    """A ticket by the link on its paper."""

    link: Link


def list_services(reader: Reader, query: ListServices) -> Found:
    """A page of services."""

    def rows() -> Iterator[tuple[ById, Service | None]]:
        after = position(query, ById)
        for id in filed(reader, "services", None if after is None else after.id):
            service = reader.look(service_key(id))
            wanted = (
                service is not None
                and query.status in (None, service.status)
                and query.doctor_id in (None, service.doctor_id)
            )
            yield ById(id), service if wanted else None

    found: Page[ServiceView] = page(query, rows(), lambda service: service_view(service, reader.time))
    return Found(found)


def get_service(reader: Reader, query: GetService) -> Found:
    """A service, or ``NotFound``."""
    service = _service(reader, query.service_id)
    return Found(service_view(service, reader.time), service.version)


def get_queue(reader: Reader, query: GetQueue) -> Found:
    """The queue, for staff."""
    if query.limit < 1:
        raise Invalid("limit is at least 1", field="limit")
    service = _service(reader, query.service_id)
    return Found(queue_view(service, reader.time, min(query.limit, MAX_LIMIT), query.cursor), service.version)


def get_board(reader: Reader, query: GetBoard) -> Found:
    """Codes, counters and states; no ids of people, no names."""
    return Found(board_view(_service(reader, query.service_id), reader.time))


def get_integrity(reader: Reader, query: GetIntegrity) -> Found:
    """Computed from the state as it is."""
    return Found(integrity_view(_service(reader, query.service_id)))


def get_statistics(reader: Reader, query: GetStatistics) -> Found:
    """Of what ended on that day, and of what is alive where the day is today."""
    service = _service(reader, query.service_id)
    today = calendar.local_day(reader.time, the_hospital(reader).time_zone)
    day = today if query.date is None else calendar.checked(query.date, "date").isoformat()
    filed_there: ServiceDay | None = reader.look(service_day_key(service.id, day))
    return Found(statistics_view(service, day, filed_there, today=day == today))


def get_ticket(reader: Reader, query: GetTicket) -> Found:
    """A ticket with its link, or ``NotFound``."""
    service, ticket = _ticket(reader, query.ticket_id)
    return Found(ticket_view(service, ticket, reader.time, the_hospital(reader).link_key.text), ticket.version)


def get_ticket_by_link(reader: Reader, query: GetTicketByLink) -> Found:
    """What the patient sees of it: no name, no id of a person."""
    id, _, secret = query.link.partition(".")
    expected = ticket_link(the_hospital(reader).link_key.text, id).text
    if not secret or not compare_digest(query.link.encode(), expected.encode()):
        raise NotFound("there is no such ticket")
    service, ticket = _ticket(reader, id)
    view: PublicTicketView = public_ticket_view(service, ticket, reader.time)
    return Found(view)


def _service(reader: Reader, service_id: str) -> Service:
    service: Service | None = reader.look(service_key(service_id))
    if service is None or not service.version:
        raise NotFound("there is no such service", service_id=service_id)
    return service


def _ticket(reader: Reader, ticket_id: str) -> tuple[Service, Ticket]:
    key = reader.find("tickets", ticket_id)
    state: Any = None if key is None else reader.look(key)
    ticket = None if state is None else state.tickets.get(ticket_id)
    if key is None or ticket is None:
        raise NotFound("there is no such ticket", ticket_id=ticket_id)
    return _service(reader, key.split(":")[1]), ticket
