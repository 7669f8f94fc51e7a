"""People at the door, put together: the file of accounts, their sessions, and the desks that answer about both."""

from __future__ import annotations

import logging
import sqlite3
from functools import partial
from pathlib import Path
from typing import Final

import trio

from engine.clock import Clock
from gateway.access.account_file import AccountFile
from gateway.access.accounts import SECOND, Accounts, Lockout
from gateway.access.cookies import Cookies, proxies_trusted
from gateway.access.endpoint import Handlers
from gateway.access.guard import Guard
from gateway.access.passwords import Passwords
from gateway.access.sessions import Lifetimes, Sessions
from gateway.access.settings import AccessSettings
from gateway.access.sign_in import Says, SessionDesk
from gateway.access.users import UserDesk

KEEP_UP: Final = 10.0
"""Seconds between two tellings of who was there; so much of it a kill may lose."""

log = logging.getLogger("matron.access")


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
        self.sessions = Sessions(self.file, clock, Lifetimes(said.session_minutes * minute, said.idle_minutes * minute))
        self.passwords = passwords or Passwords()
        self.cookies = Cookies(said.secure_cookie, proxies_trusted(proxies))
        self.notes = notes

    def handlers(self, guard: Guard) -> Handlers:
        """What is answered about people, behind this guard."""
        desk = SessionDesk(guard, self.accounts, self.sessions, self.passwords, self.cookies, self.notes)
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
            except sqlite3.Error as error:
                log.error("the file of accounts was not kept up: %s", error)
            if shutdown.is_set():
                return
