"""The file of accounts: who may read it, which versions are read, and what two processes see of each other."""

from __future__ import annotations

import sqlite3
import stat
from functools import partial
from typing import Any

import msgspec
import pytest
import trio

from gateway.access.account_file import SCHEMA, AccountFile, AccountsUnusable
from gateway.access.accounts import MOST_ATTEMPTS, Account, Accounts, Refused
from gateway.access.sessions import MOST_OF_ONE, RECHECK, Changed, Sessions
from gateway.problems import Problem
from tests.gateway.access.people import ANA, BOSS, ROOT, Mocked, filled


def accounts_of(tmp_path: Any, mock_clock: Any, *people: Account) -> Accounts:
    clock = Mocked(mock_clock)
    return Accounts(AccountFile(filled(tmp_path / "accounts.db", clock, *people)), clock)


def found(accounts: Accounts) -> Account:
    account = accounts.get("ana")
    assert account is not None
    return account


def cookie(secret: str) -> dict[bytes, bytes]:
    return {b"cookie": b"theme=dark; matron_session=" + secret.encode()}


def test_the_file_is_its_owner_s_alone(tmp_path):
    path = tmp_path / "accounts.db"
    file = AccountFile(path)
    with file.changing() as db:
        db.execute("INSERT INTO attempts VALUES ('x', 1, 0, 0)")
    assert {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()} == {0o600}
    file.close()
    path.chmod(0o640)
    with pytest.raises(AccountsUnusable, match="chmod 600"):
        AccountFile(path)


