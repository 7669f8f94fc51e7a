"""What the machine can do without Matron, measured in the same run: LMDB bare, fsync bare, Python bare.

A figure of another day or machine says little; its ratio to these says more.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Final

from engine.eventlog.lmdb_store import raw_environment
from perf.figures import Incorrect

BATCH: Final = 100
"""Records of one transaction of the LMDB yardstick."""

_LOOP: Final = 300_000


class RawLmdb:
    """Records under rising positions with the log's own settings, in transactions of ``BATCH``, each with its fsync."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._environment = raw_environment(folder)
        self._table = self._environment.open_db(b"entries")
        self._position = 0

    def write(self, records: Sequence[bytes]) -> float:
        """Records per second for these."""
        begun = perf_counter()
        for first in range(0, len(records), BATCH):
            batch = records[first : first + BATCH]
            positions = range(self._position + 1, self._position + 1 + len(batch))
            items = [(position.to_bytes(8, "big"), record) for position, record in zip(positions, batch, strict=True)]
            with self._environment.begin(write=True) as transaction, transaction.cursor(self._table) as cursor:
                if cursor.putmulti(items, append=True)[1] != len(batch):
                    raise Incorrect("the LMDB yardstick did not store what it was given")
            self._position += len(batch)
        return len(records) / (perf_counter() - begun)

    def close(self) -> None:
        """Release the files."""
        self._environment.close()


class BareFsync:
    """Appends to one file, each made durable."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / "fsync", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, count: int, size: int) -> float:
        """Appends of ``size`` bytes per second."""
        piece = bytes(size)
        begun = perf_counter()
        for _ in range(count):
            os.write(self._file, piece)
            os.fsync(self._file)
        return count / (perf_counter() - begun)

    def close(self) -> None:
        """Release the file."""
        os.close(self._file)


def python_speed() -> float:
    """Million turns per second of a fixed loop of plain Python: attribute, dictionary, call, small integers."""
    table: dict[int, int] = {}
    begun = perf_counter()
    for turn in range(_LOOP):
        table[turn & 1023] = _step(table.get(turn & 511, 0), turn)
    return _LOOP / (perf_counter() - begun) / 1e6


def _step(value: int, turn: int) -> int:
    return (value * 31 + turn) & 0xFFFFFF
