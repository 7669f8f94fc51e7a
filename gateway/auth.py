"""Who is asking, and which hospital a caller may speak for; whoever brings an API key is looked up here.

To check a key takes 1 µs. How keys are kept stands in ``gateway.access.keys``, what a role may do in the table of
routes. Knows no path and no command.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import msgspec
import trio

from engine.calendar import instant
from engine.clock import Clock, SystemClock
from gateway.access.keys import PREFIX, KeysUnusable, add_key, read_keys
from gateway.access.names import HOSPITAL_NAME, WHOLE_NETWORK
from gateway.problems import Problem, invalid, not_found
from gateway.routes.row import ROLES, Role

DEV_HOSPITAL = "main"
LONGEST_KEY = 512
LONGEST_CREDENTIAL = 8 * 1024  # a signed token with its claims
RECHECK_SECONDS = 2.0
LOOPBACK = re.compile(rb"(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?")

log = logging.getLogger("matron.auth")


@lru_cache(maxsize=1_024)
def _word(roles: frozenset[Role], glass: bool) -> str:
    return "+".join([*sorted(roles), *(["break-glass"] if glass else [])])


class Caller(msgspec.Struct, frozen=True):
    """An authenticated principal: its roles, and its hospital (``*``: the whole network)."""

    name: str
    roles: frozenset[Role]
    hospital: str
    fallback: str = ""  # the hospital of a caller of the whole network who names none
    kind: Literal["key", "token", "session", "dev", "visitor"] = "key"
    csrf: str = ""  # what the writes of a session have to say; only a session has one
    shown: str = ""  # what a person is called on a page
    glass: bool = False  # broken, for this request: see ``gateway.access.break_glass``

    @property
    def role(self) -> str:
        """The roles as one word, for the log's *who*."""
        return _word(self.roles, self.glass)

    def hospital_of(self, headers: dict[bytes, bytes]) -> str:
        """The hospital of this request; another one's is as unknown as one that does not exist."""
        named = headers.get(b"hospital-id")
        if named is None:
            if self.hospital != WHOLE_NETWORK:
                return self.hospital
            if self.fallback:
                return self.fallback
            raise invalid(
                "Hospital-Id", "required: this key is for the whole network, so the header names the hospital"
            )
        name = named.decode("latin-1")
        if self.hospital not in (WHOLE_NETWORK, name):
            raise not_found()
        if not HOSPITAL_NAME.fullmatch(name):
            raise not_found()
        return name


DEVELOPER = Caller("developer", frozenset(ROLES), WHOLE_NETWORK, DEV_HOSPITAL, kind="dev")


def visitor(hospital: str | None, headers: dict[bytes, bytes] | None = None) -> Caller:
    """Somebody without a key, who looks at what anybody may see of this hospital.

    Where the address does not name it, the header does; where neither does, it is the one called main.
    """
    if hospital is None:
        hospital = (headers or {}).get(b"hospital-id", DEV_HOSPITAL.encode()).decode("latin-1")
    if not HOSPITAL_NAME.fullmatch(hospital):
        raise not_found()
    return Caller("visitor", frozenset({"board"}), hospital, kind="visitor")


class Authenticator(Protocol):
    """Turns the headers of a request into a caller, or refuses them."""

    def caller(self, headers: dict[bytes, bytes]) -> Caller:
        """Who is asking; a ``Problem`` when nobody we know."""


class Nobody:
    """No authentication (``--dev``): everybody is the developer. Only ever on loopback."""

    def caller(self, headers: dict[bytes, bytes]) -> Caller:
        """Whoever asks may do everything."""
        return DEVELOPER


class NobodyFromOutside(Nobody):
    """The same, but for web pages of elsewhere: a browser on this machine must not do their bidding.

    Such a page can send requests here under its own name (``Origin``), or make its name lead here (``Host``).
    """

    def caller(self, headers: dict[bytes, bytes]) -> Caller:
        """The developer, unless a foreign page speaks through his browser."""
        origin = headers.get(b"origin")
        if origin is not None:
            origin = origin.partition(b"://")[2]
        for named in (origin, headers.get(b"host")):
            if named is not None and not LOOPBACK.fullmatch(named):
                raise Problem("forbidden", "Without authentication only this machine's own pages may ask.")
        return DEVELOPER


