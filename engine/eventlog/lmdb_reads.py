"""How a log lies in LMDB, and how it is read: the half that the engine and the auditors share.

Knows bytes and positions; not what an entry says, nor whether its bytes are still those that were written:
LMDB does not notice a flipped byte, the caller compares each record's leaf hash. Writing is ``lmdb_store``.

``path/log`` is one LMDB environment with these named databases:

    entries/<hospital>   position (8 bytes, big-endian) -> stored bytes, or a frame of several that end at it
    pages                hospital 00 round page -> page of a snapshot     rounds   hospital 00 round -> position, pages
    archive              hospital 00 actor key -> frozen state            meta     format, epoch
    tree                 hospital 00 -> its edge; with level (1 byte) and index (8) behind: a node
    checkpoints          hospital 00 size -> signed note

``path/keys`` is another, for subject keys, so that they can be backed up and compacted apart from the log: there each
is wrapped by a master key (``vault``), or lies open where none was chosen.

Each hospital has a database of its own, rather than a common one whose keys start with the hospital, because
``MDB_APPEND`` compares with the last key of the whole database: in a common one only the last hospital could
append, and the others would split pages (measured: four hospitals, records of 700 bytes, 1,037 bytes each
against 828). It also lets a hospital's log be copied or dropped whole.
"""

from __future__ import annotations

import hashlib
import os
import struct
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import TypeVar

import lmdb

from engine.errors import LogCorrupt, Unavailable
from engine.eventlog.directory import check_log, is_beside
from engine.eventlog.frames import records_of
from engine.eventlog.store import Round, Signed
from engine.eventlog.tree import HASH
from engine.eventlog.vault import Vault, usable

T = TypeVar("T")

MAP_SIZE = 64 << 30  # bytes of address space, not of disk: the file grows as it is filled
MAX_HOSPITALS = 1024
SLICE_RECORDS = 1000  # a read transaction pins every page freed since it began: end it, and resume by position
SLICE_BYTES = 8 << 20
LOCK_BYTES = 8192  # 126 readers

FORMAT = b"matron-log 3"
KNOWN = (b"matron-log 1", b"matron-log 2", FORMAT)  # in the first every entry stands alone; the third has a tree
ENTRIES = b"entries/"
TABLES = (b"meta", b"pages", b"rounds", b"archive")
NEW_TABLES = (b"tree", b"checkpoints")  # of the third
POSITION = struct.Struct(">Q")
SEAL = struct.Struct(">QQ")  # position, pages
LONGEST_KEY = 400  # bytes as they are, longer ones hashed; LMDB takes 511, a hospital's name may need 66 of them


def raw_environment(path: Path, map_size: int = MAP_SIZE, *, readonly: bool = False) -> lmdb.Environment:
    """LMDB with the settings a log is written with; the yardstick of the measurements uses it bare.

    ``sync`` and ``metasync`` are what an acknowledged commit rests on; ``writemap`` would let stray writes in.
    The 0.9 file format is pinned, whatever the process's environment or the next release prefer.
    """
    if not readonly:
        _reserve_lock_file(path)
    return lmdb.open(
        str(path),
        map_size=map_size,
        max_dbs=2 * MAX_HOSPITALS + len(TABLES + NEW_TABLES),
        mode=0o600,
        create=not readonly,
        readonly=readonly,
        lock=True,
        sync=True,
        metasync=True,
        writemap=False,
        lib_version=0,
    )


