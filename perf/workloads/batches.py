"""Many commands over one connection: batches of 100, and a WebSocket with 64 in flight, several and one to a frame.

One server, loaded in turn by a client that is a process too. The hospital is founded before the server starts on its
log, and what was booked is counted by a fresh engine after the server has ended.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from subprocess import CalledProcessError
from typing import Final, NamedTuple

import msgspec

from engine.decisions.book_token import BookToken
from engine.eventlog.lmdb_store import LmdbStore
from engine.runtime import open_engine
from perf.bulk import Answered, Bulk, send_bulk
from perf.figures import Incorrect, Row, Target
from perf.serving import server
from perf.size import Size, Tell
from perf.town import Town, bookings, found

SECTION = "many commands over one connection"
SLOTS = 100
IN_FLIGHT: Final = 64


class Way(NamedTuple):
    """A way to send many: ``each`` commands to a message, ``in_flight`` of them on their way (0: one batch)."""

    name: str
    each: int
    in_flight: int
    aim: float
    note: str


WAYS: Final = (
    Way("batches of 100", 100, 0, 5_000, "one connection, the next batch when the answer is there"),
    Way("WebSocket, 16 to a frame", 16, IN_FLIGHT, 3_000, "one connection, 64 commands in flight"),
    Way("WebSocket, one to a frame", 1, IN_FLIGHT, 1_800, "one connection, 64 commands in flight"),
)


async def measure(folder: Path, size: Size, tell: Tell) -> list[Row]:
    """Rows of this subject."""
    data = folder / "data"
    tell("a hospital with its patients")
    async with open_engine(LmdbStore(data, allow_any_filesystem=size.any_disk)) as engine:
        town = await found(engine, size.requests)
        capacity = -(-size.requests // SLOTS)
        days = [await town.open_day(SLOTS, capacity) for _ in range(size.rounds * len(WAYS))]
    values: dict[str, list[float]] = defaultdict(list)
    flags = ["serve", "--data", str(data), "--dev", "--bind", "127.0.0.1:0", "--no-request-log", "--log-level", "error"]
    async with server("gateway", flags) as matron:
        for turn in range(size.rounds):
            for index, way in enumerate(WAYS):
                tell(f"{way.name}, round {turn + 1} of {size.rounds}")
                commands = bookings(days[turn * len(WAYS) + index], town.patients)
                before = matron.busy()
                answered = await _sent(Bulk(matron.port, messages(commands, way), way.in_flight))
                values[f"{way.name} server"].append((matron.busy() - before) / len(commands) * 1e6)
                _check(way, answered, len(commands))
                values[f"{way.name} client"].append(answered.busy / len(commands) * 1e6)
                values[f"{way.name} rate"].append(answered.rate)
                values[f"{way.name} p50"].append(answered.p50)
                values[f"{way.name} p99"].append(answered.p99)
    tell("counting what was booked")
    async with open_engine(LmdbStore(data, allow_any_filesystem=size.any_disk)) as engine:
        await engine.until_ready()
        for slots in days:
            await Town(engine, town.doctors, town.patients).verify(slots, len(town.patients))
    return _rows(values)


def messages(commands: Sequence[BookToken], way: Way) -> list[tuple[str, int]]:
    """The commands as bodies of batches or as frames, in their order, each with the count of its commands."""
    items = [
        {"method": "POST", "path": "/tokens/", "body": command, **({"id": f"c{n}"} if way.in_flight else {})}
        for n, command in enumerate(commands)
    ]
    if way.each == 1:
        return [(msgspec.json.encode(item).decode(), 1) for item in items]
    parts = [items[first : first + way.each] for first in range(0, len(items), way.each)]
    return [(msgspec.json.encode({"commands": part}).decode(), len(part)) for part in parts]


async def _sent(bulk: Bulk) -> Answered:
    try:
        return await send_bulk(bulk)
    except CalledProcessError:
        raise Incorrect("the sender ended before all was answered, for the reason above") from None


def _check(way: Way, answered: Answered, count: int) -> None:
    if answered.statuses != {201: count} or answered.ids != count:
        raise Incorrect(
            f"{way.name}: {count} results of 201 were due, {answered.statuses} came, with {answered.ids} ids"
        )


def _rows(values: dict[str, list[float]]) -> list[Row]:
    rows: list[Row] = []
    for way in WAYS:
        for name, unit, key, note, target in (
            (way.name, "bookings/s", "rate", way.note, Target("least", way.aim)),
            ("  a message, p50", "ms", "p50", "", None),
            ("  a message, p99", "ms", "p99", "", None),
            ("  server", "µs/booking", "server", "its processor time, all threads", None),
            ("  client", "µs/booking", "client", "its processor time, on the same cores", None),
        ):
            found_values = tuple(values[f"{way.name} {key}"])
            rows.append(Row(section=SECTION, name=name, unit=unit, values=found_values, note=note, target=target))
    return rows