class _Opened(NamedTuple):
    """What a key opens: the digest again for a comparison in constant time, whose it is, and until when (µs)."""

    digest: bytes
    caller: Caller
    until: int | None


class ApiKeys:
    """Callers by API key, from a file that is read again when it changes: a key taken out stops working in seconds."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self.path = path
        self._clock = clock or SystemClock()
        self._callers = load(path)
        self._stamp = stamp(path)
        self._checked = float("-inf")

    def __len__(self) -> int:
        return len(self._callers)

    def caller(self, headers: dict[bytes, bytes]) -> Caller:
        """The caller whose key this is: ``Authorization: Bearer KEY`` or ``X-API-Key: KEY``."""
        now = trio.current_time()
        if now - self._checked >= RECHECK_SECONDS:
            self._checked = now
            self.refresh()
        given = credential(headers)
        if given is None or len(given) > LONGEST_KEY:
            raise unauthenticated("A key is needed: Authorization: Bearer KEY, or X-API-Key: KEY.")
        digest = hashlib.sha256(given).digest()
        found = self._callers.get(digest)
        # The look-up is by hash, so its timing tells nothing of a key; the comparison is constant in time anyway.
        if found is None or not hmac.compare_digest(found.digest, digest):
            raise unauthenticated("This key is not known.")
        if found.until is not None and found.until <= self._clock.wall():
            raise unauthenticated("This key has expired.")
        return found.caller

    def refresh(self) -> None:
        """Read the file again, if it has changed; what is wrong with it then changes nothing."""
        try:
            if (seen := stamp(self.path)) != self._stamp:
                self._callers, self._stamp = load(self.path), seen
                log.warning("keys read again from %s: %d", self.path, len(self._callers))
        except (OSError, KeysUnusable) as error:
            log.error("keys file not read again, the keys already known stay: %s", error)


def credential(headers: dict[bytes, bytes]) -> bytes | None:
    """The key that a request carries, if it carries one."""
    given = headers.get(b"authorization")
    if given is not None:
        scheme, _, key = given.partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        given = key.strip()
    else:
        given = headers.get(b"x-api-key")
    return given if given and len(given) <= LONGEST_CREDENTIAL else None


def unauthenticated(detail: str) -> Problem:
    """Nobody we know."""
    return Problem("unauthenticated", detail, headers={"WWW-Authenticate": 'Bearer realm="matron"'})


def check_role(caller: Caller, allowed: frozenset[Role]) -> None:
    """Whether one of the caller's roles is among those that a row names."""
    if caller.roles.isdisjoint(allowed):
        raise Problem("forbidden", f"This needs one of the roles {', '.join(sorted(allowed))}.")


def stamp(path: Path) -> tuple[int, int, int]:
    """What changes when the file does, also when it is replaced whole."""
    found = os.stat(path)
    return found.st_mtime_ns, found.st_size, found.st_ino


def load(path: Path) -> dict[bytes, _Opened]:
    """The callers of a keys file by the SHA-256 of their key; ``KeysUnusable`` says what is wrong with it."""
    callers: dict[bytes, _Opened] = {}
    for key in read_keys(path):
        caller = Caller(key.name, frozenset(key.roles), key.hospital)
        ends = None if key.expires is None else instant(key.expires, "expires")
        callers[bytes.fromhex(key.sha256)] = _Opened(bytes.fromhex(key.sha256), caller, ends)
        if key.old_sha256 is not None and key.old_until is not None:
            until = instant(key.old_until, "old_until")
            digest = bytes.fromhex(key.old_sha256)
            callers[digest] = _Opened(digest, caller, until if ends is None else min(until, ends))
    return callers


__all__ = [
    "DEVELOPER",
    "DEV_HOSPITAL",
    "HOSPITAL_NAME",
    "PREFIX",
    "WHOLE_NETWORK",
    "ApiKeys",
    "Authenticator",
    "Caller",
    "KeysUnusable",
    "Nobody",
    "NobodyFromOutside",
    "add_key",
    "check_role",
    "credential",
    "unauthenticated",
    "visitor",
]
