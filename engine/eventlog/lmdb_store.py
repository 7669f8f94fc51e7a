"""The writing half of a log on LMDB: one process, one thread, one fsynced transaction at a time.

How it lies on disk, and how it is read, is ``lmdb_reads``. Knows nothing of what the bytes mean.

Begin, put and commit happen in one function on one thread, which nobody can cancel: LMDB's write lock belongs
to a thread, and a commit whose result is lost would leave the engine not knowing what is true.
What LMDB does not survive is a read error under its memory map (the process gets SIGBUS): use a sound disk.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import lmdb
import trio

from engine.clock import SystemClock
from engine.errors import CommitFailed, Unavailable
from engine.eventlog.directory import LogDirectory, check_log, is_beside
from engine.eventlog.frames import frames
from engine.eventlog.lmdb_errors import is_full, number_of, unreadable, unusable
from engine.eventlog.lmdb_keys import KeysTurning, begin_vault, settle_keys, take_turned, vault_id
from engine.eventlog.lmdb_reads import (
    ENTRIES,
    FORMAT,
    MAP_SIZE,
    MAX_HOSPITALS,
    NEW_TABLES,
    POSITION,
    SEAL,
    TABLES,
    ReadSide,
    archive_key,
    bounded,
    check_format,
    keys_under,
    last_position,
    log_names,
    node_key,
    opened,
    raw_environment,
    scope,
)
from engine.eventlog.prompt import prompt_limiter
from engine.eventlog.store import Batch, Round, Signed, Space
from engine.eventlog.vault import MASTER_FILE, MasterFile

__all__ = ["MAP_SIZE", "MAX_HOSPITALS", "LmdbStore", "raw_environment"]

T = TypeVar("T")
READERS = 4  # threads
KEYS = 1_000  # subject keys that are wrapped anew in one turn: a few milliseconds of a thread
KEYS_REST = 0.005  # seconds between two turns


class LmdbStore(ReadSide):
    """A log in the directory ``path``, of which this process is the only writer (see ``Store``).

    After ``CommitFailed`` nothing is written until ``open`` has been called again; reads go on. On a full disk
    an existing log opens for reading: the first write that finds room again commits the new epoch with it.

    ``master_key`` is the file of the key that wraps all subject keys; it is made where there is none, and keys of
    before are wrapped. ``None``: ``path/master.key`` where the keys are wrapped, and else they lie open.
    """

    def __init__(
        self, path: str | Path, *, map_size: int = MAP_SIZE, allow_any_filesystem: bool = False,
        master_key: Path | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._directory = LogDirectory(Path(path), ("log", "keys"), allow_any_filesystem=allow_any_filesystem)
        self._map_size = map_size
        self._master = master_key
        self._turning: KeysTurning | None = None  # a change of all keys that is under way, ...
        self._written: list[bytes] = []  # ... and whose keys were written meanwhile
        self._changing = trio.Lock()
        self._map_left = 0
        self._epoch = 0
        self._pending_over: int | None = None  # the stored epoch, while ours could not be committed yet
        self._failed = False
        self._created: dict[str, lmdb._Database] = {}  # by the transaction under way
        self._turn = trio.Lock()
        self._writer = prompt_limiter(1)
        self._readers = trio.CapacityLimiter(READERS)

    @property
    def filesystem_warning(self) -> str | None:
        """What is wrong with the file system the log was opened on, if anything."""
        return self._directory.warning

    async def open(self) -> None:
        """Lock the log and commit a new epoch; also after a failed commit.

        ``Unavailable``: ``log_in_use``, ``unsafe_file_system``, ``storage_full`` (a new log only), ``log_unusable``.
        ``LogCorrupt``: not a log, or of another format.
        """
        await self._while_nobody_reads(self._reopen)

    async def close(self) -> None:
        """Release all; waits for reads and a write under way."""
        await self._while_nobody_reads(self._release)

    async def write(
        self, batches: Sequence[Batch], keys: Sequence[tuple[bytes, bytes]] = (), checkpoints: Sequence[Signed] = ()
    ) -> list[int | None]:
        """Store subject keys durably, then append all batches in one durable commit (see ``Store.write``)."""
        for batch in batches:
            check_log(batch.hospital)
        return await self._writing(self._write, batches, keys, checkpoints)

    async def write_pages(self, hospital: str, number: int, first: int, pages: Sequence[bytes]) -> None:
        """Store pages ``first..`` of a snapshot round; of no effect until the round is sealed."""
        await self._writing(self._write_pages, check_log(hospital), number, first, pages)

    async def seal_round(self, hospital: str, made: Round, drop_older: bool) -> None:
        """Make a round count, see ``Store.seal_round``; ``ValueError`` when it lacks a page."""
        await self._writing(self._seal_round, check_log(hospital), made, drop_older)

    async def write_archive(self, hospital: str, items: Sequence[tuple[str, bytes]]) -> None:
        """Keep frozen states (actor key, bytes) that leave memory; a later one replaces an earlier."""
        await self._writing(self._write_archive, check_log(hospital), items)

    async def change_keys(self, turn: Callable[[bytes, bytes], bytes | None]) -> int:
        """Put all subject keys into a new file, as ``turn`` gives them (see ``Store.change_keys``).

        Most of them while commits go on, in portions with rests between. ``Unavailable``: all is as it was.
        """
        changed = 0

        def finish() -> None:
            nonlocal changed
            changed = self._finish_turning(turning)

        async with self._changing:
            turning = await self._reading(self._begin_turning, turn)
            try:
                left = True
                while left:
                    left = await self._reading(turning.some, KEYS)
                    await trio.sleep(KEYS_REST)
                await self._while_nobody_reads(finish)
            finally:
                self._turning = None
                turning.close()
        return changed

    def space(self) -> Space:
        """Bytes left now; those of the map are a lower bound: pages that LMDB will use again are not counted."""
        opened(self._log)
        return Space(self._directory.free(), self._map_left)

    # Threads

    async def _reading(self, work: Callable[..., T], *args: object) -> T:
        try:
            # ``work`` finds out whether the log is open: before it is a reader, it may be about to be opened again.
            return await trio.to_thread.run_sync(work, *args, limiter=self._readers)
        except lmdb.Error as error:
            raise unreadable(error) from error

    async def _writing(self, work: Callable[..., T], *args: object) -> T:
        """The caller learns what became of it, even when it is cancelled meanwhile."""
        with trio.CancelScope(shield=True):
            done = await trio.to_thread.run_sync(self._commit, work, *args, limiter=self._writer)
        return done  # noqa: RET504  a cancel scope may swallow what is raised, says its type

    async def _while_nobody_reads(self, work: Callable[[], None]) -> None:
        """Run ``work`` on the writer's thread once all readers are out: LMDB must not be closed under them."""
        with trio.CancelScope(shield=True):
            async with self._turn:
                tokens = [object() for _ in range(READERS)]
                for token in tokens:
                    await self._readers.acquire_on_behalf_of(token)
                try:
                    await trio.to_thread.run_sync(work, limiter=self._writer)
                finally:
                    for token in tokens:
                        self._readers.release_on_behalf_of(token)

    def _entries_of(self, hospital: str) -> lmdb._Database | None:
        return self._entries.get(hospital)

    # Open and close

    def _reopen(self) -> None:
        self._close_environments()
        self._turning, self._written = None, []
        try:
            self._directory.claim()
            settle_keys(self._directory.path)
            self._keys = raw_environment(self._directory.path / "keys", self._map_size)
            self._vault = None
            self._open_vault()
            self._log = log = raw_environment(self._directory.path / "log", self._map_size)
            try:
                self._attach(log, new_epoch=True)
            except lmdb.Error as error:
                if not is_full(error) and number_of(error) != errno.EIO:  # a write that fits in part is EIO
                    raise
                self._attach(log, new_epoch=False)
            self._directory.sync()
            log.reader_check()
        except BaseException as error:
            self._release()
            if isinstance(error, lmdb.Error | OSError):
                raise unusable(error) from error
            raise
        self._failed = False
        self._measure(log)

    def _attach(self, log: lmdb.Environment, *, new_epoch: bool) -> None:
        """Get all handles, and commit the epoch by which a writer that lost its lock is recognised."""
        with log.begin(write=True) as txn:
            empty = txn.stat()["entries"] == 0
            self._tables = {name: log.open_db(name, txn=txn, create=empty) for name in TABLES}
            self._tables |= {name: log.open_db(name, txn=txn) for name in NEW_TABLES}
            meta = self._tables[b"meta"]
            if not empty:
                check_format(txn, meta)
            if txn.get(b"format", db=meta) != FORMAT:  # a program of before would not know what is written from here on
                txn.put(b"format", FORMAT, db=meta)
            self._entries = {
                name: log.open_db(ENTRIES + name.encode(), txn=txn, create=False) for name in log_names(txn)
            }
            stored = POSITION.unpack(txn.get(b"epoch", bytes(8), db=meta))[0]
            self._epoch, self._pending_over = stored + 1, stored
            if new_epoch:
                txn.put(b"epoch", POSITION.pack(self._epoch), db=meta)
        if new_epoch:
            self._pending_over = None

    def _release(self) -> None:
        self._close_environments()
        self._directory.release()

    def _close_environments(self) -> None:
        for env in (self._log, self._keys):
            if env is not None:
                env.close()
        self._log = self._keys = None
        self._tables, self._entries = {}, {}

    def _begin_turning(self, turn: Callable[[bytes, bytes], bytes | None]) -> KeysTurning:
        self._written = []
        after = None if self._vault is None else self._master_file().fresh(self._vault)
        path = self._directory.path
        self._turning = KeysTurning(path, opened(self._keys), self._map_size, turn, self._vault, after)
        return self._turning

    def _finish_turning(self, turning: KeysTurning) -> int:
        if turning is not self._turning:
            raise Unavailable("keys_not_changed", "the log was opened again meanwhile", outcome="unknown")
        changed = self._take_place(turning)
        if self._vault is not None:
            self._master_file().only(self._vault)  # nothing is wrapped with the other one any more: it is overwritten
        return changed

    def _take_place(self, turning: KeysTurning) -> int:
        path = self._directory.path
        changed = turning.finish(self._written)
        try:
            opened(self._keys).close()
            self._keys = None
            take_turned(path, overwrite=turning.before is None and turning.after is not None)
            self._keys = raw_environment(path / "keys", self._map_size)
        except (lmdb.Error, OSError) as error:
            self._failed = True
            raise CommitFailed(f"the new file of subject keys could not take its place: {error}") from error
        self._vault = turning.after
        return changed

    def _master_file(self) -> MasterFile:
        return MasterFile(self._master or self._directory.path / MASTER_FILE, SystemClock().entropy)

    def _open_vault(self) -> None:
        keys, file = opened(self._keys), self._master_file()
        id = vault_id(keys)
        if id is not None:
            self._vault = file.opened(id)
        elif self._master is not None:
            vault = file.begun()
            if begin_vault(keys, vault):
                self._vault = vault
            else:  # keys of before, which lie open; on a full disk they do so until the next start
                with suppress(Unavailable):
                    turning = KeysTurning(self._directory.path, keys, self._map_size, lambda _, key: key, None, vault)
                    self._take_place(turning)
        if self._vault is not None:
            file.only(self._vault)

    def _measure(self, log: lmdb.Environment) -> None:
        info = log.info()
        self._map_left = info["map_size"] - (info["last_pgno"] + 1) * log.stat()["psize"]
        log.reader_check()  # a backup that was killed would hold its pages for good; looking costs nothing

    # Writes: what ``_commit`` calls with a transaction, which commits when they return

    def _commit(self, work: Callable[..., T], *args: object) -> T:
        log = opened(self._log)
        if self._failed:
            raise CommitFailed("an earlier commit failed: the log must be opened again")
        self._created = {}
        try:
            with log.begin(write=True) as txn:
                self._check_epoch(txn)
                done = work(txn, *args)
        except CommitFailed:
            self._failed = True
            raise
        except (lmdb.Error, OSError) as error:
            self._failed = True
            raise CommitFailed(f"the log did not commit: {error}") from error
        self._pending_over = None
        # Readers take handles from here: only now, and only for transactions that begin later.
        self._entries |= self._created
        self._measure(log)
        return done

    def _check_epoch(self, txn: lmdb.Transaction[bytes]) -> None:
        meta = self._tables[b"meta"]
        stored = POSITION.unpack(txn.get(b"epoch", bytes(8), db=meta))[0]
        if stored == self._pending_over:
            txn.put(b"epoch", POSITION.pack(self._epoch), db=meta)
        elif stored != self._epoch:
            raise CommitFailed(f"another engine has opened the log: epoch {stored}, ours is {self._epoch}")

    def _write(
        self, txn: lmdb.Transaction[bytes], batches: Sequence[Batch], keys: Sequence[tuple[bytes, bytes]],
        checkpoints: Sequence[Signed],
    ) -> list[int | None]:  # fmt: skip
        names = self._entries.keys() | {batch.hospital for batch in batches}
        if len(names) > MAX_HOSPITALS and sum(not is_beside(name) for name in names) > MAX_HOSPITALS:
            raise Unavailable("too_many_hospitals", f"one store keeps at most {MAX_HOSPITALS} logs")
        if keys:  # durable before the entries that are sealed with them
            with opened(self._keys).begin(write=True) as own:
                for subject, key in keys:
                    own.put(bounded(subject), key if self._vault is None else self._vault.wrap(subject, key))
            self._written.extend(subject for subject, _ in keys if self._turning is not None)
        for hospital, size, note in checkpoints:
            txn.put(scope(hospital) + POSITION.pack(size), note, db=self._tables[b"checkpoints"])
        return [self._append(txn, batch) for batch in batches]

    def _append(self, txn: lmdb.Transaction[bytes], batch: Batch) -> int | None:
        db = self._entries.get(batch.hospital) or self._created.get(batch.hospital)
        head = last_position(txn, db) if db is not None else 0
        if head != batch.head:
            return None
        if batch.tree:
            tree = self._tables[b"tree"]
            txn.put(scope(batch.hospital), batch.tree, db=tree)
            for level, index, node in batch.nodes:
                txn.put(node_key(batch.hospital, level, index), node, db=tree)
        if not batch.records:
            return head
        if db is None:
            db = opened(self._log).open_db(ENTRIES + batch.hospital.encode(), txn=txn)
            self._created[batch.hospital] = db
        after, values = head, []
        for count, value in frames(batch.records):
            after += count
            values.append((POSITION.pack(after), value))
        with txn.cursor(db) as cursor:
            # To LMDB a position out of order is no error: it only counts fewer values as added.
            if cursor.putmulti(values, append=True)[1] != len(values):
                raise CommitFailed(f"{batch.hospital}: a position after {head} was already taken")
        return after

    def _write_pages(
        self, txn: lmdb.Transaction[bytes], hospital: str, number: int, first: int, pages: Sequence[bytes]
    ) -> None:
        prefix = scope(hospital) + POSITION.pack(number)
        for page, value in enumerate(pages, first):
            txn.put(prefix + POSITION.pack(page), value, db=self._tables[b"pages"])

    def _seal_round(self, txn: lmdb.Transaction[bytes], hospital: str, made: Round, drop_older: bool) -> None:
        prefix, pages, rounds = scope(hospital), self._tables[b"pages"], self._tables[b"rounds"]
        own = prefix + POSITION.pack(made.number)
        for page in range(made.pages):
            if txn.get(own + POSITION.pack(page), db=pages) is None:
                raise ValueError(f"{hospital}: round {made.number} has no page {page}")
        txn.put(own, SEAL.pack(made.position, made.pages), db=rounds)
        if not drop_older:
            return
        kept: dict[bytes, int] = {}
        for key in keys_under(txn, rounds, prefix):
            if key < own:
                txn.delete(key, db=rounds)
            else:
                kept[key] = SEAL.unpack(txn.get(key, b"", db=rounds))[1]
        for key in keys_under(txn, pages, prefix):
            if POSITION.unpack(key[-8:])[0] >= kept.get(key[:-8], 0):
                txn.delete(key, db=pages)

    def _write_archive(self, txn: lmdb.Transaction[bytes], hospital: str, items: Sequence[tuple[str, bytes]]) -> None:
        for actor, value in items:
            txn.put(archive_key(hospital, actor), value, db=self._tables[b"archive"])
