"""The one place that decides who may do what: every request, every command of a batch, every stream goes by here.

In this order: how often its address may ask, who it is, how often that principal may ask, whether a page of elsewhere
speaks through somebody's browser, and whether one of the caller's roles may use the row. Whose hospital it is stands
with the caller (``Caller.hospital_of``): another's is not there.
"""

from __future__ import annotations

import hmac
from typing import Final, Protocol

from gateway.auth import Authenticator, Caller, check_role
from gateway.call import Call
from gateway.problems import Problem
from gateway.routes.row import Role

TOKEN_HEADER: Final = b"x-csrf-token"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Rates(Protocol):
    """How often somebody may ask; a ``Problem`` (429) for whoever asks more."""

    def by_address(self, call: Call) -> None:
        """Count a request of an address, whoever sends it."""

    def by_principal(self, call: Call) -> None:
        """Count a request of a caller who is known by now."""


class Witness(Protocol):
    """Whoever writes down what was refused, and what was opened by force."""

    def unknown(self, call: Call, problem: Problem) -> None:
        """Somebody could not say who he is."""

    def denied(self, call: Call, label: str, problem: Problem) -> None:
        """Somebody asked for what is not his."""


class Unlimited:
    """Everybody asks as often as he likes."""

    def by_address(self, call: Call) -> None:
        """Let it be."""

    def by_principal(self, call: Call) -> None:
        """Let it be."""


class Unwritten:
    """Nothing is written down."""

    def unknown(self, call: Call, problem: Problem) -> None:
        """Let it be."""

    def denied(self, call: Call, label: str, problem: Problem) -> None:
        """Let it be."""


class Guard:
    """Lets requests in, or refuses them with a ``Problem``."""

    def __init__(
        self, auth: Authenticator, rates: Rates = Unlimited(), witness: Witness = Unwritten(),  # noqa: B008
    ) -> None:  # fmt: skip
        self.auth = auth
        self._rates = rates
        self._witness = witness

    def admit(self, call: Call, roles: frozenset[Role] | None, label: str) -> None:
        """Let a request to a row in; ``roles``: who may use it, ``None``: anybody. Sets ``call.caller``."""
        self.greet(call)
        if roles is None:
            return
        self.identify(call)
        self.check(call, roles, label)

    def greet(self, call: Call) -> None:
        """Somebody comes: count the address."""
        self._rates.by_address(call)

    def identify(self, call: Call) -> Caller:
        """Find out who asks, and count it."""
        try:
            caller = call.caller = self.auth.caller(call.headers)
        except Problem as problem:
            self._witness.unknown(call, problem)
            raise
        self._rates.by_principal(call)
        if caller.csrf:
            try:
                own_page(caller, call)
            except Problem as problem:
                self._witness.denied(call, "", problem)
                raise
        return caller

    def recognise(self, call: Call) -> Caller | None:
        """Who asks, where nobody has to say so: a credential that is not good is then as good as none."""
        try:
            caller = self.auth.caller(call.headers)
            if caller.csrf:
                own_page(caller, call)
        except Problem:
            return None
        return caller

    def check(self, call: Call, roles: frozenset[Role], label: str) -> None:
        """Whether the caller has one of these roles."""
        assert call.caller is not None
        try:
            check_role(call.caller, roles)
        except Problem as problem:
            self._witness.denied(call, label, problem)
            raise


def own_page(caller: Caller, call: Call) -> None:
    """Whether a request that brings a cookie was made by a page of ours: a browser sends the cookie for any page.

    A write says the session's token in a header, which no other page can read; a WebSocket cannot have headers, so
    that there its origin must be the host it speaks to.
    """
    headers = call.headers
    if call.scope["type"] == "websocket":
        origin = headers.get(b"origin", b"").partition(b"://")[2]
        if not origin or origin != headers.get(b"host"):
            raise Problem("forbidden", "Only a page of this server may follow with a session.")
        return
    if call.scope["method"] in SAFE:
        return
    if headers.get(b"sec-fetch-site", b"same-origin") not in (b"same-origin", b"none"):
        raise Problem("forbidden", "This was asked by a page of elsewhere.")
    if not hmac.compare_digest(headers.get(TOKEN_HEADER, b""), caller.csrf.encode()):
        raise Problem("forbidden", "A session's writes say its token: X-CSRF-Token, from GET /api/v1/session/.")
