"""Signing in at somebody else's: OpenID Connect, by the code flow with PKCE. What a provider says, and who that is.

Discovery (``/.well-known/openid-configuration``), the code for a token, the token's signature, nonce and audience.
Everything goes over TLS to where the operator's issuer says. Knows no cookie and no account file.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import ssl
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

import msgspec
import trio
from msgspec import Meta

from engine.clock import Clock
from engine.errors import Invalid
from gateway.access.accounts import Account, Grants
from gateway.access.jwks import BadKeys, Keys, parse_jwks
from gateway.access.names import HOSPITAL_NAME, WHOLE_NETWORK
from gateway.access.tokens import BadToken, UnknownKey, claim, roles_of, verified
from gateway.outgoing.client import Headers, Response, Unreached
from gateway.outgoing.https import fetch, https_target
from gateway.routes.row import NETWORK

WELL_KNOWN: Final = "/.well-known/openid-configuration"
FORM: Final = ("Content-Type", "application/x-www-form-urlencoded")
JSON: Final = ("Accept", "application/json")
FOUND: Final = 200

KEPT: Final = 600.0
"""Seconds for which what was discovered is believed,"""
SOONEST: Final = 60.0
"""and between two fetches of keys because one was missing."""

MOST_AT_ONCE: Final = 16
"""Codes that are being exchanged; one more is told to come again."""

LONGEST_SUBJECT: Final = 255
LONGEST_SHOWN: Final = 120
USER_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")

HttpsUrl = Annotated[str, Meta(pattern=r"^https://[^\s]{1,1000}$")]
Ask = Callable[..., Awaitable[Response]]

log = logging.getLogger("matron.access")


class NotAccepted(Exception):
    """The provider, or what came back from there, lets nobody in; the text is for the process's log."""


class NoRoles(NotAccepted):
    """Somebody the provider knows, and who may do nothing here."""


class OidcRules(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the operator trusts with signing people in, and where what counts stands in the claims."""

    issuer: str
    client_id: str
    client_secret: str | None
    redirect: str
    roles_claim: str = "roles"
    hospital_claim: str = "hospital"
    name_claim: str = "preferred_username"
    leeway_seconds: int = 30


class Discovered(msgspec.Struct, frozen=True):
    """What a provider says of itself, as far as it matters here."""

    issuer: str
    authorization_endpoint: HttpsUrl
    token_endpoint: HttpsUrl
    jwks_uri: HttpsUrl
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class Exchanged(msgspec.Struct, frozen=True):
    """What the provider gives for a code; nothing else of it is used here."""

    id_token: str


class Flow(msgspec.Struct, frozen=True):
    """One attempt to sign in: what only this browser, the provider's token, and our own question know."""

    state: str
    nonce: str
    verifier: str

    @property
    def text(self) -> str:
        """As the browser keeps it."""
        return f"{self.state}.{self.nonce}.{self.verifier}"

    @classmethod
    def of(cls, text: str) -> Flow | None:
        """What a browser kept, if that is one."""
        parts = text.split(".")
        return cls(*parts) if len(parts) == 3 and all(len(part) >= 32 for part in parts) else None


class Provider:
    """One provider, as it is known now."""

    def __init__(self, rules: OidcRules, tls: ssl.SSLContext, clock: Clock, ask: Ask | None = None) -> None:
        self.rules = rules
        self._clock = clock
        self._tls = tls
        self._ask = ask or self._over_tls
        self._discovered: Discovered | None = None
        self._keys: Keys = ()
        self._at = self._keys_at = float("-inf")
        self._under_way = 0

    async def way_in(self, flow: Flow) -> str:
        """The address to which a browser is sent; ``NotAccepted`` when the provider does not answer."""
        found = await self._discover()
        challenge = urlsafe_b64encode(hashlib.sha256(flow.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.rules.client_id,
            "redirect_uri": self.rules.redirect,
            "scope": "openid profile",
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in found.authorization_endpoint else "?"
        return f"{found.authorization_endpoint}{joint}{urlencode(asked)}"

    async def person(self, flow: Flow, given: dict[str, str]) -> Account:
        """Whoever comes back with these parameters, as the provider's token says; ``NotAccepted`` otherwise."""
        if not hmac.compare_digest(given.get("state", "").encode(), flow.state.encode()):
            raise NotAccepted("the state is not the one that this browser was sent with")
        if given.get("iss", self.rules.issuer) != self.rules.issuer:
            raise NotAccepted("another issuer answered")
        if "error" in given or not given.get("code"):
            raise NotAccepted("the provider gave no code")
        if self._under_way >= MOST_AT_ONCE:
            raise NotAccepted("too many codes are being exchanged")
        self._under_way += 1
        try:
            found = await self._discover()
            claims = await self._claims(await self._exchanged(found, given["code"], flow.verifier), found)
        finally:
            self._under_way -= 1
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), flow.nonce.encode()):
            raise NotAccepted("the token was made for another attempt (nonce)")
        meant, party = claims.get("aud"), claims.get("azp")
        if (party is not None or (isinstance(meant, list) and len(meant) > 1)) and party != self.rules.client_id:
            raise NotAccepted("the token was given to somebody else (azp)")
        return account_of(claims, self.rules)

    async def _exchanged(self, found: Discovered, code: str, verifier: str) -> bytes:
        rules = self.rules
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": rules.redirect,
            "code_verifier": verifier,
            "client_id": rules.client_id,
        }
        headers: list[tuple[str, str]] = [FORM, JSON]
        if rules.client_secret is not None:
            if "client_secret_basic" in found.token_endpoint_auth_methods_supported:
                both = f"{quote(rules.client_id, safe='')}:{quote(rules.client_secret, safe='')}"
                headers.append(("Authorization", f"Basic {b64encode(both.encode()).decode()}"))
            else:
                form["client_secret"] = rules.client_secret
        body = await self._asked(found.token_endpoint, headers, method="POST", body=urlencode(form).encode())
        try:
            return msgspec.json.decode(body, type=Exchanged).id_token.encode()
        except (msgspec.ValidationError, msgspec.DecodeError, ValueError, RecursionError):
            raise NotAccepted("what came for the code is no token") from None

    async def _claims(self, token: bytes, found: Discovered) -> dict[str, Any]:
        rules = self.rules

        def read() -> dict[str, Any]:
            return verified(
                token, self._keys, issuer=rules.issuer, audience=rules.client_id, leeway=rules.leeway_seconds,
                wall=self._clock.wall(),
            )  # fmt: skip

        try:
            if not self._keys:
                await self._fetch_keys(found)
            try:
                return read()
            except UnknownKey:
                await self._fetch_keys(found)
                return read()
        except UnknownKey:
            raise NotAccepted("the token is signed with a key that the provider does not publish") from None
        except BadToken as bad:
            raise NotAccepted(str(bad)) from None

    async def _fetch_keys(self, found: Discovered) -> None:
        now = trio.current_time()
        if now - self._keys_at < SOONEST:
            return
        self._keys_at = now
        try:
            self._keys = parse_jwks(await self._asked(found.jwks_uri, [JSON]))
        except BadKeys as bad:
            raise NotAccepted(f"the provider publishes no keys: {bad}") from None

    async def _discover(self) -> Discovered:
        now = trio.current_time()
        if self._discovered is not None and now - self._at < KEPT:
            return self._discovered
        body = await self._asked(self.rules.issuer.rstrip("/") + WELL_KNOWN, [JSON])
        try:
            found = msgspec.json.decode(body, type=Discovered)
        except (msgspec.ValidationError, msgspec.DecodeError, ValueError, RecursionError) as error:
            raise NotAccepted(f"what the provider says of itself cannot be used: {error}") from None
        if found.issuer != self.rules.issuer:
            raise NotAccepted("the provider says that it is another issuer")
        self._discovered, self._at = found, now
        return found

    async def _asked(self, url: str, headers: Headers, *, method: str = "GET", body: bytes = b"") -> bytes:
        try:
            answer = await self._ask(url, method=method, headers=headers, body=body)
        except Unreached as error:
            raise NotAccepted(f"the provider does not answer: {error}") from None
        except Invalid as error:
            raise NotAccepted(f"an address of the provider cannot be used: {error.detail}") from None
        if answer.status != FOUND:
            raise NotAccepted(f"the provider answers {answer.status}")
        return answer.body

    async def _over_tls(self, url: str, *, method: str, headers: Headers, body: bytes) -> Response:
        return await fetch(url, self._tls, method=method, headers=headers, body=body)


