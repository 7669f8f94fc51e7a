"""A query answered without a task: called back once, with what a task that waits would have got."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from engine import access
from engine.errors import DeadlinePassed, NotFound, Unavailable
from engine.eventlog.entry import Principal
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine
from engine.views.people import GetPatient, ListDoctors, ListPatients
from tests.engine.living import CLERK, Heard, hold_keys, living, patient, read

NURSE = Principal("ward-3", "clinician", "10.0.0.7", "req-1")
NOBODY = "01900000-0000-7000-8000-000000000000"


def shown(engine: Engine, query: Any, who: Principal = NURSE, **more: Any) -> Heard:
    heard = Heard()
    assert engine.show("main", query, who, heard, **more) is not None
    return heard


def looked(engine: Engine) -> dict[str, Any]:
    document: dict[str, Any] = engine.accesses.document()
    return document


class Slow:
    """A disk whose commits wait while ``stalled``; or fail, once."""

    def __init__(self) -> None:
        self.disk = MemoryDisk()
        self.stalled = False
        self.broken = False
        self.go_on = trio.Event()

    async def faults(self, step: str) -> None:
        if step == "before" and self.stalled:
            await self.go_on.wait()
            if self.broken:
                self.broken = False
                raise OSError("the disk is gone")

    def stall(self) -> None:
        self.stalled = True

    def release(self) -> None:
        self.stalled = False
        self.go_on.set()


async def test_what_rests_on_nothing_that_is_not_durable_is_answered_before_it_returns(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        await engine.ask("main", patient(), CLERK)
        heard = shown(engine, ListDoctors())
        assert [read(reply)["items"] for reply in heard.outcomes] == [[]]
        viewed = await engine.view("main", ListDoctors(), NURSE)
        assert await heard.only() == viewed


async def test_what_is_not_durable_yet_is_told_to_nobody(autojump_clock: MockClock):
    slow = Slow()
    async with living(slow.disk, faults=slow.faults) as engine:
        slow.stall()
        asked = Heard()
        engine.submit("main", patient(), CLERK, asked)
        heard = shown(engine, ListPatients())
        await trio.sleep(1)
        assert not heard.outcomes
        assert not asked.outcomes
        slow.release()
        reply = await heard.only()
        assert [one["name"] for one in read(reply)["items"]] == ["Asha Rao"]
        assert reply.position == (await asked.only()).position
        assert looked(engine)["looks"] == 1


async def test_who_looks_is_written_down_before_the_answer_leaves_or_after_two_seconds(autojump_clock: MockClock):
    slow = Slow()
    async with living(slow.disk, faults=slow.faults) as engine:
        await engine.ask("main", patient(), CLERK)
        heard = shown(engine, ListPatients())
        assert not heard.outcomes
        await heard.only()
        assert len(slow.disk.entries["main.access"]) == 1
        slow.stall()
        begun, heard = trio.current_time(), shown(engine, ListPatients())
        await heard.came.wait()
        assert access.PATIENCE <= trio.current_time() - begun < access.PATIENCE + 0.2
        assert looked(engine)["late"] == 1
        # The commit has taken longer than anybody's patience: nobody else waits for it.
        assert len(shown(engine, ListPatients()).outcomes) == 1
        slow.release()
        await heard.only()
        assert len(slow.disk.entries["main.access"]) == 3


@pytest.mark.parametrize("within", [0.0, 0.5])
async def test_its_deadline_passes_while_it_waits(within: float, autojump_clock: MockClock):
    slow = Slow()
    async with living(slow.disk, faults=slow.faults) as engine:
        slow.stall()
        engine.submit("main", patient(), CLERK, Heard())
        begun, heard = trio.current_time(), shown(engine, ListPatients(), within=within)
        await heard.came.wait()
        assert within <= trio.current_time() - begun < within + 0.2
        slow.release()
        late = await heard.only()
        assert (type(late), late.outcome) == (DeadlinePassed, "not_applied")


async def test_its_deadline_comes_before_the_patience_for_its_look(autojump_clock: MockClock):
    slow = Slow()
    async with living(slow.disk, faults=slow.faults) as engine:
        await engine.ask("main", patient(), CLERK)
        slow.stall()
        heard = shown(engine, ListPatients(), within=1)
        await heard.came.wait()
        slow.release()
        assert isinstance(await heard.only(), DeadlinePassed)
        assert looked(engine)["late"] == 0


async def test_a_refusal_comes_as_one_and_is_no_fault(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        measures = engine.partitions["main"].measures
        before = measures.requests, measures.errors
        [refusal] = shown(engine, GetPatient(patient_id=NOBODY)).outcomes
        assert isinstance(refusal, NotFound)
        assert (measures.requests, measures.errors) == (before[0] + 1, before[1])


async def test_what_must_be_loaded_first_is_left_to_who_can_wait(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        await engine.ask("main", patient(), CLERK)
    async with living(disk) as engine:
        keys, heard = hold_keys(engine), Heard()
        measures = engine.partitions["main"].measures
        before = measures.requests
        assert engine.show("main", ListPatients(), NURSE, heard) is None
        assert (measures.requests, looked(engine)["looks"]) == (before, 0)
        keys.set()
        await engine.view("main", ListPatients(), NURSE)
        assert not heard.outcomes
        reply = await shown(engine, ListPatients()).only()
        assert [one["name"] for one in read(reply)["items"]] == ["Asha Rao"]


async def test_what_nobody_will_hear_is_not_told(autojump_clock: MockClock):
    slow = Slow()
    async with living(slow.disk, faults=slow.faults) as engine:
        slow.stall()
        engine.submit("main", patient(), CLERK, Heard())
        heard = Heard()
        withdraw = engine.show("main", ListPatients(), NURSE, heard)
        assert withdraw is not None
        withdraw()
        slow.release()
        await trio.sleep(20)
        assert not heard.outcomes
        withdraw()


async def test_a_commit_that_fails_takes_the_answer_along(autojump_clock: MockClock):
    slow = Slow()
    async with living(slow.disk, faults=slow.faults) as engine:
        slow.stall()
        slow.broken = True
        engine.submit("main", patient(), CLERK, Heard())
        heard = shown(engine, ListPatients())
        await trio.sleep(1)
        slow.release()
        outcome = await heard.only()
        assert (type(outcome), outcome.code) == (Unavailable, "recovering")


async def test_how_long_it_took_is_noted_once(autojump_clock: MockClock):
    slow = Slow()
    async with living(slow.disk, faults=slow.faults) as engine:
        took = engine._gauges.looked_for[ListPatients]
        before = sum(took.counts)
        slow.stall()
        engine.submit("main", patient(), CLERK, Heard())
        heard = shown(engine, ListPatients())
        await trio.sleep(1)
        slow.release()
        await heard.only()
        assert sum(took.counts) == before + 1
        assert took.longest >= 1
