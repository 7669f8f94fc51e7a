"""Signed tokens (JWT): what one has to be to be believed, and the caller that its claims make.

A token says who signed it (``kid``), and nothing else of it counts before the signature does: not its algorithm, which
belongs to the key, and not where it says that keys can be had. Verifying one costs 0.1 to 0.3 ms, so a caller is
remembered under the token's SHA-256 until the token ends or the keys change. Knows no network.
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64decode
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeGuard

import jwt
import msgspec
import trio

from engine.clock import Clock
from gateway.access.jwks import Keys, fitting
from gateway.access.names import HOSPITAL_NAME, OF_TOKENS, WHOLE_NETWORK
from gateway.auth import RECHECK_SECONDS, Caller, credential, unauthenticated
from gateway.problems import Problem
from gateway.routes.row import ROLES, Role

REMEMBERED: Final = 10_000
"""Callers whose tokens need not be verified again."""
LONGEST_TOKEN: Final = 8 * 1024
SUBJECT: Final = re.compile(r"[\w .@:|/+=~-]{1,80}")
LONGEST_NAME: Final = 80
_UNLIKE_A_NAME: Final = re.compile(r"[^\w .@:-]")
_ROLES: Final[dict[str, Role]] = {role: role for role in ROLES}
_SIGNATURES: Final = jwt.PyJWS(algorithms=None)


class BadToken(Exception):
    """This token is not believed; the message says why, and nothing that was in it."""


class UnknownKey(BadToken):
    """It is signed with a key that is not known here, or not yet."""


class TokenRules(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a token, and where its claims stand; ``realm.roles`` is a claim within a claim."""

    issuer: str
    audience: str
    roles_claim: str = "roles"
    hospital_claim: str = "hospital"
    leeway_seconds: int = 30


class TokenKeys(Protocol):
    """Whoever has the keys; ``generation`` changes whenever they do."""

    generation: int

    def keys(self) -> Keys | None:
        """Those that are known now; ``None`` while none could be had yet."""

    def missed(self) -> None:
        """Somebody used a key that is not among them."""

    def refresh(self) -> None:
        """Look whether they have changed, where that is cheap."""


class Tokens:
    """Callers by signed token: ``Authorization: Bearer TOKEN``."""

    def __init__(self, source: TokenKeys, rules: TokenRules, clock: Clock, remembered: int = REMEMBERED) -> None:
        self.count: Callable[[str], None] = lambda what: None
        """Told of each token whether it was known."""
        self._remembered = remembered
        self._source = source
        self._rules = rules
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[int, Caller]] = OrderedDict()
        self._generation = source.generation
        self._checked = float("-inf")

    def __len__(self) -> int:
        return len(self._known)

    def caller(self, headers: dict[bytes, bytes]) -> Caller:
        """The caller whom a token names; a ``Problem`` (401) when it is not believed."""
        if (now := trio.current_time()) - self._checked >= RECHECK_SECONDS:
            self._checked = now
            self._source.refresh()
        if self._generation != self._source.generation:
            self._generation = self._source.generation
            self._known.clear()
        given = credential(headers)
        if given is None:
            raise unauthenticated("A token is needed: Authorization: Bearer TOKEN.")
        digest = hashlib.sha256(given).digest()
        wall = self._clock.wall()
        found = self._known.get(digest)
        if found is not None and wall < found[0]:
            self._known.move_to_end(digest)
            self.count("token_cache_hit")
            return found[1]
        self.count("token_cache_miss")
        try:
            until, caller = self._verified(given, wall)
        except UnknownKey:
            self._source.missed()
            raise unauthenticated("This token is signed with a key that is not known here.") from None
        except BadToken as error:
            raise unauthenticated(str(error)) from None
        self._known[digest] = until, caller
        if len(self._known) > self._remembered:
            self._known.popitem(last=False)
        return caller

    def _verified(self, given: bytes, wall: int) -> tuple[int, Caller]:
        keys = self._source.keys()
        if keys is None:
            self._source.missed()
            raise Problem(
                "token_keys_missing", "The keys of tokens could not be had yet.", headers={"Retry-After": "5"}
            )
        claims = verified(
            given, keys, issuer=self._rules.issuer, audience=self._rules.audience,
            leeway=self._rules.leeway_seconds, wall=wall,
        )  # fmt: skip
        ends = int((claims["exp"] + self._rules.leeway_seconds) * 1_000_000)
        return ends, caller_of(claims, self._rules.roles_claim, self._rules.hospital_claim)


