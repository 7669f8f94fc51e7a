"""Sessions of people who have signed in, and the callers that they are: the cookie's side of the guard.

A session is 256 random bits in a cookie; the file has their SHA-256 alone. On the path of a request stands a look-up
in memory. Once in ``RECHECK`` seconds one reads a counter of the file, which says whether any process has changed
it; if one has, what is remembered is forgotten. So a session that was ended anywhere is gone everywhere within
``RECHECK``, and a request costs microseconds. Knows no password.
"""

from __future__ import annotations

import hashlib
import sqlite3
from base64 import urlsafe_b64encode
from collections import OrderedDict
from typing import Final

import msgspec
import trio

from engine.clock import Clock
from gateway.access.account_file import AccountFile, unreadable
from gateway.access.accounts import SECOND, Account, account_of
from gateway.access.credentials import COOKIE, SECURE_COOKIE, session_of
from gateway.access.names import OF_PEOPLE, WHOLE_NETWORK
from gateway.auth import DEV_HOSPITAL, Caller, unauthenticated

RECHECK: Final = 1.0
"""Seconds for which a change by another process may go unseen."""

MOST_OF_ONE: Final = 20
"""Sessions of one person; one more ends the oldest."""

REMEMBERED: Final = 20_000
"""Sessions in memory."""

LONGEST: Final = 128
"""Characters of a cookie that can be one of ours."""

FIELDS: Final = "digest, user, hospital, csrf, created, seen, until"


class Session(msgspec.Struct, frozen=True):
    """Somebody who has signed in. Times in µs since 1970 UTC; ``until``: it ends then, however busy."""

    digest: bytes
    user: str
    hospital: str
    csrf: str
    created: int
    seen: int
    until: int


class Lifetimes(msgspec.Struct, frozen=True):
    """How long a session lasts, and how long without a request; µs."""

    whole: int = 720 * 60 * SECOND
    idle: int = 60 * 60 * SECOND


class Known(msgspec.Struct):
    """A session in memory; ``seen`` moves with its requests."""

    session: Session
    account: Account
    caller: Caller
    seen: int
    told: int
    """What the file was told of ``seen``."""


class Changed(Exception):
    """The account is not any more what was looked at."""


