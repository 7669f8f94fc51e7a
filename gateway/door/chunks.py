"""Whether a chunked body is framed as it should be, to the last byte of its lines (RFC 9112, section 7.1).

Knows the frame only, and decodes nothing: h11 does, but it takes some lines that another reader on the way may take
for something else (a bare CR in an extension; trailers, and their end, whose lines end in LF alone), and then the two
disagree on where the next request begins.
"""

from __future__ import annotations

import re
from typing import Final

_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n")
_TRAILER: Final = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n")

_LONGEST_LINE: Final = 4096
"""Bytes of a size with its extensions, or of a trailer; h11 bounds what all of them take together."""


class Chunks:
    """The frame of one chunked body, followed as it comes in."""

    def __init__(self) -> None:
        self._line = b""  # as much of the present line as is here
        self._left = 0  # bytes of the present chunk, its line end included
        self._last = False  # the last chunk has come: what follows are trailers
        self._over = False

    def follow(self, data: bytes) -> bool:
        """Whether the frame is right so far; what comes behind the body's end is not looked at."""
        at = 0
        while at < len(data) and not self._over:
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
                continue
            end = data.find(b"\n", at) + 1 or len(data)
            self._line += data[at:end]
            at = end
            if len(self._line) > _LONGEST_LINE:
                return False
            if self._line.endswith(b"\n") and not self._next_line():
                return False
        return True

    def _next_line(self) -> bool:
        line, self._line = self._line, b""
        if self._last:
            self._over = line == b"\r\n"
            return self._over or _TRAILER.fullmatch(line) is not None
        size = _SIZE.fullmatch(line)
        if size is None:
            return False
        length = int(size[1], 16)
        self._left = length + 2 if length else 0
        self._last = not length
        return True
