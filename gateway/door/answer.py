"""Which answers are plain, and the bytes of one: a pure function of what an app sent.

An answer is plain when its length is known and its headers say nothing about the connection. Everything else, and
everything that may be wrong, is left to h11, as plain requests are in ``gateway.door.head``.
"""

from __future__ import annotations

import re
from typing import Any, Final

from gateway.door.settings import DoorConfig

_TOKEN: Final = rb"[-!#$%&'*+.^_`|~0-9A-Za-z]++"
_WORD: Final = rb"[\x21-\x7e\x80-\xff]++"
_LINES: Final = re.compile(rb"(?:" + _TOKEN + rb": (?:" + _WORD + rb"(?:[ \t]++" + _WORD + rb")*+)?\r\n)*+")

# What h11 has to be asked about, in whatever case an app writes it.
_FRAMING: Final = frozenset({b"connection", b"transfer-encoding", b"upgrade", b"trailer", b"keep-alive"})

# Headers that say the same in one answer after the other, and how they are written: looked at once.
_REPEATED: Final = frozenset(
    {b"content-type", b"x-content-type-options", b"cross-origin-resource-policy", b"content-security-policy",
     b"referrer-policy", b"cache-control"}
)  # fmt: skip
_KNOWN: Final[dict[tuple[bytes, bytes], bytes]] = {}
_MOST_KNOWN: Final = 64

_WITHOUT_BODY: Final = frozenset({204, 304})

_STATUS_LINES: Final = {status: b"HTTP/1.1 %d \r\n" % status for status in range(200, 600)}


class PlainAnswer:
    """The head of an answer that is plain so far; ``bytes_with`` its body it is whole."""

    __slots__ = ("_length", "_lines")

    def __init__(self, lines: bytes, length: int | None) -> None:
        self._lines = lines
        self._length = length  # of the body; None where there is none to send

    def bytes_with(self, body: bytes, config: DoorConfig, *, close: bool) -> bytes | None:
        """All of it, to leave in one piece; ``None`` when it has another length than its head said."""
        if self._length is None:
            body = b""
        elif self._length != len(body):
            return None
        end = b"connection: close\r\n\r\n" if close else b"\r\n"
        return b"".join((self._lines, config.date_line(), end, body))


def plain_start(message: dict[str, Any], method: str) -> PlainAnswer | None:
    """The answer that an app's ``http.response.start`` begins; ``None`` where it is not plain."""
    headers = message.get("headers", ())
    if message.get("trailers", False) or not isinstance(headers, list):
        return None
    return plain_answer(message["status"], headers, method)


def plain_answer(status: int, headers: list[tuple[bytes, bytes]], method: str) -> PlainAnswer | None:
    """An answer of this status and with these headers; ``None`` where it is not plain."""
    status_line = _STATUS_LINES.get(status)
    if status_line is None:
        return None
    length = None
    lines, others = [], []
    for header in headers:
        known = _KNOWN.get(header)
        if known is not None:
            lines.append(known)
            continue
        name, value = header
        lowered = name.lower()
        if lowered == b"content-length":
            if length is not None or not value.isdigit():
                return None
            length = int(value)
        elif lowered in _FRAMING:
            return None
        line = b"%b: %b\r\n" % header
        lines.append(line)
        others.append(line)
        if lowered in _REPEATED and len(_KNOWN) < _MOST_KNOWN and _is_plain([line]):
            _KNOWN[header] = line
    if not _is_plain(others):
        return None
    if status in _WITHOUT_BODY:
        if length is not None:
            return None
    elif length is None:
        return None
    elif method == "HEAD":
        length = None
    return PlainAnswer(b"".join((status_line, *lines)), length)


def _is_plain(lines: list[bytes]) -> bool:
    """Whether each of these is one header; a value with the end of a line in it would make two of one."""
    block = b"".join(lines)
    return _LINES.fullmatch(block) is not None and block.count(b"\n") == len(lines)
