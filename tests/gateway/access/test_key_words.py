"""What is done to keys without a server is written down by one, once, whichever process takes it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import trio
from click.testing import CliRunner

from engine.eventlog.entry import Principal
from gateway.access.key_commands import keys
from gateway.access.key_words import LOOK, leave_word, take_words, write_down
from gateway.access.notes import What
from tests.gateway.access.issuer import Standing


class Heard:
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, What, dict[str, str]]] = []

    def say(self, hospital: str, who: Principal, what: What, **facts: str) -> None:
        self.said.append((hospital, who.name, what, facts))


def run(*args: str | Path) -> str:
    result = CliRunner().invoke(keys, [str(arg) for arg in args])
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def left_in(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def test_what_the_commands_do_is_written_down_without_a_secret(tmp_path: Path, autojump_clock):
    file, heard, shutdown = tmp_path / "keys.toml", Heard(), trio.Event()
    secret = run("add", "lab", "--role", "integration", "--hospital", "main", "--file", file)
    run("add", "office", "--role", "network", "--hospital", "*", "--file", file)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(write_down, file, heard, shutdown)
        await trio.sleep(1)
        run("rotate", "lab", "--hospital", "main", "--file", file)
        run("revoke", "lab", "--hospital", "main", "--file", file)
        await trio.sleep(LOOK)
        shutdown.set()
    assert [(hospital, who, what, facts["key"]) for hospital, who, what, facts in heard.said] == [
        ("main", "matron", "key_added", "lab"),
        ("", "matron", "key_added", "office"),
        ("main", "matron", "key_rotated", "lab"),
        ("main", "matron", "key_revoked", "lab"),
    ]
    assert heard.said[0][3].keys() == {"key", "roles", "at", "by"}
    assert secret not in str(heard.said)
    assert left_in(tmp_path) == ["keys.toml"]


def test_a_word_is_taken_by_one_and_is_nobody_else_s_to_read(tmp_path: Path):
    file = tmp_path / "keys.toml"
    leave_word(file, Standing(), "key_added", "main", "lab", ["clerk"])
    [left] = tmp_path.iterdir()
    assert stat.S_IMODE(os.stat(left).st_mode) == 0o600
    assert [word.key for word in take_words(file, "1")] == ["lab"]
    assert take_words(file, "2") == []
    assert list(tmp_path.iterdir()) == []


def test_a_word_that_was_broken_off_is_passed_over(tmp_path: Path):
    file = tmp_path / "keys.toml"
    leave_word(file, Standing(), "key_added", "main", "lab", ["clerk"])
    [left] = tmp_path.iterdir()
    with left.open("ab") as handle:
        handle.write(b'{"at": 1, "what"')
    assert [word.key for word in take_words(file, "1")] == ["lab"]
