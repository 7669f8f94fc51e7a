"""Whoever comes with a request, by whatever it brings: an API key, a signed token, or the cookie of a session.

Knows which credential is whose to read; what each means, its own file knows.
"""

from __future__ import annotations

from typing import Final

from gateway.auth import PREFIX, Authenticator, Caller, credential, unauthenticated

COOKIE: Final = b"matron_session"
"""The cookie's name on a plain connection."""

SECURE_COOKIE: Final = b"__Host-matron_session"
"""The same where TLS carries it: no other host and no other path can set it."""

NAMED: Final = COOKIE + b"="
"""What stands in the header of both; which of them it is, the sessions' own reader finds out."""


class Credentials:
    """Callers by API key, by token (JWT) and by session; a kind that is not configured is ``None``."""

    def __init__(
        self, keys: Authenticator | None, tokens: Authenticator | None = None, sessions: Authenticator | None = None
    ) -> None:
        self._keys = keys
        self._tokens = tokens
        self._sessions = sessions

    def caller(self, headers: dict[bytes, bytes]) -> Caller:
        """Who is asking; a ``Problem`` (401) when nobody we know. What is said in a header wins over a cookie."""
        given = credential(headers)
        if given is not None or b"authorization" in headers:
            reader = self._tokens if given is not None and is_token(given) else self._keys
        else:
            reader = self._sessions if NAMED in headers.get(b"cookie", b"") else self._keys
        if reader is None:
            raise unauthenticated("This kind of credential is not known here.")
        return reader.caller(headers)


def is_token(given: bytes) -> bool:
    """Whether a credential has the form of a JWT: three parts with dots between, as no key of ours has."""
    return given.count(b".") == 2 and not given.startswith(PREFIX.encode())


def session_of(headers: dict[bytes, bytes], names: tuple[bytes, ...] = (SECURE_COOKIE, COOKIE)) -> bytes | None:
    """What the session's cookie holds, where there is one; the one that TLS carries goes first."""
    sent = headers.get(b"cookie")
    if sent is None:
        return None
    found: dict[bytes, bytes] = {}
    for pair in sent.split(b";"):
        name, _, value = pair.strip().partition(b"=")
        found.setdefault(name, value)
    return next((found[name] for name in names if found.get(name)), None)
