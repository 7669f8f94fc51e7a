"""Queues to measure on: services with counters, joins of mixed priorities, rounds of calls, and what must be true.

Knows the engine's commands and the rule of the order; knows nothing of time that passes. Whoever joins is nobody that
the hospital knows, as at a kiosk.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter, thread_time
from typing import Any, Final

import msgspec
import trio

from engine.actor import Reply
from engine.actors.service.state import RANK, Counter, Priority, ServiceSettings
from engine.decisions.call_next import CallNext
from engine.decisions.join_queue import JoinQueue
from engine.decisions.serve_ticket import CompleteTicket, StartTicket
from engine.decisions.services import AddService
from engine.runtime import Engine
from engine.views.queues import GetIntegrity, GetQueue, GetStatistics
from perf.callers import CLERK, Run, ask_all
from perf.figures import Incorrect
from perf.town import HOSPITAL, ids

COUNTERS: Final = 8

_MIX: Final[tuple[Priority, ...]] = ("low", "medium", "low", "high", "low")
"""Priorities in turn: the line is joined at its end, and in two places before it."""

_PAGE: Final = 1_000


async def open_queue(engine: Engine, name: str, counters: int = COUNTERS) -> str:
    """A service with so many counters, called "1" and so on; its id."""
    settings = ServiceSettings(counters=tuple(Counter(name=str(n + 1)) for n in range(counters)))
    [id] = ids(await ask_all(engine, HOSPITAL, [AddService(name=name, settings=settings)], callers=1))
    return id


def joins(service: str, count: int) -> list[JoinQueue]:
    """So many tickets of mixed priorities."""
    return [JoinQueue(service_id=service, priority=_MIX[n % len(_MIX)]) for n in range(count)]


async def line(engine: Engine, service: str) -> list[dict[str, Any]]:
    """Everybody who waits, in order, as staff see it."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        query = GetQueue(service_id=service, limit=_PAGE, cursor=cursor)
        page = _read(await engine.view(HOSPITAL, query, CLERK))
        found.extend(page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            return found


async def verify_line(engine: Engine, service: str, joined: Sequence[Reply]) -> list[str]:
    """Who waits, in order; ``Incorrect`` unless that is all who joined, in places 1..n by the rule of the order."""
    waiting = await line(engine, service)
    if [ticket["position"] for ticket in waiting] != list(range(1, len(waiting) + 1)):
        raise Incorrect("the places in line are not 1 to n")
    due = [(reply.position, _read(reply)) for reply in joined]
    due.sort(key=lambda at: (RANK[at[1]["priority"]], at[1]["arrived_at"], at[0]))
    if [ticket["id"] for ticket in waiting] != [ticket["id"] for _, ticket in due]:
        raise Incorrect(f"{len(due)} joined, {len(waiting)} wait, and their order is not that of the rule")
    await verify_sound(engine, service, waiting=len(due))
    return [ticket["id"] for ticket in waiting]


async def verify_sound(engine: Engine, service: str, waiting: int) -> None:
    """``Incorrect`` unless so many wait, and the queue finds no gap, no double and no orphan in itself."""
    sound = _read(await engine.view(HOSPITAL, GetIntegrity(service_id=service), CLERK))
    if not sound["ok"] or (sound["waiting"], sound["max_position"]) != (waiting, waiting):
        raise Incorrect(f"{waiting} should wait, and the queue says of itself: {sound}")


async def verify_over(engine: Engine, service: str, completed: int) -> None:
    """``Incorrect`` unless nobody waits any more, and the day has so many who were served."""
    await verify_sound(engine, service, waiting=0)
    day = _read(await engine.view(HOSPITAL, GetStatistics(service_id=service), CLERK))
    if (day["completed"], day["waiting"], day["consulting"]) != (completed, 0, 0):
        raise Incorrect(f"{completed} were served, the day's statistics say: {day}")


class Served(msgspec.Struct, frozen=True):
    """``waits`` of calls (s) in rising order; ``order``: ids as the log has them called."""

    seconds: float
    commands: int
    waits: list[float]
    order: list[str]


async def serve_all(engine: Engine, service: str, counters: int = COUNTERS) -> Served:
    """All counters at once call, begin and complete until nobody is left."""
    calls: list[tuple[int, str]] = []
    waits: list[float] = []
    commands = 0

    async def counter(name: str) -> None:
        nonlocal commands
        while True:
            asked = perf_counter()
            reply = await engine.ask(HOSPITAL, CallNext(service_id=service, counter=name), CLERK)
            waits.append(perf_counter() - asked)
            commands += 1
            ticket = _read(reply)["ticket"]
            if ticket is None:
                return
            calls.append((reply.position, ticket["id"]))
            await engine.ask(HOSPITAL, StartTicket(ticket_id=ticket["id"]), CLERK)
            await engine.ask(HOSPITAL, CompleteTicket(ticket_id=ticket["id"], counter=name), CLERK)
            commands += 2

    begun = perf_counter()
    async with trio.open_nursery() as nursery:
        for number in range(counters):
            nursery.start_soon(counter, str(number + 1))
    return Served(perf_counter() - begun, commands, sorted(waits), [id for _, id in sorted(calls)])


class Turn(msgspec.Struct, frozen=True):
    """One join, one call, one completion at each counter: each kind of command at once, and apart from the others."""

    joined: Run
    called: Run
    ended: float
    """Seconds of the engine's thread for beginning and completing, both together."""


async def turn(engine: Engine, service: str, counters: int) -> Turn:
    """As many join as there are counters, then each calls, then each begins and completes: the line is as it was."""
    joined = await ask_all(engine, HOSPITAL, joins(service, counters), callers=counters)
    calls = [CallNext(service_id=service, counter=str(n + 1)) for n in range(counters)]
    called = await ask_all(engine, HOSPITAL, calls, callers=counters, outcome="ok")
    tickets = called_by(called)
    if len(set(tickets)) != counters:
        raise Incorrect(f"{counters} counters called {len(set(tickets))} tickets")
    worked = thread_time()
    await ask_all(engine, HOSPITAL, [StartTicket(ticket_id=id) for id in tickets], callers=counters, outcome="ok")
    await ask_all(engine, HOSPITAL, [CompleteTicket(ticket_id=id) for id in tickets], callers=counters, outcome="ok")
    return Turn(joined, called, thread_time() - worked)


def called_by(run: Run) -> list[str]:
    """The tickets that calls gave; ``Incorrect`` where one gave none."""
    tickets = [_read(reply)["ticket"] for reply in run.replies]
    if None in tickets:
        raise Incorrect("a counter called nobody while somebody waited")
    return [ticket["id"] for ticket in tickets]


def _read(reply: Reply) -> dict[str, Any]:
    answer: dict[str, Any] = msgspec.msgpack.decode(reply.body)
    return answer
