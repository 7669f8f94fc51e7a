"""What is held of every answer that a principal of one hospital gets: nothing of the other one is in it.

Knows no way to the application: whoever uses it says how a shot is sent.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, Final

from tests.gateway.security.calls import Answer, Headers
from tests.gateway.security.houses import UUID, House, plain
from tests.gateway.security.principals import Principal
from tests.gateway.security.shots import Shot, Shots

Send = Callable[[Shot, Headers], Awaitable[Answer]]

MOMENT: Final = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")
"""A time with fractions of a second, as only clocks say it."""

LATER: Final = (503, 504)
"""What a server may answer that is no fault of its own."""

TWINS: Final = 0.1
"""The share of refused calls that are sent again with ids that nobody has."""


class Held:
    """Counts what was sent, and says what was wrong with an answer."""

    def __init__(self, theirs: House) -> None:
        self.theirs = theirs
        self.statuses: Counter[int] = Counter()
        self.rows: Counter[str] = Counter()
        self.aimed = 0
        self.twins = 0
        self._secret = {id.encode() for id in theirs.uuids}

    @property
    def sent(self) -> int:
        """Calls so far."""
        return self.statuses.total()

    def look(self, shot: Shot, answer: Answer) -> None:
        """Hold one answer to the rules."""
        self.statuses[answer.status] += 1
        self.rows["" if shot.row is None else f"{shot.method} {shot.row.path}"] += 1
        named = {*UUID.findall(shot.named)}
        self.aimed += not named.isdisjoint(self._secret)
        faults = []
        if answer.status >= 500 and answer.status not in LATER:
            faults.append("a fault of the server's own")
        told = {*UUID.findall(answer.everything)} - named
        if leaked := told & self._secret:
            faults.append(f"ids of the other hospital: {sorted(leaked)}")
        words = (*self.theirs.theirs, *(secret.encode() for secret in (*self.theirs.links, *self.theirs.tokens)))
        faults += [f"{word!r}" for word in words if word in answer.everything and word not in shot.named]
        assert not faults, f"{faults}\n{shot}\n{answer.status} {answer.body[:2_000]!r}"

    def alike(self, shot: Shot, answer: Answer, twin: Answer) -> None:
        """An id of the other hospital and one of nobody are answered alike, to the last word."""
        self.twins += 1
        assert (answer.status, said(answer)) == (twin.status, said(twin)), f"{shot}\n{answer}\n{twin}"


def said(answer: Answer) -> Any:
    """What an answer says, without its ids and without the time of the day."""
    return plain(answer.json) if answer.code else MOMENT.sub(b"NOW", UUID.sub(b"ID", answer.body))


def twin_of(shot: Shot, theirs: House, rng: Random) -> Shot | None:
    """The same call with ids that nobody has in the places of the other hospital's; ``None`` where it names none."""
    here = {id.decode() for id in UUID.findall(shot.named)} & theirs.uuids
    if not here or shot.row is None or any(name == "Idempotency-Key" for name, _ in shot.headers):
        return None
    new = {id: f"{rng.getrandbits(48):012x}" for id in sorted(here)}

    def other(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: other(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [other(inner) for inner in value]
        if isinstance(value, str):
            for id, tail in new.items():
                value = value.replace(id, f"{id[:24]}{tail}")
        return value

    body = shot.body if shot.body is ... else other(shot.body)
    return Shot(shot.row, shot.method, other(shot.target), shot.headers, body)


async def fire(
    shots: Shots, count: int, callers: list[Principal], send: Send, held: Held, *, twins: float = TWINS
) -> None:
    """So many calls, by one caller after the other; mostly by somebody who may use the row at all."""
    rng = shots.rng
    for _ in range(count):
        shot = shots.one()
        may = [one for one in callers if shot.row is None or one.role in shot.row.roles]
        caller = rng.choice(may if may and rng.random() < 0.85 else callers).headers
        answer = await send(shot, caller)
        if is_open(shot, shots.theirs):
            # What hangs on a wall over there anybody may see: who asks for it by that name gets what a visitor gets.
            assert said(answer) == said(await send(shot, [])), shot
            continue
        held.look(shot, answer)
        if answer.status >= 400 and rng.random() < twins and (twin := twin_of(shot, shots.theirs, rng)) is not None:
            held.alike(shot, answer, await send(twin, caller))


def is_open(shot: Shot, theirs: House) -> bool:
    """Whether a call asks for what needs no credential: what is open to anybody, or to whoever has its link."""
    if shot.row is None or shot.row.area == "session":  # which says of each caller what he is himself
        return False
    if not (shot.row.public or (shot.row.calendar and "token=" in shot.target)):
        return False
    return f"hospital={theirs.name}" in shot.target or ("Hospital-Id", theirs.name) in shot.headers
