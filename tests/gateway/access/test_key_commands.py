"""``matron keys``: what an operator sees, and that a secret is seen once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.access.key_commands import keys
from gateway.access.keys import read_keys
from gateway.auth import ApiKeys


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.toml"


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(keys, [str(arg) for arg in args])


async def test_a_key_is_printed_once_and_opens(file: Path):
    result = run("add", "desk", "--role", "clerk", "--role", "clerk", "--hospital", "main", "--file", file)
    secret = result.stdout.strip()
    assert (result.exit_code, "only time" in result.stderr) == (0, True)
    assert ApiKeys(file).caller({b"x-api-key": secret.encode()}).roles == {"clerk"}
    for other in (run("list", "--file", file), run("list", "--file", file, "--json")):
        assert secret not in other.output
        assert read_keys(file)[0].sha256 not in other.output


def test_keys_are_listed_in_columns_and_as_json(file: Path):
    run("add", "laboratory results", "--role", "integration", "--hospital", "main", "--file", file, "--days", "3")
    run("add", "hall", "--role", "board", "--hospital", "north", "--file", file, "--note", "the screen in the hall")
    lines = run("list", "--file", file).stdout.splitlines()
    assert lines[0].split() == ["NAME", "HOSPITAL", "ROLES", "ADDED", "EXPIRES", "NOTE"]
    assert all(line[lines[0].index("HOSPITAL") - 1] == " " for line in lines)
    assert lines[1].startswith("laboratory results  main")
    assert "never" in lines[2]
    listed = json.loads(run("list", "--file", file, "--hospital", "north", "--json").stdout)
    assert [(key["name"], key["roles"], key["expires"], key["expired"]) for key in listed] == [
        ("hall", ["board"], None, False)
    ]


def test_a_key_is_rotated_and_revoked(file: Path):
    first = run("add", "lab", "--role", "integration", "--hospital", "main", "--file", file).stdout.strip()
    where = ("--hospital", "main", "--file", file)
    made = json.loads(run("rotate", "lab", *where, "--keep-minutes", "60", "--json").stdout)
    assert made["key"] not in ("", first)
    assert made["old_until"].endswith("Z")
    assert run("revoke", "lab", *where).exit_code == 0
    assert read_keys(file) == []
    assert run("revoke", "lab", *where).exit_code == 2


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (["--expires", "2020-01-01T00:00:00Z"], "over already"),
        (["--expires", "2099-01-01T00:00:00"], "no time with its zone"),
        (["--expires", "tomorrow"], "no time with its zone"),
        (["--expires", "2099-01-01T00:00:00Z", "--days", "3"], "not both"),
        (["--role", "network"], "must be '*'"),
        (["--note", "two\nlines"], "one line"),
    ],
)
def test_what_cannot_be_is_refused_with_why(file: Path, args: list[str], why: str):
    result = run("add", "lab", "--role", "integration", "--hospital", "main", "--file", file, *args)
    assert (result.exit_code, why in result.stderr, result.stdout) == (2, True, "")
    assert not file.exists()


def test_a_folder_in_which_nothing_can_be_written_is_told(tmp_path: Path):
    result = run("add", "lab", "--role", "clerk", "--hospital", "main", "--file", tmp_path / "no" / "keys.toml")
    assert (result.exit_code, "cannot be changed" in result.stderr) == (2, True)
