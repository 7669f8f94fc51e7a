"""What happens at the door, on its way into the audit log: who was refused, who signed in, whose rights were changed.

``say`` never waits and never fails. What an outsider can cause as often as he likes (``REPEATED``) is written at once
the first time; what is the same for a minute after is counted, and written as one with the count. Of what is not the
same, so many are written in a row and ``EVERY`` seconds apart then; the others are counted together, without names.
So a flood costs neither the request's time, nor memory, nor the disk. What those did who were let in is written always.

Knows no rule: what is worth a note, whoever calls says. No secret and nobody's data belongs into ``facts``.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final, Literal, get_args

import msgspec
import trio

from engine.decider import FreeText
from engine.decisions.break_glass import NoteBreakGlass
from engine.errors import DeadlinePassed, Rejected, Unavailable
from engine.eventlog.entry import Principal
from gateway.auth import HOSPITAL_NAME
from gateway.engine import Engine

What = Literal[
    "sign_in_failed", "locked_out", "signed_in", "signed_out", "unauthenticated", "denied", "rate_limited",
    "break_glass", "key_added", "key_revoked", "key_rotated", "user_added", "user_changed", "user_removed",
    "password_changed", "unlocked",
]  # fmt: skip
"""Everything that is noted."""

WHATS: Final[tuple[str, ...]] = get_args(What)

REPEATED: Final = frozenset(
    ("sign_in_failed", "locked_out", "unauthenticated", "denied", "rate_limited", "break_glass")
)
"""What can come in floods."""

MINUTE: Final = 60.0
"""Seconds for which what is the same is counted."""

WHILE: Final = 1_800.0
"""Seconds for which somebody who broke the glass, and goes on for the same reason, is not told of again."""

KINDS: Final = 1_000
"""Different things that are counted at a time, and"""
OTHERS: Final = 100
"""kinds of what is counted without names."""

IN_A_ROW: Final = 200
"""Notes of what comes in floods that are written as fast as they come;"""
EVERY: Final = 1.0
"""seconds between two of them after that."""

WAITING: Final = 1_000
"""Notes that wait for an engine that cannot take them now."""

AGAIN: Final = 1.0
"""Seconds between two tries."""

LONGEST: Final = 200
"""Characters of a fact, or of who did it."""
MOST: Final = 12
"""Facts of a note."""

NOBODY: Final = Principal("")
"""Whoever it was: nobody knows, or it were many."""

log = logging.getLogger("matron.security")


class Noted(msgspec.Struct, frozen=True):
    """One note."""

    hospital: str
    who: Principal
    what: str
    facts: dict[str, str]


class Broken(msgspec.Struct, frozen=True):
    """Somebody broke the glass: others are told by an alert, with the reason."""

    hospital: str
    who: Principal
    reason: str


class _Counted:
    """What came again after it had been written; ``since``: when that was."""

    __slots__ = ("first", "since", "times")

    def __init__(self, first: Noted, since: float) -> None:
        self.first = first
        self.since = since
        self.times = 0


class Notes:
    """Takes notes, and has the engine write them down (``writing``). ``dropped`` counts what was lost."""

    def __init__(self) -> None:
        self.dropped = 0
        self.count: Callable[[str], None] = lambda what: None
        """Told of each, also of what is not written by itself."""
        self._waiting: deque[Noted | Broken] = deque()
        self._broken: dict[tuple[str, str, str], float] = {}
        self._counted: dict[tuple[object, ...], _Counted] = {}
        self._others: dict[tuple[object, ...], _Counted] = {}
        self._some = trio.Event()
        self._next = float("-inf")

    def say(self, hospital: str, who: Principal, what: What, **facts: str) -> None:
        """Note what happened; ``hospital`` ``""``: none was named, it stands with the only one, or with ``main``."""
        self.count(what)
        if hospital and not HOSPITAL_NAME.fullmatch(hospital):
            hospital = ""
        said = {name: str(value)[:LONGEST] for name, value in list(facts.items())[:MOST]}
        noted = Noted(hospital, _clipped(who), what, said)
        if what in REPEATED:
            self._say_again(noted)
        else:
            self._put(noted)

    def broke(self, hospital: str, who: Principal, reason: str) -> None:
        """Somebody broke the glass: have an alert opened, once in a while for the same reason."""
        now, key = trio.current_time(), (hospital, who.name, reason)
        if now - self._broken.pop(key, float("-inf")) < WHILE:
            self._broken[key] = now
            return
        if len(self._broken) >= KINDS:
            del self._broken[next(iter(self._broken))]
        self._broken[key] = now
        self._put(Broken(hospital, who, reason))

    def _say_again(self, noted: Noted) -> None:
        now = trio.current_time()
        key = (noted.what, noted.hospital, noted.who.name, noted.who.source, *sorted(noted.facts.items()))
        counted = self._counted.get(key)
        if counted is not None:
            counted.times += 1
        elif len(self._counted) < KINDS and self._in_turn(now):
            self._counted[key] = _Counted(noted, now)
            self._put(noted)
        else:
            hospital = noted.hospital if len(self._others) < OTHERS else ""
            where = (noted.what, hospital)
            if where not in self._others:
                self._others[where] = _Counted(Noted(hospital, NOBODY, noted.what, {"of": "many"}), now)
            self._others[where].times += 1
        self._some.set()

    def _in_turn(self, now: float) -> bool:
        """Whether one more may be written: ``IN_A_ROW`` at once, then one after ``EVERY``."""
        following = max(self._next, now) + EVERY
        if following - now > IN_A_ROW * EVERY:
            return False
        self._next = following
        return True

    def _put(self, noted: Noted | Broken) -> None:
        if len(self._waiting) >= WAITING:
            self.dropped += 1
            log.error("a note for the audit log was lost, too many wait")
            return
        self._waiting.append(noted)
        self._some.set()

    # -- writing --------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def writing(self, engine: Engine) -> AsyncGenerator[None, None]:
        """Have them written down while the block lasts, and at its end what is left, if the engine then takes it."""
        over = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._write_until, over, engine)
            yield
            over.set()
            self._some.set()

    async def _write_until(self, over: trio.Event, engine: Engine) -> None:
        while True:
            last = over.is_set()
            self._ripen(float("inf") if last else trio.current_time())
            self._some = trio.Event()
            await self._write(engine)
            if last:
                break
            if over.is_set():
                continue
            if self._waiting or self._counted or self._others:
                with trio.move_on_after(AGAIN):
                    await self._some.wait()
            else:
                await self._some.wait()
        if self._waiting:
            log.error("%d notes could not be written into the audit log, and are lost", len(self._waiting))

    def _ripen(self, now: float) -> None:
        """What was counted for a minute is a note."""
        for table in (self._counted, self._others):
            # Both are in the order in which they began.
            while table and (found := next(iter(table.items())))[1].since + MINUTE <= now:
                key, counted = found
                del table[key]
                if counted.times:
                    facts = {**counted.first.facts, "times": str(counted.times), "within_seconds": f"{MINUTE:.0f}"}
                    self._put(msgspec.structs.replace(counted.first, facts=facts))

    async def _write(self, engine: Engine) -> None:
        """Write what waits, in its order, until the engine cannot take more."""
        while self._waiting:
            noted = self._waiting.popleft()
            try:
                await write(engine, noted)
            except (Unavailable, DeadlinePassed):
                self._waiting.appendleft(noted)
                return
            except Exception:
                log.exception("a note for the audit log could not be written")


async def write(engine: Engine, noted: Noted | Broken) -> None:
    """Have a note written; one of a hospital that is not there stands where those of no hospital do."""
    if isinstance(noted, Broken):
        await engine.ask(noted.hospital, NoteBreakGlass(reason=FreeText(noted.reason)), noted.who)
        return
    try:
        await engine.note_security(noted.hospital, noted.who, noted.what, noted.facts)
    except Rejected:
        try:
            facts = {**noted.facts, "named": noted.hospital} if noted.hospital else noted.facts
            await engine.note_security("", noted.who, noted.what, facts)
        except Rejected:  # several hospitals, none of them main: it stands in this log alone
            log.warning("%s by %r from %s: %s", noted.what, noted.who.name, noted.who.source, told(noted.facts))


def told(facts: Mapping[str, str]) -> str:
    """Facts as a line of the process's log has them."""
    return " ".join(f"{name}={value!r}" for name, value in facts.items())


def _clipped(who: Principal) -> Principal:
    if max(len(who.name), len(who.role), len(who.source), len(who.request_id)) <= LONGEST:
        return who
    return Principal(who.name[:LONGEST], who.role[:LONGEST], who.source[:LONGEST], who.request_id[:LONGEST])
