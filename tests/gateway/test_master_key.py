"""The master key as an operator meets it: checked before a start, and where it is said to be."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from click.testing import CliRunner, Result

from engine.eventlog.lmdb_store import LmdbStore
from engine.eventlog.store import Batch
from gateway.__main__ import main


async def keep(data: Path, master: Path) -> None:
    store = LmdbStore(data, allow_any_filesystem=True, master_key=master)
    await store.open()
    await store.write([Batch("main", 0, [])], [(b"main\x00" + bytes(16), bytes(16))])
    await store.close()


def check(data: Path, master: Path | None = None) -> Result:
    environ = {} if master is None else {"MATRON_AUDIT_MASTER_KEY": str(master)}
    return CliRunner().invoke(main, ["check", "--dev", "--data", str(data)], env=environ)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_master_key_that_is_there_is_found_where_it_is_said_to_be(tmp_path: Path, elsewhere: bool) -> None:
    data = tmp_path / "data"
    master = tmp_path / "safe" / "m.key" if elsewhere else data / "master.key"
    trio.run(keep, data, master)
    assert check(data, master if elsewhere else None).exit_code == 0
    if elsewhere:
        missing = check(data)
        assert (missing.exit_code, "master.key" in missing.stderr) == (3, True)


def test_a_master_key_that_is_gone_another_or_open_to_others_is_told(tmp_path: Path) -> None:
    data = tmp_path / "data"
    trio.run(keep, data, data / "master.key")
    trio.run(keep, tmp_path / "other", tmp_path / "other" / "master.key")
    master = data / "master.key"
    kept = master.read_bytes()
    master.chmod(0o644)
    assert (check(data).exit_code, "chmod 600" in check(data).stderr) == (3, True)
    master.chmod(0o600)
    master.write_bytes((tmp_path / "other" / "master.key").read_bytes())
    assert (check(data).exit_code, "belongs to another log" in check(data).stderr) == (3, True)
    master.unlink()
    assert (check(data).exit_code, "put the file back" in check(data).stderr) == (3, True)
    master.write_bytes(kept)
    master.chmod(0o600)
    assert check(data).exit_code == 0
