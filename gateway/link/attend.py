"""Where the engine is: answers one gateway process, many calls at a time, until that process has gone.

What the process asked for and does not wait for any more is cancelled, as if it had been asked here: a command that
nobody has begun is withdrawn. So it is with all of a process that died.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
import trio

from engine.actor import Reply
from engine.asking import Then
from engine.errors import Unavailable
from engine.eventlog.entry import Principal
from engine.runtime import Engine
from engine.subscription import Frame
from gateway.health import Pages
from gateway.link import frames
from gateway.link.frames import (
    Ask,
    AskAll,
    Cancel,
    Counts,
    Failed,
    Follow,
    Guarded,
    Look,
    More,
    News,
    Note,
    Serving,
    View,
)
from gateway.link.pipe import Pipe
from gateway.tally import Tally

_decoder = msgspec.msgpack.Decoder(frames.Asked)

_FAULT: Final = Unavailable("internal_error", "Something went wrong here; the log has it.", outcome="unknown")

Made = Callable[[Any], Awaitable[msgspec.Struct | None]]

log = logging.getLogger("matron.gateway")


class Attendant:
    """One gateway process's calls. ``serving`` is set once it takes requests."""

    def __init__(self, stream: trio.abc.Stream, engine: Engine, pages: Pages, tally: Tally | None = None) -> None:
        self.serving = trio.Event()
        self._engine = engine
        self._pages = pages
        self._tally = tally or Tally()
        self._pipe = Pipe(stream, _decoder)
        self._scopes: dict[int, trio.CancelScope] = {}
        self._withdraw: dict[int, Callable[[], None]] = {}
        self._wanted: dict[int, trio.Event] = {}
        self._news: dict[tuple[int, ...], tuple[list[Frame], list[int]]] = {}
        self._tidings = trio.Event()

    def begin(self, config: Any, sockets: list[int]) -> None:
        """Tell the process what to do."""
        self._pipe.put(frames.Begin(msgspec.Raw(msgspec.msgpack.encode(config)), sockets))

    def finish(self) -> None:
        """Ask it to end once it has answered what is under way."""
        self._pipe.put(frames.Finish())

    async def run(self) -> None:
        """Answer until the process has gone."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._pipe.write_forever)
            nursery.start_soon(self._tell)
            try:
                await self._pipe.read_forever(lambda said: self._take(said, nursery))
            finally:
                for withdraw in list(self._withdraw.values()):
                    withdraw()
                self._tally.ended(id(self))
            nursery.cancel_scope.cancel()
        await self._pipe.aclose()

    def _take(self, said: frames.Asked, nursery: trio.Nursery) -> None:
        match said:
            case Ask():
                self._submit(nursery, said)
            case View():
                self._show(nursery, said)
            case AskAll():
                self._start(nursery, said.id, self._ask_all, said)
            case More():
                if said.id in self._wanted:
                    self._wanted[said.id].set()
            case Cancel():
                if said.id in self._scopes:
                    self._scopes[said.id].cancel()
                elif said.id in self._withdraw:
                    self._withdraw.pop(said.id)()
            case Follow():
                self._wanted[said.id] = trio.Event()
                self._start(nursery, said.id, self._follow, said)
            case Look():
                self._start(nursery, said.id, self._look, said)
            case Note():
                self._start(nursery, said.id, self._note, said)
            case Guarded():
                self._start(nursery, said.id, self._guarded, said)
            case Counts():
                self._tally.add(said.rows, said.marks)
                self._tally.heard(id(self), said.process, self._pipe)
            case Serving():
                self.serving.set()

    def _start(self, nursery: trio.Nursery, id: int, made: Made, said: Any) -> None:
        self._scopes[id] = trio.CancelScope()  # made here: it may be cancelled before its task has begun
        nursery.start_soon(self._answer, id, made, said)

    async def _answer(self, id: int, made: Made, said: Any) -> None:
        """One call: its answer, or why there is none."""
        with self._scopes[id] as scope:
            try:
                if scope.cancel_called:
                    return
                answer = await made(said)
            except Exception as error:
                answer = failure(id, error)
            finally:
                del self._scopes[id]
            if answer is not None:
                self._pipe.put(answer)

    def _submit(self, nursery: trio.Nursery, said: Ask) -> None:
        def submit(then: Then) -> Callable[[], None] | None:
            command = frames.unpacked(said.name, said.command)
            who = Principal(*said.who)
            return self._engine.submit(said.hospital, command, who, then, key=said.key, within=said.within)

        self._have_told(nursery, said, submit, self._ask)

    def _show(self, nursery: trio.Nursery, said: View) -> None:
        def show(then: Then) -> Callable[[], None] | None:
            query = frames.unpacked(said.name, said.query)
            who = Principal(*said.who)
            return self._engine.show(said.hospital, query, who, then, within=said.within, purpose=said.purpose)

        self._have_told(nursery, said, show, self._view)

    def _have_told(
        self, nursery: trio.Nursery, said: Ask | View, ask: Callable[[Then], Callable[[], None] | None], made: Made
    ) -> None:
        """A command or a query needs no task here, unless something must be read from the disk for its answer."""
        id = said.id

        def then(outcome: Reply | Exception) -> None:
            self._withdraw.pop(id, None)
            self._pipe.put(failure(id, outcome) if isinstance(outcome, Exception) else frames.answered(id, outcome))
            answered.append(True)

        answered: list[bool] = []
        try:
            withdraw = ask(then)
        except Exception as error:
            self._pipe.put(failure(id, error))
            return
        if withdraw is None:
            self._start(nursery, id, made, said)
        elif not answered:
            self._withdraw[id] = withdraw

    async def _ask(self, said: Ask) -> msgspec.Struct:
        command = frames.unpacked(said.name, said.command)
        reply = await self._engine.ask(said.hospital, command, Principal(*said.who), key=said.key, within=said.within)
        return frames.answered(said.id, reply)

    async def _view(self, said: View) -> msgspec.Struct:
        query = frames.unpacked(said.name, said.query)
        who = Principal(*said.who)
        reply = await self._engine.view(said.hospital, query, who, within=said.within, purpose=said.purpose)
        return frames.answered(said.id, reply)

    async def _ask_all(self, said: AskAll) -> msgspec.Struct:
        items = [(frames.unpacked(name, command), key) for name, command, key in said.commands]
        replies = await self._engine.ask_batch(said.hospital, items, Principal(*said.who), within=said.within)
        results: list[frames.Answered | Failed] = [
            failure(0, reply) if isinstance(reply, Exception) else frames.answered(0, reply) for reply in replies
        ]
        return frames.AnsweredAll(said.id, results)

    async def _note(self, said: Note) -> msgspec.Struct:
        await self._engine.note_access(said.hospital, Principal(*said.who), said.query, said.patients, said.purpose)
        return frames.Noted(said.id)

    async def _guarded(self, said: Guarded) -> msgspec.Struct:
        await self._engine.note_security(said.hospital, Principal(*said.who), said.what, said.facts)
        return frames.Noted(said.id)

    async def _look(self, said: Look) -> msgspec.Struct:
        status, body = await self._pages(said.page, said.hospital)
        return frames.Seen(said.id, status, body)

    # -- the stream -----------------------------------------------------------------------------------------

    async def _follow(self, said: Follow) -> None:
        id = said.id
        try:
            who = Principal(*said.who) if said.who is not None else None
            async with self._engine.follow(
                said.hospital, said.topics, after=said.after, who=who, purpose=said.purpose
            ) as subscription:
                self._pipe.put(frames.Following(id))
                while True:
                    await self._wanted[id].wait()
                    self._wanted[id] = trio.Event()
                    found = await subscription.receive()
                    # Those who follow the same topics get the same bytes: told together, they are sent once.
                    told = self._news.setdefault(tuple(map(_identity, found)), (found, []))
                    told[1].append(id)
                    self._tidings.set()
        finally:
            del self._wanted[id]

    async def _tell(self) -> None:
        while True:
            await self._tidings.wait()
            self._tidings = trio.Event()
            for found, ids in self._news.values():
                self._pipe.put(News(ids, [frames.frame_parts(frame) for frame in found]))
            self._news.clear()


def failure(id: int, error: Exception) -> Failed:
    """An error, to be sent; what nobody may see is logged here, and told as a fault of ours."""
    said = frames.failed(id, error)
    if said is None:
        log.error("a call of a gateway process failed", exc_info=error)
        said = frames.failed(id, _FAULT)
        assert said is not None
    return said


def _identity(frame: Frame) -> int:
    return id(frame.data)