class ReadSide(ABC):
    """The reading half of ``Store``: work for threads, its transactions ended before they become long."""

    def __init__(self) -> None:
        self._log: lmdb.Environment | None = None
        self._keys: lmdb.Environment | None = None
        self._vault: Vault | None = None
        self._tables: dict[bytes, lmdb._Database] = {}
        self._entries: dict[str, lmdb._Database] = {}

    async def hospitals(self) -> list[str]:
        """All hospitals that have a log, in order of name."""
        return await self._reading(self._hospitals)

    async def head(self, hospital: str) -> int:
        """The last position, 0 when there is none."""
        return await self._reading(self._head, check_log(hospital))

    async def read(self, hospital: str, start: int, limit: int) -> list[tuple[int, bytes]]:
        """Up to ``limit`` (position, stored bytes) from ``start`` on, in order; ``LogCorrupt`` at a gap."""
        return await self._reading(self._read, check_log(hospital), max(start, 1), limit)

    async def read_at(self, hospital: str, positions: Sequence[int]) -> list[bytes]:
        """The stored bytes at these positions; ``LogCorrupt`` when one is missing."""
        return await self._reading(self._read_at, check_log(hospital), positions)

    async def rounds(self, hospital: str) -> list[Round]:
        """The sealed rounds, oldest first."""
        return await self._reading(self._rounds, check_log(hospital))

    async def read_pages(self, hospital: str, number: int, first: int, limit: int) -> list[bytes]:
        """Up to ``limit`` pages of a sealed round, in order; none when it is not sealed (any more)."""
        return await self._reading(self._read_pages, check_log(hospital), number, first, limit)

    async def read_archive(self, hospital: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Frozen states by actor key, as far as they exist."""
        return await self._reading(self._read_archive, check_log(hospital), keys)

    async def tree(self, hospital: str) -> bytes:
        """The hash tree as the last batch left it; empty where no batch brought one."""
        return await self._reading(self._tree, check_log(hospital))

    async def hashes(self, hospital: str, level: int, first: int, count: int) -> list[bytes]:
        """Stored hashes of a level of the tree (0: the leaves), as many as there are."""
        if not level:
            return [record[:HASH] for _, record in await self.read(hospital, first + 1, count)]
        return await self._reading(self._hashes, check_log(hospital), level, first, count)

    async def checkpoints(self, hospital: str, above: int, limit: int) -> list[Signed]:
        """Up to ``limit`` kept checkpoints of a size above this one, in order of size."""
        return await self._reading(self._checkpoints, check_log(hospital), above, limit)

    async def last_checkpoint(self, hospital: str) -> Signed | None:
        """That of the largest size."""
        return await self._reading(self._last_checkpoint, check_log(hospital))

    async def read_keys(self, subjects: Sequence[bytes]) -> dict[bytes, bytes]:
        """The sealing keys of these subjects, as far as they exist."""
        return await self._reading(self._read_keys, subjects)

    @abstractmethod
    async def _reading(self, work: Callable[..., T], *args: object) -> T:
        """Run ``work`` in a thread, the environments staying open meanwhile."""

    @abstractmethod
    def _entries_of(self, hospital: str) -> lmdb._Database | None:
        """The handle of a hospital's entries, to be asked for before the transaction that uses it begins."""

    def _hospitals(self) -> list[str]:
        with opened(self._log).begin() as txn:
            return hospital_names(txn)

    def _head(self, hospital: str) -> int:
        log, db = opened(self._log), self._entries_of(hospital)
        if db is None:
            return 0
        with log.begin() as txn:
            return last_position(txn, db)

    def _read(self, hospital: str, start: int, limit: int) -> list[tuple[int, bytes]]:
        log, db = opened(self._log), self._entries_of(hospital)
        found, end = list[tuple[int, bytes]](), start + limit
        while db is not None and start < end:
            most, size = min(end, start + SLICE_RECORDS), 0
            with log.begin() as txn, txn.cursor(db) as cursor:
                if not cursor.set_range(POSITION.pack(start)):
                    break
                for key, value in cursor.iternext():
                    size += len(value)
                    records = records_of(value)
                    last = POSITION.unpack(key)[0]
                    first = last - len(records) + 1
                    if first > start:
                        raise LogCorrupt(f"{hospital}: positions are missing between {start} and {first}")
                    found += zip(range(start, most), records[start - first :], strict=False)
                    start = last + 1
                    if start >= most or size >= SLICE_BYTES:
                        break
                else:
                    break
            start = found[-1][0] + 1
        return found

    def _read_at(self, hospital: str, positions: Sequence[int]) -> list[bytes]:
        log, db = opened(self._log), self._entries_of(hospital)
        found: list[bytes] = []
        for some in _slices(positions):
            with log.begin() as txn:
                cursor = None if db is None else txn.cursor(db)
                for position in some:
                    records, last = [], 0
                    if cursor is not None and cursor.set_range(POSITION.pack(position)):
                        records, last = records_of(cursor.value()), POSITION.unpack(cursor.key())[0]
                    if not last - len(records) < position <= last:
                        raise LogCorrupt(f"{hospital}: position {position} is missing")
                    found.append(records[position - last - 1])
        return found

    def _rounds(self, hospital: str) -> list[Round]:
        prefix = scope(hospital)
        with opened(self._log).begin(db=self._tables[b"rounds"]) as txn:
            seals = [(key, txn.get(key, b"")) for key in keys_under(txn, self._tables[b"rounds"], prefix)]
        return [Round(POSITION.unpack(key[len(prefix) :])[0], *SEAL.unpack(seal)) for key, seal in seals]

    def _read_pages(self, hospital: str, number: int, first: int, limit: int) -> list[bytes]:
        log, prefix = opened(self._log), scope(hospital) + POSITION.pack(number)
        found: list[bytes] = []
        size = SLICE_BYTES
        while size >= SLICE_BYTES:
            size = 0
            with log.begin(db=self._tables[b"pages"]) as txn:
                sealed = txn.get(prefix, db=self._tables[b"rounds"])
                pages = SEAL.unpack(sealed)[1] if sealed else 0
                for page in range(first + len(found), min(first + limit, pages)):
                    value = txn.get(prefix + POSITION.pack(page))
                    if value is None:
                        raise LogCorrupt(f"{hospital}: page {page} of snapshot {number} is missing")
                    found.append(value)
                    size += len(value)
                    if size >= SLICE_BYTES:
                        break
        return found

    def _read_archive(self, hospital: str, keys: Sequence[str]) -> dict[str, bytes]:
        log, archive = opened(self._log), self._tables[b"archive"]
        return _pick(log, archive, {key: archive_key(hospital, key) for key in keys})

    def _tree(self, hospital: str) -> bytes:
        if b"tree" not in self._tables:
            return b""
        with opened(self._log).begin(db=self._tables[b"tree"]) as txn:
            return txn.get(scope(hospital), b"")

    def _hashes(self, hospital: str, level: int, first: int, count: int) -> list[bytes]:
        if b"tree" not in self._tables:
            return []
        with opened(self._log).begin(db=self._tables[b"tree"]) as txn:
            wanted = (txn.get(node_key(hospital, level, index)) for index in range(first, first + count))
            return list(takewhile(bool, wanted))  # type: ignore[arg-type]

    def _checkpoints(self, hospital: str, above: int, limit: int) -> list[Signed]:
        if b"checkpoints" not in self._tables:
            return []
        prefix, found = scope(hospital), list[Signed]()
        with opened(self._log).begin(db=self._tables[b"checkpoints"]) as txn, txn.cursor() as cursor:
            if cursor.set_range(prefix + POSITION.pack(above + 1)):
                for key, note in cursor.iternext():
                    if len(found) >= limit or not key.startswith(prefix):
                        break
                    found.append(Signed(hospital, POSITION.unpack(key[len(prefix) :])[0], note))
        return found

    def _last_checkpoint(self, hospital: str) -> Signed | None:
        if b"checkpoints" not in self._tables:
            return None
        prefix = scope(hospital)
        with opened(self._log).begin(db=self._tables[b"checkpoints"]) as txn, txn.cursor() as cursor:
            # What stands before the first key behind all of this hospital's.
            found = cursor.prev() if cursor.set_range(prefix + b"\xff" * 9) else cursor.last()
            if not found or not cursor.key().startswith(prefix):
                return None
            return Signed(hospital, POSITION.unpack(cursor.key()[len(prefix) :])[0], cursor.value())

    def _read_keys(self, subjects: Sequence[bytes]) -> dict[bytes, bytes]:
        opened(self._log)
        if self._keys is None:  # an auditor need not have them
            return {}
        found = _pick(self._keys, None, {subject: bounded(subject) for subject in subjects})
        return usable(self._vault, found)


def opened(env: lmdb.Environment | None) -> lmdb.Environment:
    """The environment itself; ``Unavailable`` while it is closed."""
    if env is None:
        raise Unavailable("log_closed", "the log is not open")
    return env


def _reserve_lock_file(path: Path) -> None:
    """Give LMDB's table of readers its blocks: it is written through a map, where a full disk is a SIGBUS."""
    path.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(path / "lock.mdb", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.fstat(handle).st_size < LOCK_BYTES:
            os.posix_fallocate(handle, 0, LOCK_BYTES)
    finally:
        os.close(handle)


def check_format(txn: lmdb.Transaction[bytes], meta: lmdb._Database) -> None:
    """``LogCorrupt`` unless this program can read it."""
    if (found := txn.get(b"format", db=meta)) not in KNOWN:
        raise LogCorrupt(f"the log's format is {found!r}, not {FORMAT!r}")


def hospital_names(txn: lmdb.Transaction[bytes]) -> list[str]:
    """All that have entries, in order: the names of databases are keys of the unnamed one."""
    return [name for name in log_names(txn) if not is_beside(name)]


def log_names(txn: lmdb.Transaction[bytes]) -> list[str]:
    """The same with the logs that are kept beside those of hospitals."""
    return [name[len(ENTRIES) :].decode() for name in keys_under(txn, None, ENTRIES)]


def last_position(txn: lmdb.Transaction[bytes], db: lmdb._Database) -> int:
    """The last key of a hospital's entries, 0 when there is none."""
    with txn.cursor(db) as cursor:
        return int(POSITION.unpack(cursor.key())[0]) if cursor.last() else 0


def keys_under(txn: lmdb.Transaction[bytes], db: lmdb._Database | None, prefix: bytes) -> list[bytes]:
    """All keys that start with ``prefix``, in order; the values stay where they are."""
    with txn.cursor(db) as cursor:
        if not cursor.set_range(prefix):
            return []
        return list(takewhile(lambda key: key.startswith(prefix), cursor.iternext(values=False)))


def scope(hospital: str) -> bytes:
    """What keys of this hospital, and of no other, start with: 00 is in no name."""
    return hospital.encode() + b"\0"


def node_key(hospital: str, level: int, index: int) -> bytes:
    """Where a node of the hash tree is."""
    return scope(hospital) + bytes([level]) + POSITION.pack(index)


def archive_key(hospital: str, actor: str) -> bytes:
    """Where an actor's frozen state is."""
    return scope(hospital) + bounded(actor.encode())


def bounded(key: bytes) -> bytes:
    """A key of at most ``LONGEST_KEY`` bytes as it is, a longer one as its SHA-256; never the same for two."""
    return b"\0" + key if len(key) <= LONGEST_KEY else b"\1" + hashlib.sha256(key).digest()


def _pick(env: lmdb.Environment, db: lmdb._Database | None, named: dict[T, bytes]) -> dict[T, bytes]:
    found: dict[T, bytes] = {}
    for some in _slices(list(named.items())):
        with env.begin(db=db) as txn:
            found |= {name: value for name, key in some if (value := txn.get(key)) is not None}
    return found


def _slices(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for first in range(0, len(items), SLICE_RECORDS):
        yield items[first : first + SLICE_RECORDS]
