"""What users ask of a clinic's rooms: a room for a time, that very room, any or none, what would be chosen.

Users come in turns: each of them once in a turn, at an instant of his own, with a doctor and a patient who are nowhere
else then. Knows no rule; what a plan asks for is always allowed unless a scenario wants it otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any, Final

import msgspec

from perf.load.founding import FAR
from perf.load.plan import HELD, MADE, Chain, Settings, Site, Step

USERS: Final = 50
PACE: Final = USERS * 10 / 60
"""Requests per second of fifty users, ten a minute each: the pace of source 002."""

ASKED: Final = MADE | {409}
"""A definite refusal is an answer, where there are fewer rooms than wishes."""

GRID: Final = 30
"""Minutes from one beginning to the next, cleaning included, where everybody finds a room."""

SPREAD: Final = 10
"""Times of one turn: of fifty users, five want the same one."""

_OPENS: Final = timedelta(hours=8)


def turns(settings: Settings) -> Iterator[tuple[float, int, int]]:
    """(when, turn, user): all users once in each turn, each at a random instant of it; at once in a closed loop."""
    users = settings.users or USERS
    random = Random(f"{settings.seed}/turns")  # noqa: S311  it guards nothing
    length = 0.0 if settings.closed else users / settings.rate
    for turn in count():
        begin = turn * length
        starts = sorted(begin + random.random() * length for _ in range(users))
        for start, user in zip(starts, random.sample(range(users), users), strict=True):
            if not settings.closed and not settings.attempts and start >= settings.seconds:
                return
            yield start, turn, user


class Wants:
    """Who wants what, of one clinic."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def people(self, turn: int, user: int) -> dict[str, Any]:
        """Doctor and patient of a user; nobody else of his turn has them."""
        site = self.site
        patients, doctors = site.patients, site.doctors
        return {
            "doctor_id": doctors[user % len(doctors)],
            "patient_id": patients[(turn * USERS + user) % len(patients)],
        }

    def apart(self, turn: int, user: int) -> dict[str, Any]:
        """A time that no more than five of fifty want: 20 minutes, cleaning fits in behind."""
        day, half = divmod(turn, 2)
        return self._at(day, (half * SPREAD + user % SPREAD) * GRID, 20)

    def crowded(self, turn: int, random: Random) -> dict[str, Any]:
        """A time within one hour that the whole turn wants, overlapping what others want."""
        day, hour = divmod(turn, 10)
        return self._at(day, hour * 60 + 5 * random.randrange(8), random.choice((20, 25)))

    def booking(self, *parts: dict[str, Any], **more: Any) -> str:
        """The body of a booking."""
        body: dict[str, Any] = {"clinic_id": self.site.clinic}
        for part in (*parts, more):
            body |= part
        return msgspec.json.encode(body).decode()

    def chain(self, start: float, *steps: Step) -> Chain:
        """What one user does."""
        return Chain(start, self.site.hospital, steps)

    def _at(self, day: int, minute: int, length: int) -> dict[str, Any]:
        begins = FAR + timedelta(days=day, minutes=minute) + _OPENS
        return {"start_time": _text(begins), "end_time": _text(begins + timedelta(minutes=length))}


def book(body: str, op: str = "book", good: frozenset[int] = MADE) -> Step:
    """A room for a time."""
    return Step(op, "POST", "/appointments/", body, good, made="appointments")


def book_offered(wants: Wants, asked: dict[str, Any], room: str, after: float) -> tuple[Step, Step]:
    """This room; and where it is taken, some time later the first one that was offered instead."""
    named = book(wants.booking(asked, room_id=room), "book this room", ASKED)._replace(offered=True)
    offered = book(wants.booking(asked, room_id=HELD), "book the offered room", ASKED)
    return named, offered._replace(offset=after)


def hold(body: str, after: float) -> tuple[Step, Step]:
    """A room that is kept while a form is filled, and booked some time later."""
    kept = Step("hold", "POST", "/appointments/holds/", body, ASKED, made="appointments")
    return kept, Step("confirm", "POST", "/appointments/{}/confirm/", "{}", offset=after)


def cancel(after: float) -> Step:
    """Take back what the step before booked."""
    return Step("cancel", "POST", "/appointments/{}/cancel/", "{}", offset=after)


def evaluate(wants: Wants, asked: dict[str, Any]) -> Step:
    """What every room would be to this wish, without booking."""
    return Step("evaluate", "POST", "/rules/evaluate/", wants.booking(asked), reads=True)


def conflicts(rooms: list[str], time: dict[str, Any]) -> Step:
    """Whether these rooms are free then: one question for all."""
    checks = [{"room_id": room, **time} for room in rooms]
    return Step(
        "check conflicts", "POST", "/rooms/conflicts/", msgspec.json.encode({"checks": checks}).decode(), reads=True
    )


def _text(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")
