"""Following what happens: everything once, in order, only what is durable, and at nobody's cost."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest
import trio
import trio.lowlevel
from trio.testing import MockClock

from engine import channel, subscription
from engine.decisions.hospital import AddHospital
from engine.errors import NotFound, Unavailable
from engine.eventlog.memory_store import CommitTorn, MemoryDisk
from engine.views.slots import GetSlot
from tests.engine.following import Listener, frames, positions, said, ward
from tests.engine.living import CLERK, living, patient, read


async def test_a_snapshot_comes_first_and_then_every_change_once(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        here = await ward(engine)
        await here.change(3)
        async with engine.follow("main", [here.topic]) as following:
            [first] = await following.receive()
            slot = read(await engine.view("main", GetSlot(slot_id=here.slot), CLERK))
            assert said(first)["data"]["slot"] == msgspec.json.decode(msgspec.json.encode(slot))
            assert (said(first)["reason"], first.seq, first.whole) == ("first", here.positions[-1], True)
            await here.change(5)
            found = await frames(following, 1)
        assert positions(found) == here.positions[3:]
        assert [said(frame)["messages"][0]["change"] for frame in found] == ["capacity"] * 5


@pytest.mark.parametrize("seed", range(4))
async def test_a_client_cut_100_times_sees_every_change_once_and_in_order(autojump_clock: MockClock, seed: int):
    disk, chance = MemoryDisk(), Random(seed)

    async def faults(step: str) -> None:
        if step == "data":
            await trio.sleep(chance.choice([0, 0.001, 0.02]))

    async with living(disk, faults=faults) as engine, trio.open_nursery() as nursery:
        here = await ward(engine)
        client = Listener(here, seed)
        nursery.start_soon(client.listen, 100)
        while client.cuts < 100:
            await here.change(chance.randrange(1, 4))
            await trio.sleep(chance.random() / 20)
    assert client.reasons == ["first"]
    assert len(here.positions) > 100
    assert client.seen == [position for position in here.positions if position > client.first]


async def test_many_at_once_all_see_the_same(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine, trio.open_nursery() as nursery:
        here = await ward(engine)
        clients = [Listener(here, seed) for seed in range(40)]
        for client in clients:
            nursery.start_soon(client.listen, 10)
        while any(client.cuts < 10 for client in clients):
            await here.change()
            await trio.sleep(0.005)
    for client in clients:
        assert client.seen == [position for position in here.positions if position > client.first]


async def test_a_change_reads_the_same_from_the_log_as_it_was_sent(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        async with engine.follow("main", ["all"]) as following:
            [first] = await following.receive()
            here = await ward(engine)
            await here.change(30)
            live = await frames(following, 1, "deltas")
        async with engine.follow("main", ["all"], after=first.seq) as following:
            assert await frames(following, 1, "deltas") == live
    async with (  # and after a restart
        living(disk) as engine,
        engine.follow("main", ["all"], after=live[4].seq) as following,
    ):
        assert await frames(following, 1, "deltas") == live[5:]
    assert len(live) == 31


async def test_whoever_follows_while_the_server_restarts_goes_on_where_it_was(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        here = await ward(engine)
        client = Listener(here, 1)
        with trio.move_on_after(1):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(client.listen, 1_000)
                await here.change(7)
                await trio.sleep_forever()
        await here.change(4)
    async with living(disk) as engine, trio.open_nursery() as nursery:
        here.engine = engine
        nursery.start_soon(client.listen, client.cuts)
        await here.change(5)
    assert client.reasons == ["first"]
    assert client.seen == [position for position in here.positions if position > client.first]


async def test_law_6_nothing_is_told_before_it_is_durable(autojump_clock: MockClock):
    disk, stalled, go_on = MemoryDisk(), False, trio.Event()

    async def faults(step: str) -> None:
        if step == "data" and stalled:
            await go_on.wait()

    async with living(disk, faults=faults) as engine, trio.open_nursery() as nursery:
        here = await ward(engine)
        async with engine.follow("main", [here.topic]) as following:
            [first] = await following.receive()
            stalled = True
            nursery.start_soon(here.change)
            found = await frames(following, 9)
            assert [(frame.kind, frame.seq) for frame in found] == [("heartbeat", first.seq)]
            # Who comes now sees the change in memory, and must wait for it as well.
            with trio.move_on_after(1) as late:
                async with engine.follow("main", [here.topic]):
                    raise AssertionError("a snapshot left before what it shows was durable")
            assert late.cancelled_caught
            go_on.set()
            assert positions(await frames(following, 1)) == [first.seq + 1]


@pytest.mark.parametrize("applied", [False, True])
async def test_law_9_after_a_failed_commit_everybody_gets_a_snapshot_of_what_is_true(
    autojump_clock: MockClock, applied: bool
):
    disk = MemoryDisk()
    broken: list[str] = []
    failing = False

    async def faults(step: str) -> None:
        if step == "meta" and failing and not broken:
            broken.append(step)
            raise CommitTorn(applied=applied)

    async with living(disk, faults=faults) as engine:
        here = await ward(engine)
        await here.change()
        async with engine.follow("main", [here.topic]) as following, trio.open_nursery() as nursery:
            [first] = await following.receive()
            failing = True
            if applied:
                await here.change()
            else:
                with pytest.raises(Unavailable):
                    await here.change()
            found: list[Any] = []
            nursery.start_soon(collect, following, found)
            await trio.sleep(1)
            await here.change(2)
            await trio.sleep(1)
            nursery.cancel_scope.cancel()
    [again] = [frame for frame in found if frame.kind == "snapshot"]
    assert said(again)["reason"] == "recovered"
    assert again.seq == first.seq + applied
    seats = said(again)["data"]["slot"]["max_capacity"]
    assert (seats == said(first)["data"]["slot"]["max_capacity"]) is not applied
    assert positions(found) == here.positions[-2:]


async def collect(following: subscription.Subscription, found: list[Any]) -> None:
    while True:
        found.extend(await following.receive())


async def test_what_can_not_be_told_is_no_trouble_of_the_command(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def broken(*_: Any) -> Any:
        raise RuntimeError("planted")

    async with living(MemoryDisk()) as engine:
        here = await ward(engine)
        async with engine.follow("main", [here.topic]) as following:
            await following.receive()
            with monkeypatch.context() as patch:
                patch.setattr(channel, "deltas", broken)
                await here.change()
            assert [said(frame)["reason"] for frame in await frames(following, 1)] == ["behind"]
            await here.change()
            assert positions(await frames(following, 1)) == here.positions[-1:]
    assert "planted" in caplog.text


async def test_silence_is_broken_by_a_heartbeat_that_says_how_far_all_is_told(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        here = await ward(engine)
        async with engine.follow("main", [here.topic]) as following:
            [first] = await following.receive()
            reply = await engine.ask("main", patient(), CLERK)  # moves the log, and is no news of this slot
            assert reply.position == first.seq + 1
            begun = trio.current_time()
            [beat] = await following.receive()
            assert (beat.kind, beat.seq) == ("heartbeat", reply.position)
            assert 5.0 <= trio.current_time() - begun <= 5.25
            await here.change()
            assert positions(await frames(following, 1)) == here.positions[-1:]
        async with engine.follow("main", [here.topic], after=beat.seq) as following:
            assert positions(await frames(following, 1)) == here.positions[-1:]


async def test_all_topics_stand_at_one_position(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        one, other = await ward(engine), await ward(engine)
        topics = [one.topic, "alerts", other.topic, one.topic]
        async with engine.follow("main", topics) as following:
            first = await following.receive()
            assert [said(frame)["topic"] for frame in first] == topics[:3]
            assert len({frame.seq for frame in first}) == 1
            assert (
                [frame.whole for frame in first] == [not said(frame)["more"] for frame in first] == [False, False, True]
            )
            await one.change()
            await other.change()
            assert positions(await frames(following, 1)) == one.positions + other.positions


async def test_who_follows_all_gets_each_message_once(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        here = await ward(engine)
        async with engine.follow("main", ["all", here.topic]) as following:
            await following.receive()
            await here.change(3)
            found = [said(frame)["messages"] for frame in await frames(following, 1)]
    assert [[message["topic"] for message in messages] for messages in found] == [[here.topic]] * 3


async def test_who_follows_when_the_engine_stops_is_told(autojump_clock: MockClock):
    async with trio.open_nursery() as nursery:
        found: list[Any] = []
        async with living(MemoryDisk()) as engine:
            here = await ward(engine)

            async def follow() -> None:
                async with engine.follow("main", [here.topic]) as following:
                    found.extend(await frames(following, 60))

            nursery.start_soon(follow)
            await trio.sleep(1)
        assert [(frame.kind, frame.code) for frame in found] == [("snapshot", 0), ("closing", 1012)]


async def test_what_can_not_be_encoded_does_not_end_what_everybody_works_with(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    class Broken(channel.News):
        def frame(self, names: dict[str, str]) -> bytes | None:
            raise RuntimeError("planted")

    async with living(MemoryDisk()) as engine:
        here = await ward(engine)
        async with engine.follow("main", [here.topic]) as following:
            await following.receive()
            with monkeypatch.context() as patch:
                patch.setattr(channel, "News", Broken)
                await here.change()
                assert [said(frame)["reason"] for frame in await frames(following, 1)] == ["behind"]
            await here.change()
            assert positions(await frames(following, 1)) == here.positions[-1:]
    assert "planted" in caplog.text


async def test_whoever_breaks_off_waiting_loses_nothing(autojump_clock: MockClock):
    disk, chance = MemoryDisk(), Random(3)

    async def faults(step: str) -> None:
        if step == "data":
            await trio.sleep(chance.choice([0, 0.001, 0.02]))

    found: list[Any] = []
    async with living(disk, faults=faults) as engine, trio.open_nursery() as nursery:
        here = await ward(engine)
        async with engine.follow("main", [here.topic]) as following:
            nursery.start_soon(here.change, 300)
            while len(positions(found)) < 300:
                with trio.move_on_after(chance.choice([0, 0.0005, 0.001, 0.01])):
                    found.extend(await following.receive())
                await trio.lowlevel.checkpoint()
    assert found[0].kind == "snapshot"
    assert positions(found) == here.positions


async def test_one_hospital_hears_nothing_of_another(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        here = await ward(engine)
        await engine.ask("north", AddHospital(hospital_id="north", name="North", time_zone="UTC"), CLERK)
        async with engine.follow("north", ["all"]) as following:
            await following.receive()
            await here.change(3)
            assert {frame.kind for frame in await frames(following, 12)} == {"heartbeat"}
        with pytest.raises(NotFound):
            async with engine.follow("north", [here.topic]):
                raise AssertionError