def account_of(claims: dict[str, Any], rules: OidcRules) -> Account:
    """The account that a token's claims make; ``NoRoles`` for somebody who may do nothing here."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise NotAccepted("the token does not say whose it is (sub)")
    grants = grants_of(claim(claims, rules.roles_claim), claim(claims, rules.hospital_claim))
    if not grants:
        raise NoRoles("the token names no role, or no hospital")
    name = claim(claims, rules.name_claim)
    name = name.strip().casefold() if isinstance(name, str) else ""
    if not USER_NAME.fullmatch(name):
        name = f"oidc-{mark(rules.issuer, subject)}"
    shown = claims.get("name")
    shown = "".join(sign for sign in shown if sign.isprintable())[:LONGEST_SHOWN] if isinstance(shown, str) else ""
    return Account(name=name, shown=shown.strip(), grants=grants, issuer=rules.issuer, subject=subject)


def grants_of(roles: Any, hospitals: Any) -> Grants:
    """Roles by hospital: an object says just that; otherwise the same roles in each hospital that is named."""
    if isinstance(roles, dict):
        told = {hospital: roles_of(had) for hospital, had in roles.items() if isinstance(hospital, str)}
    else:
        listed = [hospitals] if isinstance(hospitals, str) else hospitals if isinstance(hospitals, list) else []
        told = {hospital: roles_of(roles) for hospital in listed if isinstance(hospital, str)}
    grants: Grants = {}
    for hospital, had in told.items():
        if hospital != WHOLE_NETWORK:
            if not HOSPITAL_NAME.fullmatch(hospital):
                continue
            had = had - {NETWORK}
        if had:
            grants[hospital] = sorted(had)
    return grants


def mark(issuer: str, subject: str) -> str:
    """A short word for one subject of one issuer."""
    return hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()[:12]


def check_urls(issuer: str, redirect: str) -> None:
    """Both are ``https``; ``ValueError`` otherwise."""
    for name, url in (("oidc_issuer", issuer), ("oidc_redirect", redirect)):
        try:
            https_target(url)
        except Invalid as error:
            raise ValueError(f"access.{name}: {error.detail}") from error
