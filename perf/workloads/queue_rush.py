"""200 who join at once, and eight counters that call until nobody is left: speed, and no ticket lost or doubled.

Every repetition has a queue of its own. The line is read back and compared with the rule before anybody is called,
and what the log says was called with the line.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from engine.eventlog.lmdb_store import LmdbStore
from engine.process import settle_memory
from engine.runtime import Engine, open_engine
from perf.callers import ask_all
from perf.figures import Incorrect, Row, percentile
from perf.hall import COUNTERS, joins, open_queue, serve_all, verify_line, verify_over
from perf.size import Size, Tell
from perf.town import HOSPITAL, found

SECTION = "queue rush"


async def measure(folder: Path, size: Size, tell: Tell) -> list[Row]:
    """Rows of this subject."""
    values: dict[str, list[float]] = defaultdict(list)
    async with open_engine(LmdbStore(folder / "rush", allow_any_filesystem=size.any_disk)) as engine:
        tell("a hospital with queues")
        await found(engine, 0, doctors=1)
        await _rush(engine, size, "Warm Up", defaultdict(list))
        settle_memory()
        for number in range(size.rounds):
            tell(f"queue rush, round {number + 1} of {size.rounds}")
            await _rush(engine, size, f"Round {number + 1}", values)
    return _rows(values, size)


async def _rush(engine: Engine, size: Size, name: str, values: dict[str, list[float]]) -> None:
    joined = served = joining = serving = 0.0
    join_waits: list[float] = []
    call_waits: list[float] = []
    for repetition in range(size.rushes):
        service = await open_queue(engine, f"{name}, {repetition + 1}")
        run = await ask_all(engine, HOSPITAL, joins(service, size.rush), callers=size.rush)
        due = await verify_line(engine, service, run.replies)
        done = await serve_all(engine, service)
        if done.order != due:
            raise Incorrect(f"{len(done.order)} were called of {len(due)} who waited, or not in the order of the line")
        await verify_over(engine, service, completed=size.rush)
        joined, joining = joined + size.rush, joining + run.seconds
        served, serving = served + done.commands, serving + done.seconds
        join_waits += run.waits
        call_waits += done.waits
    values["joins"].append(joined / joining)
    values["commands"].append(served / serving)
    for kind, waits in (("join", join_waits), ("call", call_waits)):
        waits.sort()
        values[f"{kind} p50"].append(percentile(waits, 0.50) * 1000)
        values[f"{kind} p99"].append(percentile(waits, 0.99) * 1000)


def _rows(values: dict[str, list[float]], size: Size) -> list[Row]:
    def row(name: str, unit: str, key: str, note: str = "") -> Row:
        return Row(section=SECTION, name=name, unit=unit, values=tuple(values[key]), note=note)

    return [
        row(f"{size.rush} join at once", "joins/s", "joins", f"mixed priorities, {size.rushes} queues a round"),
        row("  join, p50", "ms", "join p50", "all ask at the same instant: the last waits for all others"),
        row("  join, p99", "ms", "join p99"),
        row(f"{COUNTERS} counters until nobody waits", "commands/s", "commands", "call-next, start, complete"),
        row("  call-next, p50", "ms", "call p50"),
        row("  call-next, p99", "ms", "call p99"),
    ]
