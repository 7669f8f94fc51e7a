"""People at the door, put together: the file of accounts, their sessions, and the desks that answer about both."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

import trio

from engine.calendar import moment
from engine.clock import Clock
from engine.eventlog.entry import Principal
from gateway.access.account_file import AccountFile
from gateway.access.accounts import SECOND, Accounts, Lockout
from gateway.access.cookies import Cookies, proxies_trusted
from gateway.access.credentials import COOKIE, SECURE_COOKIE
from gateway.access.endpoint import Handlers
from gateway.access.guard import Guard
from gateway.access.keys import KeysUnusable, check_rights
from gateway.access.oidc import OidcRules, Provider, check_urls
from gateway.access.oidc_pages import WAY_OUT, ProviderPages
from gateway.access.passwords import Passwords
from gateway.access.requests import ProviderWay
from gateway.access.sessions import Lifetimes, Sessions
from gateway.access.settings import AccessSettings
from gateway.access.sign_in import Says, SessionDesk, named
from gateway.access.users import UserDesk
from gateway.call import Endpoint
from gateway.outgoing.https import tls_context
from gateway.problems import Problem

OPERATOR: Final = Principal("matron", "system")
"""Who did what was done with the file alone."""

KEEP_UP: Final = 10.0
"""Seconds between two tellings of who was there; so much of it a kill may lose."""


class PeopleUnusable(Exception):
    """What is configured of people cannot be used; the message says why and what to do."""


def provider_of(said: AccessSettings, issuer: str, clock: Clock) -> Provider:
    """The provider that is configured."""
    if not (said.oidc_client_id and said.oidc_redirect):
        raise PeopleUnusable("Signing in elsewhere needs access.oidc_client_id and access.oidc_redirect too.")
    try:
        check_urls(issuer, said.oidc_redirect)
        secret = None if said.oidc_client_secret_file is None else secret_of(Path(said.oidc_client_secret_file))
        tls = tls_context(said.ca_file)
    except (OSError, ValueError, KeysUnusable) as error:
        raise PeopleUnusable(f"Signing in elsewhere cannot be set up: {error}") from error
    rules = OidcRules(
        issuer=issuer, client_id=said.oidc_client_id, client_secret=secret, redirect=said.oidc_redirect,
        roles_claim=said.oidc_roles_claim, hospital_claim=said.oidc_hospital_claim, name_claim=said.oidc_name_claim,
        leeway_seconds=said.leeway_seconds,
    )  # fmt: skip
    return Provider(rules, tls, clock)


def secret_of(path: Path) -> str:
    """The first line of a file that nobody but its owner can read."""
    with path.open("rb") as file:
        check_rights(path, os.fstat(file.fileno()))
        secret = file.readline(4_096).decode("utf-8").strip()
    if not secret:
        raise ValueError(f"{path} is empty")
    return secret


class People:
    """Everything about people of one gateway process."""

    def __init__(
        self, path: Path, said: AccessSettings, proxies: list[str], clock: Clock, notes: Says,
        passwords: Passwords | None = None,
    ) -> None:  # fmt: skip
        minute = 60 * SECOND
        self.file = AccountFile(path)
        lockout = Lockout(said.lock_after, said.lock_within_minutes * minute, said.lock_minutes * minute)
        self.accounts = Accounts(self.file, clock, lockout)
        # Another host of the same domain can set the plain cookie, never the one that is kept to TLS.
        names = (SECURE_COOKIE,) if said.secure_cookie == "always" else (SECURE_COOKIE, COOKIE)
        lifetimes = Lifetimes(said.session_minutes * minute, said.idle_minutes * minute)
        self.sessions = Sessions(self.file, clock, lifetimes, names)
        self.passwords = passwords or Passwords()
        self.cookies = Cookies(said.secure_cookie, proxies_trusted(proxies))
        self.notes = notes
        self.provider = None if said.oidc_issuer is None else provider_of(said, said.oidc_issuer, clock)
        self._way = None if self.provider is None else ProviderWay(said.oidc_label, WAY_OUT)
        self._clock = clock

    def desk(self, guard: Guard) -> SessionDesk:
        """The desk of sessions, behind this guard."""
        return SessionDesk(
            guard, self.accounts, self.sessions, self.passwords, self.cookies, self.notes, provider=self._way
        )

    def pages(self, guard: Guard) -> Mapping[str, Endpoint]:
        """The pages of signing in elsewhere, where that is configured."""
        if self.provider is None:
            return {}
        return ProviderPages(
            self.provider, self.desk(guard), self.accounts, self.sessions, self.cookies, self.notes, self._clock
        ).endpoints()

    def handlers(self, guard: Guard) -> Handlers:
        """What is answered about people, behind this guard."""
        desk = self.desk(guard)
        users = UserDesk(self.accounts, self.sessions, self.passwords, self.notes)
        return {**desk.handlers(), **users.handlers()}

    async def run(self, shutdown: trio.Event) -> None:
        """Tell the file now and then who was there, and have it forget what is over, until the end begins."""
        while True:
            with trio.move_on_after(KEEP_UP):
                await shutdown.wait()
            try:
                await self.file.run(partial(self.sessions.keep_up, self.sessions.moved()))
                await self.file.run(self.accounts.sweep)
                for at, hospital, what, user in await self.file.run(self.accounts.take_words):
                    # Only whoever has the file can do that; who it was, nobody here knows.
                    facts = {"user": user, "at": moment(at).isoformat(), "by": "matron users"}
                    self.notes.say(named(hospital), OPERATOR, what, **facts)  # type: ignore[arg-type]
            except Problem:  # it is in the log; the next time will tell as much
                pass
            if shutdown.is_set():
                return
