"""The cookies of people: which name and which flags a connection calls for. Knows no session.

Where TLS carries the connection the name begins with ``__Host-``, so that no other host and no other path can set it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from typing import Final, Literal

from gateway.access.credentials import COOKIE, SECURE_COOKIE
from gateway.access.rates import UNIX, networks
from gateway.call import Call

SecureCookie = Literal["auto", "always", "never"]

FLOW: Final = b"matron_flow"
SECURE_FLOW: Final = b"__Host-matron_flow"
"""What a browser keeps while somebody signs in elsewhere."""

FLOW_SECONDS: Final = 600

Trusts = Callable[[Call], bool]
"""Whether a request comes by a proxy whose word counts."""


def nobody_trusted(call: Call) -> bool:
    """No proxy's word counts."""
    return False


def proxies_trusted(named: Sequence[str]) -> Trusts:
    """The word of these proxies counts, named as in ``[rates] trusted_proxies``."""
    inside, by_unix = networks(named), UNIX in named

    def trusts(call: Call) -> bool:
        peer = call.scope.get("client")
        if not peer:
            return by_unix
        try:
            address = ipaddress.ip_address(peer[0])
        except ValueError:
            return False
        return any(address in network for network in inside)

    return trusts if named else nobody_trusted


class Cookies:
    """Cookies as configured; ``trusts``: whose ``X-Forwarded-Proto`` counts."""

    def __init__(self, secure: SecureCookie = "auto", trusts: Trusts = nobody_trusted) -> None:
        self._secure = secure
        self._trusts = trusts

    def session(self, call: Call, secret: str) -> tuple[bytes, bytes]:
        """The header that gives a browser its session; it ends with the browser."""
        secure = self.is_secure(call)
        return cookie(SECURE_COOKIE if secure else COOKIE, secret, secure=secure, site="Strict")

    def no_session(self, call: Call) -> tuple[tuple[bytes, bytes], ...]:
        """The headers that take it away again, under either name that it was sent by."""
        sent = call.headers.get(b"cookie", b"")
        names = [name for name in (SECURE_COOKIE, COOKIE) if name + b"=" in sent]
        return tuple(cookie(name, "", secure=name == SECURE_COOKIE, site="Strict", seconds=0) for name in names)

    def flow(self, call: Call, secret: str) -> tuple[bytes, bytes]:
        """The header for one who is sent elsewhere: he comes back by a link of that place, so it cannot be strict."""
        secure = self.is_secure(call)
        return cookie(SECURE_FLOW if secure else FLOW, secret, secure=secure, site="Lax", seconds=FLOW_SECONDS)

    def no_flow(self, call: Call) -> tuple[bytes, bytes]:
        """The header that takes it away again."""
        secure = self.is_secure(call)
        return cookie(SECURE_FLOW if secure else FLOW, "", secure=secure, site="Lax", seconds=0)

    def flow_of(self, call: Call) -> str:
        """What the browser kept of it; only under the name that this connection calls for."""
        wanted = SECURE_FLOW if self.is_secure(call) else FLOW
        for pair in call.headers.get(b"cookie", b"").split(b";"):
            name, _, value = pair.strip().partition(b"=")
            if name == wanted:
                return value.decode("latin-1")
        return ""

    def is_secure(self, call: Call) -> bool:
        """Whether TLS carries the connection between the browser and us, as far as anybody can know."""
        if self._secure != "auto":
            return self._secure == "always"
        if call.scope.get("scheme") in ("https", "wss"):
            return True
        return call.headers.get(b"x-forwarded-proto", b"").strip().lower() == b"https" and self._trusts(call)


def cookie(name: bytes, value: str, *, secure: bool, site: str, seconds: int | None = None) -> tuple[bytes, bytes]:
    """A ``Set-Cookie`` header; scripts cannot read it."""
    flags = b"; Path=/; HttpOnly; SameSite=" + site.encode()
    if secure:
        flags += b"; Secure"
    if seconds is not None:
        flags += b"; Max-Age=%d" % seconds
    return b"set-cookie", b"%b=%b%b" % (name, value.encode("ascii"), flags)
