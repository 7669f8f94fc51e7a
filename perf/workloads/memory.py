"""What a token and its patient's day take in memory, by filling slots, in a process that has done nothing else.

``python -m perf.workloads.memory DATA SIZE`` is that process; it prints what it held after each step.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec
import trio

from engine.eventlog.lmdb_store import LmdbStore
from engine.process import settle_memory, tune_process
from engine.runtime import EngineSettings, open_engine
from perf.callers import ask_all
from perf.figures import Row, Target
from perf.machine import anonymous_memory
from perf.size import SEATS, Size, Tell
from perf.town import HOSPITAL, bookings, found

SECTION = "memory"
WHOLE = 100_000
"""Slots of the target."""

_A_DAY = 2_000
"""Slots of one day, at most."""

_AT_ONCE = 100
"""Slots that are filled together."""


class Held(msgspec.Struct, frozen=True):
    """Anonymous bytes: before anything, with the patients, with open slots, with a token in every seat."""

    start: int
    patients: int
    opened: int
    booked: int
    count: int
    """Patients."""


async def measure(folder: Path, size: Size, tell: Tell) -> list[Row]:
    """Rows of this subject."""
    tell(f"memory of {size.slots:,} slots with {SEATS} tokens each")
    command = [sys.executable, "-m", "perf.workloads.memory", str(folder / "data"), msgspec.json.encode(size).decode()]
    done = await trio.run_process(command, capture_stdout=True)
    held = msgspec.json.decode(done.stdout, type=Held)
    tokens = size.slots * SEATS
    slot = (held.opened - held.patients) / size.slots
    token = (held.booked - held.opened) / tokens
    whole = held.patients + WHOLE * slot + WHOLE * SEATS * token
    measured = size.slots >= WHOLE

    def row(name: str, unit: str, value: float, note: str = "", target: Target | None = None) -> Row:
        return Row(section=SECTION, name=name, unit=unit, values=(value,), note=note, target=target)

    return [
        row("a patient", "bytes", (held.patients - held.start) / held.count, f"of {held.count:,}"),
        row("a slot without tokens", "bytes", slot, f"of {size.slots:,}"),
        row("a token and its patient's day", "bytes", token, f"of {tokens:,}"),
        row(
            f"{WHOLE:,} slots of {SEATS} tokens", "GB", (held.booked if measured else whole) / 1e9,
            "measured" if measured else "extrapolated; --full measures it", Target("most", 3),
        ),
    ]  # fmt: skip


async def _fill(data: Path, size: Size) -> Held:
    slots, settings = size.slots, EngineSettings(snapshot_entries=0)
    async with open_engine(LmdbStore(data, allow_any_filesystem=size.any_disk), settings=settings) as engine:
        await engine.until_ready()
        start = anonymous_memory()
        day = min(slots, _A_DAY)
        town = await found(engine, day * SEATS)
        settle_memory()
        patients = anonymous_memory()
        turns = [min(day, slots - first) for first in range(0, slots, day)]
        opened = [await town.open_day(turn, SEATS) for turn in turns]
        empty = anonymous_memory()
        for those in opened:
            for first in range(0, len(those), _AT_ONCE):  # few answers are held at a time: they would leave holes
                some = those[first : first + _AT_ONCE]
                seated = town.patients[first * SEATS : (first + len(some)) * SEATS]
                await ask_all(engine, HOSPITAL, bookings(some, seated), callers=100)
                await town.verify(some, len(seated))
        while size.settle and engine.partitions[HOSPITAL].mailboxes:  # noqa: ASYNC110 - idle actors retire by the clock
            await trio.sleep(1)
        return Held(start, patients, empty, anonymous_memory(), len(town.patients))


if __name__ == "__main__":
    tune_process()
    click.echo(msgspec.json.encode(trio.run(_fill, Path(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=Size))))
