"""A queue under the rush that broke its predecessors: exact positions, one ticket for one counter, none lost."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from engine.actors.service.state import RANK, Counter, ServiceSettings
from engine.decisions.call_next import CallNext
from engine.decisions.join_queue import JoinQueue
from engine.decisions.serve_ticket import CompleteTicket, StartTicket
from engine.decisions.services import AddService
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine
from engine.views.queues import GetIntegrity, GetQueue
from tests.engine.living import CLERK, living, read

PRIORITIES = ("high", "medium", "low")


async def opened(engine: Engine, counters: int = 8) -> str:
    settings = ServiceSettings(counters=tuple(Counter(name=str(number)) for number in range(1, counters + 1)))
    made = read(await engine.ask("main", AddService(name="Laboratory", settings=settings), CLERK))
    id: str = made["id"]
    return id


async def rush(engine: Engine, service: str, priorities: list[Any]) -> list[dict[str, Any]]:
    """Everybody joins at one instant; the answers in no particular order."""
    answers: list[dict[str, Any]] = []

    async def join(priority: Any) -> None:
        answers.append(read(await engine.ask("main", JoinQueue(service_id=service, priority=priority), CLERK)))

    async with trio.open_nursery() as nursery:
        for priority in priorities:
            nursery.start_soon(join, priority)
    return answers


async def waiting(engine: Engine, service: str) -> list[dict[str, Any]]:
    page = read(await engine.view("main", GetQueue(service_id=service, limit=1_000), CLERK))
    items: list[dict[str, Any]] = page["items"]
    return items


@pytest.mark.parametrize("seed", range(50))
async def test_two_hundred_at_once_get_exact_positions_in_the_order_of_the_rule(
    autojump_clock: MockClock, seed: int
) -> None:
    chance = random.Random(seed)
    async with living(MemoryDisk()) as engine:
        service = await opened(engine)
        answers = await rush(engine, service, [chance.choice(PRIORITIES) for _ in range(200)])
        assert len({answer["id"] for answer in answers}) == len({answer["code"] for answer in answers}) == 200
        line = await waiting(engine, service)
        assert [ticket["position"] for ticket in line] == list(range(1, 201))
        keys = [(RANK[ticket["priority"]], ticket["arrived_at"], ticket["code"]) for ticket in line]
        assert all(one < two for one, two in pairwise(keys))
        assert {ticket["id"] for ticket in line} == {answer["id"] for answer in answers}
        sound = read(await engine.view("main", GetIntegrity(service_id=service), CLERK))
        assert (sound["missing_positions"], sound["duplicate_positions"], sound["max_position"]) == ([], [], 200)
        assert sound["ok"]


@pytest.mark.parametrize("seed", range(10))
async def test_eight_counters_that_call_at_once_get_eight_tickets_and_none_is_lost(
    autojump_clock: MockClock, seed: int
) -> None:
    chance = random.Random(seed)
    async with living(MemoryDisk()) as engine:
        service = await opened(engine)
        joined = await rush(engine, service, [chance.choice(PRIORITIES) for _ in range(100)])
        served: list[str] = []

        async def counter(name: str) -> None:
            while True:
                called = read(await engine.ask("main", CallNext(service_id=service, counter=name), CLERK))["ticket"]
                if called is None:
                    return
                served.append(called["id"])
                await trio.sleep(chance.random())
                await engine.ask("main", StartTicket(ticket_id=called["id"]), CLERK)
                await trio.sleep(chance.random())
                await engine.ask("main", CompleteTicket(ticket_id=called["id"], counter=name), CLERK)

        async with trio.open_nursery() as nursery:
            for number in range(1, 9):
                nursery.start_soon(counter, str(number))
        assert len(served) == len(set(served)) == 100
        assert set(served) == {answer["id"] for answer in joined}
        assert await waiting(engine, service) == []


async def test_a_restart_finds_the_queue_as_it_was(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    async with living(disk) as engine:
        service = await opened(engine)
        await rush(engine, service, ["low", "high", "medium"] * 20)
        called = read(await engine.ask("main", CallNext(service_id=service, counter="1"), CLERK))["ticket"]["id"]
        before = [(ticket["id"], ticket["position"]) for ticket in await waiting(engine, service)]
    async with living(disk) as engine:
        assert [(ticket["id"], ticket["position"]) for ticket in await waiting(engine, service)] == before
        page = read(await engine.view("main", GetQueue(service_id=service), CLERK))
        assert [ticket["id"] for ticket in page["serving"]] == [called]
