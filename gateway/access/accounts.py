"""People who may sign in: their accounts, and the rules that hold whoever changes them.

R1  a name is given once; one that comes from a provider belongs to one subject of it.
R2  the role ``network`` is had everywhere (``*``) or not at all.
R3  a hospital that has an administrator who may sign in keeps one.
R4  who was given another password or other roles, or may not sign in any more, is signed out everywhere.
R5  so many failures in so long, by whatever name, known or not, lock that name for a while.
R6  an attempt counts before it is judged, so that many at once are no more guesses than one after the other.

Everything here is one transaction and blocks: it runs in the file's thread. Knows no password, and no caller.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

import msgspec

from engine.clock import Clock
from gateway.access.account_file import AccountFile
from gateway.access.names import WHOLE_NETWORK
from gateway.routes.row import ADMIN, NETWORK, ROLES, Role

SECOND: Final = 1_000_000

MOST_ATTEMPTS: Final = 50_000
"""Names whose failures are remembered; beyond it the oldest are forgotten."""

Grants = dict[str, list[Role]]
"""Roles by hospital."""

COLUMNS: Final = "name, shown, grants, hash, issuer, subject, disabled, added, changed"


class Refused(Exception):
    """A rule says no; ``rule`` is its number, ``code`` what it is called on the wire."""

    def __init__(self, code: str, rule: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.rule = rule
        self.detail = detail


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may sign in. Without ``hash`` nobody can with a password; times in µs since 1970 UTC."""

    name: str
    shown: str = ""
    grants: Grants = {}
    hash: str | None = None
    issuer: str | None = None
    subject: str | None = None
    disabled: bool = False
    added: int = 0
    changed: int = 0

    def roles_in(self, hospital: str) -> frozenset[Role]:
        """What he or she is there: by what was granted there, and everywhere."""
        return frozenset((*self.grants.get(hospital, ()), *self.grants.get(WHOLE_NETWORK, ())))

    def governs(self, hospital: str) -> bool:
        """Whether he or she may sign in and administers that hospital by a grant of its own (R3)."""
        return not self.disabled and not {ADMIN, NETWORK}.isdisjoint(self.grants.get(hospital, ()))


class Attempt(msgspec.Struct, frozen=True):
    """Somebody is about to try. ``locked_until`` is 0 while it may be tried; ``last``: no more after this one."""

    account: Account | None
    locked_until: int
    last: bool = False


class Lockout(msgspec.Struct, frozen=True):
    """R5: how many failures, within how long, lock for how long."""

    failures: int = 5
    within: int = 15 * 60 * SECOND
    locked: int = 15 * 60 * SECOND


