"""Backups: whole, verified, described by themselves; or not there at all."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
import trio
from click.testing import CliRunner

from engine.clock import SystemClock
from engine.eventlog.checkpoint import Note
from engine.eventlog.lmdb_copy import GrewTooMuch
from engine.eventlog.lmdb_store import LmdbStore
from gateway.backing.backup import back_up
from replay.__main__ import main as replay
from tests.gateway.backing.house import KEY, grow, matron, opened, quiet, records, register


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A log with three patients and a look at each."""
    trio.run(grow, tmp_path / "data", "Asha Rao", "Bela Sen", "Chand Das")
    return tmp_path / "data"


def test_a_backup_says_what_is_in_it_and_verifies(data: Path, tmp_path: Path) -> None:
    made = matron("backup", "--data", data, "--to", tmp_path / "backups" / "first", "--json")
    assert made.exit_code == 0, made.output
    said = json.loads(made.stdout)
    to = tmp_path / "backups" / "first"
    assert said == json.loads((to / "backup.json").read_bytes())
    assert {name: log["entries"] for name, log in said["logs"].items()} == {"main": 4, "main.access": 3}
    for name, log in said["logs"].items():
        head = Note.parse(log["checkpoint"].encode()).head()
        assert (head.size, head.root.hex()) == (log["entries"], log["root"]), name
    assert said["subject_keys"] == 4
    for log in ("main", "main.access"):
        assert trio.run(records(to, log)) == trio.run(records(data, log))
    verified = CliRunner().invoke(replay, ["verify", "--data", str(to), "--key", KEY, "--complete"])
    assert verified.exit_code == 0, verified.output


def test_secrets_come_along_only_when_asked_for_and_for_nobody_else_to_read(data: Path, tmp_path: Path) -> None:
    (data / "signing.key").write_text("secret")
    (data / "signing.key.pub").write_text("public")
    without, with_keys = tmp_path / "without", tmp_path / "with"
    assert matron("backup", "--data", data, "--to", without).exit_code == 0
    assert {path.name for path in without.iterdir()} == {"backup.json", "keys", "log", "signing.key.pub"}
    assert matron("backup", "--data", data, "--to", with_keys, "--with-keys").exit_code == 0
    for name in ("signing.key", "master.key"):
        assert (with_keys / name).read_bytes() == (data / name).read_bytes()
        assert stat.S_IMODE((with_keys / name).stat().st_mode) == 0o600


def test_the_keys_alone_can_be_backed_up(data: Path, tmp_path: Path) -> None:
    made = matron("backup", "--data", data, "--to", tmp_path / "keys-1", "--keys-only", "--json")
    assert json.loads(made.stdout)["kind"] == "keys"
    assert json.loads(made.stdout)["subject_keys"] == 4
    assert not (tmp_path / "keys-1" / "log").exists()


def test_a_backup_never_takes_the_place_of_anything(data: Path, tmp_path: Path) -> None:
    to = tmp_path / "there"
    to.mkdir()
    (to / "something").write_text("mine")
    refused = matron("backup", "--data", data, "--to", to)
    assert refused.exit_code == 1
    assert "is there already" in refused.output
    assert [path.name for path in to.iterdir()] == ["something"]


def test_what_was_broken_off_is_not_there_and_not_in_the_way(data: Path, tmp_path: Path) -> None:
    to = tmp_path / "backup"

    async def too_much() -> None:
        with pytest.raises(GrewTooMuch):
            await back_up(data, to, SystemClock(), quiet, most=-1)

    trio.run(too_much)
    assert not to.exists()
    (tmp_path / ".backup.part" / "log").mkdir(parents=True)  # of one that was killed
    assert matron("backup", "--data", data, "--to", to).exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"data", "backup"}


def test_a_damaged_log_makes_no_backup(data: Path, tmp_path: Path) -> None:
    file = data / "log" / "data.mdb"
    file.write_bytes(file.read_bytes().replace(b"RegisterPatient", b"RegisterImpostr"))
    refused = matron("backup", "--data", data, "--to", tmp_path / "backup")
    assert refused.exit_code == 3
    assert "position" in refused.output
    assert not (tmp_path / "backup").exists()


def test_where_there_is_no_log_there_is_no_backup(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused = matron("backup", "--data", tmp_path / "empty", "--to", tmp_path / "backup")
    assert refused.exit_code == 1
    assert "no log" in refused.output


READER = """
import sys
from engine.eventlog.lmdb_reads import raw_environment
from pathlib import Path
with raw_environment(Path(sys.argv[1]), readonly=True).begin() as txn:
    print("reading", flush=True)
    sys.stdin.read()
"""


def test_a_backup_that_was_killed_holds_no_pages_for_longer_than_the_next_commit(data: Path) -> None:
    command = [sys.executable, "-c", READER, str(data / "log")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"reading\n"

        async def killed() -> tuple[int, int]:
            async with opened(data) as engine:
                log = cast("LmdbStore", engine._store)._log
                assert log is not None
                await register(engine, "Dev Roy")
                while_it_reads = log.readers().count(str(reader.pid))
                reader.kill()
                await trio.to_thread.run_sync(reader.wait)
                await register(engine, "Esha Nair")
                return while_it_reads, log.readers().count(str(reader.pid))

        assert trio.run(killed) == (1, 0)
