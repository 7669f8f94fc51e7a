"""The stream over one WebSocket: frames out, commands and pings in.

One task sends frames, one reads. The commands that were read in one turn are asked together, by a task that ends with
their results, also when the client has gone meanwhile: what was asked is decided. Whatever a client sends, the worst
it can get is its own end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec
import trio
from starlette.types import Message

from gateway import wire
from gateway.batch import BatchEndpoint, Sender, refused
from gateway.call import Call
from gateway.door.streams import TEXTS
from gateway.engine import Subscription
from gateway.limits import Limits
from gateway.problems import Problem, invalid
from gateway.streaming.asked import RECHECK
from gateway.streaming.commands import Commands, ResultAlone

WASTE: Final = 100
"""Messages of one client that may mean nothing before it is let go."""

DRAIN: Final = 5.0
"""Seconds that commands on their way get once the stream ends."""

NORMAL, POLICY = 1000, 1008
"""RFC 6455: all is well, and: the client broke a rule, or may not be here any more."""


class WebSocketStream:
    """One accepted WebSocket. ``known`` says whether its caller still is one."""

    def __init__(
        self, subscription: Subscription, call: Call, hospital: str, send: Callable[[Message], Awaitable[None]],
        batch: BatchEndpoint, limits: Limits, known: Callable[[], bool],
    ) -> None:  # fmt: skip
        self._subscription = subscription
        self._call = call
        self._hospital = hospital
        self._send = send
        self._batch = batch
        self._limits = limits
        self._known = known
        self._turn = trio.Lock()
        self._wasted = 0
        self._ending = (NORMAL, "")
        self._gone = False
        self._talk = trio.CancelScope()

    async def run(self) -> None:
        """Until the client goes, or is let go."""
        async with trio.open_nursery() as asking:
            sender = Sender.of(self._call, self._hospital)
            within = self._limits.deadline_seconds
            commands = Commands(sender, self._batch, within, self._known, self._put_texts, asking)
            with self._talk:
                async with trio.open_nursery() as talk:
                    talk.start_soon(self._listen, commands)
                    await self._speak()
                    self._talk.cancel()
            asking.cancel_scope.deadline = trio.current_time() + (
                self._limits.deadline_seconds if self._gone else DRAIN
            )
        code, reason = self._ending
        await self._put({"type": "websocket.close", "code": code, "reason": reason})

    async def _speak(self) -> None:
        checked = trio.current_time()
        while not self._gone:
            frames = await self._subscription.receive()
            now = trio.current_time()
            if now - checked >= RECHECK:
                checked = now
                if not self._known():
                    await self._let_go("this key is not known any more")
                    return
            await self._put_texts([frame.data for frame in frames])
            if frames[-1].code:
                self._ending = (frames[-1].code, "")
                return

    async def _let_go(self, reason: str) -> None:
        self._ending = (POLICY, reason)
        await self._tell({"type": "closing", "code": POLICY, "reason": reason})

    async def _tell(self, value: dict[str, Any]) -> None:
        await self._put({"type": "websocket.send", "text": msgspec.json.encode(value, enc_hook=str).decode()})

    async def _put_texts(self, texts: Sequence[bytes]) -> None:
        """All in one piece, and without a turn of the scheduler where nobody else is sending."""
        try:
            self._turn.acquire_nowait()
        except trio.WouldBlock:
            await self._turn.acquire()
        try:
            await self._pass_on({"type": TEXTS, "texts": texts})
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

    async def _listen(self, commands: Commands) -> None:
        """Read to the end. What came in one piece is read without a turn in between, and so asked together."""
        while True:
            message = await self._call.receive()
            if message["type"] != "websocket.receive":
                self._gone = True
                break
            try:
                said = self._read(message)
                if "ping" in said:
                    await self._tell({"type": "pong", "ping": said["ping"]})
                else:
                    self._wasted += await commands.hear(said)
            except Problem as problem:
                result = refused(problem, self._call.request_id)
                nameless = ResultAlone(None, result.status, result.body)
                await self._put_texts([msgspec.json.encode(nameless, enc_hook=str)])
                self._wasted += 1
            if self._wasted >= WASTE:
                await self._let_go("too many messages that meant nothing")
                break
        self._talk.cancel()

    def _read(self, message: Message) -> dict[str, Any]:
        """A ping or commands, whose other members are looked at when it is their turn."""
        text = message.get("text")
        if text is None:
            raise Problem("unsupported_media_type", "Messages are JSON, as text.")
        # As deep as a batch: what it carries may be as deep as a body, and is looked at by itself.
        said = wire.decode(text.encode("utf-8", "surrogatepass"), self._limits.json_depth + 3)
        if not isinstance(said, dict):
            raise invalid("", "A message must be a JSON object.")
        if "ping" in said and (len(said) > 1 or not isinstance(said["ping"], str | int | float | bool | None)):
            raise invalid("ping", "text, a number or nothing, and no other member beside it")
        return said