class Sessions:
    """Callers by their session's cookie."""

    def __init__(
        self, file: AccountFile, clock: Clock, lifetimes: Lifetimes = Lifetimes(),  # noqa: B008
        cookies: tuple[bytes, ...] = (SECURE_COOKIE, COOKIE),
    ) -> None:  # fmt: skip
        self._file = file
        self._clock = clock
        self._lifetimes = lifetimes
        self._cookies = cookies
        self._known: OrderedDict[bytes, Known] = OrderedDict()
        self._checked = float("-inf")
        self._version = -1

    def caller(self, headers: dict[bytes, bytes]) -> Caller:
        """Whose session this is. What follows a stream is no sign of somebody who sits there."""
        known = self.known(headers)
        if b"upgrade" not in headers and headers.get(b"accept") != b"text/event-stream":
            known.seen = self._clock.wall()
        return known.caller

    def known(self, headers: dict[bytes, bytes]) -> Known:
        """The session of a request; a ``Problem`` (401) when it has none that lasts."""
        given = session_of(headers, self._cookies)
        if given is None or len(given) > LONGEST:
            raise unauthenticated("Nobody is signed in.")
        self._forget_changed()
        digest = hashlib.sha256(given).digest()
        known = self._known.get(digest) or self._read(digest)
        now = self._clock.wall()
        if known is None or now >= known.session.until or now - known.seen >= self._lifetimes.idle:
            raise unauthenticated("This session has ended: sign in again.")
        return known

    def _forget_changed(self) -> None:
        now = trio.current_time()
        if now - self._checked < RECHECK:
            return
        self._checked = now
        try:
            (version,) = self._file.reading.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error as error:
            raise unreadable(error) from error
        if version != self._version:
            self._version = version
            self.forget()

    def forget(self) -> None:
        """Read every session again; what was not told yet of who is there stays."""
        for digest, known in list(self._known.items()):
            if known.seen == known.told or (fresh := self._read(digest, remember=False)) is None:
                del self._known[digest]
            else:
                fresh.seen = max(fresh.seen, known.seen)
                self._known[digest] = fresh

    def forget_one(self, digest: bytes) -> None:
        """Read this session again, if it is asked for again."""
        self._known.pop(digest, None)

    def _read(self, digest: bytes, *, remember: bool = True) -> Known | None:
        db = self._file.reading
        try:
            row = db.execute(f"SELECT {FIELDS} FROM sessions WHERE digest = ?", (digest,)).fetchone()  # noqa: S608
            account = None if row is None else account_of(db, row[1])
        except sqlite3.Error as error:
            raise unreadable(error) from error
        if account is None or account.disabled:
            return None
        session = Session(*row)
        caller = caller_of(account, session)
        if caller is None:
            return None
        known = Known(session, account, caller, session.seen, session.seen)
        if remember:
            self._known[digest] = known
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return known

    def fresh(self, user: str, hospital: str, former: Session | None = None) -> tuple[str, Session]:
        """What a cookie is to hold, and the session that it will be; in place of a former one it ends when that would.

        On the event loop: a clock's random bytes are for one thread.
        """
        now = self._clock.wall()
        created, until = (now, now + self._lifetimes.whole) if former is None else (former.created, former.until)
        secret = drawn(self._clock, 32)
        digest = hashlib.sha256(secret.encode()).digest()
        return secret, Session(digest, user, hospital, drawn(self._clock, 18), created, now, until)

    # -- what changes them; these block, and run in the file's thread ---------------------------------------

    def begin(self, account: Account, session: Session) -> None:
        """A new session; ``Changed`` when the account is not any more as it was when looked at."""
        with self._file.changing() as db:
            found = account_of(db, account.name)
            if found is None or found.disabled or (found.hash, found.grants) != (account.hash, account.grants):
                raise Changed
            db.execute(
                "DELETE FROM sessions WHERE digest IN "
                "(SELECT digest FROM sessions WHERE user = ? ORDER BY created DESC LIMIT -1 OFFSET ?)",
                (account.name, MOST_OF_ONE - 1),
            )
            db.execute("DELETE FROM attempts WHERE name = ?", (account.name,))
            _insert(db, session)

    def renew(self, former: Session, session: Session) -> None:
        """A session in place of a former one; ``Changed`` when that has ended."""
        with self._file.changing() as db:
            if not db.execute("DELETE FROM sessions WHERE digest = ?", (former.digest,)).rowcount:
                raise Changed
            _insert(db, session)

    def change_hash(self, former: Session, session: Session, account: Account, made: str) -> Account:
        """Another password: every session of the account ends, and one begins in place of the former."""
        now = self._clock.wall()
        with self._file.changing() as db:
            same = (made, now, account.name, account.hash)
            kept = db.execute("UPDATE users SET hash = ?, changed = ? WHERE name = ? AND hash IS ?", same).rowcount
            if not kept or not db.execute("DELETE FROM sessions WHERE digest = ?", (former.digest,)).rowcount:
                raise Changed
            db.execute("DELETE FROM sessions WHERE user = ?", (account.name,))
            db.execute("DELETE FROM attempts WHERE name = ?", (account.name,))
            _insert(db, session)
        return msgspec.structs.replace(account, hash=made, changed=now)

    def end(self, session: Session) -> None:
        """End one session."""
        with self._file.changing() as db:
            db.execute("DELETE FROM sessions WHERE digest = ?", (session.digest,))

    def keep_up(self, seen: list[tuple[int, bytes]]) -> None:
        """Tell the file who was there, and drop what has ended."""
        now = self._clock.wall()
        with self._file.changing() as db:
            db.executemany("UPDATE sessions SET seen = max(seen, ?) WHERE digest = ?", seen)
            db.execute("DELETE FROM sessions WHERE until <= ? OR seen <= ?", (now, now - self._lifetimes.idle))

    def moved(self) -> list[tuple[int, bytes]]:
        """Who was there since it was told last, for ``keep_up``; on the event loop."""
        moved = [(known.seen, digest) for digest, known in self._known.items() if known.seen != known.told]
        for seen, digest in moved:
            self._known[digest].told = seen
        return moved


def caller_of(account: Account, session: Session) -> Caller | None:
    """What a person may do in the hospital of the session; ``None`` when nothing at all."""
    roles = account.roles_in(session.hospital)
    if not roles:
        return None
    return Caller(
        OF_PEOPLE + account.name,
        roles,
        session.hospital,
        fallback=DEV_HOSPITAL if session.hospital == WHOLE_NETWORK else "",
        kind="session",
        csrf=session.csrf,
        shown=account.shown or account.name,
    )


def hospital_of(account: Account, asked: str | None) -> str | None:
    """The hospital that a session begins in; ``None`` when there is none for this person."""
    if asked is not None:
        return asked if account.roles_in(asked) else None
    own = sorted(hospital for hospital in account.grants if hospital != WHOLE_NETWORK)
    return own[0] if own else WHOLE_NETWORK if WHOLE_NETWORK in account.grants else None


def drawn(clock: Clock, count: int) -> str:
    """So many random bytes as text."""
    return urlsafe_b64encode(clock.entropy(count)).rstrip(b"=").decode()


def _insert(db: sqlite3.Connection, session: Session) -> None:
    db.execute(
        f"INSERT INTO sessions ({FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - our own columns
        msgspec.structs.astuple(session),
    )
