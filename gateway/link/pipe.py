"""Frames over one stream, in both directions: a length of four bytes, then so many bytes of MessagePack.

What is put in one turn of the scheduler leaves in one write, a few frames at a time: so few writes as may be, and yet
the other end begins while this one goes on. Knows no frame's meaning.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

import msgspec
import trio

from gateway.link.frames import LONGEST

_PIECE: Final = 256 * 1024
"""Bytes that one read may bring."""

_TOGETHER: Final = 16
"""Frames that leave together, and that are taken in one turn."""

_encoder = msgspec.msgpack.Encoder(enc_hook=str)  # a fact may be anything that can be printed


class Garbled(Exception):
    """What came is no frame."""


class Pipe:
    """One end. ``decoder`` reads what the other end says."""

    def __init__(self, stream: trio.abc.Stream, decoder: msgspec.msgpack.Decoder[Any]) -> None:
        self._stream = stream
        self._decoder = decoder
        self._out: list[bytes] = []
        self._busy = False
        self._work = trio.Event()
        self.lost = False
        self._frames_in = self._frames_out = self._bytes_in = self._bytes_out = 0

    @property
    def counts(self) -> dict[str, int]:
        """Frames and bytes in either direction so far, and the bytes that wait to be sent."""
        return {
            "frames_in": self._frames_in,
            "frames_out": self._frames_out,
            "bytes_in": self._bytes_in,
            "bytes_out": self._bytes_out,
            "waiting": sum(map(len, self._out)),
        }

    def put(self, frame: msgspec.Struct) -> None:
        """Send a frame, soon; nothing happens when the other end has gone."""
        if self.lost:
            return
        data = _encoder.encode(frame)
        self._out.append(len(data).to_bytes(4, "big"))
        self._out.append(data)
        self._frames_out += 1
        self._bytes_out += len(data) + 4
        self._work.set()
        if len(self._out) >= 2 * _TOGETHER and not self._busy and isinstance(self._stream, trio.SocketStream):
            self._write_at_once(self._stream.socket.fileno())

    def _write_at_once(self, descriptor: int) -> None:
        """Send what the kernel takes; the rest is left to who may wait for it."""
        data = b"".join(self._out)
        try:
            sent = os.write(descriptor, data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.lost = True
            return
        self._out[:] = [data[sent:]] if sent < len(data) else []

    async def write_forever(self) -> None:
        """Send what was put; ends when the other end has gone."""
        try:
            while True:
                await self._work.wait()
                self._work = trio.Event()
                data = b"".join(self._out)
                self._out.clear()
                if data:
                    self._busy = True
                    await self._stream.send_all(data)
                    self._busy = False
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self.lost = True

    async def read_forever(self, take: Callable[[Any], None]) -> None:
        """Pass each frame on; returns when the other end has gone. ``Garbled`` when it speaks another language."""
        held = bytearray()
        while True:
            try:
                piece = await self._stream.receive_some(_PIECE)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                piece = b""
            if not piece:
                self.lost = True
                return
            held += piece
            self._bytes_in += len(piece)
            at, taken = 0, 0
            while len(held) - at >= 4:
                end = at + 4 + int.from_bytes(held[at : at + 4], "big")
                if end - at > LONGEST:
                    raise Garbled(f"a frame of {end - at} bytes")
                if end > len(held):
                    break
                try:
                    frame = self._decoder.decode(held[at + 4 : end])
                except msgspec.DecodeError as error:
                    raise Garbled(str(error)) from error
                at = end
                take(frame)
                taken += 1
                self._frames_in += 1
                if taken % _TOGETHER == 0:
                    await trio.lowlevel.checkpoint()
            del held[:at]

    async def aclose(self) -> None:
        """Let the stream go."""
        await trio.aclose_forcefully(self._stream)