def verified(given: bytes, keys: Keys, *, issuer: str, audience: str, leeway: int, wall: int) -> dict[str, Any]:
    """The claims of a token that one of these keys has signed, for us, and that is in force; else ``BadToken``.

    ``wall``: now, in µs; ``leeway``: seconds by which clocks may differ.
    """
    key_id, algorithm = _header(given)
    candidates = fitting(keys, key_id)
    if not candidates:
        raise UnknownKey
    payload = next((told for key in candidates if (told := _signed(given, key.key, key.algorithm, algorithm))), None)
    if payload is None:
        raise BadToken("The signature of this token is not good.")
    try:
        claims = msgspec.json.decode(payload)
    except (msgspec.DecodeError, ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        raise BadToken("This token has no claims.")
    _in_force(claims, wall / 1_000_000, leeway)
    if claims.get("iss") != issuer:
        raise BadToken("This token is of another issuer.")
    meant = claims.get("aud")
    if audience not in (meant if isinstance(meant, list) else [meant]):
        raise BadToken("This token is for somebody else (aud).")
    return claims


def caller_of(claims: dict[str, Any], roles_claim: str, hospital_claim: str) -> Caller:
    """The caller whom a token's claims make; roles that nobody knows here count for nothing."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not SUBJECT.fullmatch(subject):
        raise BadToken("This token does not say whose it is (sub).")
    # Between a principal's name and its idempotency key stands a | (``engine.answers``): no name may have one.
    name = OF_TOKENS + _UNLIKE_A_NAME.sub(lambda found: f"%{ord(found[0]):02X}", subject)
    if len(name) > LONGEST_NAME:
        raise BadToken("This token's owner has too long a name (sub).")
    hospital = claim(claims, hospital_claim)
    if not isinstance(hospital, str) or (hospital != WHOLE_NETWORK and not HOSPITAL_NAME.fullmatch(hospital)):
        raise BadToken("This token names no hospital.")
    roles = roles_of(claim(claims, roles_claim))
    if "network" in roles and hospital != WHOLE_NETWORK:
        raise BadToken("This token has the role network, and only one hospital.")
    return Caller(name, roles, hospital, kind="token")


def roles_of(told: Any) -> frozenset[Role]:
    """Our roles among those of a claim: a list of texts, or one text with spaces between."""
    listed = told.split() if isinstance(told, str) else told if isinstance(told, list) else []
    return frozenset(_ROLES[role] for role in listed if isinstance(role, str) and role in _ROLES)


def claim(claims: dict[str, Any], name: str) -> Any:
    """A claim by its name, or by its way from claim to claim with dots between; ``None`` where there is none."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for step in name.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _header(given: bytes) -> tuple[str | None, Any]:
    """The key id and the algorithm that a token claims; all else in its header is passed over."""
    if len(given) > LONGEST_TOKEN:
        raise BadToken("This token is too long.")
    first = given.partition(b".")[0]
    try:
        header = msgspec.json.decode(urlsafe_b64decode(first + b"=" * (-len(first) % 4)))
    except (msgspec.DecodeError, ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise BadToken("This is no token.")
    if "crit" in header or header.get("b64", True) is not True:
        raise BadToken("This token asks for what is not understood here (crit).")
    key_id = header.get("kid")
    if key_id is not None and not isinstance(key_id, str):
        raise BadToken("This is no token.")
    return key_id, header.get("alg")


def _signed(given: bytes, key: Any, algorithm: str, claimed: Any) -> bytes | None:
    """The payload, if this key has signed it."""
    if claimed != algorithm:
        return None
    try:
        payload: bytes = _SIGNATURES.decode(given, key, algorithms=[algorithm])
    except jwt.PyJWTError:
        return None
    return payload


def _in_force(claims: dict[str, Any], now: float, leeway: int) -> None:
    ends = claims.get("exp")
    if not _is_time(ends):
        raise BadToken("This token does not say when it ends (exp).")
    if ends + leeway <= now:
        raise BadToken("This token has ended.")
    for name in ("nbf", "iat"):
        begins = claims.get(name, 0)
        if not _is_time(begins) or begins - leeway > now:
            raise BadToken("This token is not in force yet.")


def _is_time(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e12
