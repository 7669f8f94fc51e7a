"""Many commands at once: in one commit, in order behind whoever came first, and withdrawn when their time is over."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import trio
import trio.testing
from trio.testing import MockClock

from engine.actor import Reply
from engine.batch import TURN, TURN_SECONDS
from engine.decider import PersonName
from engine.decisions.patients import UpdatePatient
from engine.errors import DeadlinePassed, Overloaded, Rejected
from engine.eventlog.log import LogLimits
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine, EngineSettings
from engine.views.people import ListPatients
from tests.engine.living import CLERK, TrioClock, living, patient, read

Items = list[tuple[Any, str | None]]

NOBODY = "01900000-0000-7000-8000-000000000000"


class Door:
    """Keys of patients are read from the disk only once it is open."""

    def __init__(self, engine: Engine) -> None:
        self.opened = trio.Event()
        self._read = engine._store.read_keys
        engine._store.read_keys = self._waiting  # type: ignore[method-assign]

    async def _waiting(self, subjects: Any) -> dict[bytes, bytes]:
        await self.opened.wait()
        return await self._read(subjects)


async def known(disk: MemoryDisk, count: int) -> list[str]:
    """Patients whose keys the next engine on this disk has to load."""
    async with living(disk) as engine:
        return [read(await engine.ask("main", patient(f"P{n}"), CLERK))["id"] for n in range(count)]


def renamed(one: str, name: str) -> UpdatePatient:
    return UpdatePatient(patient_id=one, name=PersonName(name))


async def names(engine: Engine) -> list[str]:
    found = read(await engine.view("main", ListPatients(limit=100), CLERK))
    return [row["name"] for row in found["items"]]


async def test_what_is_decided_in_one_turn_is_durable_with_one_commit(autojump_clock: MockClock):
    disk, commits = MemoryDisk(), []

    async def faults(step: str) -> None:
        if step == "before":
            commits.append(step)

    async with living(disk, faults=faults) as engine:
        before = len(commits)
        replies = await engine.ask_batch("main", [(patient(f"P{n}"), None) for n in range(100)], CLERK)
        assert [type(reply) for reply in replies] == [Reply] * 100
        assert len(commits) - before == 1
        assert len(disk.entries["main"]) == 101


async def test_an_item_that_waits_for_a_state_is_not_overtaken_by_the_next(autojump_clock: MockClock):
    disk = MemoryDisk()
    [one] = await known(disk, 1)
    async with living(disk) as engine, trio.open_nursery() as nursery:
        door, results = Door(engine), list[Any]()
        head = engine.partitions["main"].tail.head

        async def ask() -> None:
            results.extend(await engine.ask_batch("main", [(renamed(one, "First"), None), (patient(), None)], CLERK))

        nursery.start_soon(ask)
        await trio.sleep(1)
        assert engine.partitions["main"].tail.head == head
        door.opened.set()
        await trio.sleep(1)
        assert [result.position for result in results] == [head + 1, head + 2]


async def test_an_item_takes_its_place_behind_who_waits_for_the_same_actor(autojump_clock: MockClock):
    disk = MemoryDisk()
    [one] = await known(disk, 1)
    async with living(disk) as engine, trio.open_nursery() as nursery:
        door, replies = Door(engine), dict[str, Reply]()

        async def ask(name: str) -> None:
            replies[name] = await engine.ask("main", renamed(one, name), CLERK)

        async def ask_many() -> None:
            [reply] = await engine.ask_batch("main", [(renamed(one, "batch"), None)], CLERK)
            assert isinstance(reply, Reply)
            replies["batch"] = reply

        for name in ("first", "second"):
            nursery.start_soon(ask, name)
            await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(ask_many)
        await trio.testing.wait_all_tasks_blocked()
        door.opened.set()
        await trio.sleep(1)
        assert sorted(replies, key=lambda name: replies[name].position) == ["first", "second", "batch"]
        assert await names(engine) == ["batch"]


async def test_of_a_batch_whose_time_is_over_no_item_is_decided_any_more(autojump_clock: MockClock):
    disk = MemoryDisk()
    [one] = await known(disk, 1)
    async with living(disk) as engine:
        door = Door(engine)
        items: Items = [(patient("early"), None), (renamed(one, "late"), None), (patient("never"), None)]
        early, late, never = await engine.ask_batch("main", items, CLERK, within=2)
        assert isinstance(early, Reply)
        for result in (late, never):
            assert isinstance(result, DeadlinePassed)
            assert result.outcome == "not_applied"
        door.opened.set()
        await trio.sleep(1)
        assert await names(engine) == ["P0", "early"]


async def test_a_batch_without_time_is_not_begun(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        [result] = await engine.ask_batch("main", [(patient(), "key")], CLERK, within=0)
        assert isinstance(result, DeadlinePassed)
        assert result.outcome == "not_applied"
        await trio.sleep(1)
        assert len(disk.entries["main"]) == 1


async def test_what_finds_a_full_mailbox_is_refused_and_the_others_go_on(autojump_clock: MockClock):
    disk = MemoryDisk()
    one, two = await known(disk, 2)
    async with living(disk, settings=EngineSettings(mailbox=1)) as engine, trio.open_nursery() as nursery:
        door = Door(engine)
        for name in ("first", "second"):
            nursery.start_soon(engine.ask, "main", renamed(one, name), CLERK)
            await trio.testing.wait_all_tasks_blocked()
        items: Items = [(patient("before"), None), (renamed(one, "batch"), None), (patient("after"), None)]
        before, full, after = await engine.ask_batch("main", items, CLERK)
        assert isinstance(before, Reply)
        assert isinstance(after, Reply)
        assert isinstance(full, Overloaded)
        assert full.code == "mailbox_full"
        door.opened.set()
        await trio.sleep(1)
        assert (await names(engine))[:2] == ["second", "P1"]
    assert two != one


async def test_two_items_of_one_key_are_one_command(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        items: Items = [(patient("A"), "k"), (patient("B"), None), (patient("A"), "k"), (patient("C"), "k")]
        first, _, again, other = await engine.ask_batch("main", items, CLERK)
        assert isinstance(first, Reply)
        assert isinstance(again, Reply)
        assert (again.position, again.replayed) == (first.position, True)
        assert getattr(other, "code", "") == "idempotency_key_reused"
        assert await names(engine) == ["A", "B"]


async def test_a_key_whose_command_was_refused_is_free_for_a_later_item(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        items: Items = [(patient("before"), None), (renamed(NOBODY, "X"), "k"), (patient("A"), "k")]
        _, refused, taken = await engine.ask_batch("main", items, CLERK)
        assert isinstance(refused, Rejected)
        assert isinstance(taken, Reply)
        assert not taken.replayed


async def longest_turn(engine: Engine, count: int) -> int:
    """The most commands of a batch that were decided between two turns of somebody else.

    Up to twice as many as are decided in a turn: of two tasks that can run, either may be the first each time.
    """
    meanwhile: list[int] = []

    async def look() -> None:
        while True:
            await trio.lowlevel.checkpoint()
            meanwhile.append(engine.partitions["main"].tail.head)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(look)
        await engine.ask_batch("main", [(patient(f"P{n}"), None) for n in range(count)], CLERK, within=60)
        nursery.cancel_scope.cancel()
    return max(later - earlier for earlier, later in pairwise(meanwhile))


async def test_the_others_have_their_turns_while_a_long_batch_is_decided(autojump_clock: MockClock):
    # Somebody always has a turn here, so no time passes in which commits could gather.
    settings = EngineSettings(checking=True, log=LogLimits(gather_seconds=0))
    async with living(MemoryDisk(), settings=settings) as engine:
        assert TURN <= await longest_turn(engine, 5 * TURN) <= 2 * TURN


class Laborious(TrioClock):
    """Time passes while a command is decided."""

    def __init__(self, time: MockClock) -> None:
        super().__init__()
        self._time = time

    def wall(self) -> int:
        self._time.jump(TURN_SECONDS * 0.4)
        return super().wall()


async def test_where_a_command_is_much_work_a_turn_has_few(autojump_clock: MockClock):
    async with living(MemoryDisk(), clock=Laborious(autojump_clock)) as engine:
        assert 3 <= await longest_turn(engine, 30) <= 6
