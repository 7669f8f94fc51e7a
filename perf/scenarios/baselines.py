"""Matron beside the two stacks that a hospital's developer would build instead, in turn, on the same machine and disk.

Each books the same number of patients by fifty connections that ask again when they are answered: first spread over
two hundred slots, then all in one of a thousand seats until it is full, then all in the next. Each answers when the
booking is durable, and its database is counted afterwards. What one has left for the disk is written before the next is
measured. The fastest needs more than a second for it: what a process
does once, in its first tenths of a second, is no rate.
"""

from __future__ import annotations

import stat
from collections import defaultdict
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from engine.eventlog.lmdb_store import LmdbStore
from engine.runtime import open_engine
from perf.baselines.stack import STACKS, Plan, Stack
from perf.client import Load as Closed
from perf.client import Loaded, send
from perf.figures import Incorrect, Row, Target
from perf.load.plan import Settings
from perf.load.sampling import cpu, family_of
from perf.load.scenario import Compared, Comparison, Context
from perf.machine import settle_disk
from perf.serving import server
from perf.town import Town, bookings, found

_WARMING: Final = 600
"""Bookings before anything is measured, as the baselines have them."""

_QUICK_WARMING: Final = 60

MATRON: Final[dict[str, tuple[str, ...]]] = {"matron": (), "matron in two": ("--workers", "1")}
"""As one process; and with a gateway process beside the engine's, as the stacks have their databases beside them."""


class Kind(NamedTuple):
    """One of the two loads, and how many times the stacks' rate Matron's should be."""

    name: str
    plan: Plan
    aims: dict[str, float]


KINDS: Final = (
    Kind("200 slots", Plan(slots=200, capacity=40, patients=8_000), {"django": 15.0, "fastapi": 2.5}),
    Kind(
        "one hot slot",
        Plan(slots=6, capacity=1_000, patients=6_000, spread=False),
        {"django": 30.0, "fastapi": 2.5},
    ),
)
QUICK: Final = (
    Kind("10 slots", Plan(slots=10, capacity=6, patients=60), KINDS[0].aims),
    Kind("one hot slot", Plan(slots=1, capacity=40, patients=40), KINDS[1].aims),
)


async def measure(context: Context) -> Compared:
    """Every stack that is installed, in turn with Matron, as often as asked."""
    made = Compared()
    for name, stack in STACKS.items():
        if why := stack.missing():
            made.left_out[name] = why
    stacks = {name: stack for name, stack in STACKS.items() if name not in made.left_out}
    values: dict[str, list[float]] = defaultdict(list)
    kinds = QUICK if context.quick else KINDS
    # A database server does not run as root; its own user must be able to come to its folder.
    context.folder.chmod(context.folder.stat().st_mode | stat.S_IXGRP | stat.S_IXOTH | stat.S_IRGRP | stat.S_IROTH)
    for turn in range(context.repeats):
        for kind in kinds:
            for name in [*stacks, *MATRON]:
                if name in made.left_out:
                    continue
                context.tell(f"{name}, {kind.name}, {turn + 1} of {context.repeats}")
                folder = context.folder / f"{name.replace(' ', '-')}-{turn}-{kind.plan.slots}"
                folder.mkdir(mode=0o755)
                try:
                    if name in MATRON:
                        await _matron(context, kind, folder, name, values)
                    else:
                        made.about[name] = await _stack(context, kind, stacks[name], folder, name, values)
                except OSError as error:
                    if name in MATRON:
                        raise
                    made.left_out[name] = f"it could not be started: {error}"
    made.rows = _rows(values, kinds, context)
    return made


async def _stack(
    context: Context, kind: Kind, stack: Stack, folder: Path, name: str, values: dict[str, list[float]]
) -> dict[str, str]:
    async with stack.running(folder, kind.plan, context.tell) as running:
        await settle_disk()
        before = sum(map(cpu, running.pids))
        load = Closed(running.port, running.path, context.settings.connections, running.bodies)
        loaded = _sound(name, kind, await send(load))
        _keep(values, f"{name} {kind.name}", loaded, kind, sum(map(cpu, running.pids)) - before)
        booked = await stack.booked(running)
        if sum(booked.values()) != kind.plan.patients:
            raise Incorrect(f"{name}: {kind.plan.patients} were acknowledged, {sum(booked.values())} are booked")
        return running.about


