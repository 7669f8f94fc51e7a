"""The vault: keys wrapped by a master key, whose file is changed in place and survives being cut at any point."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import trio

from engine.clock import SystemClock
from engine.errors import LogCorrupt, Unavailable
from engine.eventlog import lmdb_store
from engine.eventlog.keys import DESTROYED
from engine.eventlog.lmdb_reader import LmdbReader
from engine.eventlog.lmdb_store import LmdbStore
from engine.eventlog.store import Batch
from engine.eventlog.vault import MasterFile, Vault

ENTROPY = SystemClock().entropy
NAME, OTHER, THIRD = (b"main\x00" + bytes(15) + bytes([last]) for last in range(3))
KEY, OTHER_KEY = b"sixteen bytes!!!", b"sixteen others!!"


def keep(path: Path) -> MasterFile:
    return MasterFile(path / "master.key", ENTROPY)


def store(path: Path, master: Path | None = None) -> LmdbStore:
    return LmdbStore(path, map_size=1 << 24, allow_any_filesystem=True, master_key=master)


def bytes_under(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.rglob("*") if file.is_file())


def test_a_wrapped_key_opens_under_its_own_name_and_master_key_only(tmp_path: Path) -> None:
    vault = keep(tmp_path).begun()
    wrapped = vault.wrap(NAME, KEY)
    assert (vault.unwrap(NAME, wrapped), KEY in wrapped) == (KEY, False)
    assert wrapped != vault.wrap(NAME, KEY)
    for other, name in ((vault, OTHER), (Vault(bytes(32), ENTROPY), NAME)):
        with pytest.raises(LogCorrupt):
            other.unwrap(name, wrapped)


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    file = keep(tmp_path)
    vault = file.begun()
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert file.opened(vault.id).unwrap(NAME, vault.wrap(NAME, KEY)) == KEY
    file.path.chmod(0o640)
    with pytest.raises(Unavailable) as refused:
        file.opened(vault.id)
    assert refused.value.code == "master_key_exposed"


def test_a_file_that_is_missing_or_another_is_told_apart(tmp_path: Path) -> None:
    vault = keep(tmp_path).begun()
    for path, code in ((tmp_path / "nowhere", "master_key_missing"), (tmp_path / "other", "master_key_wrong")):
        if code == "master_key_wrong":
            keep(path).begun()
        with pytest.raises(Unavailable) as refused:
            keep(path).opened(vault.id)
        assert refused.value.code == code


def test_both_master_keys_are_there_until_the_old_one_is_overwritten_where_it_stood(tmp_path: Path) -> None:
    file = keep(tmp_path)
    old = file.begun()
    before = file.path.read_bytes()
    secret = before.split(b"\n")[1].split()[1]
    fresh = file.fresh(old)
    assert file.opened(old.id).id == old.id
    assert file.opened(fresh.id).id == fresh.id
    inode = file.path.stat().st_ino
    file.only(fresh)
    after = file.path.read_bytes()
    assert (len(after), file.path.stat().st_ino, secret in after) == (len(before), inode, False)
    with pytest.raises(Unavailable):
        file.opened(old.id)


def test_a_change_that_was_cut_anywhere_leaves_the_key_that_counts(tmp_path: Path) -> None:
    file = keep(tmp_path)
    old = file.begun()
    before = file.path.read_bytes()
    file.fresh(old)
    after = file.path.read_bytes()
    for cut in range(len(before)):
        file.path.write_bytes(after[:cut] + before[cut:])
        assert file.opened(old.id).id == old.id
        file.only(old)
        assert file.path.read_bytes() == before


async def test_a_store_with_a_master_key_keeps_no_key_in_the_open(tmp_path: Path) -> None:
    data, master = tmp_path / "data", tmp_path / "elsewhere" / "master.key"
    kept = store(data, master)
    await kept.open()
    await kept.write([Batch("main", 0, [bytes(40)])], [(NAME, KEY)])
    assert await kept.read_keys([NAME]) == {NAME: KEY}
    await kept.close()
    assert KEY not in bytes_under(tmp_path)
    for path, found in ((master, {NAME: KEY}), (None, {})):
        async with LmdbReader(data, map_size=1 << 24, master_key=path) as reader:
            assert await reader.read_keys([NAME]) == found


async def test_keys_that_lay_open_are_wrapped_at_the_next_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    before = store(data)
    await before.open()
    await before.write([Batch("main", 0, [bytes(40)])], [(NAME, KEY)])
    await before.close()
    assert KEY in bytes_under(data)
    for _ in range(2):
        after = store(data, data / "master.key")
        await after.open()
        assert await after.read_keys([NAME]) == {NAME: KEY}
        await after.close()
        assert KEY not in bytes_under(data)


@pytest.mark.parametrize("what", ["gone", "another"])
async def test_a_store_without_its_master_key_is_not_opened(tmp_path: Path, what: str) -> None:
    data, master = tmp_path / "data", tmp_path / "master.key"
    kept = store(data, master)
    await kept.open()
    await kept.close()
    master.unlink()
    if what == "another":
        keep(tmp_path).begun()
    with pytest.raises(Unavailable) as refused:
        await store(data, master).open()
    assert refused.value.code == {"gone": "master_key_missing", "another": "master_key_wrong"}[what]
    assert not any(data.glob("keys.*"))


async def test_a_destroyed_key_is_in_no_file_and_the_others_are_under_a_new_master_key(tmp_path: Path) -> None:
    data, master = tmp_path / "data", tmp_path / "master.key"
    kept = store(data, master)
    await kept.open()
    await kept.write([Batch("main", 0, [bytes(40)])], [(NAME, KEY), (OTHER, OTHER_KEY)])
    old, wrapped = master.read_bytes().split(b"\n")[1].split(), (data / "keys" / "data.mdb").read_bytes()
    await kept.change_keys(lambda name, key: DESTROYED if name == NAME else key)
    await kept.write([], [(THIRD, KEY)])
    assert await kept.read_keys([NAME, OTHER, THIRD]) == {NAME: DESTROYED, OTHER: OTHER_KEY, THIRD: KEY}
    await kept.close()
    assert old[1] not in master.read_bytes()
    async with LmdbReader(data, map_size=1 << 24, master_key=master) as reader:
        assert await reader.read_keys([NAME, OTHER, THIRD]) == {NAME: DESTROYED, OTHER: OTHER_KEY, THIRD: KEY}
    # What was on the disk before opens with nothing that is there now.
    (data / "keys" / "data.mdb").write_bytes(wrapped)
    with pytest.raises(Unavailable):
        await store(data, master).open()


@pytest.mark.parametrize("place", ["before", "between", "behind"])
async def test_a_change_of_keys_that_was_cut_is_whole_or_has_not_begun(tmp_path: Path, place: str) -> None:
    data, master = tmp_path / "data", tmp_path / "master.key"
    kept = store(data, master)
    await kept.open()
    await kept.write([Batch("main", 0, [bytes(40)])], [(NAME, KEY), (OTHER, OTHER_KEY)])
    old_file = master.read_bytes()
    shutil.copytree(data / "keys", tmp_path / "old")
    await kept.change_keys(lambda name, key: DESTROYED if name == NAME else key)
    await kept.close()
    new_line, zeros = master.read_bytes().split(b"\n")[1:3]
    if zeros.strip(b"0 "):
        new_line, zeros = zeros, new_line
    both = b"\n".join([old_file.split(b"\n")[0], old_file.split(b"\n")[1], new_line, b""])
    shutil.move(data / "keys", tmp_path / "new")
    master.write_bytes(both)
    os.chmod(master, 0o600)
    if place == "before":
        shutil.move(tmp_path / "old", data / "keys")
        shutil.move(tmp_path / "new", data / "keys.new")
    elif place == "between":
        shutil.move(tmp_path / "old", data / "keys.old")
        shutil.move(tmp_path / "new", data / "keys.new")
    else:
        shutil.move(tmp_path / "old", data / "keys.old")
        shutil.move(tmp_path / "new", data / "keys")
    again = store(data, master)
    await again.open()
    found = await again.read_keys([NAME, OTHER])
    await again.close()
    assert found == {NAME: KEY if place == "before" else DESTROYED, OTHER: OTHER_KEY}
    assert not any(data.glob("keys.*"))
    assert master.read_bytes().count(b"0" * 64) == 1


def named(number: int) -> bytes:
    return b"main\x00" + number.to_bytes(16, "big")


async def test_keys_that_come_while_all_are_changed_are_kept_and_nobody_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lmdb_store, "KEYS", 3)
    kept = store(tmp_path / "data", tmp_path / "master.key")
    await kept.open()
    await kept.write([Batch("main", 0, [bytes(40)])], [(named(number), KEY) for number in range(0, 60, 2)])
    written = 0
    async with trio.open_nursery() as nursery:

        async def change() -> None:
            await kept.change_keys(lambda name, key: DESTROYED if name == named(30) else key)
            nursery.cancel_scope.cancel()

        nursery.start_soon(change)
        for number in (*range(1, 60, 2), *range(60, 90)):  # before the place that is being changed, and behind it
            await kept.write([], [(named(number), OTHER_KEY)])
            written = number
    expected = {named(number): KEY for number in range(0, 60, 2)} | {named(30): DESTROYED}
    expected |= {named(number): OTHER_KEY for number in (*range(1, min(written, 60), 2), *range(60, written + 1))}
    assert await kept.read_keys(list(expected)) == expected
    assert written > 3
    await kept.close()


async def test_a_change_of_keys_that_the_log_was_opened_again_under_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lmdb_store, "KEYS", 1)
    kept = store(tmp_path / "data", tmp_path / "master.key")
    await kept.open()
    keys = {named(number): KEY for number in range(20)}
    await kept.write([Batch("main", 0, [bytes(40)])], list(keys.items()))
    begun = trio.Event()

    def destroy(name: bytes, key: bytes) -> bytes:
        trio.from_thread.run_sync(begun.set)
        return DESTROYED

    with pytest.RaisesGroup(Unavailable) as refused:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(kept.change_keys, destroy)
            await begun.wait()
            await kept.open()
    [why] = refused.value.exceptions
    assert isinstance(why, Unavailable)
    assert why.code == "keys_not_changed"
    assert await kept.read_keys(list(keys)) == keys
    assert await kept.change_keys(lambda name, key: key) == 20
    assert await kept.read_keys(list(keys)) == keys
    await kept.close()
