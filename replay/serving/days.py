"""The days of a log, and one day of it: how much was decided in each minute, and what there was to decide about."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, Final

import msgspec

from engine import calendar
from engine.actors.clinic_day.state import clinic_day_key
from engine.actors.doctor import doctor_key
from engine.actors.room.state import Room, room_key
from engine.actors.service import service_key
from engine.actors.service.state import Service
from engine.actors.slot import slot_key
from engine.decider import MINUTE
from gateway.explorer.answers import (
    AuditDay,
    AuditDays,
    AuditDoctor,
    AuditMinute,
    AuditRoomOfDay,
    AuditServiceOfDay,
    AuditSlotOfDay,
    AuditTimeline,
)
from replay.moments import position_at, time_at
from replay.serving.past import Past
from replay.walking import Source

LISTED: Final = 1_000
"""Slots, queues and rooms of a day that are listed, each."""


class Known(msgspec.Struct):
    """Where the days of a log begin, as far as that is known: what is over does not change."""

    firsts: list[tuple[str, int]] = []


async def days(source: Source, hospital: str, zone: str, known: Known) -> AuditDays:
    """Every local day with entries. Each costs a search for its first position, once."""
    head = await source.head(hospital)
    firsts = known.firsts
    position = firsts[-1][1] if firsts else 1
    while position <= head:
        day = calendar.local_day(await time_at(source, hospital, position), zone)
        if not firsts or firsts[-1][0] != day:
            firsts.append((day, position))
        position = await position_at(source, hospital, calendar.day_bounds(day, zone).end - 1) + 1
    ends = [first - 1 for _, first in firsts[1:]] + [head]
    rows = [AuditDay(day, first, last, last - first + 1) for (day, first), last in zip(firsts, ends, strict=True)]
    return AuditDays(zone, head, rows[::-1])


async def timeline(past: Past, day: str, first: int, last: int) -> AuditTimeline:
    """A day whose entries are ``first`` to ``last`` of the window, and what there was at its end."""
    zone = await past.time_zone()
    start, end = calendar.day_bounds(day, zone)
    some = last >= first
    slots, doctors = await _slots(past, day, first, last)
    return AuditTimeline(
        date=day,
        time_zone=zone,
        day_start=calendar.moment(start),
        day_end=calendar.moment(end),
        first=first if some else 0,
        last=last if some else 0,
        live=last == past.book.head and (not some or past.at(last) < end),
        first_time=_time(past, first, some),
        last_time=_time(past, last, some),
        minutes=_minutes(past, first, last),
        doctors=doctors,
        slots=slots,
        services=await _services(past, first, last),
        rooms=await _rooms(past, day, first, last),
    )


def _time(past: Past, position: int, some: bool) -> datetime | None:
    return calendar.moment(past.at(position)) if some else None


def _minutes(past: Past, first: int, last: int) -> list[AuditMinute]:
    window, made = past.window, []
    minute, commands, refused = 0, Counter[str](), 0
    offset = window.start + 1
    for position in range(first, last + 1):
        now = window.times[position - offset] // MINUTE
        if now != minute and commands:
            made.append(AuditMinute(calendar.moment(minute * MINUTE), commands.total(), refused, dict(commands)))
            commands, refused = Counter(), 0
        minute = now
        commands[window.commands[position - offset]] += 1
        refused += position in window.refused
    if commands:
        made.append(AuditMinute(calendar.moment(minute * MINUTE), commands.total(), refused, dict(commands)))
    return made


async def _slots(past: Past, day: str, first: int, last: int) -> tuple[list[AuditSlotOfDay], list[AuditDoctor]]:
    """In order of doctor and start; the doctors are those who have them."""
    days_of_doctors = await past.states(past.book.directory.members(f"day:{day}"), last)
    planned = [(one.doctor_id, slot) for _, one in sorted(days_of_doctors.items()) for slot in one.slots][:LISTED]
    slots = [
        AuditSlotOfDay(
            slot.id,
            doctor,
            calendar.moment(slot.start),
            calendar.moment(slot.end),
            past.count(slot_key(slot.id), first, last),
        )
        for doctor, slot in planned
    ]
    known = await past.states({doctor_key(doctor) for doctor, _ in planned}, last)
    return slots, [AuditDoctor(one.id, one.prefix, one.specialization) for _, one in sorted(known.items())]


async def _services(past: Past, first: int, last: int) -> list[AuditServiceOfDay]:
    """In order of opening."""
    keys = [service_key(id) for id in past.book.directory.ids("services", None, LISTED)]
    found: dict[str, Any] = await past.states(keys, last)
    services: list[Service] = [found[key] for key in keys if key in found]
    return [
        AuditServiceOfDay(one.id, one.name, one.doctor_id or None, past.count(service_key(one.id), first, last))
        for one in services
        if one.version
    ]


async def _rooms(past: Past, day: str, first: int, last: int) -> list[AuditRoomOfDay]:
    """In order of name within a clinic; ``entries`` are those that name the room."""
    keys = [room_key(id) for id in past.book.directory.ids("rooms", None, LISTED)]
    found: dict[str, Any] = await past.states(keys, last)
    rooms: list[Room] = [one for one in found.values() if one.clinic_id and not one.retired]
    return [
        AuditRoomOfDay(one.id, one.profile.name, one.clinic_id, past.count(one.id, first, last))
        for one in sorted(rooms, key=lambda one: (one.clinic_id, one.profile.name, one.id))
    ]


def day_of_room(room: Room, day: str) -> str:
    """The actor that keeps what is held of it that day."""
    return clinic_day_key(room.clinic_id, day)
