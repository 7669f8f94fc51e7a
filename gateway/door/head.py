"""Which requests are plain, and what the head of a plain one says: a pure function of a request's first bytes.

Knows how requests are written; no socket and no answer. It refuses nothing. What is not plain to the last byte, be it
rare or wrong, is left to h11, which takes it or answers it; so every request that is taken here is one that h11
takes too, and reads in the same way. Lenience is therefore a bug of this file, and strictness costs time only.

One regular expression and a split are as fast as a parser in C with its calls back into Python (1.2 and 1.5 µs for
the head of a booking, 2.1 µs each for eight headers), and say in two lines what such a parser says in flags.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

import msgspec

LARGEST_PLAIN_BODY: Final = 64 * 1024
"""Bytes. A plain body is given to the app whole, so it is kept until it is all here; a longer one comes in pieces."""

# What h11 takes, and another reader on the way may take for something else: lines that end in LF alone, folded lines,
# and lengths that are there twice, be it in two lines or in one.
_AMBIGUOUS: Final = re.compile(
    rb"(?<!\r)\n|\n[ \t]|\ncontent-length[ \t]*:[^\n]*,|\ncontent-length[ \t]*:.*?\ncontent-length[ \t]*:",
    re.IGNORECASE | re.DOTALL,
)

Headers = list[tuple[bytes, bytes]]

_TOKEN: Final = rb"[-!#$%&'*+.^_`|~0-9A-Za-z]++"
_PLAIN: Final = re.compile(
    rb"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (/[\x21-\x7e]*+) HTTP/1\.1\r\n"
    rb"((?:" + _TOKEN + rb":[\t\x20-\x7e\x80-\xff]*+\r\n)++)\r\n"
)

# Names that say how the message is framed or what becomes of the connection, and so may make it less than plain.
_FRAMING: Final = frozenset(
    {b"host", b"content-length", b"connection", b"transfer-encoding", b"upgrade", b"expect", b"http2-settings"}
)


class Head(msgspec.Struct, frozen=True):
    """The head of a plain request."""

    method: str
    path: bytes
    query: bytes
    headers: Headers  # names in lower case
    end: int  # where the body begins
    length: int  # of the body, in bytes
    close: bool  # the client wants no request after this one

    @property
    def decoded_path(self) -> str:
        """The path as an app sees it."""
        path = self.path.decode("ascii")
        return unquote(path) if "%" in path else path


def plain_head(data: bytes, most: int) -> Head | None:
    """The head that ``data`` begins with; ``None`` where it is not plain, not whole, or over ``most`` bytes."""
    found = _PLAIN.match(data)
    if found is None or found.end() > most:
        return None
    method, target, block = found.groups()
    headers: Headers = []
    hosts, length, close = 0, -1, b""
    for line in block[:-2].split(b"\r\n"):
        name, _, value = line.partition(b":")
        name, value = name.lower(), value.strip(b" \t")
        headers.append((name, value))
        if name not in _FRAMING:
            continue
        if name == b"host":
            hosts += 1
        elif name == b"content-length" and length < 0 and value.isdigit() and len(value) <= 10:
            length = int(value)
        elif name == b"connection" and not close:
            close = value.lower()
        else:
            return None
    if hosts != 1 or length > LARGEST_PLAIN_BODY or close not in (b"", b"keep-alive", b"close"):
        return None
    path, _, query = target.partition(b"?")
    return Head(method.decode("ascii"), path, query, headers, found.end(), max(length, 0), close == b"close")


def is_ambiguous(data: bytes) -> bool:
    """Whether the head that ``data`` begins with, or as much of it as is here, can be read in two ways."""
    end = data.find(b"\r\n\r\n")
    return _AMBIGUOUS.search(data, 0, end + 4 if end >= 0 else len(data)) is not None
