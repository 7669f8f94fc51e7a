"""The stream over one WebSocket: frames out, commands and pings in.

One task sends frames, one reads; each command is a task of its own, which ends with its result, also when the client
has gone meanwhile: what was asked is decided. Whatever a client sends, the worst it can get is its own end.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
import trio
from starlette.types import Message

from engine.subscription import HEARTBEAT, Frame
from gateway import wire
from gateway.batch import BatchEndpoint, BatchResult, refused, told
from gateway.call import Call
from gateway.door.streams import TEXTS
from gateway.engine import Engine, Subscription
from gateway.limits import Limits
from gateway.problems import Problem, internal_error, invalid, problem_of

IN_FLIGHT: Final = 32
"""Commands of one client that may be on their way."""

WASTE: Final = 100
"""Messages of one client that may mean nothing before it is let go."""

DRAIN: Final = 5.0
"""Seconds that commands on their way get once the stream ends."""

NORMAL, POLICY = 1000, 1008
"""RFC 6455: all is well, and: the client broke a rule, or may not be here any more."""

ID = re.compile(r"[\x20-\x7e]{1,100}")
"""Of a command: what its result is told apart by."""

log = logging.getLogger("matron.gateway")


class WebSocketStream:
    """One accepted WebSocket. ``known`` says whether its caller still is one."""

    def __init__(
        self, subscription: Subscription, call: Call, hospital: str, send: Callable[[Message], Awaitable[None]],
        engine: Engine, batch: BatchEndpoint, limits: Limits, known: Callable[[], bool],
    ) -> None:  # fmt: skip
        self._subscription = subscription
        self._call = call
        self._hospital = hospital
        self._send = send
        self._engine = engine
        self._batch = batch
        self._limits = limits
        self._known = known
        self._turn = trio.Lock()
        self._flying: set[str] = set()
        self._wasted = 0
        self._ending = (NORMAL, "")
        self._gone = False
        self._talk = trio.CancelScope()

    async def run(self) -> None:
        """Until the client goes, or is let go."""
        async with trio.open_nursery() as commands:
            with self._talk:
                async with trio.open_nursery() as talk:
                    talk.start_soon(self._listen, commands)
                    await self._speak()
                    self._talk.cancel()
            commands.cancel_scope.deadline = trio.current_time() + (
                self._limits.deadline_seconds if self._gone else DRAIN
            )
        code, reason = self._ending
        await self._put({"type": "websocket.close", "code": code, "reason": reason})

    async def _speak(self) -> None:
        checked = trio.current_time()
        while not self._gone:
            frames = await self._subscription.receive()
            await self._put_frames(frames)
            if frames[-1].code:
                self._ending = (frames[-1].code, "")
                return
            now = trio.current_time()
            if now - checked >= HEARTBEAT:
                checked = now
                if not self._known():
                    await self._let_go("this key is not known any more")
                    return

    async def _let_go(self, reason: str) -> None:
        self._ending = (POLICY, reason)
        await self._tell({"type": "closing", "code": POLICY, "reason": reason})

    async def _tell(self, value: dict[str, Any]) -> None:
        await self._put({"type": "websocket.send", "text": msgspec.json.encode(value, enc_hook=str).decode()})

    async def _put_frames(self, frames: list[Frame]) -> None:
        """All in one piece, and without a turn of the scheduler where nobody else is sending."""
        try:
            self._turn.acquire_nowait()
        except trio.WouldBlock:
            await self._turn.acquire()
        try:
            await self._pass_on({"type": TEXTS, "texts": [frame.data for frame in frames]})
        finally:
            self._turn.release()

    async def _put(self, message: Message) -> None:
        async with self._turn:
            await self._pass_on(message)

    async def _pass_on(self, message: Message) -> None:
        """Send, unless the client has gone; that it has is noted and is nobody's error."""
        if self._gone:
            return
        try:
            await self._send(message)
        except OSError:
            self._gone = True
            self._talk.cancel()

    # -- what the client says -------------------------------------------------------------------------------

    async def _listen(self, commands: trio.Nursery) -> None:
        while True:
            message = await self._call.receive()
            if message["type"] != "websocket.receive":
                self._gone = True
                break
            try:
                said = self._read(message)
            except Problem as problem:
                await self._result(None, refused(problem, self._call))
                self._wasted += 1
                if self._wasted >= WASTE:
                    await self._let_go("too many messages that meant nothing")
                    break
                continue
            if "ping" in said:
                await self._tell({"type": "pong", "ping": said["ping"]})
            elif len(self._flying) >= IN_FLIGHT or said["id"] in self._flying:
                detail = f"At most {IN_FLIGHT} commands at a time, and no two with one id."
                await self._result(said["id"], refused(Problem("too_many_in_flight", detail, status=429), self._call))
            else:
                self._flying.add(said["id"])
                commands.start_soon(self._command, said.pop("id"), said)
        self._talk.cancel()

    def _read(self, message: Message) -> dict[str, Any]:
        """A ping or a command, whose other members are looked at when it is its turn."""
        text = message.get("text")
        if text is None:
            raise Problem("unsupported_media_type", "Messages are JSON, as text.")
        said = wire.decode(text.encode("utf-8", "surrogatepass"), self._limits.json_depth + 1)
        if not isinstance(said, dict):
            raise invalid("", "A message must be a JSON object.")
        if "ping" in said:
            if len(said) > 1 or not isinstance(said["ping"], str | int | float | bool | None):
                raise invalid("ping", "text, a number or nothing, and no other member beside it")
        elif not isinstance(said.get("id"), str) or not ID.fullmatch(said["id"]):
            raise invalid("id", "required: 1 to 100 printable characters")
        return said

    # -- commands -------------------------------------------------------------------------------------------

    async def _command(self, id: str, said: dict[str, Any]) -> None:
        try:
            result, seq = await self._done(said)
            await self._result(id, result, seq)
        finally:
            self._flying.discard(id)

    async def _done(self, said: dict[str, Any]) -> tuple[BatchResult, int | None]:
        """What became of one command: what its own request would have been answered, and its place in the log."""
        call = self._call
        try:
            if not self._known():
                raise Problem("unauthenticated", "This key is not known any more.")
            endpoint, command, key = self._batch.read(said, call, None)
            within = self._limits.deadline_seconds
            reply = await self._engine.ask(self._hospital, command, call.who, key=key, within=within)
            return told(endpoint, reply, call), reply.position
        except Exception as error:
            problem = problem_of(error, write=True)
            if problem is None:
                log.error("a command over the stream %s failed", call.request_id, exc_info=error)
            return refused(problem or internal_error(), call), None

    async def _result(self, id: str | None, result: BatchResult, seq: int | None = None) -> None:
        body = {"type": "result", "id": id, "status": result.status, "body": result.body}
        await self._tell(body if seq is None else {**body, "seq": seq})
