"""What stands behind the guard, put together from the configuration; the same in the engine's process and a gateway's.

Read this to see who knows whom: credentials read keys, tokens and sessions; the guard asks them.
"""

from __future__ import annotations

from pathlib import Path

import trio

from gateway.access.credentials import Credentials
from gateway.access.guard import Guard
from gateway.access.notes import Notes
from gateway.auth import ApiKeys, Authenticator, KeysUnusable, NobodyFromOutside
from gateway.config import Config, is_loopback
from gateway.engine import Engine


class AccessUnusable(Exception):
    """The configuration leaves open who may come in; the message says what to do."""


class Access:
    """Who may come in, as configured. ``keys`` is ``None`` with ``--dev``; ``notes`` go into the audit log."""

    def __init__(self, chosen: Config) -> None:
        self.chosen = chosen
        self.notes = Notes()
        self.keys = None if chosen.dev else _keys(chosen)
        self.auth: Authenticator = NobodyFromOutside() if chosen.dev else Credentials(self.keys)

    def guard(self, engine: Engine) -> Guard:
        """The guard of one gateway."""
        return Guard(self.auth)

    async def run(self, engine: Engine, shutdown: trio.Event) -> None:
        """Whatever has to be done meanwhile, until the end begins."""
        await shutdown.wait()


def open_access(chosen: Config) -> Access:
    """Who may come in; ``AccessUnusable`` when the configuration leaves that open."""
    if chosen.dev and chosen.keys is not None:
        raise AccessUnusable("--dev lets everybody in, and --keys does not: give one of them.")
    if chosen.dev and not is_loopback(chosen.bind):
        raise AccessUnusable(f"--dev lets everybody in, so it binds only to this machine, not to {chosen.bind}.")
    return Access(chosen)


def _keys(chosen: Config) -> ApiKeys:
    if chosen.keys is None:
        raise AccessUnusable(
            "Nobody could come in: make a key with 'matron key NAME --role admin --hospital main --file keys.toml' "
            "and give --keys keys.toml; or try it out with --dev, without authentication, on this machine only."
        )
    try:
        keys = ApiKeys(Path(chosen.keys))
    except KeysUnusable as error:
        raise AccessUnusable(str(error)) from error
    if not len(keys):
        raise AccessUnusable(f"{chosen.keys} holds no key: make one with 'matron key'.")
    return keys
