"""Durable bookings in process: 100 slots and one hot slot, 50 and 500 callers, beside raw LMDB and bare fsync.

Each booking changes two actors, the slot and the patient's day, in one entry. The raw LMDB yardstick writes the very
records that the bookings of its round produced.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from engine.eventlog.lmdb_store import LmdbStore
from engine.process import settle_memory
from engine.runtime import open_engine
from perf.callers import Run, ask_all
from perf.figures import Row, Target, ratios
from perf.size import Size, Tell
from perf.town import HOSPITAL, Town, bookings, found
from perf.yardsticks import BATCH, BareFsync, RawLmdb, python_speed

SECTION = "bookings in process"
SLOTS = 100
CALLERS = (50, 500)
MOST = CALLERS[-1]
ACTORS = 2
"""That one booking changes."""

_FSYNCS = 200
_READ = 2_000


async def measure(folder: Path, size: Size, tell: Tell) -> list[Row]:
    """Rows of this subject."""
    values: dict[str, list[float]] = defaultdict(list)
    raw, fsync = RawLmdb(folder / "yardstick"), BareFsync(folder)
    store = LmdbStore(folder / "data", allow_any_filesystem=size.any_disk)
    try:
        async with open_engine(store) as engine:
            tell("a hospital with its patients")
            town = await found(engine, size.bookings)
            await _book(town, SLOTS, MOST)  # warm: tasks, codecs and pages exist
            settle_memory()
            for turn in range(size.rounds):
                tell(f"bookings in process, round {turn + 1} of {size.rounds}")
                values["python"].append(python_speed())
                for callers in CALLERS:
                    for name, slots in (("spread", SLOTS), ("hot", 1)):
                        before = await store.head(HOSPITAL) + slots
                        run = await _book(town, slots, callers)
                        _keep(values, f"{name} {callers}", run)
                        if (name, callers) == ("spread", MOST):
                            records = await _records(store, before + 1, len(run.replies))
                            values["bytes"].append(sum(map(len, records)) / len(records))
                            values["lmdb"].append(raw.write(records))
                values["fsync"].append(fsync.write(_FSYNCS, 4096))
    finally:
        raw.close()
        fsync.close()
    return _rows(values)


async def _book(town: Town, slots: int, callers: int) -> Run:
    """Every patient gets a token on a new day; counted afterwards from the engine."""
    opened = await town.open_day(slots, -(-len(town.patients) // slots))
    run = await ask_all(town.engine, HOSPITAL, bookings(opened, town.patients), callers=callers)
    await town.verify(opened, len(town.patients))
    return run


async def _records(store: LmdbStore, first: int, count: int) -> list[bytes]:
    records: list[bytes] = []
    while len(records) < count:
        more = await store.read(HOSPITAL, first + len(records), min(_READ, count - len(records)))
        records.extend(record for _, record in more)
    return records


def _keep(values: dict[str, list[float]], name: str, run: Run) -> None:
    values[f"{name} rate"].append(run.rate)
    values[f"{name} p50"].append(run.wait(0.50))
    values[f"{name} p99"].append(run.wait(0.99))
    values[f"{name} busy"].append(run.busy / len(run.replies) * 1e6)


def _rows(values: dict[str, list[float]]) -> list[Row]:
    def row(name: str, unit: str, key: str, note: str = "", target: Target | None = None) -> Row:
        return Row(section=SECTION, name=name, unit=unit, values=tuple(values[key]), note=note, target=target)

    rows = [
        row("plain Python", "M turns/s", "python", "a fixed loop: the machine's speed in this run"),
        row("bare fsync", "1/s", "fsync", "appends of 4 KiB to one file"),
        row("raw LMDB", "records/s", "lmdb", f"the same records, {BATCH} a transaction, one fsync each"),
        row("record", "bytes", "bytes", "of one booking in the log"),
    ]
    for callers in CALLERS:
        for name, where in (("spread", f"{SLOTS} slots"), ("hot", "one slot")):
            key = f"{name} {callers}"
            rows.append(row(f"{where}, {callers} callers", "bookings/s", f"{key} rate"))
            rows.append(row("  p50", "ms", f"{key} p50"))
            rows.append(row("  p99", "ms", f"{key} p99"))
            rows.append(row("  engine's thread", "µs/booking", f"{key} busy", "its processor time"))
    values["actors"] = [ACTORS * rate for rate in values[f"spread {MOST} rate"]]
    values["share"] = list(ratios(values["actors"], values["lmdb"]))
    values["hot share"] = list(ratios(values[f"hot {MOST} rate"], values[f"spread {MOST} rate"]))
    return [
        *rows,
        row("actors changed", "1/s", "actors", f"{ACTORS} a booking, {SLOTS} slots, {MOST} callers"),
        row("  of raw LMDB", "%", "share", "actors changed by records written", Target("least", 20)),
        row("hot slot of spread", "%", "hot share", f"{MOST} callers", Target("least", 80)),
    ]
