"""Whoever asks, with each kind of credential there is, made as an operator and an issuer of tokens make them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

import jwt

from gateway.access.accounts import Account
from gateway.access.opening import Access, open_access
from gateway.access.passwords import Passwords
from gateway.access.rates import RateSettings
from gateway.access.settings import AccessSettings
from gateway.auth import WHOLE_NETWORK
from gateway.config import Config
from gateway.routes import ROLES, Role
from tests.gateway.access.people import QUICK
from tests.gateway.security.calls import Headers
from tests.gateway.security.houses import OURS, THEIRS

KINDS: Final = ("key", "token", "session")
"""The kinds of credentials that there are."""

ISSUER, AUDIENCE = "https://issuer.example", "matron"
SECRET: Final = "a secret of more than thirty-two bytes, for tests"
UNLIMITED: Final = RateSettings(enabled=False)
FOR_EVER: Final = 4_000_000_000

WHO: Final[tuple[tuple[Role, str], ...]] = (
    *((role, hospital) for hospital in (OURS, THEIRS) for role in ROLES if role != "network"),
    ("network", WHOLE_NETWORK),
)


class Principal(NamedTuple):
    """Somebody with one role in one hospital, and the headers that say so."""

    kind: str
    role: Role
    hospital: str
    headers: Headers


def with_keys(file: Path) -> list[Principal]:
    """A key for each role in each hospital."""
    principals, text = [], []
    for role, hospital in WHO:
        secret = f"matron_{sha256(f'{role} of {hospital}'.encode()).hexdigest()}"
        digest = sha256(secret.encode()).hexdigest()
        text.append(f'[[key]]\nname = "{role}"\nsha256 = "{digest}"\nroles = ["{role}"]\nhospital = "{hospital}"\n')
        principals.append(Principal("key", role, hospital, [("Authorization", f"Bearer {secret}")]))
    file.write_text("\n".join(text))
    file.chmod(0o600)
    return principals


def with_tokens(file: Path) -> list[Principal]:
    """A token for each, from an issuer that shares a secret with us."""
    file.write_text(SECRET)
    file.chmod(0o600)
    principals = []
    for role, hospital in WHO:
        claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": FOR_EVER, "sub": role, "roles": [role], "hospital": hospital}
        token = jwt.encode(claims, SECRET, "HS256")
        principals.append(Principal("token", role, hospital, [("Authorization", f"Bearer {token}")]))
    return principals


def with_sessions(access: Access) -> list[Principal]:
    """Somebody who has signed in for each."""
    people = access.people
    assert people is not None
    principals = []
    for role, hospital in WHO:
        name = f"{role}.{hospital}" if hospital != WHOLE_NETWORK else role
        account = people.accounts.add(Account(name=name, grants={hospital: [role]}, hash="none"))
        cookie, session = people.sessions.fresh(name, hospital)
        people.sessions.begin(account, session)
        said = [("Cookie", f"matron_session={cookie}"), ("X-CSRF-Token", session.csrf)]
        principals.append(Principal("session", role, hospital, said))
    return principals


def of(principals: list[Principal], role: str, hospital: str, kind: str = "key") -> Headers:
    """The headers of one of them."""
    [found] = [one for one in principals if (one.role, one.hospital, one.kind) == (role, hospital, kind)]
    return found.headers


@asynccontextmanager
async def opened(
    folder: Path, kinds: tuple[str, ...] = KINDS, rates: RateSettings = UNLIMITED
) -> AsyncIterator[tuple[Access, list[Principal]]]:
    """Who may come in, as a server would know it, and everybody who may with these kinds of credentials."""
    principals = [*with_keys(folder / "keys.toml"), *with_tokens(folder / "secret")]
    said = AccessSettings(
        accounts=str(folder / "accounts.db"), token_keys=str(folder / "secret"), issuer=ISSUER, audience=AUDIENCE
    )
    access = open_access(Config(data=str(folder), keys=str(folder / "keys.toml"), access=said, rates=rates))
    assert access.people is not None
    access.people.passwords = Passwords(QUICK)
    principals += with_sessions(access) if "session" in kinds else []
    try:
        yield access, [one for one in principals if one.kind in kinds]
    finally:
        access.people.file.close()