async def _matron(context: Context, kind: Kind, folder: Path, name: str, values: dict[str, list[float]]) -> None:
    data, plan = folder / "data", kind.plan
    async with open_engine(LmdbStore(data, allow_any_filesystem=context.any_disk)) as engine:
        count = _QUICK_WARMING if context.quick else _WARMING
        town = await found(engine, max(plan.patients, count), doctors=min(100, plan.slots))
        warming = await town.open_day(1, count)
        slots = await town.open_day(plan.slots, plan.capacity)
    flags = ["serve", "--data", str(data), "--dev", "--bind", "127.0.0.1:0", "--no-request-log", "--log-level", "error"]
    async with server("gateway", [*flags, *MATRON[name]]) as served:

        async def book(where: list[str], patients: list[str]) -> Loaded:
            bodies = [msgspec.json.encode(command).decode() for command in bookings(where, patients)]
            load = Closed(served.port, "/api/v1/tokens/", context.settings.connections, bodies)
            return await send(load)

        await book(warming, town.patients[:count])
        await settle_disk()
        before = sum(map(cpu, family_of(served.pid)))
        loaded = _sound(name, kind, await book(plan.wanted(slots), town.patients[: plan.patients]))
        _keep(values, f"{name} {kind.name}", loaded, kind, sum(map(cpu, family_of(served.pid))) - before)
    async with open_engine(LmdbStore(data, allow_any_filesystem=context.any_disk)) as engine:
        await engine.until_ready()
        await Town(engine, town.doctors, town.patients).verify(slots, plan.patients)


def _sound(name: str, kind: Kind, loaded: Loaded) -> Loaded:
    count = kind.plan.patients
    if loaded.statuses != {201: count} or loaded.ids != count:
        raise Incorrect(f"{name}: {count} answers of 201 were due, {loaded.statuses} came, with {loaded.ids} ids")
    return loaded


def _keep(values: dict[str, list[float]], key: str, loaded: Loaded, kind: Kind, busy: float) -> None:
    values[f"{key} rate"].append(loaded.rate)
    values[f"{key} p50"].append(loaded.p50)
    values[f"{key} p99"].append(loaded.p99)
    values[f"{key} busy"].append(busy / kind.plan.patients * 1e6)


def _rows(values: dict[str, list[float]], kinds: tuple[Kind, ...], context: Context) -> list[Row]:
    rows: list[Row] = []
    how = f"{context.settings.connections} connections, closed loop"
    for kind in kinds:
        for name in [*STACKS, *MATRON]:
            key = f"{name} {kind.name}"
            for what, unit, note in (
                ("rate", "bookings/s", how), ("p50", "ms", ""), ("p99", "ms", ""), ("busy", "µs/booking", _BUSY),
            ):  # fmt: skip
                if values[f"{key} {what}"]:
                    label = f"{name}, {kind.name}" + ("" if what == "rate" else f": {what}")
                    rows.append(_row(label, unit, values[f"{key} {what}"], note))
        for ours in MATRON:
            for name, aim in kind.aims.items():
                pairs = zip(values[f"{ours} {kind.name} rate"], values[f"{name} {kind.name} rate"], strict=False)
                if ratios := [mine / theirs for mine, theirs in pairs]:
                    rows.append(_row(f"{ours} by {name}, {kind.name}", "times", ratios, "", Target("least", aim)))
    return rows


_BUSY: Final = "processor time of all its processes, database included"


def _row(name: str, unit: str, values: list[float], note: str, target: Target | None = None) -> Row:
    return Row(section="baselines", name=name, unit=unit, values=tuple(values), note=note, target=target)


SCENARIO: Final = Comparison(
    name="baselines",
    objective="The same bookings by Django with REST framework, by FastAPI with asyncpg, and by Matron, in turn.",
    expected=(
        "15 times the Django stack, 30 times on one hot slot",
        "2.5 times FastAPI with asyncpg, tuned, also on one hot slot",
        "no double booking and no seat beyond the capacity in any of them",
    ),
    defaults=Settings(connections=50),
    quick=Settings(connections=10),
    measure=measure,
)
