"""Bookings over HTTP at 50 connections, beside a bare Starlette answer on Hypercorn and on the gateway's own door.

Three servers, each a process, loaded in turn by a client that is a process too. The hospital is founded before the
server starts on its log, and counted by a fresh engine after the server has ended.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import msgspec

from engine.decisions.book_token import BookToken
from engine.eventlog.lmdb_store import LmdbStore
from engine.runtime import open_engine
from perf.client import Load, Loaded, send
from perf.figures import Incorrect, Row, Target, ratios
from perf.serving import server
from perf.size import Size, Tell
from perf.town import Town, bookings, found

SECTION = "bookings over HTTP"
SLOTS = 100


async def measure(folder: Path, size: Size, tell: Tell) -> list[Row]:
    """Rows of this subject."""
    data = folder / "data"
    tell("a hospital with its patients")
    async with open_engine(LmdbStore(data, allow_any_filesystem=size.any_disk)) as engine:
        town = await found(engine, size.requests)
        capacity = -(-size.requests // SLOTS)
        days = [await town.open_day(SLOTS, capacity) for _ in range(size.rounds)]
    values: dict[str, list[float]] = defaultdict(list)
    flags = ["serve", "--data", str(data), "--dev", "--bind", "127.0.0.1:0", "--no-request-log", "--log-level", "error"]
    async with (
        server("perf.bare", ["hypercorn"]) as hypercorn,
        server("perf.bare", ["door"]) as door,
        server("gateway", flags) as matron,
    ):
        for turn, slots in enumerate(days):
            tell(f"bookings over HTTP, round {turn + 1} of {size.rounds}")
            bodies = [_body(command) for command in bookings(slots, town.patients)]
            for name, served, path in (
                ("hypercorn", hypercorn, "/"), ("door", door, "/"), ("matron", matron, "/api/v1/tokens/"),
            ):  # fmt: skip
                before = served.busy()
                loaded = await send(Load(served.port, path, size.connections, bodies))
                values[f"{name} busy"].append((served.busy() - before) / len(bodies) * 1e6)
                _check(name, loaded, len(bodies), different=len(bodies) if name == "matron" else 1)
                values[f"{name} rate"].append(loaded.rate)
                values[f"{name} p50"].append(loaded.p50)
                values[f"{name} p99"].append(loaded.p99)
    tell("counting what was booked")
    async with open_engine(LmdbStore(data, allow_any_filesystem=size.any_disk)) as engine:
        await engine.until_ready()
        for slots in days:
            await Town(engine, town.doctors, town.patients).verify(slots, len(town.patients))
    return _rows(values, size)


def _body(command: BookToken) -> str:
    return msgspec.json.encode(command).decode()


def _check(name: str, loaded: Loaded, count: int, different: int) -> None:
    if loaded.statuses != {201: count} or loaded.ids != different:
        raise Incorrect(f"{name}: {count} answers of 201 were due, {loaded.statuses} came, with {loaded.ids} ids")


def _rows(values: dict[str, list[float]], size: Size) -> list[Row]:
    def row(name: str, unit: str, key: str, note: str = "", target: Target | None = None) -> Row:
        return Row(section=SECTION, name=name, unit=unit, values=tuple(values[key]), note=note, target=target)

    rows: list[Row] = []
    for name, what in (
        ("hypercorn", "bare Starlette, Hypercorn's loop"), ("door", "bare Starlette, the gateway's door"),
        ("matron", "booking"),
    ):  # fmt: skip
        rows.append(row(what, "answers/s", f"{name} rate", f"{size.connections} connections, closed loop"))
        rows.append(row("  p50", "ms", f"{name} p50"))
        rows.append(row("  p99", "ms", f"{name} p99"))
        rows.append(row("  server", "µs/answer", f"{name} busy", "its processor time, all threads"))
    for name, what in (("hypercorn", "Starlette on Hypercorn"), ("door", "Starlette on our door")):
        values[f"of {name}"] = list(ratios(values["matron rate"], values[f"{name} rate"]))
        target = Target("least", 200) if name == "hypercorn" else None
        rows.append(row(f"booking of {what}", "%", f"of {name}", target=target))
    return rows
