"""The file of keys: changed whole, by one at a time, with what a person wrote around the tables left alone."""

from __future__ import annotations

import hashlib
import os
import stat
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import trio

from gateway.access.keys import KeysUnusable, KeyTaken, NoSuchKey, add_key, read_keys, revoke_key, rotate_key
from gateway.auth import ApiKeys
from gateway.problems import Problem
from tests.gateway.access.issuer import NOW, Standing

THEN = datetime.fromtimestamp(NOW, UTC)


def opens(keys: ApiKeys, secret: str) -> bool:
    try:
        keys.caller({b"x-api-key": secret.encode()})
    except Problem:
        return False
    return True


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.toml"


def test_a_key_keeps_when_it_was_made_when_it_ends_and_what_it_is_for(file: Path):
    until = THEN + timedelta(days=1)
    add_key(file, "lab", ["integration"], "main", expires=until, note='results, "night" \\ Ünal', clock=Standing())
    [key] = read_keys(file)
    assert (key.added, key.expires, key.note) == (THEN, until, 'results, "night" \\ Ünal')
    assert "expires = 2026-09-22T" in file.read_text()


async def test_a_key_that_has_ended_opens_nothing(file: Path):
    clock = Standing()
    secret = add_key(file, "lab", ["integration"], "main", expires=THEN + timedelta(hours=1), clock=clock)
    keys = ApiKeys(file, clock)
    assert opens(keys, secret)
    clock.seconds += 3_599
    assert opens(keys, secret)
    clock.seconds += 1
    with pytest.raises(Problem, match="expired"):
        keys.caller({b"x-api-key": secret.encode()})


async def test_a_key_that_is_revoked_opens_nothing_and_its_name_is_free_again(file: Path):
    first, other = add_key(file, "desk", ["clerk"], "main"), add_key(file, "desk", ["clerk"], "north")
    assert revoke_key(file, "main", "desk").name == "desk"
    second = add_key(file, "desk", ["clerk"], "main")
    keys = ApiKeys(file)
    assert [opens(keys, secret) for secret in (first, other, second)] == [False, True, True]
    with pytest.raises(NoSuchKey):
        revoke_key(file, "south", "desk")


async def test_a_rotated_key_goes_on_beside_the_new_one_for_as_long_as_was_said(file: Path):
    clock = Standing()
    old = add_key(file, "lab", ["integration"], "main", clock=clock)
    key, new = rotate_key(file, "main", "lab", keep=timedelta(minutes=10), clock=Drawing(NOW))
    assert key.old_until == THEN + timedelta(minutes=10)
    keys = ApiKeys(file, clock)
    assert (opens(keys, old), opens(keys, new)) == (True, True)
    clock.seconds += 600
    assert (opens(keys, old), opens(keys, new)) == (False, True)
    with pytest.raises(KeyTaken):
        add_key(file, "lab", ["integration"], "main")


class Drawing(Standing):
    """Draws other bytes than its like."""

    def entropy(self, count: int) -> bytes:
        return hashlib.sha256(bytes(count)).digest()[:count]


async def test_a_key_rotated_at_once_opens_nothing_any_more(file: Path):
    old = add_key(file, "lab", ["integration"], "main")
    _, new = rotate_key(file, "main", "lab")
    keys = ApiKeys(file)
    assert (opens(keys, old), opens(keys, new)) == (False, True)


def test_a_key_that_has_ended_is_not_rotated(file: Path):
    add_key(file, "lab", ["integration"], "main", expires=THEN, clock=Standing(NOW - 10))
    with pytest.raises(KeysUnusable, match="expired"):
        rotate_key(file, "main", "lab", clock=Standing())


REMARKS = """# Who may come in; asked for by the office.

[[key]]
name = "board"   # in the hall
sha256 = "{0}"
roles = [ "board" ]
hospital = "main"

# The desks.
[[key]]
sha256 = "{1}"
name = "desk"
hospital = "main"
roles = ["clerk"]

# The end.
"""


