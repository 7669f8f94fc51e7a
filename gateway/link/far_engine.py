"""In a gateway process: what stands for the engine. Each call is a frame, and waits for the frame that answers it.

It keeps the engine's promises: what was asked is either answered, or nobody knows yet what became of it. Who stops
waiting says so, and the engine withdraws what it has not begun.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Final

import msgspec
import trio

from engine.actor import Reply
from engine.deadlines import Deadlines
from engine.errors import DeadlinePassed, Unavailable
from engine.eventlog.entry import Principal
from engine.gauges import Histogram
from engine.runtime import DEADLINE
from engine.subscription import RESTARTING, Frame
from gateway.link import frames
from gateway.link.frames import Answered, AnsweredAll, Begin, Failed, Finish, Following, News, Noted, Seen
from gateway.link.pipe import Pipe
from gateway.tally import Counted

_decoder = msgspec.msgpack.Decoder(frames.Told)

_GRACE: Final = 0.15
"""Seconds behind the time of what was asked after which nobody waits for the engine's word on it any more."""

_GONE: Final = "the engine is not there any more; try again shortly"


class _Call:
    """One call that waits for its answer."""

    __slots__ = ("answer", "done")

    def __init__(self) -> None:
        self.done = trio.Event()
        self.answer: Any = None


class _Told:
    """A command or a query whose asker is called back, once, and does not wait for it."""

    __slots__ = ("_far", "_id", "_then")

    def __init__(self, far: FarEngine, id: int, then: Callable[[Reply | Exception], None]) -> None:
        self._far = far
        self._id = id
        self._then = then

    def take(self, answer: Answered | Failed) -> None:
        self._then(frames.error(answer) if isinstance(answer, Failed) else frames.reply(answer))

    def gone(self) -> None:
        """The engine has: it may have been decided, and nobody is left to tell."""
        self._then(Unavailable("stopping", _GONE, outcome="unknown"))

    def abandon(self) -> None:
        """Nobody will hear of it."""
        self._far.withdraw(self._id)

    def wake(self) -> None:
        self._then(DeadlinePassed("unknown"))


class FarSubscription:
    """Topics that somebody follows over there; ``receive`` gives what comes next.

    The next frames are asked for when they are wanted: whoever reads slowly loses its place there, as it would here.
    """

    def __init__(self, id: int, pipe: Pipe) -> None:
        self._id = id
        self._pipe = pipe
        self._wanted = False
        self._came = trio.Event()
        self._frames: list[Frame] = []
        self._closing: list[Frame] = []

    async def receive(self) -> list[Frame]:
        """The next frames, at least one. One task at a time; one that is cancelled loses nothing."""
        if not self._wanted and not self._closing:
            self._wanted = True
            self._came = trio.Event()
            self._pipe.put(frames.More(self._id))
        await self._came.wait()
        if self._closing:
            return self._closing
        found, self._frames, self._wanted = self._frames, [], False
        return found

    def came(self, found: list[Frame]) -> None:
        """What was asked for is here."""
        self._frames = found
        self._came.set()

    def end(self, code: int, reason: str) -> None:
        """Let the follower go: all it gets from now on is this."""
        data = msgspec.json.encode({"type": "closing", "code": code, "reason": reason})
        self._closing = [Frame("closing", 0, data, code=code)]
        self._came.set()


