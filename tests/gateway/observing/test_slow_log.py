"""The log of slow commands: the parts of the way, the row that leads there, and nothing that was said."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from engine.decider import PersonName
from engine.decisions.patients import RegisterPatient, UpdatePatient
from engine.errors import NotFound
from engine.eventlog.entry import Principal
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import EngineSettings
from engine.views.people import GetPatient
from gateway.observing.settings import LogSettings
from gateway.observing.slow_log import LINES, slow_limit
from gateway.request_log import JsonLines
from gateway.routes import BASE
from tests.engine.living import hold_keys, living, read
from tests.gateway.surface import UNKNOWN

CLERK = Principal("desk", "clerk", "10.0.0.7", "r-1")
ASHA = RegisterPatient(name=PersonName("Asha Marked"))


def slow_ones() -> EngineSettings:
    return EngineSettings(slow=slow_limit(LogSettings(slow_ms=50)))


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Any:
    """The lines so far."""
    caplog.set_level(logging.WARNING, "matron.slow")

    def lines() -> list[dict[str, Any]]:
        return [json.loads(JsonLines().format(one)) for one in caplog.records if one.name == "matron.slow"]

    return lines


async def test_a_command_that_waits_for_the_disk_is_told_with_how_long(told: Any, autojump_clock: MockClock):
    pause = 0.0

    async def faults(step: str) -> None:
        if step == "before":
            await trio.sleep(pause)

    async with living(MemoryDisk(), faults=faults, settings=slow_ones()) as engine:
        await engine.ask("main", ASHA, CLERK)
        assert told() == []
        pause = 0.3
        await engine.ask("main", ASHA, CLERK)
        [line] = told()
    assert (line["level"], line["logger"], line["message"]) == ("warning", "matron.slow", "slow command")
    assert (line["command"], line["route"]) == ("RegisterPatient", f"{BASE}/patients")
    assert (line["request_id"], line["hospital"], line["outcome"]) == ("r-1", "main", "accepted")
    assert 300 <= line["ms"] < 310
    assert (line["waited_ms"], line["decided_ms"]) == (0, 0)
    assert line["durable_ms"] == line["ms"]
    assert line["behind"] == 0
    assert "Marked" not in json.dumps(line)
    assert UNKNOWN not in json.dumps(line)


async def test_one_that_waits_for_its_actor_says_behind_how_many(told: Any, autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk, settings=slow_ones()) as engine:
        asha = read(await engine.ask("main", ASHA, CLERK))["id"]
    async with living(disk, settings=slow_ones()) as engine, trio.open_nursery() as nursery:
        let = hold_keys(engine)
        for number in range(3):
            name = PersonName(f"Asha {number}")
            nursery.start_soon(engine.ask, "main", UpdatePatient(patient_id=asha, name=name), CLERK)
        await trio.sleep(0.2)
        assert 0.2 <= engine.load()["waiting_longest"] < 0.3
        let.set()
    lines = told()
    assert sorted(line["behind"] for line in lines) == [0, 1, 2]
    assert all(line["waited_ms"] >= 200 > line["durable_ms"] for line in lines)


async def test_a_refusal_a_withdrawal_and_a_query_are_told_as_well(told: Any, autojump_clock: MockClock):
    disk, stalled = MemoryDisk(), False

    async def faults(step: str) -> None:
        if step == "before" and stalled:
            await trio.sleep(0.2)

    async with living(disk, faults=faults, settings=slow_ones()) as engine:
        asha = read(await engine.ask("main", ASHA, CLERK))["id"]
        stalled = True
        async with trio.open_nursery() as nursery:
            nursery.start_soon(engine.ask, "main", ASHA, CLERK)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(engine.view, "main", GetPatient(patient_id=asha), CLERK)
            with pytest.raises(NotFound):
                await engine.ask("main", UpdatePatient(patient_id=UNKNOWN, name=PersonName("X")), CLERK)
    kinds = {(line.get("command") or line["query"], line["outcome"]) for line in told()}
    assert {("GetPatient", "answered"), ("UpdatePatient", "refused"), ("RegisterPatient", "accepted")} <= kinds
    [query] = [line for line in told() if "query" in line]
    assert query["route"] == f"{BASE}/patients/{{patient_id}}"
    assert asha not in json.dumps(told())


async def test_in_an_overload_so_many_are_written_and_the_rest_counted(told: Any, autojump_clock: MockClock):
    async def faults(step: str) -> None:
        if step == "before":
            await trio.sleep(0.1)

    async with living(MemoryDisk(), faults=faults, settings=slow_ones()) as engine:
        async with trio.open_nursery() as nursery:
            for _ in range(LINES + 30):
                nursery.start_soon(engine.ask, "main", ASHA, CLERK)
        first = len(told())
        await trio.sleep(1)
        await engine.ask("main", ASHA, CLERK)
        counted = engine.load()["operations"]["slow"]
    assert first == LINES
    assert told()[-1]["left_out"] >= 30
    assert counted >= LINES + 31


async def test_without_a_limit_nothing_is_told(told: Any, autojump_clock: MockClock):
    async def faults(step: str) -> None:
        if step == "before":
            await trio.sleep(1)

    settings = EngineSettings(slow=slow_limit(LogSettings(slow_ms=0)))
    async with living(MemoryDisk(), faults=faults, settings=settings) as engine:
        await engine.ask("main", ASHA, CLERK)
    assert told() == []
