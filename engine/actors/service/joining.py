"""Rules of a service itself and of getting in line: R1, R2, R3, R17, R18, R19."""

from __future__ import annotations

from engine.actors.service.commands import Change, Join, Open, ReplacePatient, SetStatus
from engine.actors.service.events import (
    ServiceChanged,
    ServiceOpened,
    ServiceStatusChanged,
    TicketJoined,
    TicketPatientChanged,
)
from engine.actors.service.line import own_order, rank_of
from engine.actors.service.refusals import AlreadyInQueue, CounterBusy, QueueClosed, QueueFull, ServiceExists
from engine.actors.service.state import Priority, Service, ServiceSettings, Ticket
from engine.actors.service.tally import Tally, about
from engine.decider import MINUTE
from engine.errors import Invalid, Stale


def open_service(tally: Tally, command: Open) -> None:
    """R1."""
    service = tally.service
    if service.version:
        raise ServiceExists("the service has been opened", service_id=service.id)
    _must_make_sense(command.settings)
    tally.events.append(
        ServiceOpened(
            id=command.id,
            name=command.name,
            prefix=command.prefix,
            settings=command.settings,
            at=tally.time,
            doctor_id=command.doctor_id,
            next_close_at=command.next_close_at,
        )
    )


def change(tally: Tally, command: Change) -> None:
    """R1, R18. New limits of waiting bind those who join from now on."""
    service = tally.service
    if command.if_version not in (None, service.version):
        raise Stale("the service has changed", service_id=service.id, version=service.version)
    _must_make_sense(command.settings)
    names = {counter.name for counter in command.settings.counters}
    for name, ticket_id in service.by_counter.items():
        if name not in names:
            raise CounterBusy("a counter that serves a patient must stay", counter=name, ticket_id=ticket_id)
    now = (service.name, service.settings, service.next_close_at)
    if now != (command.name, command.settings, command.next_close_at):
        tally.events.append(
            ServiceChanged(
                name=command.name, settings=command.settings, at=tally.time, next_close_at=command.next_close_at
            )
        )


def set_status(tally: Tally, command: SetStatus) -> None:
    """R19."""
    if tally.service.status != command.status:
        reason = about(command.reason, "")
        tally.events.append(ServiceStatusChanged(status=command.status, at=tally.time, reason=reason))


def join(tally: Tally, command: Join) -> None:
    """R2, R3, R4, R17."""
    service = tally.service
    settings = service.settings
    if command.arrived_at > tally.time:
        raise Invalid("nobody has arrived in the future", field="occurred_at")
    _must_take(service, command)
    _must_be_new(service, command.ticket_id, command.patient_id)
    if not any(set(command.needs) <= set(counter.skills) for counter in settings.counters):
        raise Invalid("no counter has these skills", field="needs")
    arrived_at = command.arrived_at
    if command.from_service and not settings.transfer_keeps_arrival:
        arrived_at = tally.time
    number, renumbered = (0, False) if command.code else next_number(service, command.day)
    ticket = Ticket(
        id=command.ticket_id,
        code=command.code or f"{service.prefix}-{number:03}",
        patient_id=command.patient_id,
        priority=command.priority,
        status="waiting",
        order=(0, 0, 0, 0),
        arrived_at=arrived_at,
        joined_at=tally.time,
        updated_at=tally.time,
        version=command.version,
        token_id=command.token_id,
        needs=tuple(sorted(set(command.needs))),
        legs=command.legs,
        lift_at=lift_at(settings, command.priority, arrived_at),
        seq=service.next_seq,
        number=number,
        group=settings.exclusive_group,
    )
    ticket.order = own_order(ticket, rank_of(ticket.priority, lifted=False))
    tally.events.append(
        TicketJoined(
            ticket=ticket,
            number=number,
            day=command.day,
            position=service.line.bisect_key_left(ticket.order) + 1,
            waiting=len(service.line) + 1,
            at=tally.time,
            renumbered=renumbered,
            from_service=command.from_service,
            group=ticket.group,
        )
    )
    tally.moved = True


def replace_patient(tally: Tally, command: ReplacePatient) -> None:
    """R3: the record that stays may have a ticket of its own here."""
    ticket = tally.ticket(command.ticket_id)
    if ticket.patient_id == command.patient_id:
        return
    _must_be_new(tally.service, "", command.patient_id)
    tally.events.append(
        TicketPatientChanged(
            ticket_id=ticket.id,
            patient_id=command.patient_id,
            at=tally.time,
            was=ticket.patient_id,
            group=ticket.group,
        )
    )


def next_number(service: Service, day: str) -> tuple[int, bool]:
    """R17: the number that the next ticket gets, and whether the series begins anew with it."""
    if service.series_day != day and not service.series_alive:
        return 1, True
    return service.next_number, False


def lift_at(settings: ServiceSettings, priority: Priority, arrived_at: int, calls: int = 0) -> int:
    """R13: when a wait becomes too long for this priority; 0: never. Who was called has had a turn."""
    limit = settings.max_wait_minutes.get(priority)
    return arrived_at + limit * MINUTE if limit and not calls and priority != "high" else 0


def _must_take(service: Service, command: Join) -> None:
    """R2."""
    status, settings = service.status, service.settings
    if status in ("inactive", "closed") or (status == "emergency" and command.priority != "high"):
        raise QueueClosed("nobody joins this queue now", service_id=service.id, status=status)
    if command.bypass:
        return
    if settings.last_ticket_at is not None:
        hours, _, minutes = settings.last_ticket_at.partition(":")
        if command.minute > int(hours) * 60 + int(minutes):
            raise QueueClosed(
                "the last ticket of today has been given",
                service_id=service.id,
                status=status,
                last_ticket_at=settings.last_ticket_at,
            )
    if settings.capacity is not None and len(service.line) >= settings.capacity:
        raise QueueFull("as many wait as may", service_id=service.id, capacity=settings.capacity)


def _must_be_new(service: Service, ticket_id: str, patient_id: str) -> None:
    """R3."""
    held = ticket_id if ticket_id in service.tickets else ""
    if patient_id and not held:
        held = service.by_patient.get(patient_id) or ""
    if held:
        raise AlreadyInQueue("the patient has a ticket here", ticket_id=held, service_id=service.id)


def must_have_no_other(service: Service, ticket: Ticket) -> None:
    """R3, of a ticket that comes back."""
    _must_be_new(service, ticket.id, ticket.patient_id)


def _must_make_sense(settings: ServiceSettings) -> None:
    """R1."""
    names = [counter.name for counter in settings.counters]
    if len(set(names)) < len(names):
        raise Invalid("names of counters are unique", field="settings.counters")
