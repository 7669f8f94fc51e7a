"""The subject keys on disk: put into a new file as a whole, and wrapped by a master key.

Deleting from LMDB does not erase, for its pages stay in the file until they are used again. So a change of keys
writes a new file beside the old one, under a new master key, and takes its place; what is left of the old file on the
disk is wrapped by a key that is gone. Whenever that is broken off, the next start has the one file whole or the other.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import lmdb

from engine.errors import Unavailable
from engine.eventlog.directory import sync_folder
from engine.eventlog.keys import DESTROYED
from engine.eventlog.lmdb_reads import bounded, raw_environment
from engine.eventlog.vault import VAULT, Vault

Turn = Callable[[bytes, bytes], bytes | None]

_CHUNK: Final = 1 << 20

_PORTION: Final = 10_000


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


class KeysTurning:
    """A change of all subject keys on its way into ``keys.new``: each as ``turn`` gives it, wrapped by ``after``.

    It goes through the keys in portions, between which others may write; ``finish`` takes what they have written, and
    nobody may write meanwhile. ``None`` from ``turn``: left out.
    """

    def __init__(
        self, path: Path, keys: lmdb.Environment, map_size: int, turn: Turn, before: Vault | None, after: Vault | None
    ) -> None:  # fmt: skip
        self._path = path / "keys.new"
        self._keys = keys
        self._turn = turn
        self.before = before
        self.after = after
        self._last = b""
        shutil.rmtree(self._path, ignore_errors=True)
        with _present_stays():
            self._new = raw_environment(self._path, map_size)
            if after is not None:
                with self._new.begin(write=True) as into:
                    into.put(bounded(VAULT), after.id)

    def some(self, most: int) -> bool:
        """Take so many of the keys that are left; false when there are none."""
        taken = 0
        with _present_stays(), self._keys.begin() as txn, self._new.begin(write=True) as into:
            cursor = txn.cursor()
            there = cursor.set_range(self._last + b"\0") if self._last else cursor.first()
            while there and taken < most:
                self._last = cursor.key()
                self._take(into, self._last, cursor.value())
                taken += 1
                there = cursor.next()
        return bool(there)

    def finish(self, written: Iterable[bytes]) -> int:
        """Take the rest, and what was ``written`` meanwhile; gives how many keys there are. Then it is whole."""
        while self.some(_PORTION):
            pass
        with _present_stays(), self._keys.begin() as txn, self._new.begin(write=True) as into:
            for name in written:
                value = txn.get(bounded(name))
                assert value is not None, "what was written is there"
                self._take(into, bounded(name), value)
            count: int = into.stat()["entries"]
        self.close()
        with _present_stays():
            sync_folder(self._path)
        return count - (self.after is not None)

    def close(self) -> None:
        """Release the new file."""
        self._new.close()

    def _take(self, into: lmdb.Transaction[bytes], stored: bytes, value: bytes) -> None:
        name = stored[1:]
        if name == VAULT:
            return
        turned = self._turn(name, value if self.before is None else self.before.unwrap(name, value))
        if turned is not None:
            into.put(stored, turned if self.after is None or turned == DESTROYED else self.after.wrap(name, turned))


@contextmanager
def _present_stays() -> Iterator[None]:
    """What goes wrong with the new file leaves the present one as it is: a full disk, mostly."""
    try:
        yield
    except (lmdb.Error, OSError) as error:
        detail = f"the subject keys cannot be put into a new file: {error}"
        raise Unavailable("keys_not_changed", detail, outcome="unknown") from error


def take_turned(path: Path, *, overwrite: bool) -> None:
    """Let ``keys.new``, which is whole, take the place of the keys; ``overwrite`` what lay open in the old file."""
    if not (path / "keys.new" / "data.mdb").exists():
        raise FileNotFoundError(errno.ENOENT, "the new file of subject keys is gone")
    (path / "keys").rename(path / "keys.old")
    sync_folder(path)
    if overwrite:
        _overwrite(path / "keys.old" / "data.mdb")
    settle_keys(path)


def settle_keys(path: Path) -> None:
    """Finish, or take back, what a change of all subject keys had begun; nothing of the old ones stays."""
    keys, fresh, old = path / "keys", path / "keys.new", path / "keys.old"
    if old.exists() and not (keys / "data.mdb").exists():  # the new file was whole before the old one went
        shutil.rmtree(keys, ignore_errors=True)
        (fresh if (fresh / "data.mdb").exists() else old).rename(keys)
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
