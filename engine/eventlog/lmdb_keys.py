"""The subject keys on disk: put into a new file as a whole, and wrapped by a master key.

Deleting from LMDB does not erase, for its pages stay in the file until they are used again. So a change of keys
writes a new file beside the old one, under a new master key, and takes its place; what is left of the old file on the
disk is wrapped by a key that is gone. Whenever that is broken off, the next start has the one file whole or the other.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import lmdb

from engine.eventlog.directory import sync_folder
from engine.eventlog.keys import DESTROYED
from engine.eventlog.lmdb_reads import bounded, raw_environment
from engine.eventlog.vault import VAULT, Vault

Turn = Callable[[bytes, bytes], bytes | None]

_CHUNK: Final = 1 << 20


def vault_id(keys: lmdb.Environment) -> bytes | None:
    """Which master key wraps these keys; ``None``: they lie open."""
    with keys.begin() as txn:
        return txn.get(bounded(VAULT))


def begin_vault(keys: lmdb.Environment, vault: Vault) -> bool:
    """Have keys wrapped from the first one on; false, and nothing has happened, where some lie open already."""
    with keys.begin(write=True) as txn:
        if txn.stat()["entries"]:
            return False
        txn.put(bounded(VAULT), vault.id)
    return True


def write_turned(
    path: Path, keys: lmdb.Environment, map_size: int, turn: Turn, before: Vault | None, after: Vault | None
) -> int:
    """Write ``keys.new``: each key as ``turn`` gives it, wrapped by ``after``; ``None``: left out. How many."""
    fresh, changed = path / "keys.new", 0
    shutil.rmtree(fresh, ignore_errors=True)
    with raw_environment(fresh, map_size) as new, keys.begin() as txn, new.begin(write=True) as into:
        if after is not None:  # first in order: no hospital's name begins with 00
            into.put(bounded(VAULT), after.id, append=True)
        for stored, value in txn.cursor():
            name = stored[1:]
            if name == VAULT:
                continue
            turned = turn(name, value if before is None else before.unwrap(name, value))
            if turned is None:
                continue
            wrapped = turned if after is None or turned == DESTROYED else after.wrap(name, turned)
            if not into.put(stored, wrapped, append=True):
                raise lmdb.Error("subject keys are not in order")
            changed += 1
    sync_folder(fresh)
    return changed


def take_turned(path: Path, *, overwrite: bool) -> None:
    """Let ``keys.new``, which is whole, take the place of the keys; ``overwrite`` what lay open in the old file."""
    (path / "keys").rename(path / "keys.old")
    sync_folder(path)
    if overwrite:
        _overwrite(path / "keys.old" / "data.mdb")
    settle_keys(path)


def settle_keys(path: Path) -> None:
    """Finish, or take back, what a change of all subject keys had begun; nothing of the old ones stays."""
    keys, fresh, old = path / "keys", path / "keys.new", path / "keys.old"
    if old.exists() and fresh.exists() and not (keys / "data.mdb").exists():  # the new file was whole before the rename
        shutil.rmtree(keys, ignore_errors=True)
        fresh.rename(keys)
        sync_folder(path)
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def _overwrite(file: Path) -> None:
    left = file.stat().st_size
    with file.open("r+b") as opened:
        while left > 0:
            left -= opened.write(bytes(min(_CHUNK, left)))
        opened.flush()
        os.fsync(opened.fileno())