def test_a_newer_file_is_refused_and_stays_as_it_is(tmp_path):
    path = tmp_path / "accounts.db"
    AccountFile(path).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    db.close()
    before = path.read_bytes()
    with pytest.raises(AccountsUnusable, match="newer"):
        AccountFile(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to look at" * 10])
def test_what_is_no_file_of_accounts_is_made_one_or_refused(tmp_path, content):
    path = tmp_path / "accounts.db"
    path.write_bytes(content)
    path.chmod(0o600)
    if content:
        with pytest.raises(AccountsUnusable):
            AccountFile(path)
    else:
        AccountFile(path).close()


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(AccountsUnusable, match="No such file"):
        AccountFile(tmp_path / "nowhere" / "accounts.db")


def test_r1_a_name_is_given_once(tmp_path, mock_clock):
    accounts = accounts_of(tmp_path, mock_clock, ANA)
    with pytest.raises(Refused) as refused:
        accounts.add(ANA)
    assert (refused.value.code, refused.value.rule) == ("name_taken", "R1")


def test_r2_the_role_network_is_had_everywhere_or_not_at_all(tmp_path, mock_clock):
    accounts = accounts_of(tmp_path, mock_clock, ANA, ROOT)
    with pytest.raises(Refused) as refused:
        accounts.edit("ana", lambda account: msgspec.structs.replace(account, grants={"main": ["network"]}))
    assert refused.value.rule == "R2"
    assert found(accounts).grants == ANA.grants


def test_r3_counts_those_who_may_sign_in(tmp_path, mock_clock):
    gone = msgspec.structs.replace(BOSS, name="gone", disabled=True)
    accounts = accounts_of(tmp_path, mock_clock, BOSS, gone, ROOT)
    with pytest.raises(Refused) as refused:
        accounts.edit("boss", lambda account: None)
    assert refused.value.rule == "R3"
    assert accounts.get("boss") is not None
    accounts.edit("gone", lambda account: None)
    with pytest.raises(Refused):
        accounts.edit("root", lambda account: None)


def test_r6_many_guesses_at_once_are_no_more_than_one_after_the_other(tmp_path, mock_clock):
    accounts = accounts_of(tmp_path, mock_clock, ANA)
    begun = [accounts.attempt("ana") for _ in range(9)]
    assert [attempt.locked_until > 0 for attempt in begun] == [False] * 5 + [True] * 4
    assert [attempt.last for attempt in begun][:5] == [False] * 4 + [True]


def test_names_that_are_not_there_fill_no_disk(tmp_path, mock_clock):
    accounts = accounts_of(tmp_path, mock_clock)
    with accounts.file.changing() as db:
        rows = ((f"n{number}", 1, accounts.now() + number, 0) for number in range(MOST_ATTEMPTS + 3))
        db.executemany("INSERT INTO attempts VALUES (?, ?, ?, ?)", rows)
    accounts.sweep()
    with accounts.file.changing() as db:
        assert db.execute("SELECT count(*), min(since) FROM attempts").fetchone() == (
            MOST_ATTEMPTS, accounts.now() + 3,
        )  # fmt: skip
    mock_clock.jump(3600)
    accounts.sweep()
    with accounts.file.changing() as db:
        assert db.execute("SELECT count(*) FROM attempts").fetchone() == (0,)


async def test_what_another_process_ends_is_gone_here_within_its_time(tmp_path, mock_clock):
    accounts = accounts_of(tmp_path, mock_clock, ANA, BOSS)
    here = Sessions(accounts.file, accounts.clock)
    other = Accounts(AccountFile(accounts.file.path), accounts.clock)
    secret, session = here.fresh("ana", "main")
    here.begin(found(accounts), session)
    assert here.caller(cookie(secret)).name == "user:ana"
    other.edit("ana", lambda account: msgspec.structs.replace(account, disabled=True))
    mock_clock.jump(RECHECK)
    with pytest.raises(Problem):
        here.caller(cookie(secret))


async def test_a_session_of_one_process_is_good_in_another(tmp_path, mock_clock):
    accounts = accounts_of(tmp_path, mock_clock, ANA)
    here = Sessions(accounts.file, accounts.clock)
    there = Sessions(AccountFile(accounts.file.path), accounts.clock)
    secret, session = here.fresh("ana", "main")
    here.begin(found(accounts), session)
    assert there.caller(cookie(secret)) == here.caller(cookie(secret))


async def test_whoever_is_busy_in_one_process_is_not_idle_in_another(tmp_path, mock_clock):
    accounts = accounts_of(tmp_path, mock_clock, ANA)
    here = Sessions(accounts.file, accounts.clock)
    there = Sessions(AccountFile(accounts.file.path), accounts.clock)
    secret, session = here.fresh("ana", "main")
    here.begin(found(accounts), session)
    for _ in range(3):
        mock_clock.jump(50 * 60)
        here.caller(cookie(secret))
        await accounts.file.run(partial(here.keep_up, here.moved()))
    assert there.caller(cookie(secret)).name == "user:ana"
    mock_clock.jump(61 * 60)
    for sessions in (here, there):
        with pytest.raises(Problem):
            sessions.caller(cookie(secret))
    there.keep_up([])
    with accounts.file.changing() as db:
        assert db.execute("SELECT count(*) FROM sessions").fetchone() == (0,)


async def test_a_password_changed_while_the_old_one_was_looked_at_lets_nobody_in(tmp_path, mock_clock):
    accounts = accounts_of(tmp_path, mock_clock, ANA)
    sessions = Sessions(accounts.file, accounts.clock)
    looked_at = found(accounts)
    accounts.edit("ana", lambda account: msgspec.structs.replace(account, hash="another"))
    with pytest.raises(Changed):
        sessions.begin(looked_at, sessions.fresh("ana", "main")[1])


async def test_one_person_has_so_many_sessions_and_the_oldest_ends(tmp_path, mock_clock):
    accounts = accounts_of(tmp_path, mock_clock, ANA)
    sessions = Sessions(accounts.file, accounts.clock)
    made = []
    for _ in range(MOST_OF_ONE + 1):
        mock_clock.jump(1)
        secret, session = sessions.fresh("ana", "main")
        sessions.begin(found(accounts), session)
        made.append(secret)
    with pytest.raises(Problem):
        sessions.caller(cookie(made[0]))
    assert all(sessions.caller(cookie(secret)).name == "user:ana" for secret in made[1:])


@pytest.mark.parametrize("sent", [b"", b"x", b"\xff" * 20, b"x" * 5000, b"' OR 1=1 --"])
async def test_a_cookie_that_is_none_of_ours_is_nobody_s(tmp_path, mock_clock, sent):
    sessions = Sessions(accounts_of(tmp_path, mock_clock, ANA).file, Mocked(mock_clock))
    with pytest.raises(Problem) as refused:
        sessions.caller({b"cookie": b"matron_session=" + sent})
    assert refused.value.status == 401


async def test_a_file_that_cannot_be_read_lets_nobody_in_and_says_so(tmp_path, mock_clock):
    accounts = accounts_of(tmp_path, mock_clock, ANA)
    sessions = Sessions(accounts.file, accounts.clock)
    accounts.file.reading.close()
    with pytest.raises(Problem) as refused:
        sessions.caller(cookie("x" * 43))
    assert (refused.value.code, refused.value.status) == ("accounts_unreadable", 503)
    await trio.lowlevel.checkpoint()
