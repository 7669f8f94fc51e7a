"""Reads a log from its first entry to its last without writing anything, as recovery would."""

from __future__ import annotations

from pathlib import Path

import trio

from engine.errors import LogCorrupt
from engine.eventlog.directory import BESIDE
from engine.eventlog.entry import Codec, checked
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


async def refuse_newer(data: Path) -> None:
    """The newest entry of each log can be read here; ``LogCorrupt`` when a newer program wrote it. Changes nothing.

    Asked before the engine opens the log, which writes: a program of before must leave what it does not know as it is.
    """
    if not await trio.Path(data, "log", DATA).exists():
        return
    async with LmdbReader(data) as reader:
        for hospital in await reader.hospitals():
            for log in (hospital, hospital + BESIDE):
                codec = Book(log, Keyring(log, _no_entropy)).codec
                head = await reader.head(log)
                for position, record in await reader.read(log, head, 1) if head else ():
                    _known(codec, log, position, record)


def _known(codec: Codec, log: str, position: int, record: bytes) -> None:
    try:
        entry = checked(record)
    except LogCorrupt:
        return  # damage is the engine's to find, and to say what can be done about it
    try:
        codec.decode(entry)
    except LogCorrupt as fault:
        raise LogCorrupt(f"position {position} of {log}: {fault}. Nothing was changed; start the newer one") from fault


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
