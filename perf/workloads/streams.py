"""A call-next over HTTP while hundreds follow the queue, some of whom never read; and what news cost per follower.

One server process for all of it, loaded by a process that sends commands at a fixed rate, with those who follow in a
process of their own. In turn nobody follows, and many do. Those who do not read must be let go, and nothing that was
told to the others may be missing.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import trio

from engine.eventlog.lmdb_store import LmdbStore
from engine.runtime import Engine, open_engine
from perf.audience import Audience, Heard, audience
from perf.callers import ask_all
from perf.client import get
from perf.figures import Incorrect, Row, Target
from perf.hall import joins, open_queue, verify_sound
from perf.openloop import STEPS, Day, Lived, live
from perf.serving import Served, server
from perf.size import Size, Tell
from perf.town import HOSPITAL, found

SECTION = "streams"
RATE: Final = 50.0
"""Commands a second."""

WAITING: Final = 100
"""Who are in line all the time."""

COUNTERS: Final = 100
"""Enough that each is free again when it is its turn, also where an answer takes a second."""

FROZEN: Final = 10
"""One of so many followers never reads."""

_GOES: Final = 60.0
"""Seconds within which one who does not read must be let go."""

_LOOK: Final = 0.25
_MB: Final = 1e6


async def measure(folder: Path, size: Size, tell: Tell) -> list[Row]:
    """Rows of this subject."""
    values: dict[str, list[float]] = defaultdict(list)
    data = folder / "streams"
    async with open_engine(LmdbStore(data, allow_any_filesystem=size.any_disk)) as engine:
        await found(engine, 0, doctors=1)
        service = await open_queue(engine, "Laboratory", COUNTERS)
        await _encoded_once(engine, service, size.audience)
        await ask_all(engine, HOSPITAL, joins(service, WAITING - 1), callers=WAITING)
    flags = ["serve", "--data", str(data), "--dev", "--bind", "127.0.0.1:0", "--no-request-log", "--log-level", "error"]
    async with server("gateway", flags) as served:
        day = Day(served.port, service, COUNTERS, RATE, round(size.streaming * RATE) // STEPS)
        await live(day)  # warm
        values["memory before"].append(served.memory() / _MB)
        for number in range(size.rounds):
            tell(f"a queue that is followed, round {number + 1} of {size.rounds}")
            await _alone(served, day, values)
            await _followed(served, day, size, values)
            await _audience(served, day, size, values)
        values["memory after"].append(served.memory() / _MB)
        counts = await _counts(served)
        values["dropped"].append(counts["dropped"])
        values["lagging"].append(counts["lagging"])
    async with open_engine(LmdbStore(data, allow_any_filesystem=size.any_disk)) as engine:
        await engine.until_ready()
        await verify_sound(engine, service, waiting=WAITING)
    return _rows(values, size)


async def _encoded_once(engine: Engine, service: str, followers: int) -> None:
    """``Incorrect`` unless all who follow get the same frame of a join, and not a copy each."""
    async with AsyncExitStack() as stack:
        topic = f"service:{service}"
        following = [await stack.enter_async_context(engine.follow(HOSPITAL, [topic])) for _ in range(followers)]
        for each in following:
            await each.receive()
        await ask_all(engine, HOSPITAL, joins(service, 1), callers=1)
        frames = [frame for each in following for frame in await each.receive() if frame.kind == "deltas"]
    if len(frames) != followers or len({id(frame.data) for frame in frames}) != 1:
        raise Incorrect(f"one join was told to {followers} in {len(frames)} frames, which should be one and the same")


async def _alone(served: Served, day: Day, values: dict[str, list[float]]) -> None:
    before = served.busy()
    lived = await live(day)
    values["busy"].append((served.busy() - before) / lived.commands * 1e3)
    _keep(values, "alone", lived)


async def _followed(served: Served, day: Day, size: Size, values: dict[str, list[float]]) -> None:
    """Calls while many follow of whom some never read, until those have been let go."""
    frozen = size.followers // FROZEN
    wanted = Audience(served.port, f"service:{day.service}", size.followers, frozen)
    async with audience(wanted) as listening, trio.open_nursery() as nursery:
        gone: list[float] = []
        nursery.start_soon(_watch, served, size.followers - frozen, gone)
        lived = await live(day)
        heard = await listening.heard(lived.position)
        _check(heard, lived)
        values["memory then"].append(served.memory() / _MB)
    _keep(values, "followed", lived)
    values["age p50"].append(heard.p50)
    values["age p99"].append(heard.p99)
    values["gone"].append(gone[0])
    await _until(served, 0)


async def _audience(served: Served, day: Day, size: Size, values: dict[str, list[float]]) -> None:
    """What is told to a thousand, and what that costs."""
    async with audience(Audience(served.port, f"service:{day.service}", size.audience)) as listening:
        before = served.busy()
        lived = await live(day)
        heard = await listening.heard(lived.position)
        busy = served.busy() - before
    _check(heard, lived)
    values["told"].append(heard.frames / heard.seconds)
    values["cost"].append(busy * 1e6 / heard.frames)
    values["frame"].append(heard.bytes / heard.frames)
    values["listener"].append(heard.busy * 1e6 / heard.frames)
    values["told p99"].append(heard.p99)
    values["told call p99"].append(lived.p99)
    await _until(served, 0)


def _check(heard: Heard, lived: Lived) -> None:
    """One frame for each command, to each who reads; less only for who got the state instead."""
    if heard.most > lived.commands or (heard.least < lived.commands and not heard.again):
        raise Incorrect(f"{lived.commands} commands were news, one who read got {heard.least}, one {heard.most}")


async def _watch(served: Served, readers: int, gone: list[float]) -> None:
    """Note after how many seconds only those who read are left."""
    begun = trio.current_time()
    await _until(served, readers)
    gone.append(trio.current_time() - begun)


async def _until(served: Served, followers: int) -> None:
    with trio.move_on_after(_GOES):
        while (await _counts(served))["connected"] > followers:  # noqa: ASYNC110 - another process knows
            await trio.sleep(_LOOK)
        return
    raise Incorrect(f"after {_GOES} s there are still more than {followers} who follow")


async def _counts(served: Served) -> dict[str, Any]:
    """What the feed has counted."""
    found = await get(served.port, "/health/notifications")
    stream: dict[str, Any] = found["stream"]
    return stream


def _keep(values: dict[str, list[float]], name: str, lived: Lived) -> None:
    values[f"{name} p50"].append(lived.p50)
    values[f"{name} p99"].append(lived.p99)
    values[f"{name} longest"].append(lived.longest)
    values[f"{name} joins"].append(lived.join_p99)


def _rows(values: dict[str, list[float]], size: Size) -> list[Row]:
    def row(name: str, unit: str, key: str, note: str = "", target: Target | None = None) -> Row:
        return Row(section=SECTION, name=name, unit=unit, values=tuple(values[key]), note=note, target=target)

    frozen = size.followers // FROZEN
    who = f"{size.followers} followers, {frozen} frozen"
    values["times"] = [one / other for one, other in zip(values["followed p99"], values["alone p99"], strict=True)]
    rows: list[Row] = []
    for name, what in (("alone", "nobody follows"), ("followed", who)):
        rows.append(row(f"call-next, {what}: p50", "ms", f"{name} p50", f"{RATE:.0f} commands/s, open loop"))
        rows.append(row("  p99", "ms", f"{name} p99"))
        rows.append(row("  longest", "ms", f"{name} longest"))
        rows.append(row("  join, p99", "ms", f"{name} joins"))
    rows.insert(4, row("  server", "ms/command", "busy", "its processor time, one command at a time"))
    return [
        *rows,
        row("p99 of the one by the other", "times", "times", "call-next", Target("most", 3)),
        row("news at who reads: age, p50", "ms", "age p50", "since the decision's time, disk and hub included"),
        row("  age, p99", "ms", "age p99"),
        row("frozen ones let go after", "s", "gone", f"the last of {frozen}, since the first command"),
        row("places lost", "", "lagging", "by clients that were too slow, in the whole run"),
        row("let go by the feed", "", "dropped", "the frozen ones end at the door, which bounds each send"),
        row("server's memory, nobody follows", "MB", "memory before", "anonymous, resident"),
        row("  with followers, after the load", "MB", "memory then", who),
        row("  at the end, all gone", "MB", "memory after"),
        row("news to " + f"{size.audience:,} followers", "frames/s", "told", "each encoded once, sent to each"),
        row("  server", "µs/frame", "cost", "its processor time per frame and follower, commands included"),
        row("  frame", "bytes", "frame", "without the WebSocket's own"),
        row("  age, p99", "ms", "told p99", "at who reads"),
        row("  call-next meanwhile, p99", "ms", "told call p99"),
        row("  listeners", "µs/frame", "listener", "their processor time, on the same two cores"),
    ]
