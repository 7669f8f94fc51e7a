"""What the engine counts about itself: two readings, subtracted, are what happened in between."""

from __future__ import annotations

import gc
from typing import Any

import pytest
import trio

from engine.actor import Mailbox, Message
from engine.decisions import DECISIONS
from engine.decisions.patients import RegisterPatient
from engine.errors import Overloaded
from engine.eventlog.memory_store import MemoryDisk
from engine.gauges import BOUNDS, Histogram, Mailboxes, Sizes
from engine.process import Collector
from engine.upkeep import collect_when_quiet
from tests.engine.living import CLERK, living, patient


def filled(histogram: dict[str, Any]) -> list[tuple[float | None, int]]:
    """The buckets that hold something: upper bound, and how many are in it alone."""
    counts = [count for _, count in histogram["buckets"]]
    alone = [now - before for now, before in zip(counts, [0, *counts], strict=False)]
    return [(bound, count) for (bound, _), count in zip(histogram["buckets"], alone, strict=True) if count]


def test_a_histogram_counts_each_in_the_first_bucket_that_holds_it():
    histogram = Histogram()
    for seconds in (0.0, 0.001, 0.0010001, 60.0):
        histogram.note(seconds)
    document = histogram.document()
    assert filled(document) == [(0.00001, 1), (0.001, 1), (BOUNDS[21], 1), (None, 1)]
    assert (document["count"], document["max"]) == (4, 60.0)
    assert document["sum"] == pytest.approx(60.002)


def test_a_clock_that_was_set_back_takes_nothing_from_a_histogram():
    histogram = Histogram()
    histogram.note(-5.0)
    assert (histogram.total, histogram.counts[0]) == (0.0, 1)


def test_sizes_are_counted_by_powers_of_two():
    sizes = Sizes()
    for count in (1, 2, 3, 4, 5, 4_096, 4_097):
        sizes.note(count)
    document = sizes.document()
    assert filled(document) == [(1, 1), (2, 1), (4, 2), (8, 1), (4_096, 1), (None, 1)]
    assert (document["count"], document["sum"]) == (7, 8_208)


async def test_every_commit_and_its_entries_are_counted(autojump_clock: trio.testing.MockClock):
    async with living(MemoryDisk()) as engine:
        before = engine.load()
        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(engine.ask, "main", patient(), CLERK)
        after = engine.load()
        assert after["commits"]["entries"] - before["commits"]["entries"] == 20
        commits = after["commits"]["count"] - before["commits"]["count"]
        assert 1 <= commits <= 20
        assert after["commits"]["seconds"]["count"] - before["commits"]["seconds"]["count"] == commits
        assert after["log"]["entries"] - before["log"]["entries"] == 20
        assert after["log"]["pending_entries"] == 0


async def test_an_appointment_that_the_loop_kept_too_late_is_its_lag(autojump_clock: trio.testing.MockClock):
    async with living(MemoryDisk()) as engine:
        engine.load()
        await trio.sleep(1.0)
        before = engine.load()["loop_lag"]
        assert before["count"] >= 19
        autojump_clock.jump(3.0)  # as if one task had held all others up
        await trio.sleep(0.1)
        after = engine.load()["loop_lag"]
        assert 2.9 <= after["max"] <= 3.0
        assert after["count"] > before["count"]


async def test_a_repeat_with_its_key_is_a_hit(autojump_clock: trio.testing.MockClock):
    async with living(MemoryDisk()) as engine:
        for _ in range(3):
            await engine.ask("main", patient(), CLERK, key="once")
        assert engine.load()["caches"]["repeats"] == {"hits": 2, "misses": 1}


async def test_the_process_tells_its_memory_and_its_time(autojump_clock: trio.testing.MockClock):
    async with living(MemoryDisk()) as engine:
        process = engine.load()["process"]
        assert process["rss"] > process["anonymous"] > 1_000_000
        assert process["cpu"] > 0
        assert process["threads"] >= 1


def test_a_mailbox_counts_who_waits_and_who_was_refused():
    counts = Mailboxes()
    mailbox = Mailbox("slot:1", counts, capacity=2)
    messages = [
        Message(command, DECISIONS[RegisterPatient], CLERK, b"", arrived=arrived)
        for command, arrived in zip("abcd", (None, 5.0, 6.0, 7.0), strict=True)
    ]
    for message in messages[:3]:  # the first is the one in hand
        mailbox.post(message)
    with pytest.raises(Overloaded):
        mailbox.post(messages[3])
    assert (counts.waiting, counts.longest, counts.refused) == (3, 3, 1)
    assert [message.behind for message in messages[:3]] == [0, 1, 2]
    assert [mailbox.since] == [5.0], "a timer that nobody waits for does not count"
    mailbox.drain()
    assert (counts.waiting, counts.longest) == (0, 3)
    assert [mailbox.since] == [None]


async def test_rubbish_is_taken_out_while_nobody_asks(autojump_clock: trio.testing.MockClock):
    class Counting(Collector):
        tidied = 0
        due = True

        def tidy(self) -> None:
            self.tidied += 1

    collector, asked = Counting(), [0]
    collector.tuned = True
    async with trio.open_nursery() as nursery:
        nursery.start_soon(collect_when_quiet, collector, lambda: asked[0])
        for _ in range(20):  # somebody asks every two seconds
            await trio.sleep(2)
            asked[0] += 1
        assert collector.tidied == 0
        await trio.sleep(11)
        assert collector.tidied >= 1
        nursery.cancel_scope.cancel()


def test_pauses_of_the_collector_are_counted_inside_the_block_only():
    collector = Collector()
    with collector:
        gc.collect()
    gc.collect()
    document = collector.document()
    assert document["collections"][2] == 1
    assert document["pauses"]["count"] >= 1
    assert document["pauses"]["sum"] > 0