def written(file: Path, text: str, mode: int = 0o600) -> Path:
    file.write_text(text)
    file.chmod(mode)
    return file


def test_what_a_person_wrote_stays_where_it_stands(file: Path):
    written(file, REMARKS.format("a" * 64, "b" * 64))
    add_key(file, "lab", ["integration"], "main")
    assert file.read_text().startswith(REMARKS.format("a" * 64, "b" * 64))
    revoke_key(file, "main", "board")
    text = file.read_text()
    assert text.startswith("# Who may come in; asked for by the office.\n\n# The desks.\n[[key]]\nsha256")
    assert "# The end." in text
    assert [key.name for key in read_keys(file)] == ["desk", "lab"]
    rotate_key(file, "main", "desk")
    assert "# The end." in file.read_text()
    assert [key.name for key in read_keys(file)] == ["desk", "lab"]


@pytest.mark.parametrize(
    "text",
    [
        'key = [{{name = "desk", sha256 = "{0}", roles = ["clerk"], hospital = "main"}}]\n',
        '[[key]]\nname = "desk"\nsha256 = "{0}"\nroles = ["clerk"]\nhospital = "main"\nnote = "[[key]]"',
        "",
    ],
)
def test_a_file_in_another_form_is_changed_too(file: Path, text: str):
    written(file, text.format("c" * 64))
    before = [key.name for key in read_keys(file)]
    add_key(file, "lab", ["integration"], "main")
    assert [key.name for key in read_keys(file)] == [*before, "lab"]
    revoke_key(file, "main", "lab")
    assert [key.name for key in read_keys(file)] == before


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o620, 0o666])
def test_a_file_that_others_may_read_or_write_is_refused_with_what_to_do(file: Path, mode: int):
    add_key(file, "desk", ["clerk"], "main")
    file.chmod(mode)
    for work in (ApiKeys, read_keys, partial(revoke_key, hospital="main", name="desk")):
        with pytest.raises(KeysUnusable, match="chmod 600"):
            work(file)


def test_a_changed_file_is_its_owners_alone_and_nothing_is_left_beside_it(file: Path):
    add_key(file, "desk", ["clerk"], "main")
    file.chmod(0o640)
    file.with_name(".keys.toml.new").write_text("broken off")
    add_key(file, "lab", ["clerk"], "main")
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["keys.toml"]


def test_a_link_to_the_file_stays_a_link(file: Path, tmp_path: Path):
    real = tmp_path / "elsewhere" / "real.toml"
    real.parent.mkdir()
    file.symlink_to(real)
    add_key(file, "desk", ["clerk"], "main")
    add_key(file, "lab", ["clerk"], "main")
    assert file.is_symlink()
    assert [key.name for key in read_keys(real)] == ["desk", "lab"]


@pytest.mark.parametrize("name", ["user:ana", "token:ana", "a/b", "", "x" * 81, "a\nb"])
def test_a_key_is_not_called_as_people_and_tokens_are(file: Path, name: str):
    with pytest.raises(KeysUnusable):
        add_key(file, name, ["clerk"], "main")
    assert not file.exists()


async def test_those_who_change_it_at_the_same_time_do_so_one_after_the_other(file: Path):
    async with trio.open_nursery() as nursery:
        for number in range(12):
            nursery.start_soon(trio.to_thread.run_sync, partial(add_key, file, f"n{number}", ["clerk"], "main"))
    assert sorted(key.name for key in read_keys(file)) == sorted(f"n{number}" for number in range(12))


async def test_two_keys_of_one_secret_are_refused(file: Path):
    digest = hashlib.sha256(b"x").hexdigest()
    table = '[[key]]\nname = "{}"\nsha256 = "{}"\nroles = ["clerk"]\nhospital = "main"\n{}\n'
    old = f'old_sha256 = "{digest}"\nold_until = 2026-09-22T00:00:00Z'
    written(file, table.format("a", digest, "") + table.format("b", "0" * 64, old))
    with pytest.raises(KeysUnusable, match="twice"):
        ApiKeys(file)
