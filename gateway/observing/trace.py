"""A request's place in a trace, as W3C Trace Context has it: read strictly from ``traceparent``, or begun here.

``tracestate`` is not read and not passed on: nothing here has anything to put into it.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import Final, NamedTuple, Protocol

from gateway.headers import FreshIds, Headers

SAMPLED: Final = 1
"""The one flag that version 00 knows: the caller keeps this trace."""

_PARENT: Final = re.compile(
    rb"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?"
)
_NO_TRACE: Final = b"0" * 32
_NO_SPAN: Final = b"0" * 16


class Trace(NamedTuple):
    """One request in its trace; ids are lower-case hex. ``parent_id``: the caller's span, or ``""``."""

    trace_id: str
    span_id: str
    parent_id: str = ""
    flags: int = 0

    @property
    def header(self) -> bytes:
        """Where this request stands, in the form of ``traceparent``."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}".encode("ascii")


class Traced(Protocol):
    """A request, as far as lines of the log name it."""

    @property
    def request_id(self) -> str:
        """Its id."""

    @property
    def trace(self) -> Trace:
        """Its place."""


current: ContextVar[Traced | None] = ContextVar("matron_request", default=None)
"""The request in whose task something happens, for whoever writes a line meanwhile."""


def parent_of(headers: Headers) -> tuple[str, str, int] | None:
    """Trace id, span id and flags of the caller; ``None`` where there is no ``traceparent``, or none that is right.

    A version that is not known yet is read as far as version 00 goes, which its standard asks for; ``ff`` is none.
    """
    given = headers.get(b"traceparent")
    if given is None:
        return None
    found = _PARENT.fullmatch(given)
    if found is None or found["version"] == b"ff" or (found["version"] == b"00" and found["more"] is not None):
        return None
    if found["trace"] == _NO_TRACE or found["span"] == _NO_SPAN:
        return None
    return found["trace"].decode("ascii"), found["span"].decode("ascii"), int(found["flags"], 16) & SAMPLED


def trace_of(headers: Headers, fresh: FreshIds) -> Trace:
    """The caller's trace with a span of ours, or one that begins here."""
    parent = parent_of(headers)
    if parent is None:
        return Trace(fresh.next() + fresh.next(), fresh.next())
    trace_id, span_id, flags = parent
    return Trace(trace_id, fresh.next(), span_id, flags)
