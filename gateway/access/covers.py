"""Headers that every answer carries: what a browser may do with it, and how often its reader may ask again.

Nothing of an answer is for another site, and no answer of the interface is a page. A page says itself what it may
load (its Content-Security-Policy); what it may not do besides stands here. All of it is put together once, so that it
costs a request less than two microseconds.
"""

from __future__ import annotations

from typing import Final

from gateway.call import Call

Header = tuple[bytes, bytes]

POLICY: Final = b"content-security-policy"

ALWAYS: Final[tuple[Header, ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
NO_PAGE: Final[tuple[Header, ...]] = (
    *ALWAYS,
    (POLICY, b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
"""Of what is read by programs: should a browser show it all the same, it loads nothing and stands in no frame."""

PAGE: Final[tuple[Header, ...]] = (
    *ALWAYS,
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
"""Of what has a policy of its own; its referrer policy stands with that."""

NOT_KEPT: Final[Header] = (b"cache-control", b"no-store")


class Cover:
    """Puts them on. ``hsts_seconds``: for how long a browser is to come over TLS alone; 0: that is not said."""

    def __init__(self, hsts_seconds: int = 0) -> None:
        self._hsts = (b"strict-transport-security", b"max-age=%d" % hsts_seconds) if hsts_seconds else None

    def put_on(self, headers: list[Header], call: Call) -> None:
        """Complete the headers of an answer; what it says itself stays."""
        known = {name for name, _ in headers}
        headers.extend(PAGE if POLICY in known else NO_PAGE)
        # Nobody keeps an answer to a write anyway; of a read no proxy may.
        if not call.writes and b"cache-control" not in known:
            headers.append(NOT_KEPT)
        if call.rate is not None:
            meter, level = call.rate
            headers.extend(meter.headers(level))
        if self._hsts is not None and secure(call):
            headers.append(self._hsts)


def secure(call: Call) -> bool:
    """Whether the client came over TLS, ours or that of a proxy in front. Who lies there tells himself."""
    return call.scope.get("scheme") == "https" or call.headers.get(b"x-forwarded-proto") == b"https"
