"""Who is asking: API keys, the file that holds their hashes, and which hospital a caller may speak for.

A key is 256 random bits, so one round of SHA-256 is enough to store it, and takes 1 µs to check. What a role
may do stands in the table of routes. Knows no path and no command.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import re
import secrets
import stat
from pathlib import Path
from typing import Annotated, Literal, Protocol

import msgspec
import trio

from gateway.problems import Problem, invalid, not_found
from gateway.routes.row import ROLES, Role

WHOLE_NETWORK = "*"
DEV_HOSPITAL = "main"
PREFIX = "matron_"
LONGEST_CREDENTIAL = 512
RECHECK_SECONDS = 5.0
HOSPITAL_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
NAME = re.compile(r"[\w .@:-]{1,80}")
LOOPBACK = re.compile(rb"(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?")

log = logging.getLogger("matron.auth")


class Caller(msgspec.Struct, frozen=True):
    """An authenticated principal: its roles, and its hospital (``*``: the whole network)."""

    name: str
    roles: frozenset[Role]
    hospital: str
    fallback: str = ""  # the hospital of a caller of the whole network who names none
    kind: Literal["key", "token", "session", "dev", "visitor"] = "key"
    csrf: str = ""  # what the writes of a session have to say; only a session has one
    shown: str = ""  # what a person is called on a page

    @property
    def role(self) -> str:
        """The roles as one word, for the log's *who*."""
        return "+".join(sorted(self.roles))

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


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key of the file: never the key itself, only its SHA-256 in hex."""

    name: str
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    roles: Annotated[list[Role], msgspec.Meta(min_length=1)]
    hospital: str


class KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: a TOML array of tables, ``[[key]]``."""

    key: list[Key] = []


class KeysUnusable(Exception):
    """The keys file cannot be used; the message says why and what to do."""


class ApiKeys:
    """Callers by API key, from a file that is read again when it changes: a key taken out stops working in seconds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._callers = load(path)
        self._stamp = stamp(path)
        self._checked = float("-inf")

    def __len__(self) -> int:
        return len(self._callers)

    def caller(self, headers: dict[bytes, bytes]) -> Caller:
        """The caller whose key this is: ``Authorization: Bearer KEY`` or ``X-API-Key: KEY``."""
        self._refresh()
        given = credential(headers)
        if given is None:
            raise unauthenticated("A key is needed: Authorization: Bearer KEY, or X-API-Key: KEY.")
        digest = hashlib.sha256(given).digest()
        found = self._callers.get(digest)
        # The look-up is by hash, so its timing tells nothing of a key; the comparison is constant in time anyway.
        if found is None or not hmac.compare_digest(found[0], digest):
            raise unauthenticated("This key is not known.")
        return found[1]

    def _refresh(self) -> None:
        now = trio.current_time()
        if now - self._checked < RECHECK_SECONDS:
            return
        self._checked = now
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


def load(path: Path) -> dict[bytes, tuple[bytes, Caller]]:
    """The callers of a keys file by the SHA-256 of their key; ``KeysUnusable`` says what is wrong with it."""
    try:
        held = msgspec.toml.decode(path.read_bytes(), type=KeyFile)
    except OSError as error:
        raise KeysUnusable(f"{path} cannot be read: {error.strerror}") from error
    except (msgspec.ValidationError, msgspec.DecodeError, ValueError) as error:
        raise KeysUnusable(f"{path} is not a keys file: {error}") from error
    callers: dict[bytes, tuple[bytes, Caller]] = {}
    names: set[tuple[str, str]] = set()
    for key in held.key:
        check_key(key)
        digest = bytes.fromhex(key.sha256)
        if digest in callers or (key.hospital, key.name) in names:
            # A principal's name is part of the scope of its idempotency keys: two of one name would share them.
            raise KeysUnusable(f"{path} has the key or the name {key.name!r} twice")
        names.add((key.hospital, key.name))
        callers[digest] = (digest, Caller(key.name, frozenset(key.roles), key.hospital))
    return callers


def check_key(key: Key) -> None:
    """A key's name and hospital have their form, and only a whole network's key has the network's role."""
    if not NAME.fullmatch(key.name):
        raise KeysUnusable(f"the name {key.name!r} is not 1 to 80 letters, digits, spaces and . @ : _ -")
    if key.hospital != WHOLE_NETWORK and not HOSPITAL_NAME.fullmatch(key.hospital):
        raise KeysUnusable(f"the hospital {key.hospital!r} is not a name such as 'main', nor '*'")
    if "network" in key.roles and key.hospital != WHOLE_NETWORK:
        raise KeysUnusable(f"{key.name!r} has the role network but only one hospital; give it '*'")


def add_key(path: Path, name: str, roles: list[Role], hospital: str) -> str:
    """Make a key, append its hash to the file (made, for its owner only, when it is not there), and return the key."""
    secret = PREFIX + secrets.token_urlsafe(32)
    key = Key(name, hashlib.sha256(secret.encode()).hexdigest(), roles, hospital)
    check_key(key)
    if path.exists():
        known = {(caller.hospital, caller.name) for _, caller in load(path).values()}
        if (hospital, name) in known:
            raise KeysUnusable(f"{path} has a key named {name!r} already")
    quoted = ", ".join(f'"{role}"' for role in roles)
    entry = f'[[key]]\nname = "{name}"\nsha256 = "{key.sha256}"\nroles = [{quoted}]\nhospital = "{hospital}"\n\n'
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(handle, "a", encoding="utf-8") as file:
        file.write(entry)
        file.flush()
        os.fsync(file.fileno())
    return secret
