"""The watchdog: says once that something stands still, and once that it goes on."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from engine.decider import PersonName
from engine.decisions.patients import RegisterPatient, UpdatePatient
from engine.eventlog.memory_store import MemoryDisk
from gateway.observing.watchdog import watch
from tests.engine.living import CLERK, hold_keys, living, read

ASHA = RegisterPatient(name=PersonName("Asha Marked"))


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Any:
    caplog.set_level(logging.WARNING, "matron.watchdog")
    return lambda: [record.getMessage() for record in caplog.records if record.name == "matron.watchdog"]


async def test_a_stalled_actor_is_told_once_and_once_that_it_goes_on(said: Any, autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        asha = read(await engine.ask("main", ASHA, CLERK))["id"]
    async with living(disk) as engine, trio.open_nursery() as nursery:
        nursery.start_soon(watch, engine.standing)
        let = hold_keys(engine)
        await trio.sleep(3)
        nursery.start_soon(engine.ask, "main", UpdatePatient(patient_id=asha, name=PersonName("A")), CLERK)
        await trio.sleep(4.5)
        assert said() == []
        await trio.sleep(4)
        let.set()
        await trio.sleep(3)
        nursery.cancel_scope.cancel()
    first, second = said()
    assert first == "a command waits for its actor for 5.0 s now"
    assert second == "no longer so: a command waits for its actor (for 8.0 s at the longest)"


async def test_a_stalled_disk_is_told(said: Any, autojump_clock: MockClock):
    pause = [0.0]

    async def faults(step: str) -> None:
        if step == "before":
            await trio.sleep(pause[0])

    async with living(MemoryDisk(), faults=faults) as engine, trio.open_nursery() as nursery:
        nursery.start_soon(watch, engine.standing)
        pause[0] = 4.0
        await engine.ask("main", ASHA, CLERK)
        await trio.sleep(2)
        nursery.cancel_scope.cancel()
    assert len(said()) == 2
    assert said()[0].startswith("an entry waits for the disk for ")


async def test_a_loop_that_stood_still_is_told(said: Any, mock_clock: MockClock):
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch, lambda: (0.0, 0.0))
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(3.5)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert said() == ["the loop stood still for 2.5 s"]


async def test_where_everything_moves_nothing_is_told(said: Any, autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine, trio.open_nursery() as nursery:
        nursery.start_soon(watch, engine.standing)
        for _ in range(20):
            await engine.ask("main", ASHA, CLERK)
            await trio.sleep(0.7)
        nursery.cancel_scope.cancel()
    assert said() == []
