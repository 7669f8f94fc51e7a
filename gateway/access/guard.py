"""The one place that decides who may do what: every request, every command of a batch, every stream goes by here.

In this order: how often its address may ask, who it is, how often that principal may ask, whether a page of elsewhere
speaks through somebody's browser, whether the glass is broken, and whether one of the caller's roles may use the row.
Whose hospital it is stands with the caller (``Caller.hospital_of``): another's is not there.
"""

from __future__ import annotations

import hmac
from typing import Final, Protocol

from gateway.access.break_glass import HEADER as GLASS
from gateway.access.break_glass import OPENED, break_glass
from gateway.auth import WHOLE_NETWORK, Authenticator, Caller, check_role
from gateway.call import Call
from gateway.problems import Problem
from gateway.routes.row import Role

TOKEN_HEADER: Final = b"x-csrf-token"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

ANSWERED_ELSEWHERE: Final = "/sign-in/oidc/callback"
"""Where whoever signs in elsewhere comes back: it costs a request to the issuer of tokens."""


class Rates(Protocol):
    """How often somebody may ask; a ``Problem`` (429) for whoever asks more."""

    def by_address(self, call: Call) -> None:
        """Count a request of an address, whoever sends it."""

    def by_principal(self, call: Call) -> None:
        """Count a request of a caller who is known by now."""

    def by_sign_in(self, call: Call) -> None:
        """Count an attempt to become somebody."""

    def welcome(self, call: Call) -> None:
        """The attempt was a good one, and counts for nothing."""

    def by_commands(self, call: Call, count: int) -> None:
        """Count what a message carries beside itself."""


class Witness(Protocol):
    """Whoever writes down what was refused, and what was opened by force."""

    def unknown(self, call: Call, label: str, problem: Problem) -> None:
        """Somebody could not say who he is."""

    def denied(self, call: Call, label: str, problem: Problem) -> None:
        """Somebody asked for what is not his."""

    def limited(self, call: Call, label: str, problem: Problem) -> None:
        """Somebody asked too often."""

    def broke(self, call: Call, label: str) -> None:
        """Somebody broke the glass, and was let in."""


class Unlimited:
    """Everybody asks as often as he likes."""

    def by_address(self, call: Call) -> None:
        """Let it be."""

    def by_principal(self, call: Call) -> None:
        """Let it be."""

    def by_sign_in(self, call: Call) -> None:
        """Let it be."""

    def welcome(self, call: Call) -> None:
        """Let it be."""

    def by_commands(self, call: Call, count: int) -> None:
        """Let it be."""


class Unwritten:
    """Nothing is written down."""

    def unknown(self, call: Call, label: str, problem: Problem) -> None:
        """Let it be."""

    def denied(self, call: Call, label: str, problem: Problem) -> None:
        """Let it be."""

    def limited(self, call: Call, label: str, problem: Problem) -> None:
        """Let it be."""

    def broke(self, call: Call, label: str) -> None:
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
        self.greet(call, label)
        if roles is None:
            # Who may write without saying who he is, is about to say it.
            if call.writes or label == ANSWERED_ELSEWHERE:
                self._signs_in(call, label)
            return
        caller = self.identify(call, label)
        if call.headers.get(b"hospital-id", b"") and caller.hospital != WHOLE_NETWORK:
            self._at_home(call, caller, label)
        if GLASS in call.headers:
            break_glass(call)
        self.check(call, roles, label)

    def greet(self, call: Call, label: str) -> None:
        """Somebody comes: count the address."""
        try:
            self._rates.by_address(call)
        except Problem as problem:
            self._witness.limited(call, label, problem)
            raise

    def identify(self, call: Call, label: str) -> Caller:
        """Find out who asks, and count it."""
        try:
            caller = call.caller = self.auth.caller(call.headers)
        except Problem as problem:
            self._witness.unknown(call, label, problem)
            raise
        try:
            self._rates.by_principal(call)
        except Problem as problem:
            self._witness.limited(call, label, problem)
            raise
        if caller.csrf:
            try:
                own_page(caller, call)
            except Problem as problem:
                self._witness.denied(call, label, problem)
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
        """Whether the caller has one of these roles, or has broken the glass before what they may do."""
        caller = call.caller
        assert caller is not None
        if caller.roles.isdisjoint(roles) and (not caller.glass or roles.isdisjoint(OPENED)):
            try:
                check_role(caller, roles)
            except Problem as problem:
                self._witness.denied(call, label, problem)
                raise
        if caller.glass:
            self._witness.broke(call, label)

    def count(self, call: Call, commands: int) -> None:
        """Count the commands of one message; it has been counted as one request where it came as one."""
        try:
            self._rates.by_commands(call, commands)
        except Problem as problem:
            self._witness.limited(call, "", problem)
            raise

    def welcome(self, call: Call) -> None:
        """Somebody has signed in: that he tried counts for nothing, for a whole shift may come from one address."""
        self._rates.welcome(call)

    def _at_home(self, call: Call, caller: Caller, label: str) -> None:
        """Another hospital is not there for somebody; that he looked for it is known."""
        try:
            caller.hospital_of(call.headers)
        except Problem as problem:
            self._witness.denied(call, label, problem)
            raise

    def _signs_in(self, call: Call, label: str) -> None:
        try:
            self._rates.by_sign_in(call)
        except Problem as problem:
            self._witness.limited(call, label, problem)
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
