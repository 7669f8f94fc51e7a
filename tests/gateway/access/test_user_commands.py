"""``matron users``: the way to the first administrator, and everything else without a server."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
import trio
from click.testing import CliRunner, Result

from gateway.__main__ import main
from gateway.access import user_commands
from gateway.access.account_file import AccountFile
from gateway.access.passwords import Passwords
from gateway.access.people import People
from gateway.access.settings import AccessSettings
from tests.gateway.access.people import OTHER, QUICK, SECRET, Heard, Mocked


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run ``matron users`` over one file, with quick hashes."""
    monkeypatch.setattr(user_commands, "Passwords", lambda: Passwords(QUICK))
    (tmp_path / "password").write_text(SECRET + "\n")

    def runs(*words: str, given: str | None = None) -> Result:
        return CliRunner().invoke(main, ["users", *words, "--accounts", str(tmp_path / "accounts.db")], input=given)

    return runs


def added(run: Any, tmp_path: Path, name: str = "rosa", role: str = "admin", hospital: str = "main") -> None:
    file = str(tmp_path / "password")
    done = run("add", name, "--role", role, "--hospital", hospital, "--password-file", file)
    assert done.exit_code == 0, done.output


def test_the_first_administrator_is_added_by_a_prompt_or_a_file(run, tmp_path):
    asked = run("add", "rosa", "--role", "admin", "--hospital", "main", given=f"{SECRET}\n{SECRET}\n")
    assert (asked.exit_code, asked.output.splitlines()[-1]) == (0, "rosa  main: admin")
    assert SECRET not in asked.output
    added(run, tmp_path, "ana", "clerk")
    listed = run("list").output.splitlines()
    assert [line.split()[0] for line in listed] == ["NAME", "ana", "rosa"]
    assert len({line.index(word) for line, word in zip(listed[1:], ("main: clerk", "main: admin"), strict=True)}) == 1


def test_no_flag_takes_a_password(run):
    for command in ("add", "password"):
        assert run(command, "rosa", "--password", SECRET).exit_code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", "Rosa", "--role", "admin", "--hospital", "main"], "small letters"),
        (["add", "rosa", "--role", "admin"], "--hospital"),
        (["add", "rosa", "--hospital", "main"], "--role"),
        (["add", "rosa", "--role", "king", "--hospital", "main"], "king"),
        (["add", "rosa", "--role", "admin", "--hospital", "Main Hospital"], "not a name"),
        (["list"], "There is no"),
        (["disable", "rosa"], "There is no"),
    ],
)
def test_what_cannot_be_ends_with_2_and_makes_nothing(run, tmp_path, words, said):
    done = run(*words, given=f"{SECRET}\n{SECRET}\n")
    assert done.exit_code == 2
    assert said in done.output
    assert not (tmp_path / "accounts.db").exists()


def test_a_weak_password_is_refused_with_what_it_lacks(run):
    done = run("add", "rosa", "--role", "admin", "--hospital", "main", given="password1234\npassword1234\n")
    assert done.exit_code == 2
    assert "The password is among the commonest." in done.output
    assert json.loads(run("list", "--json").output) == {"items": []}


def test_somebody_is_changed_locked_out_and_let_in_again(run, tmp_path):
    added(run, tmp_path)
    added(run, tmp_path, "ana", "clerk")
    assert run("change", "ana", "--role", "clerk", "--role", "clinician", "--hospital", "north").exit_code == 0
    assert run("change", "ana", "--no-roles", "--hospital", "main").exit_code == 0
    assert run("change", "ana", "--shown", "Ana Lopes").exit_code == 0
    (tmp_path / "password").write_text(OTHER)
    assert run("password", "ana", "--password-file", str(tmp_path / "password")).exit_code == 0
    assert run("unlock", "ana").exit_code == 0
    assert "ana (disabled)" in run("disable", "ana").output
    (ana, _) = json.loads(run("list", "--json").output)["items"]
    assert (ana["hospitals"], ana["shown"], ana["disabled"]) == ({"north": ["clerk", "clinician"]}, "Ana Lopes", True)
    assert "hash" not in ana
    assert json.loads(run("enable", "ana", "--json").output)["disabled"] is False
    assert run("remove", "ana").output == "ana removed\n"
    assert run("unlock", "ana").exit_code == 1


def test_the_rules_hold_here_too(run, tmp_path):
    added(run, tmp_path)
    for words, said in (
        (["remove", "rosa"], "Nobody else"),
        (["disable", "rosa"], "Nobody else"),
        (["change", "rosa", "--role", "network", "--hospital", "main"], "everywhere"),
        (["add", "rosa", "--role", "admin", "--hospital", "main"], "taken"),
        (["change", "nobody", "--shown", "X"], "nobody called nobody"),
    ):
        done = run(*words, given=f"{SECRET}\n{SECRET}\n")
        assert done.exit_code == 1
        assert said in done.output


async def test_what_was_done_without_a_server_is_noted_by_the_next_one(run, tmp_path, mock_clock):
    added(run, tmp_path)
    added(run, tmp_path, "ana", "clerk", "north")
    for words in (["disable", "ana"], ["unlock", "ana"], ["remove", "ana"]):
        assert run(*words).exit_code == 0
    heard, over = Heard(), trio.Event()
    over.set()
    people = People(tmp_path / "accounts.db", AccessSettings(), [], Mocked(mock_clock), heard)
    await people.run(over)
    await people.run(over)  # once is enough
    assert [(hospital, who, what, facts["user"]) for hospital, who, what, facts in heard.notes] == [
        ("main", "matron", "user_added", "rosa"),
        ("north", "matron", "user_added", "ana"),
        ("north", "matron", "user_changed", "ana"),
        ("north", "matron", "unlocked", "ana"),
        ("north", "matron", "user_removed", "ana"),
    ]


def test_a_copy_is_whole_and_its_owner_s_alone(run, tmp_path):
    added(run, tmp_path)
    copy = tmp_path / "copy.db"
    assert run("backup", str(copy)).exit_code == 0
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert AccountFile(copy).reading.execute("SELECT name FROM users").fetchall() == [("rosa",)]
    again = run("backup", str(copy))
    assert again.exit_code == 1
    assert "File exists" in again.output


def test_a_file_that_others_can_read_is_refused_with_what_to_do(run, tmp_path):
    added(run, tmp_path)
    (tmp_path / "accounts.db").chmod(0o644)
    done = run("list")
    assert done.exit_code == 2
    assert "chmod 600" in done.output
