"""The limits of following: slow, frozen and absent clients, too many of them, and what that costs the commands."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from engine import channel, feed, subscription
from engine.errors import Invalid, NotFound, Overloaded
from engine.eventlog.memory_store import MemoryDisk
from tests.engine.following import frames, positions, said, ward
from tests.engine.living import living

NOBODY = "01900000-0000-7000-8000-000000000000"


async def test_a_slow_follower_gets_a_snapshot_and_is_let_go_when_it_is_slow_again(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        here = await ward(engine)
        async with engine.follow("main", [here.topic]) as slow, engine.follow("main", [here.topic]) as quick:
            await slow.receive()
            for _ in range(3):
                await here.change(channel.FRAMES)
                assert slow.group is not None
                assert len(slow.group.frames) <= channel.FRAMES  # what waits for it stays within bounds
                assert len(await frames(quick, 1, "deltas")) in (channel.FRAMES, 0)
            [again] = await slow.receive()
            assert (said(again)["reason"], again.seq) == ("lagging", here.positions[-1])
            await here.change(2)
            assert positions(await frames(slow, 1)) == here.positions[-2:]
            await here.change(2 * channel.FRAMES)
            [closing] = await slow.receive()
            assert (closing.kind, closing.code) == ("closing", 1013)
            assert said(closing)["reason"] == "the client reads more slowly than things happen"
        assert (engine.feed.counts.lagging, engine.feed.counts.dropped) == (2, 1)
        assert engine.feed.counts.connected == 0


async def test_who_is_slow_now_and_then_is_not_let_go(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        here = await ward(engine)
        async with engine.follow("main", [here.topic]) as slow:
            for reason in ("first", "lagging", "lagging"):
                [again] = await slow.receive()
                assert said(again)["reason"] == reason
                await here.change(2 * channel.FRAMES)
                await trio.sleep(subscription.PATIENCE + 1)


async def test_of_a_change_that_is_too_large_to_tell_there_is_a_snapshot(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
):
    async with living(MemoryDisk()) as engine:
        here = await ward(engine)
        async with engine.follow("main", [here.topic]) as following:
            [first] = await following.receive()
            monkeypatch.setattr(channel, "FRAME_BYTES", 100)
            monkeypatch.setattr(subscription, "FRAME_BYTES", 100)
            await here.change()
            assert [said(frame)["reason"] for frame in await frames(following, 1)] == ["large"]
        async with engine.follow("main", [here.topic], after=first.seq) as following:
            assert [said(frame)["reason"] for frame in await frames(following, 1)] == ["large"]
        assert engine.feed.counts.lagging == 0


async def test_who_was_away_too_long_or_is_ahead_gets_a_snapshot(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(subscription, "RESUME", 20)
    async with living(MemoryDisk()) as engine:
        here = await ward(engine)
        await here.change(40)
        head = here.positions[-1]
        for after, reason in ((1, "too_old"), (head + 1, "unknown_position"), (10**15, "unknown_position")):
            async with engine.follow("main", [here.topic], after=after) as following:
                [first] = await following.receive()
                assert (said(first)["reason"], first.seq) == (reason, head)
        async with engine.follow("main", [here.topic], after=head - 20) as following:
            assert positions(await frames(following, 1)) == list(range(head - 19, head + 1))


async def test_what_is_not_there_can_not_be_followed(autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch):
    async with living(MemoryDisk()) as engine:
        here = await ward(engine)
        for name in (f"slot:{NOBODY}", "slot:", "slot", "slot:x", "nothing", f"patient:{NOBODY}", "", "alerts:1"):
            with pytest.raises(NotFound):
                async with engine.follow("main", [here.topic, name]):
                    raise AssertionError(name)
        with pytest.raises(NotFound):
            async with engine.follow("elsewhere", [here.topic]):
                raise AssertionError
        with pytest.raises(Invalid):
            async with engine.follow("main", [f"slot:{n}" for n in range(feed.MAX_TOPICS + 1)]):
                raise AssertionError
        monkeypatch.setattr(feed, "MAX_FOLLOWERS", 1)
        async with engine.follow("main", [here.topic]):
            with pytest.raises(Overloaded):
                async with engine.follow("main", [here.topic]):
                    raise AssertionError
        assert engine.feed.counts.connected == 0
        assert engine.partitions["main"].watcher is None  # and nobody pays for what nobody follows


async def test_no_more_followers_run_in_one_turn_than_may_so_that_commands_run_in_between(
    autojump_clock: MockClock,
):
    turns = Turns()
    counts = [0] * 450
    async with living(MemoryDisk()) as engine, trio.open_nursery() as nursery:
        here = await ward(engine)

        async def read_on(number: int) -> None:
            async with engine.follow("main", [here.topic]) as following:
                while True:
                    counts[number] += len(positions(await following.receive()))

        async def freeze() -> None:
            async with engine.follow("main", [here.topic]) as following:
                await following.receive()
                await trio.sleep_forever()

        for number in range(450):
            nursery.start_soon(read_on, number, name=Turns.FOLLOWER)
        for _ in range(50):
            nursery.start_soon(freeze, name=Turns.FOLLOWER)
        await trio.sleep(60)
        assert engine.feed.counts.connected == 500
        trio.lowlevel.add_instrument(turns)
        for _ in range(20):
            await here.change()
            await trio.sleep(0.2)
        trio.lowlevel.remove_instrument(turns)
        assert counts == [20] * 450  # nobody waits for the frozen
        # Each who is woken takes its frames in one turn, and is back to wait in the next two.
        assert turns.most <= 4 * feed._WOKEN
        nursery.cancel_scope.cancel()


class Turns(trio.abc.Instrument):
    """Counts how many followers take a step between two looks of the scheduler at everybody."""

    FOLLOWER = "follower"

    def __init__(self) -> None:
        self.most = 0
        self._now = 0

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self._now += task.name == self.FOLLOWER
        self.most = max(self.most, self._now)

    def before_io_wait(self, timeout: float) -> None:
        self._now = 0


async def test_with_many_followers_what_happens_within_a_moment_is_told_together(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(feed, "_MANY", 1)
    async with living(MemoryDisk()) as engine:
        here = await ward(engine)
        async with engine.follow("main", [here.topic]) as one, engine.follow("main", [here.topic]) as other:
            await one.receive()
            await other.receive()
            await here.change()
            await trio.sleep(0.001)
            await here.change(10)
            assert positions(await one.receive()) == here.positions[:1]
            assert positions(await one.receive()) == here.positions[1:]


async def test_while_a_commit_is_under_way_followers_wait_a_little_and_not_for_ever(autojump_clock: MockClock):
    disk, stalled = MemoryDisk(), False

    async def faults(step: str) -> None:
        if stalled and step == "data":
            await trio.sleep(10)

    heard: list[float] = []
    async with living(disk, faults=faults) as engine, trio.open_nursery() as nursery:
        here = await ward(engine)

        async def read_on() -> None:
            async with engine.follow("main", [here.topic]) as following:
                while True:
                    if positions(await following.receive()):
                        heard.append(trio.current_time())

        for _ in range(80):
            nursery.start_soon(read_on)
        await trio.sleep(60)
        await here.change()  # it is durable now, and nobody was told yet
        begun, stalled = trio.current_time(), True
        nursery.start_soon(here.change)
        await trio.sleep(1)
        first, last = min(heard) - begun, max(heard) - begun
        assert len(heard) == 80
        assert first == 0
        assert feed._WAY <= last < 0.2  # and the commit takes ten seconds
        nursery.cancel_scope.cancel()
