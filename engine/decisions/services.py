"""Services: opened, changed, paused, closed, and the end of their day by hand.

R1  A service's prefix is its own in the whole hospital, beside those of the doctors.
R2  Its day ends by the clock where its settings say when; else by hand.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Annotated, Any

from msgspec import Meta

from engine import calendar
from engine.actors.hospital import HOSPITAL, GiveServicePrefix, Hospital, Id
from engine.actors.service import service_key
from engine.actors.service.commands import Change, EndDay, Open, SetStatus
from engine.actors.service.state import Service, ServiceSettings, ServiceStatus
from engine.actors.service.view import ServiceView, service_view
from engine.decider import At, Deciding, Decision, Done, FreeText, Look, Propose, Value
from engine.decisions import finding, visits
from engine.errors import Invalid, NotFound

Name = Annotated[str, Meta(min_length=1, max_length=120)]
Prefix = Annotated[str, Meta(pattern="^[A-Z][A-Z0-9]{0,5}$", max_length=6)]


class AddService(Value, frozen=True):
    """Open a queue with one or more counters; without a prefix, the name gives it."""

    name: Name
    prefix: Prefix | None = None
    settings: ServiceSettings = ServiceSettings()


class ChangeService(Value, frozen=True):
    """Replace a service's name and settings; a name that is left out stays."""

    service_id: Id
    settings: ServiceSettings
    name: Name | None = None
    if_version: int | None = None


class SetServiceStatus(Value, frozen=True):
    """Pause, resume, close or open a service."""

    service_id: Id
    status: ServiceStatus
    reason: FreeText | None = None


class EndServiceDay(Value, frozen=True):
    """End the day of a service now: who waits expires, or is carried over; consultations go on."""

    service_id: Id


def add(command: AddService, at: At) -> Deciding:
    """R1."""
    hospital = yield from finding.the_hospital()
    name = _tidy(command.name)
    service_id = at.new_id(0)
    (given,) = yield Propose(HOSPITAL, GiveServicePrefix(service_id, name, command.prefix))
    closes = next_close(hospital, command.settings, at.time)
    key = service_key(service_id)
    yield Propose(key, Open(service_id, name, given.prefix, command.settings, next_close_at=closes))
    return Done(lambda look: service_view(look(key), at.time), "created")


def change(command: ChangeService, at: At) -> Deciding:
    """The counters that serve somebody stay."""
    hospital = yield from finding.the_hospital()
    service = yield from the_service(command.service_id)
    name = service.name if command.name is None else _tidy(command.name)
    closes = next_close(hospital, command.settings, at.time)
    key = service_key(service.id)
    yield Propose(key, Change(name, command.settings, command.if_version, closes))
    return Done(lambda look: service_view(look(key), at.time))


def set_status(command: SetServiceStatus, at: At) -> Deciding:
    """Only the service decides."""
    service = yield from the_service(command.service_id)
    yield Propose(service_key(service.id), SetStatus(command.status, command.reason))
    return as_it_is(service, at)


def end_day(command: EndServiceDay, at: At) -> Deciding:
    """R2."""
    hospital = yield from finding.the_hospital()
    service = yield from the_service(command.service_id)
    yield from close_day(hospital, service, at)
    return as_it_is(service, at)


def close_day(hospital: Hospital, service: Service, at: At) -> finding.Deciding[None]:
    """End the day of a service, and file what expires."""
    day = calendar.local_day(at.time, hospital.time_zone)
    closes = next_close(hospital, service.settings, at.time)
    yield from visits.ask_service(service.id, EndDay(day, closes), hospital, at)


def the_service(service_id: str) -> finding.Deciding[Service]:
    """The service of this id."""
    service: Service | None = yield Look(service_key(service_id))
    if service is None or not service.version:
        raise NotFound("there is no such service", field="service_id", service_id=service_id)
    return service


def as_it_is(service: Service, at: At) -> Done:
    """The service as the decision leaves it."""
    key = service_key(service.id)

    def answer(look: Any) -> ServiceView:
        return service_view(look(key), at.time)

    return Done(answer)


def next_close(hospital: Hospital, settings: ServiceSettings, now: int) -> int:
    """R2: the next instant (µs) at which the service's day ends by itself; 0: never."""
    if settings.closes_at is None:
        return 0
    wall = time.fromisoformat(settings.closes_at)
    day = date.fromisoformat(calendar.local_day(now, hospital.time_zone))
    for _ in range(4):  # the clocks may skip this time on one day, or leave a whole day out
        instant = calendar.at_local(day, wall, hospital.time_zone)
        if instant is not None and instant > now:
            return instant
        day += timedelta(days=1)
    return 0


def _tidy(name: str) -> str:
    tidy = " ".join(name.split())
    if not tidy:
        raise Invalid("name must not be blank", field="name")
    return tidy


ADD_SERVICE = Decision(command=AddService, run=add)
CHANGE_SERVICE = Decision(
    command=ChangeService, run=change, home=lambda command, find: find("services", command.service_id)
)
SET_SERVICE_STATUS = Decision(
    command=SetServiceStatus, run=set_status, home=lambda command, find: find("services", command.service_id)
)
END_SERVICE_DAY = Decision(
    command=EndServiceDay, run=end_day, home=lambda command, find: find("services", command.service_id)
)
