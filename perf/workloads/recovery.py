"""How fast a log becomes a serving engine again: from its entries alone, and from a snapshot of its end.

The log is one of genuine bookings. Each start is of a fresh engine on the same disk, and must come to the state
that the bookings left. With a snapshot, "ready" is what a client sees: it is answered from then on.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter, thread_time
from typing import NamedTuple

from engine.eventlog.lmdb_store import LmdbStore
from engine.eventlog.store import Round
from engine.process import settle_memory
from engine.runtime import Engine, open_engine
from perf.callers import ask_all
from perf.figures import Incorrect, Row, Target
from perf.machine import forget
from perf.size import SEATS, Size, Tell
from perf.town import HOSPITAL, bookings, found

SECTION = "recovery"
_STARTS = 3
_A_DAY = 20_000
"""Bookings of one day."""


class WithoutSnapshots(LmdbStore):
    """The same log, as if no snapshot had ever been written."""

    async def rounds(self, hospital: str) -> list[Round]:
        """None."""
        return []


class _Took(NamedTuple):
    """Seconds of the clock, and of the engine's thread."""

    clock: float
    busy: float


class _Seen(Exception):
    """Leaves an engine as a crash would: no snapshot is written at its end."""


async def measure(folder: Path, size: Size, tell: Tell) -> list[Row]:
    """Rows of this subject."""
    data = folder / "data"
    head, hashed = await _write_log(data, size, tell)
    plain: list[float] = []
    busy: list[float] = []
    snapped: list[float] = []
    for turn in range(min(_STARTS, size.rounds)):
        tell(f"recovery, round {turn + 1}")
        seconds = await _start(WithoutSnapshots(data, allow_any_filesystem=size.any_disk), hashed)
        plain.append(head / seconds.clock)
        busy.append(seconds.busy / head * 1e6)
        seconds = await _start(LmdbStore(data, allow_any_filesystem=size.any_disk), hashed, trusting=head)
        snapped.append(seconds.clock)
    count = f"{head:,} entries"
    return [
        Row(
            section=SECTION, name="from entries alone", unit="entries/s", values=tuple(plain), note=count,
            target=Target("least", 100_000),
        ),
        Row(
            section=SECTION, name="  engine's thread", unit="µs/entry", values=tuple(busy), note="its processor time",
        ),
        Row(
            section=SECTION, name="ready with a snapshot", unit="s", values=tuple(snapped), note=count,
            target=Target("most", 5) if head >= 1_000_000 else None,
        ),
    ]  # fmt: skip


async def _write_log(data: Path, size: Size, tell: Tell) -> tuple[int, str]:
    """A log of at least so many entries; its head and the hash of all states."""
    entries = size.entries
    async with open_engine(LmdbStore(data, allow_any_filesystem=size.any_disk)) as engine:
        town = await found(engine, min(_A_DAY, entries // 2))
        settle_memory()
        done = 0
        while done < entries:
            patients = town.patients[: min(len(town.patients), entries - done)]
            opened = await town.open_day(-(-len(patients) // SEATS), SEATS)
            await ask_all(engine, HOSPITAL, bookings(opened, patients), callers=500)
            await town.verify(opened, len(patients))
            done += len(patients)
            tell(f"a log of {done:,} of {entries:,} bookings")
        return _head(engine), engine.state_hash(HOSPITAL)


async def _start(store: LmdbStore, hashed: str, trusting: int = 0) -> _Took:
    """Time until a fresh engine serves; ``trusting``: where its snapshot ends."""
    forget()
    begun, worked = perf_counter(), thread_time()
    took = _Took(0, 0)
    try:
        async with open_engine(store) as engine:
            await engine.until_ready()
            took = _Took(perf_counter() - begun, thread_time() - worked)
            if engine.partitions[HOSPITAL].book.snapshot != trusting:
                raise Incorrect("the snapshot does not end where the log does")
            if engine.state_hash(HOSPITAL) != hashed:
                raise Incorrect("the recovered states are not those that the log was written from")
            raise _Seen
    except* _Seen:
        pass
    return took


def _head(engine: Engine) -> int:
    return engine.partitions[HOSPITAL].book.head
