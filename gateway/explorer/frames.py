"""What is said between a gateway process and its reading process, over a pipe each way.

A frame is its length in four bytes, big-endian, then so many bytes of MessagePack: ``{id, call, args}`` one way,
``{id, result | error}`` the other. Both ends are of one version. Knows no query and no answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec
from msgspec import Raw

LONGEST: Final = 32 * 1024 * 1024
"""Bytes of a frame: a day of the largest hospital, several times over."""

CANCEL: Final = "cancel"
"""The call that gives up the one of the same id."""


class Asked(msgspec.Struct, frozen=True):
    """A call; ``hospital`` says whose log."""

    id: int
    call: str
    hospital: str = ""
    args: dict[str, Any] = {}


class Failure(msgspec.Struct, frozen=True):
    """Why there is no result.

    ``not_found`` and ``invalid`` are the asker's; ``busy``: come again, so much of the log has been read by now;
    ``unreadable``: the log is damaged or cannot be opened; ``failed``: a bug of the reading process.
    """

    kind: Literal["not_found", "invalid", "busy", "unreadable", "failed"]
    detail: str = ""
    field: str = ""
    read: int = 0
    of: int = 0


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of a call; ``patients`` are the ids of those whom the result names."""

    id: int
    result: Raw = Raw(b"")
    error: Failure | None = None
    patients: list[str] = []


class Garbled(Exception):
    """What came is no frame."""


def framed(message: msgspec.Struct) -> bytes:
    """A message as it crosses the pipe."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(4, "big") + body


class Frames:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._held = bytearray()

    def take(self, data: bytes | bytearray) -> Iterator[bytes]:
        """The frames that these bytes complete; ``Garbled`` when what came cannot be one."""
        held = self._held
        held += data
        while len(held) >= 4:
            size = int.from_bytes(held[:4], "big")
            if size > LONGEST:
                raise Garbled(f"a frame of {size} bytes")
            if len(held) < 4 + size:
                return
            body = bytes(held[4 : 4 + size])
            del held[: 4 + size]
            yield body
