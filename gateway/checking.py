"""Reads a log from its first entry to its last without writing anything, as recovery would."""

from __future__ import annotations

from pathlib import Path

import trio

from engine.eventlog.directory import BESIDE
from engine.eventlog.keys import Keyring
from engine.eventlog.lmdb_copy import DATA, wrapped_by
from engine.eventlog.lmdb_reader import LmdbReader
from engine.eventlog.vault import MasterFile
from engine.recovery import Book, verify_record

READ = 1_000  # records of one read transaction: short, so that the log's file does not grow under a reader


def check_keys(data: Path, master_key: Path) -> None:
    """The subject keys open with this master key; ``Unavailable`` when not. Where none are wrapped it says nothing."""
    if (data / "keys" / DATA).exists() and (id := wrapped_by(data / "keys")):
        MasterFile(master_key, _no_entropy).opened(bytes.fromhex(id))


async def check_log(data: Path) -> dict[str, int]:
    """The entries of each hospital, all of them intact; ``LogCorrupt`` or ``Unavailable`` when not.

    A folder without a log is an empty one. Works beside a running engine.
    """
    found: dict[str, int] = {}
    if not await trio.to_thread.run_sync(_holds_anything, data):
        return found
    async with LmdbReader(data) as reader:
        for hospital in await reader.hospitals():
            head = await reader.head(hospital)
            book = Book(hospital, Keyring(hospital, _no_entropy))
            while book.head < head:
                for position, record in await reader.read(hospital, book.head + 1, min(READ, head - book.head)):
                    book.fold(position, record)
            found[hospital] = head
            if looks := await _check_beside(reader, hospital + BESIDE, book):
                found[hospital + BESIDE] = looks
    return found


async def _check_beside(reader: LmdbReader, log: str, book: Book) -> int:
    """The entries of the log of who looked at whom: no states are made of them."""
    checked = 0
    while records := await reader.read(log, checked + 1, READ):
        for position, record in records:
            verify_record(book.codec, log, position, record)
        checked += len(records)
    return checked


def _holds_anything(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _no_entropy(count: int) -> bytes:
    raise AssertionError("reading draws nothing")
