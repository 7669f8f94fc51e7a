"""What stands behind the guard, put together from the configuration; the same in the engine's process and a gateway's.

Read this to see who knows whom: credentials read keys, tokens and sessions; the guard asks them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import trio

from engine.clock import Clock, SystemClock
from engine.errors import Invalid
from gateway.access.account_file import AccountsUnusable
from gateway.access.credentials import Credentials
from gateway.access.endpoint import Handlers
from gateway.access.guard import Guard, Rates, Unlimited
from gateway.access.key_desk import KeyDesk
from gateway.access.key_words import write_down
from gateway.access.keys import KeysUnusable
from gateway.access.notes import Notes
from gateway.access.people import People, PeopleUnusable
from gateway.access.published import KeySource
from gateway.access.rates import Limited
from gateway.access.sign_in import Recognition
from gateway.access.tokens import TokenRules, Tokens
from gateway.access.witness import Noting
from gateway.auth import ApiKeys, Authenticator, NobodyFromOutside
from gateway.call import Endpoint
from gateway.config import Config, is_loopback
from gateway.engine import Engine
from gateway.outgoing.https import https_target, tls_context
from gateway.tally import Tally


class AccessUnusable(Exception):
    """The configuration leaves open who may come in; the message says what to do."""


class Access:
    """Who may come in, as configured. ``keys`` is ``None`` with ``--dev``; ``notes`` go into the audit log."""

    def __init__(self, chosen: Config, clock: Clock | None = None) -> None:
        self.chosen = chosen
        self.notes = Notes()
        limited = chosen.rates.enabled and not chosen.dev
        self.rates: Rates = Limited(chosen.rates, max(1, chosen.workers)) if limited else Unlimited()
        clock = clock or SystemClock()
        self.people = None if chosen.dev else _people(chosen, clock, self.notes)
        self.keys = None if chosen.dev else _keys(chosen)
        self.token_keys = None if chosen.dev else _token_keys(chosen, clock)
        tokens = self._tokens = (
            None if self.token_keys is None else Tokens(self.token_keys, _token_rules(chosen), clock)
        )
        self.auth: Authenticator = (
            NobodyFromOutside()
            if chosen.dev
            else Credentials(self.keys, tokens, None if self.people is None else self.people.sessions)
        )
        self._handlers: Handlers = {} if self.keys is None else KeyDesk(self.keys, self.notes, clock).handlers()

    def guard(self, engine: Engine) -> Guard:
        """The guard of one gateway."""
        return Guard(self.auth, self.rates, Noting(self.notes))

    def handlers_of(self, guard: Guard) -> Handlers:
        """Whoever answers what no engine is asked, behind this guard."""
        desks = Recognition(guard).handlers() if self.people is None else self.people.handlers(guard)
        return {**desks, **self._handlers}

    def count_with(self, tally: Tally) -> None:
        """Have what happens at the door counted, by its name."""
        self.notes.count = tally.mark
        tally.losing["lost_notes"] = self.notes
        if self._tokens is not None:
            self._tokens.count = tally.mark

    def document(self) -> dict[str, Any]:
        """How it is doing, for an administrator."""
        tokens = None if self.token_keys is None else self.token_keys.document()
        return {"token_keys": tokens, "notes_dropped": self.notes.dropped}

    def pages_of(self, guard: Guard) -> Mapping[str, Endpoint]:
        """Pages that are about coming in, by path."""
        return {} if self.people is None else self.people.pages(guard)

    async def run(self, engine: Engine, shutdown: trio.Event) -> None:
        """Whatever has to be done meanwhile, until the end begins."""
        async with trio.open_nursery() as nursery:
            if self.token_keys is not None:
                nursery.start_soon(self.token_keys.run, shutdown)
            if self.keys is not None:
                nursery.start_soon(write_down, self.keys.path, self.notes, shutdown)
            if self.people is not None:
                nursery.start_soon(self.people.run, shutdown)
            await shutdown.wait()


def open_access(chosen: Config) -> Access:
    """Who may come in; ``AccessUnusable`` when the configuration leaves that open."""
    if chosen.dev and chosen.keys is not None:
        raise AccessUnusable("--dev lets everybody in, and --keys does not: give one of them.")
    if chosen.dev and not is_loopback(chosen.bind):
        raise AccessUnusable(f"--dev lets everybody in, so it binds only to this machine, not to {chosen.bind}.")
    return Access(chosen)


def _keys(chosen: Config) -> ApiKeys | None:
    others = chosen.access
    if chosen.keys is None:
        if others.token_keys or others.jwks_url or others.accounts:
            return None
        raise AccessUnusable(
            "Nobody could come in: make a key with 'matron keys add NAME --role admin --hospital main --file "
            "keys.toml' and give --keys keys.toml; or try it out with --dev, without authentication, on this machine "
            "only."
        )
    try:
        keys = ApiKeys(Path(chosen.keys))
    except KeysUnusable as error:
        raise AccessUnusable(str(error)) from error
    if not len(keys):
        raise AccessUnusable(f"{chosen.keys} holds no key: make one with 'matron keys add'.")
    return keys


def _people(chosen: Config, clock: Clock, notes: Notes) -> People | None:
    path = chosen.access.accounts
    if path is None:
        if chosen.access.oidc_issuer is not None:
            raise AccessUnusable("Who signs in elsewhere has a session here: give access.accounts a file for them.")
        return None
    try:
        people = People(Path(path), chosen.access, chosen.rates.trusted_proxies, clock, notes)
    except (AccountsUnusable, PeopleUnusable) as error:
        raise AccessUnusable(str(error)) from error
    others = chosen.access
    if not (people.accounts.all() or people.provider or chosen.keys or others.token_keys or others.jwks_url):
        raise AccessUnusable(
            f"{path} holds nobody: let somebody in with 'matron users add NAME --role admin --hospital main "
            f"--accounts {path}'."
        )
    return people


def _token_keys(chosen: Config, clock: Clock) -> KeySource | None:
    said = chosen.access
    if said.token_keys is None and said.jwks_url is None:
        return None
    if not (said.issuer and said.audience):
        raise AccessUnusable(
            "Signed tokens need access.issuer and access.audience: without them a token that was made for another "
            "service would open this one."
        )
    try:
        if said.jwks_url is not None:
            https_target(said.jwks_url)
        file = None if said.token_keys is None else Path(said.token_keys)
        return KeySource(file, said.jwks_url, tls_context(said.ca_file), clock)
    except KeysUnusable as error:
        raise AccessUnusable(str(error)) from error
    except Invalid as error:
        raise AccessUnusable(f"access.jwks_url: {error.detail}") from error
    except (OSError, ValueError) as error:
        raise AccessUnusable(f"access.ca_file {said.ca_file} cannot be used: {error}") from error


def _token_rules(chosen: Config) -> TokenRules:
    said = chosen.access
    return TokenRules(
        issuer=said.issuer, audience=said.audience, roles_claim=said.roles_claim, hospital_claim=said.hospital_claim,
        leeway_seconds=said.leeway_seconds,
    )  # fmt: skip
