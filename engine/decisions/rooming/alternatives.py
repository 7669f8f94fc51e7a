"""What somebody can be offered who cannot have what he asked for: other rooms then, and the nearest other times.

R1  Nothing is offered that the code that books has not agreed to: rules, room, doctor and patient at that time.
R2  The nearest times come first, the later one of two that are equally near; none in the past.
R3  The search is bounded, in rooms and in tests: an offer may be missed, none is made up. Free gaps of the rooms, less
    what doctor and patient have, say where a test is worth its while; near the wanted time the steps are short.
R4  Where an appointment is now is no alternative for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from engine import calendar
from engine.actors.clinic.state import Clinic
from engine.actors.clinic_day.state import Appointment
from engine.actors.room.calendar import free_gaps
from engine.actors.room.state import Room, room_key
from engine.calendar import Bounds
from engine.decider import HOUR, MINUTE, Look
from engine.decisions.finding import Deciding
from engine.decisions.rooming.changes import Changes
from engine.decisions.rooming.choosing import Question, candidates, named, policy_of, question, stretch_of
from engine.decisions.rooming.people import free_people, occupied
from engine.decisions.rooming.wanting import Alternatives, OtherRoom, OtherTime, Want
from engine.errors import Rejected
from engine.rules.choice import choose
from engine.rules.inherent import inherent_tests
from engine.rules.subject import UNUSED, RoomProfile

STAGES: Final = ((2 * HOUR, 15 * MINUTE), (8 * HOUR, 30 * MINUTE), (168 * HOUR, 60 * MINUTE))
"""How far from the wanted time, and in which steps where a gap is long; the next only when the one before gave few."""
MAX_ROOMS: Final = 200
"""Rooms whose gaps are looked at."""
MAX_TESTS: Final = 200
MAX_REFUSALS: Final = 3
"""Rooms that refuse at one time before it is given up: what excludes them is more than one room's matter."""
GRID: Final = 5 * MINUTE
"""Offers begin at whole five minutes, or where the wanted time would."""


def alternatives(
    changes: Changes, want: Want, room_id: str = "", present: Appointment | None = None
) -> Deciding[Alternatives]:
    """R1..R4: with a room, other rooms at the wanted time and other times in this one; else other times in any."""
    clinic = yield from changes.clinic_state(want.clinic_id)
    assert clinic is not None, "its clinic was looked at before"
    asked = yield from question(changes, clinic, want)
    same = present is not None and (present.doctor_id, present.end - present.start) == (
        want.doctor_id,
        want.end - want.start,
    )
    now_at = present.start if present is not None and same else None
    but = {room_id, present.room_id if present is not None and now_at == want.start else ""}
    rooms = (yield from _rooms_then(changes, asked, want, but)) if room_id else ()
    return Alternatives(rooms, (yield from _times(changes, asked, want, room_id, now_at)))


def _rooms_then(changes: Changes, asked: Question, want: Want, but: set[str]) -> Deciding[tuple[OtherRoom, ...]]:
    try:
        yield from free_people(changes, want)
    except Rejected:
        return ()
    clinic, policy, subject, days = asked
    rooms = changes.profiles(clinic)
    others = [room for room in rooms.values() if room.id not in but]
    standing = candidates(others, policy, want.doctor_id, want.start, want.end, days, want.appointment_id)
    found: list[OtherRoom] = []
    for one in choose(policy, subject, standing).ranked:
        room = rooms[one.room_id]
        if (yield from changes.refusal(room.id, stretch_of(room, policy, want))) is None:
            found.append(OtherRoom(room.id, room.name, one.score))
            if len(found) == clinic.settings.alternatives:
                break
    return tuple(found)


