"""A log's two environments copied beside the engine that writes them: what a backup and a restore stand on.

LMDB copies as of one instant, free pages left out, and needs a reader for as long as that takes: what the engine gives
up meanwhile it cannot use again, so its file grows. The copy comes through a pipe, so that it can be broken off when
that becomes too much. LMDB makes no copy durable; here it is. Knows bytes and files, and nothing of what is in them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, Final

import lmdb
import trio

from engine.errors import Unavailable
from engine.eventlog.directory import sync_folder
from engine.eventlog.lmdb_errors import unusable
from engine.eventlog.lmdb_reads import bounded, raw_environment
from engine.eventlog.vault import VAULT

DATA: Final = "data.mdb"

_CHUNK: Final = 1 << 20
_UUID: Final = 16


class GrewTooMuch(Unavailable):
    """The engine's file grew by more than it may while it was copied; the copy was broken off."""

    def __init__(self, grown: int, most: int) -> None:
        super().__init__(
            "grew_too_much", f"the log's file grew by {grown:,} bytes while it was copied, {most:,} may be"
        )


async def copy_environment(source: Path, target: Path, most: int, advance: Callable[[int], None]) -> int:
    """Copy an environment into the new folder ``target``, durably; by how many bytes the source grew meanwhile.

    ``most``: by how much it may; ``GrewTooMuch`` beyond it. ``advance`` is told of every so many bytes.
    """
    faults: list[lmdb.Error | OSError] = []
    grown = 0

    async def send(env: lmdb.Environment, into: int) -> None:
        try:
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(lambda: env.copyfd(into, compact=True))
        except lmdb.Error as fault:
            faults.append(fault)
        finally:
            os.close(into)

    try:
        before = size_of(source)
        with raw_environment(source, readonly=True) as env, _new_file(target / DATA) as file:
            env.reader_check()  # one that died in the middle of this would hold its pages for good
            read_end, write_end = os.pipe()
            async with trio.open_nursery() as nursery, trio.lowlevel.FdStream(read_end) as pipe:
                nursery.start_soon(send, env, write_end)
                # Where this ends before all has come, LMDB's next write finds nobody who reads, and fails.
                while grown <= most and not faults and (chunk := await pipe.receive_some(_CHUNK)):
                    try:
                        file.write(chunk)
                    except OSError as fault:
                        faults.append(fault)
                    advance(len(chunk))
                    grown = size_of(source) - before
            file.flush()
            os.fsync(file.fileno())
    except (lmdb.Error, OSError) as fault:
        raise unusable(fault) from fault
    if grown > most:
        raise GrewTooMuch(grown, most)
    if faults:
        raise unusable(faults[0]) from faults[0]
    sync_folder(target)
    return grown


def copy_keys(
    source: Path, target: Path, turn: Callable[[bytes, bytes], bytes | None], more: Iterable[tuple[bytes, bytes]] = ()
) -> int:
    """Copy subject keys into the new folder ``target``, each as ``turn(name, value)`` gives it, and ``more`` with them.

    ``None`` leaves one out. Values are as they lie: wrapped ones stay wrapped, under the same master key. Gives how
    many there are.
    """
    copied = 0
    try:
        with raw_environment(source, readonly=True) as env, raw_environment(target) as into:
            names = _names(env)
            for first in range(0, len(names), 1_000):
                with env.begin() as txn, into.begin(write=True) as put:
                    for stored in names[first : first + 1_000]:
                        value = txn.get(stored)
                        turned = None if value is None else turn(stored[1:], value)
                        if turned is not None:
                            put.put(stored, turned)
                            copied += 1
            with into.begin(write=True) as put:
                for name, value in more:
                    copied += put.put(bounded(name), value)
    except (lmdb.Error, OSError) as fault:
        raise unusable(fault) from fault
    sync_folder(target)
    return copied


def subject_of(name: bytes) -> tuple[str, str] | None:
    """Whose key a store keeps under this name: the hospital, and the patient (empty: the hospital itself).

    ``None`` for what is no subject's.
    """
    hospital, gap, subject = name.partition(b"\0")
    if not hospital or not gap or len(subject) != _UUID:
        return None
    digits = subject.hex()
    id = f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}" if any(subject) else ""
    return hospital.decode(), id


def key_names(folder: Path) -> set[bytes]:
    """Under which names there are subject keys."""
    try:
        with raw_environment(folder, readonly=True) as env:
            return {stored[1:] for stored in _names(env)}
    except (lmdb.Error, OSError) as fault:
        raise unusable(fault) from fault


def wrapped_by(folder: Path) -> str:
    """The id of the master key that these subject keys are wrapped by; empty where they lie open."""
    try:
        with raw_environment(folder, readonly=True) as env, env.begin() as txn:
            return txn.get(bounded(VAULT), b"").hex()
    except (lmdb.Error, OSError) as fault:
        raise unusable(fault) from fault


def size_of(folder: Path) -> int:
    """Bytes of an environment's file."""
    return (folder / DATA).stat().st_size


def _new_file(path: Path) -> BinaryIO:
    path.parent.mkdir(mode=0o700)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


def _names(env: lmdb.Environment) -> list[bytes]:
    with env.begin() as txn, txn.cursor() as cursor:
        return list(cursor.iternext(values=False))