class FarEngine:
    """An engine at the other end of a stream: ``ask``, ``ask_batch``, ``view``, ``follow`` and ``look``.

    ``run`` carries the frames and returns when the engine has gone. ``begun`` gives the first frame; ``finish`` is
    set when the engine wants this process to end.
    """

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.finish = trio.Event()
        self._pipe = Pipe(stream, _decoder)
        self._ids = count(1)
        self._calls: dict[int, _Call] = {}
        self._told: dict[int, _Told] = {}
        self._deadlines = Deadlines(Histogram())
        self._followed: dict[int, FarSubscription] = {}
        self._begin: Begin | None = None
        self._begun = trio.Event()

    # -- the engine's own words -----------------------------------------------------------------------------

    async def ask(
        self, hospital: str, command: Any, who: Principal, *, key: str | None = None, within: float = DEADLINE
    ) -> Reply:
        """Have a command decided and made durable; see ``Engine.ask``."""
        id = next(self._ids)
        name = type(command).__name__
        asked = frames.Ask(id, hospital, name, frames.packed(command), frames.who(who), key, within)
        return frames.reply(await self._call(id, asked))

    def submit(
        self, hospital: str, command: Any, who: Principal, then: Callable[[Reply | Exception], None], *,
        key: str | None = None, within: float = DEADLINE,
    ) -> Callable[[], None] | None:  # fmt: skip
        """The same without waiting; see ``Engine.submit``. The other end can answer it always."""
        id = next(self._ids)
        name = type(command).__name__
        asked = frames.Ask(id, hospital, name, frames.packed(command), frames.who(who), key, within)
        return self._have_told(id, asked, then, within)

    def withdraw(self, id: int) -> None:
        """Nobody will hear what became of this: what was not begun is not to be."""
        if (told := self._told.pop(id, None)) is not None:
            self._deadlines.forget(told)
            self._pipe.put(frames.Cancel(id))

    async def ask_batch(
        self, hospital: str, items: Sequence[tuple[Any, str | None]], who: Principal, *, within: float = DEADLINE
    ) -> list[Reply | Exception]:
        """Have many commands decided in order, each on its own; see ``Engine.ask_batch``."""
        id = next(self._ids)
        commands = [(type(command).__name__, frames.packed(command), key) for command, key in items]
        said: AnsweredAll = await self._call(id, frames.AskAll(id, hospital, commands, frames.who(who), within))
        return [frames.error(each) if isinstance(each, Failed) else frames.reply(each) for each in said.results]

    async def view(
        self, hospital: str, query: Any, who: Principal, *, within: float = DEADLINE, purpose: str = ""
    ) -> Reply:
        """Answer a query; see ``Engine.view``."""
        id = next(self._ids)
        name = type(query).__name__
        asked = frames.View(id, hospital, name, frames.packed(query), frames.who(who), within, purpose)
        return frames.reply(await self._call(id, asked))

    def show(
        self, hospital: str, query: Any, who: Principal, then: Callable[[Reply | Exception], None], *,
        within: float = DEADLINE, purpose: str = "",
    ) -> Callable[[], None] | None:  # fmt: skip
        """The same without waiting; see ``Engine.show``. The other end can answer it always."""
        id = next(self._ids)
        name = type(query).__name__
        asked = frames.View(id, hospital, name, frames.packed(query), frames.who(who), within, purpose)
        return self._have_told(id, asked, then, within)

    async def note_access(
        self, hospital: str, who: Principal, query: str, patients: Iterable[str], purpose: str = ""
    ) -> None:
        """Write down that somebody was shown these patients here; see ``Engine.note_access``."""
        id = next(self._ids)
        await self._call(id, frames.Note(id, hospital, frames.who(who), query, list(patients), purpose))

    async def note_security(self, hospital: str, who: Principal, what: str, facts: Mapping[str, str]) -> None:
        """Write down what happened at the door; see ``Engine.note_security``."""
        id = next(self._ids)
        await self._call(id, frames.Guarded(id, hospital, frames.who(who), what, dict(facts)))

    @asynccontextmanager
    async def follow(
        self, hospital: str, topics: Sequence[str], *, after: int | None = None, who: Principal | None = None,
        purpose: str = "",
    ) -> AsyncGenerator[FarSubscription, None]:  # fmt: skip
        """Follow topics of a hospital; see ``Feed.follow``."""
        id = next(self._ids)
        if self.finish.is_set():
            raise Unavailable("stopping", "nothing can be followed now")
        subscription = self._followed[id] = FarSubscription(id, self._pipe)
        try:
            asked = None if who is None else frames.who(who)
            await self._call(id, frames.Follow(id, hospital, list(topics), after, asked, purpose))
            yield subscription
        finally:
            del self._followed[id]
            self._pipe.put(frames.Cancel(id))

    async def look(self, page: str, hospital: str = "") -> tuple[int, bytes]:
        """A page about the engine's health: its status and its JSON."""
        id = next(self._ids)
        said: Seen = await self._call(id, frames.Look(id, page, hospital))
        return said.status, said.body

    def count(self, rows: list[Counted], process: dict[str, float], marks: dict[str, int] | None = None) -> None:
        """Say what this process has answered and counted since the last time, and what it has used."""
        self._pipe.put(frames.Counts(rows, process, marks or {}))

    # -- beginning and ending -------------------------------------------------------------------------------

    async def begun(self) -> Begin:
        """What this process is to do."""
        await self._begun.wait()
        if self._begin is None:
            raise Unavailable("stopping", _GONE)
        return self._begin

    def serving(self) -> None:
        """Say that requests are taken."""
        self._pipe.put(frames.Serving())

    def end_streams(self) -> None:
        """Let all who follow go: this process ends."""
        for subscription in self._followed.values():
            subscription.end(RESTARTING, "the server stops")

    async def run(self) -> None:
        """Carry frames; returns when the engine has gone, and all who waited for it know."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._pipe.write_forever)
            nursery.start_soon(self._deadlines.run)
            try:
                await self._pipe.read_forever(self._take)
            finally:
                self._pipe.lost = True
                self._begun.set()
                self.end_streams()
                for call in self._calls.values():
                    call.done.set()
                for told in self._take_told():
                    told.gone()
            nursery.cancel_scope.cancel()
        await self._pipe.aclose()

    async def _call(self, id: int, frame: msgspec.Struct) -> Any:
        if self._pipe.lost:
            raise Unavailable("stopping", _GONE)
        call = self._calls[id] = _Call()
        self._pipe.put(frame)
        try:
            await call.done.wait()
        finally:
            del self._calls[id]
            if call.answer is None:
                self._pipe.put(frames.Cancel(id))
        if call.answer is None:  # it may have been decided, and nobody is left to tell
            raise Unavailable("stopping", _GONE, outcome="unknown")
        if isinstance(call.answer, Failed):
            raise frames.error(call.answer)
        return call.answer

    def _have_told(
        self, id: int, frame: msgspec.Struct, then: Callable[[Reply | Exception], None], within: float
    ) -> Callable[[], None]:
        if self._pipe.lost:
            raise Unavailable("stopping", _GONE)
        told = self._told[id] = _Told(self, id, then)
        self._deadlines.watch(told, trio.current_time() + within + _GRACE)
        self._pipe.put(frame)
        return told.abandon

    def _take_told(self) -> list[_Told]:
        told, self._told = list(self._told.values()), {}
        for each in told:
            self._deadlines.forget(each)
        return told

    def _take(self, said: frames.Told) -> None:
        match said:
            case Answered() | Failed() if (told := self._told.pop(said.id, None)) is not None:
                self._deadlines.forget(told)
                told.take(said)
            case Answered() | Failed() | AnsweredAll() | Following() | Seen() | Noted():
                call = self._calls.get(said.id)
                if call is not None:
                    call.answer = said
                    call.done.set()
                elif isinstance(said, Failed) and said.id in self._followed:
                    self._followed[said.id].end(RESTARTING, "the engine begins anew")
            case News():
                found = [Frame(*parts) for parts in said.frames]  # type: ignore[arg-type]
                for id in said.ids:
                    if id in self._followed:
                        self._followed[id].came(found)
            case Finish():
                self.finish.set()
            case Begin():
                self._begin = said
                self._begun.set()