def _times(
    changes: Changes, asked: Question, want: Want, room_id: str, now_at: int | None
) -> Deciding[tuple[OtherTime, ...]]:
    """R2, R3, R4."""
    clinic = asked.clinic
    rooms = _worth_asking(changes, asked, room_id)
    length, most = want.end - want.start, clinic.settings.search_hours * HOUR
    earliest = max(want.start - most, -(-changes.time // GRID) * GRID)
    latest = want.start + most
    if not rooms or earliest > latest:
        return ()
    taken = yield from occupied(changes, want, earliest, latest + length)
    found: list[OtherTime] = []
    refusals: dict[int, int] = {}
    tests, reached = 0, 0
    for reach, step in STAGES:
        first, last = max(earliest, want.start - reach), min(latest, want.start + reach)
        wanted: list[tuple[int, bool, int, int]] = []
        for rank, room in enumerate(rooms):
            for opens in (yield from _open_starts(changes, clinic, room, want, first, last + length)):
                for starts in _without(taken, opens, length):
                    wanted.extend(
                        (away, start < want.start, rank, start)
                        for start in _steps(starts, want.start, step)
                        if (away := abs(start - want.start)) > reached
                    )
        wanted.sort()
        for _, _, rank, start in wanted:
            if len(found) == clinic.settings.alternatives or tests == MAX_TESTS:
                return tuple(found)
            if start == now_at or refusals.get(start, 0) >= MAX_REFUSALS or _near(found, start, min(length, step)):
                continue
            tests += 1
            other = replace(want, start=start, end=start + length, day=calendar.local_day(start, changes.time_zone))
            if (yield from _could_be_had(changes, clinic, other, rooms[rank].id)):
                found.append(OtherTime(start, start + length, rooms[rank].id))
            else:
                refusals[start] = refusals.get(start, 0) + 1
        reached = reach
        if reach >= most:
            break
    return tuple(found)


def _worth_asking(changes: Changes, asked: Question, room_id: str) -> list[RoomProfile]:
    """Rooms that could be had at some time, as far as they themselves and the wish go."""
    rooms = changes.profiles(asked.clinic)
    if room_id:
        return [rooms[room_id]] if room_id in rooms else []
    tests = [meets for _, meets in inherent_tests(asked.subject)]
    fitting = [room for room in rooms.values() if all(meets(room, UNUSED) for meets in tests)]
    fitting.sort(key=lambda room: room.id)
    return fitting[:MAX_ROOMS]


def _open_starts(
    changes: Changes, clinic: Clinic, profile: RoomProfile, want: Want, start: int, end: int
) -> Deciding[list[Bounds]]:
    """From when to when (both included) an appointment of this length could begin in the room."""
    room: Room | None = yield Look(room_key(profile.id))
    if room is None:
        return []
    change = changes.rooms.get(profile.id)
    length = want.end - want.start
    gaps = free_gaps(
        room,
        start,
        end,
        length,
        setup=profile.setup_minutes * MINUTE,
        cleaning=policy_of(clinic, want.day).cleaning_minutes(profile, want.doctor_id) * MINUTE,
        without={want.appointment_id, *(() if change is None else (*change.free, *change.take))},
        pending=() if change is None else tuple(change.take.values()),
    )
    return [Bounds(gap.start, gap.end - length) for gap in gaps]


def _without(taken: list[Bounds], opens: Bounds, length: int) -> Iterator[Bounds]:
    """The parts of these starts at which nobody is elsewhere."""
    start, last = opens
    for busy in taken:
        if start > last or busy.start >= last + length:
            break
        if busy.end <= start:
            continue
        if busy.start - length >= start:
            yield Bounds(start, busy.start - length)
        start = max(start, busy.end)
    if start <= last:
        yield Bounds(start, last)


def _steps(starts: Bounds, wanted: int, step: int) -> Iterator[int]:
    """Instants to try, away from the wanted one on both sides of it."""
    first, last = starts
    later = wanted
    if first > wanted:
        later = -(-first // GRID) * GRID
        later = later if later <= last else first
    while later <= last:
        yield later
        later += step
    earlier = wanted - step
    if last < wanted:
        earlier = last // GRID * GRID
        earlier = earlier if earlier >= first else last
    while earlier >= first:
        yield earlier
        earlier -= step


def _near(found: list[OtherTime], start: int, spread: int) -> bool:
    """Whether another offer is so near that this one would be no choice."""
    return any(abs(one.start_time - start) < spread for one in found)


def _could_be_had(changes: Changes, clinic: Clinic, want: Want, room_id: str) -> Deciding[bool]:
    """R1."""
    try:
        yield from named(changes, (yield from question(changes, clinic, want)), want, room_id)
        yield from free_people(changes, want)
    except Rejected:
        return False
    return True
