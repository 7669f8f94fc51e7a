"""The file of people's accounts and their sessions: SQLite, one writer at a time, shared by all gateway processes.

It is no part of the log: an append-only log could not forget a password's hash. Knows SQLite and the tables; what
stands in them ``accounts.py`` and ``sessions.py`` know.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

import trio

from gateway.problems import Problem

SCHEMA: Final = 1
"""The version of the tables; a file with a newer one is refused, and nothing in it is changed."""

WRITER_WAIT: Final = 5.0
"""Seconds that a change waits for another process's."""

READER_WAIT: Final = 0.05
"""The same for a read on the path of a request: with a write-ahead log it has to wait for nobody."""

TABLES: Final = (
    """CREATE TABLE users (
        name TEXT PRIMARY KEY, shown TEXT NOT NULL, grants TEXT NOT NULL, hash TEXT, issuer TEXT, subject TEXT,
        disabled INTEGER NOT NULL, added INTEGER NOT NULL, changed INTEGER NOT NULL
    ) STRICT""",
    "CREATE UNIQUE INDEX users_of_provider ON users (issuer, subject) WHERE issuer IS NOT NULL",
    """CREATE TABLE attempts (
        name TEXT PRIMARY KEY, failures INTEGER NOT NULL, since INTEGER NOT NULL, locked_until INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE sessions (
        digest BLOB PRIMARY KEY, user TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
        hospital TEXT NOT NULL, csrf TEXT NOT NULL, created INTEGER NOT NULL, seen INTEGER NOT NULL,
        until INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX sessions_of_user ON sessions (user, created)",
    "CREATE TABLE untold (at INTEGER NOT NULL, hospital TEXT NOT NULL, what TEXT NOT NULL, user TEXT NOT NULL) STRICT",
)
"""Times are µs since 1970 UTC. ``grants`` is JSON: roles by hospital. ``untold``: what was done without a server, and
waits for one that writes it into the audit log."""

T = TypeVar("T")

log = logging.getLogger("matron.access")


class AccountsUnusable(Exception):
    """The file cannot be used; the message says why and what to do."""


class AccountFile:
    """The file, open. ``reading`` is for the event loop's own short look-ups, ``run`` for all that writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            _make(path)
            self._writer = _connect(path, WRITER_WAIT)
            _lay_out(self._writer, path)
            self.reading = _connect(path, READER_WAIT)
            self.reading.execute("PRAGMA query_only = ON")
        except (OSError, sqlite3.Error) as error:
            said = error.strerror if isinstance(error, OSError) else error
            raise AccountsUnusable(f"{path} cannot be used as a file of accounts: {said}") from error
        self._one = trio.CapacityLimiter(1)

    async def run(self, work: Callable[[], T]) -> T:
        """Do something with the writing connection, in a thread; one at a time. ``Problem`` (503) when it cannot be."""
        try:
            return await trio.to_thread.run_sync(work, limiter=self._one)
        except AccountsUnusable as error:
            raise unreadable(error) from error

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that writes: all of it is on the disk afterwards, or, with an exception, none.

        What is wrong with the file then (no room, another process that holds it) is ``AccountsUnusable``.
        """
        db = self._writer
        try:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            try:
                db.execute("COMMIT")
            except sqlite3.Error:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise AccountsUnusable(f"{self.path} cannot be used just now: {error}") from error

    def copy(self, target: Path) -> None:
        """A whole copy, however busy the file is, for its owner only; ``AccountsUnusable`` when it is there already."""
        try:
            os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR))
            made = sqlite3.connect(target)
            try:
                self._writer.backup(made)
            finally:
                made.close()
            with target.open("rb") as file:
                os.fsync(file.fileno())
        except (OSError, sqlite3.Error) as error:
            said = error.strerror if isinstance(error, OSError) else error
            raise AccountsUnusable(f"{target} cannot be made: {said}") from error

    def close(self) -> None:
        """Close both connections."""
        self.reading.close()
        self._writer.close()


def unreadable(error: Exception) -> Problem:
    """The file cannot be used just now."""
    log.error("the file of accounts cannot be used: %s", error)
    detail = "The file of accounts cannot be used just now."
    return Problem("accounts_unreadable", detail, headers={"Retry-After": "1"})


def _make(path: Path) -> None:
    """Make the file, for its owner only; refuse one that others can read. What SQLite adds gets the same rights."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR))
    except FileExistsError:
        if os.stat(path).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise AccountsUnusable(f"{path} can be read by others: chmod 600 {path}") from None


def _connect(path: Path, wait: float) -> sqlite3.Connection:
    # Transactions are begun here and nowhere else; a connection is used by one thread at a time.
    db = sqlite3.connect(path, timeout=wait, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA foreign_keys = ON")
    return db


def _lay_out(db: sqlite3.Connection, path: Path) -> None:
    (found,) = db.execute("PRAGMA user_version").fetchone()
    if found > SCHEMA:
        raise AccountsUnusable(f"{path} was written by a newer Matron (tables {found}, here {SCHEMA}): use that one")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")  # a session that was ended must not come back with the current
    db.execute("BEGIN IMMEDIATE")
    (found,) = db.execute("PRAGMA user_version").fetchone()  # another process may have been quicker
    if not found:
        for statement in TABLES:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {SCHEMA}")
    db.execute("COMMIT")
