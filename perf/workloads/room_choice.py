"""What it costs to see that a room is taken, to judge a room by thirty rules, and to find the best of a thousand.

Plain functions on plain values: no engine, no log, no clock but the one that measures. Each call is timed by itself, so
the percentiles are of calls.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from random import Random
from statistics import fmean
from time import perf_counter_ns
from typing import Final

import msgspec

from engine.actors.room import objection
from engine.actors.room.state import Room, Taken
from engine.decider import DAY, HOUR, MINUTE
from engine.rules.choice import Candidate, choose, judge
from engine.rules.compiling import Policy, compile_rules
from engine.rules.kinds import Rule
from engine.rules.subject import RoomProfile, RoomUse, Subject, Wish
from engine.rules.subjects import subject_of
from perf.figures import Incorrect, Row, Target, percentile
from perf.load.clinic_rules import CLEANING, HARD, PIECES, SOFT, TYPES, hard_rules, room, soft_rules
from perf.size import Size, Tell

SECTION: Final = "rooms in process"

_PROBES: Final = 10
"""Calls of the cheap kinds, for each choice."""

_START: Final = 4_102_704_000_000_000
"""µs: midnight of 2100-01-04, a Monday far ahead."""

_DAY: Final = date(2100, 1, 4)
_LAST: Final = 20 * MINUTE


def measure(size: Size, tell: Tell) -> list[Row]:
    """Rows of this subject."""
    values: dict[str, list[float]] = defaultdict(list)
    random = Random("rooms")  # noqa: S311  it guards nothing
    full, candidates, policy = full_room(size.deep), list(clinic(size.rooms, random)), policy_of(size.rooms)
    for turn in range(size.rounds):
        tell(f"rooms in process, round {turn + 1} of {size.rounds}")
        _detect(full, size, random, values)
        _choose(policy, candidates, size, random, values)
    return _rows(values, size)


def full_room(bookings: int) -> Room:
    """A room with a booking in every hour: 20 minutes, and five to clean."""
    calendar = []
    for number in range(bookings):
        start = _START + number * HOUR
        day = f"day {number // 24}"
        calendar.append(
            Taken(start, start + _LAST + CLEANING * MINUTE, f"appointment {number}", start, start + _LAST, day)
        )
    return Room(id="full", clinic_id="clinic", profile=profile(0), calendar=calendar)


def clinic(rooms: int, random: Random) -> Iterator[Candidate]:
    """So many rooms in the middle of a day: some busy at the wanted time, some hardly used."""
    for number in range(rooms):
        used = random.randrange(13)
        gaps = [random.randrange(4 * 60) * MINUTE if used else None for _ in range(2)]
        yield Candidate(profile(number), RoomUse(used, gaps[0], gaps[1], busy=used > 0 and random.random() < 0.2))


def policy_of(rooms: int) -> Policy:
    """Ten hard and twenty soft rules, compiled."""
    ids = [profile(number).id for number in range(rooms)]
    specs = [*hard_rules(), *soft_rules(ids, [f"doctor {n}" for n in range(50)])]
    return compile_rules(1, [Rule(f"rule {n:02}", spec) for n, spec in enumerate(specs)], _DAY)


def question(random: Random) -> Subject:
    """Somebody wants a room of some type, or with some equipment."""
    start = _START + random.randrange(8 * 60, 18 * 60) * MINUTE
    wish = Wish(
        room_type=random.choice(("", *TYPES)),
        required_equipment=random.choice(((), ("couch",), (random.choice(PIECES),))),
        preferred_floor=random.choice((None, 0, 1, 2)),
    )
    doctor = f"doctor {random.randrange(50)}"
    return subject_of(wish, doctor, "patient", start, start + _LAST, "UTC", last_room=f"room {random.randrange(50):04}")


def profile(number: int) -> RoomProfile:
    """The room of this number, as rules see it."""
    fields = room(number)
    return msgspec.convert(fields | {"id": f"room {number:04}"}, RoomProfile)


def _detect(full: Room, size: Size, random: Random, values: dict[str, list[float]]) -> None:
    """Whether this room is free at some time: seven times in ten it is not."""
    span = len(full.calendar) * HOUR
    taken: list[float] = []
    slow: list[float] = []
    refused = 0
    for number in range(size.choices * _PROBES):
        start = _START + random.randrange(span - DAY // 12) // MINUTE * MINUTE
        stretch = Taken(start, start + _LAST, f"new {number}", start, start + _LAST, "")
        begun = perf_counter_ns()
        against = objection(full, stretch)
        taken.append((perf_counter_ns() - begun) / 1e6)
        refused += against is not None
        if number % _PROBES == 0:
            begun = perf_counter_ns()
            meeting = [
                one for one in full.calendar if one.busy_from < stretch.busy_to and stretch.busy_from < one.busy_to
            ]
            slow.append((perf_counter_ns() - begun) / 1e6)
            if (against is not None) != bool(meeting):
                raise Incorrect(f"a room with {len(full.calendar)} bookings says {against} of {start}")
    taken.sort()
    values["detect p95"].append(percentile(taken, 0.95))
    values["detect mean"].append(fmean(taken))
    values["scan mean"].append(fmean(slow))
    values["faster"].append(fmean(slow) / fmean(taken))
    values["detected"].append(100 * refused / len(taken))


def _choose(
    policy: Policy, candidates: list[Candidate], size: Size, random: Random, values: dict[str, list[float]]
) -> None:
    chosen: list[float] = []
    judged: list[float] = []
    found = passed = 0
    for _ in range(size.choices):
        subject = question(random)
        begun = perf_counter_ns()
        choice = choose(policy, subject, candidates)
        chosen.append((perf_counter_ns() - begun) / 1e6)
        if choice.considered != len(candidates) or choice.errors:
            raise Incorrect(f"of {len(candidates)} rooms {choice.considered} were looked at, errors: {choice.errors}")
        found += bool(choice.ranked)
        passed += len(choice.ranked)
        for candidate in random.choices(candidates, k=_PROBES):
            begun = perf_counter_ns()
            judge(policy, subject, candidate)
            judged.append((perf_counter_ns() - begun) / 1e6)
    if not found:
        raise Incorrect("no question found a room")
    chosen.sort()
    judged.sort()
    values["choose p95"].append(percentile(chosen, 0.95))
    values["choose mean"].append(fmean(chosen))
    values["choose room"].append(1000 * fmean(chosen) / len(candidates))
    values["judge p95"].append(percentile(judged, 0.95))
    values["judge mean"].append(fmean(judged))
    values["passed"].append(100 * passed / size.choices / len(candidates))


def _rows(values: dict[str, list[float]], size: Size) -> list[Row]:
    def row(name: str, unit: str, key: str, note: str = "", target: Target | None = None) -> Row:
        return Row(section=SECTION, name=name, unit=unit, values=tuple(values[key]), note=note, target=target)

    rules = f"{HARD} hard and {SOFT} soft rules"
    return [
        row(f"conflict detection, {size.deep:,} bookings, p95", "ms", "detect p95", "is this room free then?",
            Target("most", 0.1)),
        row("  mean", "ms", "detect mean"),
        row("  looking through all bookings instead", "ms", "scan mean", "what it would be without order"),
        row("  faster by", "times", "faster"),
        row("  of them taken", "%", "detected"),
        row("rule evaluation of a room, p95", "ms", "judge p95", f"{rules}, every verdict told", Target("most", 0.1)),
        row("  mean", "ms", "judge mean"),
        row(f"best of {size.rooms:,} rooms, p95", "ms", "choose p95", rules, Target("most", 25)),
        row("  mean", "ms", "choose mean"),
        row("  by room", "µs", "choose room"),
        row("  rooms that passed", "%", "passed", "the others were left out by a hard rule, or busy"),
    ]  # fmt: skip
