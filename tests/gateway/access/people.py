"""People at the door in one test: an accounts file, the gateway over a scripted engine, and browsers that keep cookies.

Hashes are as quick as Argon2 can be; time stands until a test moves it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import httpx2
import msgspec
import trio.testing
from argon2 import PasswordHasher

from engine.eventlog.entry import Principal
from engine.runtime import Engine
from gateway.access.account_file import AccountFile
from gateway.access.accounts import Account, Accounts
from gateway.access.opening import Access
from gateway.access.passwords import Passwords
from gateway.access.people import People
from gateway.access.rates import RateSettings
from gateway.access.settings import AccessSettings
from gateway.app import create_app
from gateway.config import Config
from tests.gateway.surface import ScriptedEngine

SECRET = "a tram to the sea"
OTHER = "four lamps at dusk"
API = "/api/v1"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

ANA = Account(name="ana", shown="Ana Lopes", grants={"main": ["clerk", "clinician"]})
BOSS = Account(name="boss", shown="Rosa Dias", grants={"main": ["admin"]})
NORTH = Account(name="north.boss", grants={"north": ["admin"]})
BOTH = Account(name="both", grants={"main": ["clerk"], "north": ["auditor"]})
ROOT = Account(name="root", grants={"*": ["network"]})
EVERYBODY = (ANA, BOSS, NORTH, BOTH, ROOT)


class Mocked:
    """The wall clock by trio's mock clock, which any thread may read."""

    def __init__(self, mock: trio.testing.MockClock) -> None:
        self._mock = mock
        self._drawn = 0

    def wall(self) -> int:
        return 1_800_000_000_000_000 + self.monotonic()

    def monotonic(self) -> int:
        return round(self._mock.current_time() * 1_000_000)

    def entropy(self, count: int) -> bytes:
        """Different bytes each time, the same in each run."""
        self._drawn += 1
        return self._drawn.to_bytes(count, "big")


class Heard:
    """Keeps what is noted."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, str, str, dict[str, str]]] = []

    def say(self, hospital: str, who: Principal, what: str, **facts: str) -> None:
        self.notes.append((hospital, who.name, what, facts))

    @property
    def whats(self) -> list[str]:
        return [what for _, _, what, _ in self.notes]


class Browser:
    """A browser: it keeps cookies, and a page of ours says the token."""

    def __init__(self, door: Door, scheme: str = "https") -> None:
        self.client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=door.app, client=("10.0.0.7", 5000)), base_url=f"{scheme}://matron"
        )
        self.csrf = ""

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """Ask as a page of ours does."""
        said = {"X-CSRF-Token": self.csrf} if self.csrf and method != "GET" else {}
        said.update({name.replace("_", "-"): value for name, value in headers.items()})
        answer = await self.client.request(method, API + path, json=body, headers=said)
        if path.startswith("/session") and answer.status_code in (200, 201) and "csrf" in answer.json():
            self.csrf = answer.json()["csrf"]
        return answer

    async def sign_in(self, name: str, password: str = SECRET, **more: str) -> httpx2.Response:
        """Give a name and a password."""
        return await self.ask("POST", "/session/", {"name": name, "password": password, **more})

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.name: cookie.value or "" for cookie in self.client.cookies.jar}


class Door:
    """A gateway over a file of accounts."""

    def __init__(self, access: Access, engine: ScriptedEngine, clock: Mocked) -> None:
        assert access.people is not None
        self.people: People = access.people
        self.people.passwords = Passwords(QUICK)
        self.heard = self.people.notes = Heard()
        self.clock = clock
        self.engine = engine
        self.app = create_app(cast("Engine", engine), access.guard(cast("Engine", engine)), engine.page, access=access)

    def browser(self, scheme: str = "https") -> Browser:
        """Somebody's browser."""
        return Browser(self, scheme)

    async def signed_in(self, name: str, **more: str) -> Browser:
        """The browser of somebody who has signed in."""
        browser = self.browser()
        answer = await browser.sign_in(name, **more)
        assert answer.status_code == 201, answer.text
        return browser


def filled(path: Path, clock: Mocked, *people: Account) -> Path:
    """A file of accounts; everybody has the same password."""
    accounts = Accounts(AccountFile(path), clock)
    made = Passwords(QUICK).hash(SECRET)
    for person in people:
        accounts.add(msgspec.structs.replace(person, hash=person.hash or (None if person.issuer else made)))
    accounts.file.close()
    return path


@asynccontextmanager
async def door(
    tmp_path: Path, mock: trio.testing.MockClock, *people: Account, proxies: list[str] | None = None, **settings: Any
) -> AsyncIterator[Door]:
    """A gateway where these people may sign in."""
    clock = Mocked(mock)
    path = filled(tmp_path / "accounts.db", clock, *(people or EVERYBODY))
    access = AccessSettings(accounts=str(path), **settings)
    chosen = Config(access=access, rates=RateSettings(enabled=False, trusted_proxies=proxies or []))
    made = Door(Access(chosen, clock), ScriptedEngine(), clock)
    try:
        yield made
    finally:
        made.people.file.close()
