"""A log read beside the engine that writes it, or with none running: what the auditors' tool stands on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import lmdb
import trio

from engine.eventlog.lmdb_errors import unreadable, unusable
from engine.eventlog.lmdb_keys import vault_id
from engine.eventlog.lmdb_reads import (
    ENTRIES,
    MAP_SIZE,
    NEW_TABLES,
    TABLES,
    ReadSide,
    check_format,
    opened,
    raw_environment,
)
from engine.eventlog.vault import MASTER_FILE, vault_beside

T = TypeVar("T")


class LmdbReader(ReadSide):
    """Reads the log in ``path`` beside a running engine in another process, or with none running; writes nothing.

    What the engine commits appears between two calls. Where ``path/keys`` is missing there are no subject keys, nor
    where they are wrapped by another master key than that in ``master_key`` (by default ``path/master.key``).
    """

    def __init__(self, path: str | Path, *, map_size: int = MAP_SIZE, master_key: Path | None = None) -> None:
        super().__init__()
        self._path = Path(path)
        self._master = master_key or self._path / MASTER_FILE
        self._map_size = map_size
        self._keys_file = 0
        # One thread: LMDB forbids opening database handles in transactions that run at the same time.
        self._thread = trio.CapacityLimiter(1)

    async def open(self) -> None:
        """Open for reading; ``LogCorrupt`` when it is no log of ours, ``Unavailable`` when it cannot be opened."""
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(self._attach, limiter=self._thread)

    async def close(self) -> None:
        """Release all; waits for a read under way."""
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(self._release, limiter=self._thread)

    async def __aenter__(self) -> LmdbReader:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _reading(self, work: Callable[..., T], *args: object) -> T:
        opened(self._log)
        try:
            return await trio.to_thread.run_sync(self._adapting, work, *args, limiter=self._thread)
        except lmdb.Error as error:
            raise unreadable(error) from error

    def _adapting(self, work: Callable[..., T], *args: object) -> T:
        try:
            return work(*args)
        except lmdb.MapResizedError:  # the engine was given a larger map than ours
            for env in (self._log, self._keys):
                if env is not None:
                    env.set_mapsize(0)
            return work(*args)

    def _attach(self) -> None:
        self._release()
        try:
            self._log = log = raw_environment(self._path / "log", self._map_size, readonly=True)
            self._tables = {name: log.open_db(name, create=False) for name in TABLES}
            with suppress(lmdb.NotFoundError):  # a log of an earlier format
                self._tables |= {name: log.open_db(name, create=False) for name in NEW_TABLES}
            self._attach_keys()
            with log.begin() as txn:
                check_format(txn, self._tables[b"meta"])
        except BaseException as error:
            self._release()
            if isinstance(error, lmdb.Error | OSError):
                raise unusable(error) from error
            raise

    def _attach_keys(self) -> None:
        """Open the subject keys, where they are; anew where the engine has put them into another file."""
        data = self._path / "keys" / "data.mdb"
        number = data.stat().st_ino if data.exists() else 0
        if self._keys is not None and number != self._keys_file:
            self._keys.close()
            self._keys = None
        if self._keys is None and number:
            self._keys = raw_environment(data.parent, self._map_size, readonly=True)
            self._vault = vault_beside(self._master, vault_id(self._keys))
        self._keys_file = number

    def _read_keys(self, subjects: Sequence[bytes]) -> dict[bytes, bytes]:
        self._attach_keys()
        return super()._read_keys(subjects)

    def _release(self) -> None:
        for env in (self._log, self._keys):
            if env is not None:
                env.close()
        self._log = self._keys = None
        self._tables, self._entries = {}, {}

    def _entries_of(self, hospital: str) -> lmdb._Database | None:
        if hospital not in self._entries:
            try:
                self._entries[hospital] = opened(self._log).open_db(ENTRIES + hospital.encode(), create=False)
            except lmdb.NotFoundError:
                return None
        return self._entries[hospital]