class Accounts:
    """The accounts of a file."""

    def __init__(self, file: AccountFile, clock: Clock, lockout: Lockout = Lockout()) -> None:  # noqa: B008
        self.file = file
        self.clock = clock
        self._lockout = lockout

    def get(self, name: str) -> Account | None:
        """Somebody by name."""
        with self.file.changing() as db:
            return account_of(db, name)

    def all(self) -> list[tuple[Account, int]]:
        """Everybody by name, and until when the name is locked (0: it is not)."""
        with self.file.changing() as db:
            rows = db.execute(f"SELECT {COLUMNS} FROM users ORDER BY name").fetchall()  # noqa: S608 - our own columns
            locks = dict(db.execute("SELECT name, locked_until FROM attempts WHERE locked_until > ?", (self.now(),)))
        return [(account, locks.get(account.name, 0)) for account in map(_account, rows)]

    def locked_until(self, name: str) -> int:
        """Until when a name is locked; 0: it is not."""
        with self.file.changing() as db:
            row = db.execute("SELECT locked_until FROM attempts WHERE name = ?", (name,)).fetchone()
        return row[0] if row is not None and row[0] > self.now() else 0

    def add(self, account: Account) -> Account:
        """Somebody new (R1, R2)."""
        check_grants(account.grants)
        now = self.now()
        account = msgspec.structs.replace(account, grants=_plain(account.grants), added=now, changed=now)
        with self.file.changing() as db:
            if account_of(db, account.name) is not None:
                raise Refused("name_taken", "R1", "This name is taken.")
            _write(db, account)
        return account

    def edit(self, name: str, edit: Callable[[Account], Account | None]) -> Account | None:
        """Change somebody as ``edit`` says, ``None``: remove; ``LookupError`` for nobody (R2, R3, R4)."""
        with self.file.changing() as db:
            before = account_of(db, name)
            if before is None:
                raise LookupError(name)
            after = edit(before)
            if after == before:
                return after
            if after is not None:
                check_grants(after.grants)
                after = msgspec.structs.replace(after, grants=_plain(after.grants), changed=self.now())
            _keep_an_administrator(db, before, after)
            if after is None:
                db.execute("DELETE FROM users WHERE name = ?", (name,))
                return None
            _write(db, after)
            if (before.hash, before.grants) != (after.hash, after.grants) or after.disabled:
                db.execute("DELETE FROM sessions WHERE user = ?", (name,))
            return after

    def arrive(self, said: Account, mark: str) -> Account:
        """Somebody as a provider says now; a name that another has gets this ``mark`` behind it (R1, R4).

        R3 is not asked: who administers is the provider's to say.
        """
        now = self.now()
        said = msgspec.structs.replace(said, grants=_plain(said.grants))
        with self.file.changing() as db:
            sql = f"SELECT {COLUMNS} FROM users WHERE issuer = ? AND subject = ?"  # noqa: S608 - our own columns
            row = db.execute(sql, (said.issuer, said.subject)).fetchone()
            if row is None:
                name = said.name if account_of(db, said.name) is None else f"{said.name[:50]}.{mark}"
                account = msgspec.structs.replace(said, name=name, added=now, changed=now)
                _write(db, account)
                return account
            before = _account(row)
            after = msgspec.structs.replace(before, shown=said.shown, grants=said.grants)
            if after.grants != before.grants:
                db.execute("DELETE FROM sessions WHERE user = ?", (before.name,))
            if after != before:
                after = msgspec.structs.replace(after, changed=now)
                _write(db, after)
            return after

    def strengthen(self, account: Account, made: str) -> Account:
        """The same password under a stronger hash; nobody is signed out for it. What was changed meanwhile stays."""
        with self.file.changing() as db:
            same = (made, account.name, account.hash)
            changed = db.execute("UPDATE users SET hash = ? WHERE name = ? AND hash IS ?", same).rowcount
        return msgspec.structs.replace(account, hash=made) if changed else account

    # -- what was done without a server ---------------------------------------------------------------------

    def leave_word(self, what: str, account: Account) -> None:
        """Somebody was changed where no server runs: one that does is to write it down, in each of the hospitals."""
        rows = [(self.now(), hospital, what, account.name) for hospital in account.grants or {"": []}]
        with self.file.changing() as db:
            db.executemany("INSERT INTO untold VALUES (?, ?, ?, ?)", rows)

    def take_words(self) -> list[tuple[int, str, str, str]]:
        """What was left so, once: the instant, the hospital, what was done, and whose account it is."""
        with self.file.changing() as db:
            return sorted(db.execute("DELETE FROM untold RETURNING at, hospital, what, user").fetchall())

    # -- attempts -------------------------------------------------------------------------------------------

    def attempt(self, name: str) -> Attempt:
        """Somebody gives a name and a password: it counts as a failure until ``succeeded`` says otherwise (R5, R6)."""
        now, bound = self.now(), self._lockout
        with self.file.changing() as db:
            row = db.execute("SELECT failures, since, locked_until FROM attempts WHERE name = ?", (name,)).fetchone()
            failures, since, locked_until = row or (0, now, 0)
            if locked_until > now:
                return Attempt(None, locked_until)
            if locked_until or now - since > bound.within:
                failures, since = 0, now
            failures += 1
            last = failures >= bound.failures
            db.execute(
                "INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?)",
                (name, failures, since, now + bound.locked if last else 0),
            )
            return Attempt(account_of(db, name), 0, last)

    def unlock(self, name: str) -> bool:
        """Forget a name's failures; whether there were any."""
        with self.file.changing() as db:
            return db.execute("DELETE FROM attempts WHERE name = ?", (name,)).rowcount > 0

    def sweep(self) -> None:
        """Forget failures that count no more, and the oldest of too many."""
        now = self.now()
        with self.file.changing() as db:
            db.execute("DELETE FROM attempts WHERE locked_until <= ? AND since < ?", (now, now - self._lockout.within))
            db.execute(
                "DELETE FROM attempts WHERE name IN (SELECT name FROM attempts ORDER BY since DESC LIMIT -1 OFFSET ?)",
                (MOST_ATTEMPTS,),
            )

    def now(self) -> int:
        """µs since 1970 UTC."""
        return self.clock.wall()


def check_grants(grants: Grants) -> None:
    """R2."""
    if any(NETWORK in roles for hospital, roles in grants.items() if hospital != WHOLE_NETWORK):
        raise Refused("network_everywhere", "R2", "The role network is had everywhere: give the hospital as *.")


def in_order(roles: frozenset[Role] | list[Role]) -> list[Role]:
    """Roles in the order in which they are always named, each once."""
    return [role for role in ROLES if role in roles]


def account_of(db: sqlite3.Connection, name: str) -> Account | None:
    """Somebody by name, as of the transaction or the read that is under way."""
    row = db.execute(f"SELECT {COLUMNS} FROM users WHERE name = ?", (name,)).fetchone()  # noqa: S608 - our own columns
    return None if row is None else _account(row)


def _account(row: tuple[object, ...]) -> Account:
    name, shown, grants, *rest = row
    held = dict(zip(COLUMNS.split(", ")[3:], rest, strict=True))
    held["disabled"] = bool(held["disabled"])
    return msgspec.convert(
        {"name": name, "shown": shown, "grants": msgspec.json.decode(str(grants)), **held}, type=Account
    )


def _plain(grants: Grants) -> Grants:
    """Grants as they are kept: in order, and none that is empty."""
    return {hospital: in_order(roles) for hospital, roles in sorted(grants.items()) if roles}


def _write(db: sqlite3.Connection, account: Account) -> None:
    held = (
        account.name,
        account.shown,
        msgspec.json.encode(_plain(account.grants)).decode(),
        account.hash,
        account.issuer,
    )
    db.execute(
        f"INSERT INTO users ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "  # noqa: S608
        "shown = excluded.shown, grants = excluded.grants, hash = excluded.hash, disabled = excluded.disabled, "
        "changed = excluded.changed",
        (*held, account.subject, int(account.disabled), account.added, account.changed),
    )


def _keep_an_administrator(db: sqlite3.Connection, before: Account, after: Account | None) -> None:
    """R3."""
    left = [
        hospital
        for hospital in before.grants
        if before.governs(hospital) and (after is None or not after.governs(hospital))
    ]
    if not left:
        return
    rows = db.execute(f"SELECT {COLUMNS} FROM users WHERE name <> ?", (before.name,)).fetchall()  # noqa: S608
    others = [_account(row) for row in rows]
    for hospital in left:
        if not any(other.governs(hospital) for other in others):
            raise Refused("last_administrator", "R3", "Nobody else who may sign in administers this hospital.")
