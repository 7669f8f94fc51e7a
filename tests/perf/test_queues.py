"""The harness of live queues: it runs small, and a queue or a stream that lost something spoils the run."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from engine.eventlog.lmdb_store import LmdbStore
from engine.runtime import Engine, open_engine
from gateway.door.streams import text_head
from perf.audience import Audience, Heard, audience
from perf.callers import ask_all
from perf.figures import Incorrect, Row
from perf.hall import joins, line, open_queue, serve_all, turn, verify_line, verify_over
from perf.listeners import Reader
from perf.openloop import Day, Lived, live
from perf.serving import server
from perf.size import Size
from perf.town import HOSPITAL, found
from perf.workloads import queue_depth, queue_rush, streams

TINY = Size(
    rounds=1, rush=20, rushes=2, queue=300, probes=20, followers=20, audience=10, streaming=1.0, any_disk=True
)  # fmt: skip


def quiet(_: str) -> None:
    pass


def named(rows: list[Row]) -> dict[str, Row]:
    assert all(row.values for row in rows)
    return {row.name.strip(): row for row in rows}


def store(path: Path) -> LmdbStore:
    return LmdbStore(path / "data", allow_any_filesystem=True)


async def hall(engine: Engine, counters: int = 2) -> str:
    await found(engine, 0, doctors=1)
    return await open_queue(engine, "Laboratory", counters)


async def test_a_rush_is_measured_and_its_order_compared_with_the_rule(tmp_path: Path) -> None:
    rows = named(await queue_rush.measure(tmp_path, TINY, quiet))
    assert rows["20 join at once"].median > 0
    assert rows["join, p50"].median <= rows["join, p99"].median


async def test_a_deep_queue_is_compared_with_a_shallow_one_and_one_join_is_one_message(tmp_path: Path) -> None:
    rows = named(await queue_depth.measure(tmp_path, TINY, quiet))
    assert rows["call-next, queue of 300"].median > 0
    assert rows["its events"].values == rows["its messages, in one frame"].values == (1.0,)
    assert 500 < rows["entry of a join, queue of 300"].median < 3_000


async def test_calls_are_timed_while_some_follow_and_the_frozen_are_let_go(tmp_path: Path) -> None:
    rows = named(await streams.measure(tmp_path, TINY, quiet))
    assert rows["p99 of the one by the other"].verdict
    assert rows["frozen ones let go after"].median > 0
    assert rows["places lost"].values == rows["let go by the feed"].values == (0.0,)
    assert rows["news to 10 followers"].median > 0


async def test_a_line_that_misses_somebody_or_is_out_of_order_spoils_the_run(tmp_path: Path) -> None:
    async with open_engine(store(tmp_path)) as engine:
        service = await hall(engine)
        run = await ask_all(engine, HOSPITAL, joins(service, 7), callers=7)
        order = await verify_line(engine, service, run.replies)
        assert [ticket["priority"] for ticket in await line(engine, service)] == ["high", "medium", "medium"] + 4 * [
            "low"
        ]
        with pytest.raises(Incorrect, match="6 joined, 7 wait"):
            await verify_line(engine, service, run.replies[1:])
        served = await serve_all(engine, service, counters=2)
        assert served.order == order
        assert served.commands == 3 * 7 + 2
        await verify_over(engine, service, completed=7)
        with pytest.raises(Incorrect, match="8 were served"):
            await verify_over(engine, service, completed=8)


async def test_a_turn_leaves_the_line_as_long_as_it_was(tmp_path: Path) -> None:
    async with open_engine(store(tmp_path)) as engine:
        service = await hall(engine)
        await ask_all(engine, HOSPITAL, joins(service, 5), callers=5)
        done = await turn(engine, service, 2)
        assert len(done.joined.replies) == len(done.called.replies) == 2
        assert len(await line(engine, service)) == 5


@contextmanager
def reader(*messages: bytes) -> Iterator[tuple[Reader, socket.socket]]:
    """One who reads, and where what it reads comes from."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for message in messages:
            theirs.send(text_head(len(message)) + message)
        yield Reader(ours, b"", sampled=True), theirs


def delta(seq: int) -> bytes:
    return b'{"type":"deltas","seq":%d,"messages":[{"at":"2026-01-01T00:00:00Z"}]}' % seq


def test_one_who_reads_counts_news_and_their_age() -> None:
    first = b'{"type":"snapshot","topic":"board:x","seq":4,"data":{}}'
    late = b'{"type":"heartbeat","seq":8,"time":"%b"}' % (b"0" * 200)
    with reader(first, delta(5), delta(7)) as (one, theirs):
        whole = text_head(len(late)) + late
        theirs.send(whole[:3])  # the rest is on its way
        one.read(wall=1_767_225_600_500_000)
        assert (one.seq, one.news, one.snapshots, one.ages) == (7, 2, 1, [500_000, 500_000])
        theirs.send(whole[3:])
        one.read(wall=0)
        assert (one.seq, one.news) == (8, 2)


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ([delta(5), delta(5)], "news of 5 came after 5"),
        ([delta(5), delta(4)], "news of 4 came after 5"),
        ([b'{"type":"closing","code":1013}'], "closing"),
    ],
)
def test_news_that_come_twice_or_late_and_an_end_spoil_the_run(messages: list[bytes], why: str) -> None:
    with reader(*messages) as (one, _), pytest.raises(Incorrect, match=why):
        one.read(wall=0)


def test_one_who_reads_and_is_let_go_spoils_the_run() -> None:
    with reader() as (one, theirs):
        theirs.close()
        with pytest.raises(Incorrect, match="let go"):
            one.read(wall=0)


def test_who_heard_less_than_happened_spoils_the_run_unless_the_state_came_instead() -> None:
    lived = Lived(commands=8, seconds=1, p50=1, p99=1, longest=1, join_p99=1, position=9)
    heard = Heard(frames=15, bytes=1, least=7, most=8, again=1, seconds=1, p50=1, p99=1, busy=1)
    streams._check(heard, lived)
    with pytest.raises(Incorrect, match="got 7"):
        streams._check(msgspec.structs.replace(heard, again=0), lived)
    with pytest.raises(Incorrect, match="one 9"):
        streams._check(msgspec.structs.replace(heard, most=9), lived)


async def test_who_may_not_follow_and_whose_command_is_refused_spoil_the_run(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    flags = ["serve", "--data", str(tmp_path), "--dev", "--bind", "127.0.0.1:0", "--log-level", "error"]
    async with server("gateway", flags) as served:
        with pytest.raises(Incorrect, match="before their time"):
            async with audience(Audience(served.port, "weather", 1)):
                pass
        assert "refused: b'HTTP/1.1 404 " in capfd.readouterr().err
        with pytest.raises(Incorrect, match=r"/tickets/ was answered .* 404|/call-next/ was answered .* 404"):
            await live(Day(served.port, "01900000-0000-7000-8000-000000000000", 1, 50, 1))
