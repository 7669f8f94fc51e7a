"""What one join and one call cost in a queue of 100,000 against one of 100, and what they write and tell.

Cost is the processor time of the engine's thread, so that the disk has no say in it. What is written and told is
counted: one event beside at most the word that a turn is near, one frame, however many wait.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Final

import msgspec

from engine.actor import Reply
from engine.eventlog.entry import checked
from engine.eventlog.lmdb_store import LmdbStore
from engine.process import settle_memory
from engine.runtime import Engine, open_engine
from engine.subscription import Subscription
from perf.callers import ask_all
from perf.figures import Incorrect, Row, Target
from perf.hall import joins, open_queue, turn, verify_sound
from perf.size import Size, Tell
from perf.town import HOSPITAL, found

SECTION = "queue depth"
SHALLOW: Final = 100
COUNTERS: Final = 20
"""That call at once: the queue is shorter or longer by so many while it is measured."""

MOST: Final = 2
"""Events and messages of one join: its own, and that a turn is near."""

_AT_ONCE: Final = 10_000
"""Answers that are held together while a queue is filled."""


async def measure(folder: Path, size: Size, tell: Tell) -> list[Row]:
    """Rows of this subject."""
    values: dict[str, list[float]] = defaultdict(list)
    store = LmdbStore(folder / "depth", allow_any_filesystem=size.any_disk)
    async with open_engine(store) as engine:
        await found(engine, 0, doctors=1)
        queues: dict[str, tuple[str, int]] = {}
        for name, depth in (("shallow", SHALLOW), ("deep", size.queue)):
            tell(f"a queue of {depth:,}")
            service = await open_queue(engine, name.title(), COUNTERS)
            await _fill(engine, service, depth)
            queues[name] = service, depth
        settle_memory()
        for number in range(size.rounds):
            tell(f"queue depth, round {number + 1} of {size.rounds}")
            for name, (service, _) in queues.items():
                await _probe(engine, service, size.probes // size.rounds, name, values)
        for name, (service, depth) in queues.items():
            await _weigh(engine, store, service, name, values)
            await verify_sound(engine, service, waiting=depth + 1)
    return _rows(values, size)


async def _fill(engine: Engine, service: str, depth: int) -> None:
    waiting = 0
    while waiting < depth:
        some = min(_AT_ONCE, depth - waiting)
        await ask_all(engine, HOSPITAL, joins(service, some), callers=500)
        waiting += some
    await verify_sound(engine, service, waiting=depth)


async def _probe(engine: Engine, service: str, probes: int, name: str, values: dict[str, list[float]]) -> None:
    """A few turns of all counters; µs of a join, of a call, and of beginning and completing."""
    joined = called = ended = 0.0
    turns = -(-probes // COUNTERS)
    for _ in range(turns):
        done = await turn(engine, service, COUNTERS)
        joined += done.joined.busy
        called += done.called.busy
        ended += done.ended
    for kind, seconds in (("join", joined), ("call", called), ("end", ended)):
        values[f"{name} {kind}"].append(seconds / turns / COUNTERS * 1e6)


async def _weigh(engine: Engine, store: LmdbStore, service: str, name: str, values: dict[str, list[float]]) -> None:
    """One join: the bytes and events of its entry, and what whoever follows the queue is told of it."""
    async with engine.follow(HOSPITAL, [f"service:{service}"]) as following:
        await following.receive()
        [reply] = (await ask_all(engine, HOSPITAL, joins(service, 1), callers=1)).replies
        told = await _told(following, reply)
    [(_, record)] = await store.read(HOSPITAL, reply.position, 1)
    entry = engine.partitions[HOSPITAL].book.codec.decode(checked(record))
    events = sum(len(change.events) for change in entry.changes)
    if not 1 <= events <= MOST or not 1 <= told <= MOST:
        raise Incorrect(f"one join in a queue that is {name} wrote {events} events and told {told} messages")
    values[f"{name} bytes"].append(len(record))
    values[f"{name} events"].append(events)
    values[f"{name} told"].append(told)


async def _told(following: Subscription, reply: Reply) -> int:
    """Messages in the one frame of this entry; ``Incorrect`` where its entry is told in another way."""
    frames = [frame for frame in await following.receive() if frame.kind != "heartbeat"]
    if [(frame.kind, frame.seq) for frame in frames] != [("deltas", reply.position)]:
        raise Incorrect(f"of the entry at {reply.position} came {[(frame.kind, frame.seq) for frame in frames]}")
    return len(msgspec.json.decode(frames[0].data)["messages"])


def _rows(values: dict[str, list[float]], size: Size) -> list[Row]:
    def row(name: str, unit: str, key: str, note: str = "", target: Target | None = None) -> Row:
        return Row(section=SECTION, name=name, unit=unit, values=tuple(values[key]), note=note, target=target)

    rows: list[Row] = []
    note = "processor time of the engine's thread"
    for kind, what in (("join", "join"), ("call", "call-next"), ("end", "start and complete")):
        for name, depth in (("shallow", SHALLOW), ("deep", size.queue)):
            rows.append(row(f"{what}, queue of {depth:,}", "µs", f"{name} {kind}", note))
        values[kind] = [
            one / other for one, other in zip(values[f"deep {kind}"], values[f"shallow {kind}"], strict=True)
        ]
        rows.append(row("  one by the other", "times", kind, target=Target("most", 2)))
    for name, depth in (("shallow", SHALLOW), ("deep", size.queue)):
        rows.append(row(f"entry of a join, queue of {depth:,}", "bytes", f"{name} bytes", "in the log"))
        rows.append(row("  its events", "", f"{name} events", target=Target("most", MOST)))
        rows.append(row("  its messages, in one frame", "", f"{name} told", target=Target("most", MOST)))
    return rows
