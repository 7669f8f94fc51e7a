"""Following live queues: who keeps a snapshot up to date with what it is told has what a new snapshot would say."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest
import trio
from trio.testing import MockClock

from engine.actors.service.state import Counter, ServiceSettings
from engine.decider import FreeText
from engine.decisions.call_next import CallNext
from engine.decisions.join_queue import JoinQueue
from engine.decisions.serve_ticket import (
    CancelTicket,
    CompleteTicket,
    ParkTicket,
    PrioritizeTicket,
    RecallTicket,
    ResumeTicket,
    StartTicket,
    TicketNoAnswer,
    TicketNoShow,
)
from engine.decisions.services import AddService, EndServiceDay, SetServiceStatus
from engine.decisions.transfer_ticket import TransferTicket
from engine.decisions.undo_ticket import UndoTicket
from engine.errors import NotFound, Rejected
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine
from engine.views.queues import GetBoard, GetTicketByLink
from tests.engine.following import frames, said
from tests.engine.living import CLERK, living, patient, read

SETTINGS = ServiceSettings(counters=tuple(Counter(name=str(number)) for number in range(1, 5)), recall_seconds=0)


async def service(engine: Engine, name: str = "Laboratory") -> str:
    id: str = read(await engine.ask("main", AddService(name=name, settings=SETTINGS), CLERK))["id"]
    return id


async def joined(engine: Engine, queue: str, **more: Any) -> Any:
    return read(await engine.ask("main", JoinQueue(service_id=queue, **more), CLERK))


class Board:
    """A board that asks once and then only listens."""

    def __init__(self, first: dict[str, Any]) -> None:
        self.waiting = first["waiting"]
        self.status = first["status"]
        self.calls = {call["code"]: (call["counter"], call["status"], call["calls"]) for call in first["calls"]}

    def take(self, message: dict[str, Any]) -> None:
        self.waiting = message.get("waiting", self.waiting)
        code, status = message.get("code"), message.get("status")
        if message["type"] == "service_update":
            self.status = message.get("status", self.status)
        elif message["type"] == "patient_called":
            self.calls[code] = (message["counter"], status, message["calls"])
        elif status == "consulting" and code in self.calls:
            counter, _, calls = self.calls[code]
            self.calls[code] = (counter, status, calls)
        else:
            self.calls.pop(code, None)


STEPS = (
    StartTicket, CompleteTicket, ParkTicket, ResumeTicket, CancelTicket, TicketNoAnswer, TicketNoShow, RecallTicket,
)  # fmt: skip


async def anything(engine: Engine, queues: list[str], tickets: list[str], chance: Random) -> None:
    """One thing that a desk may do; where the rules say no, nothing."""
    what = chance.random()
    queue, ticket = chance.choice(queues), chance.choice([*tickets, ""])
    command: Any
    if what < 0.3 or not ticket:
        command = JoinQueue(service_id=queue, priority=chance.choice(("high", "medium", "low")))
    elif what < 0.55:
        command = CallNext(service_id=queue, counter=str(chance.randrange(1, 5)))
    elif what < 0.6:
        command = PrioritizeTicket(ticket_id=ticket, priority=chance.choice(("high", "low")), reason=FreeText("sick"))
    elif what < 0.65:
        command = TransferTicket(ticket_id=ticket, to_service=queue)
    elif what < 0.68:
        command = SetServiceStatus(service_id=queue, status=chance.choice(("paused", "active", "active")))
    elif what < 0.69:
        command = EndServiceDay(service_id=queue)
    else:
        command = chance.choice(STEPS)(ticket_id=ticket)
    try:
        reply = await engine.ask("main", command, CLERK)
    except Rejected:
        return
    if isinstance(command, JoinQueue):
        tickets.append(read(reply)["id"])


@pytest.mark.parametrize("seed", range(3))
async def test_a_board_that_only_listens_shows_what_a_new_one_would(autojump_clock: MockClock, seed: int):
    chance = Random(seed)
    async with living(MemoryDisk()) as engine:
        queues = [await service(engine), await service(engine, "X-ray")]
        tickets: list[str] = []
        async with engine.follow("main", [f"board:{queues[0]}"]) as following:
            [first] = await following.receive()
            board, heard = Board(said(first)["data"]), 0
            for _ in range(150):
                await anything(engine, queues, tickets, chance)
                await trio.sleep(chance.random())
                for frame in await frames(following, 0.01, "deltas"):
                    for message in said(frame)["messages"]:
                        board.take(message)
                        heard += 1
                true = Board(read(await engine.view("main", GetBoard(service_id=queues[0]), CLERK)))
                assert vars(board) == vars(true)
        assert heard > 30


async def test_all_who_watch_one_queue_hear_of_one_call_in_their_own_way(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        queue = await service(engine)
        known = read(await engine.ask("main", patient(), CLERK))["id"]
        ticket = await joined(engine, queue, patient_id=known)
        topics = [f"service:{queue}", f"board:{queue}", f"ticket:{ticket['link']}", "services", "alerts"]
        async with engine.follow("main", topics) as following:
            first = {said(frame)["topic"]: said(frame)["data"] for frame in await following.receive()}
            assert first[topics[0]]["items"][0]["patient_id"] == known
            assert known not in str([first[topics[1]], first[topics[2]]])
            assert (first[topics[2]]["position"], first["services"]["items"][0]["id"]) == (1, queue)
            reply = await engine.ask("main", CallNext(service_id=queue, counter="1"), CLERK)
            [frame] = await frames(following, 1)
            assert frame.seq == reply.position
            messages = {message["topic"]: message for message in said(frame)["messages"]}
            assert list(messages) == topics[:4]
            assert {message["id"] for message in messages.values()} == {messages[topics[0]]["id"]}
            assert known not in msgspec.json.encode([messages[topic] for topic in topics[1:4]]).decode()
            await engine.ask("main", UndoTicket(ticket_id=ticket["id"]), CLERK)
            [frame] = await frames(following, 1)
            assert {message["status"] for message in said(frame)["messages"] if "code" in message} == {"waiting"}


async def test_of_a_ticket_hears_only_who_has_its_link(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        queue = await service(engine)
        ticket, other = await joined(engine, queue), await joined(engine, queue)
        guessed = f"{ticket['id']}.{other['link'].partition('.')[2]}"
        for wrong in (guessed, ticket["id"], f"{ticket['id']}.", f"{ticket['id']}.{'0' * 32}", ticket["link"] + "0"):
            with pytest.raises(NotFound):
                async with engine.follow("main", [f"ticket:{wrong}"]):
                    raise AssertionError(wrong)
        async with engine.follow("main", [f"ticket:{ticket['link']}"]) as following:
            await following.receive()
            await engine.ask("main", CallNext(service_id=queue, counter="1"), CLERK)
            await engine.ask("main", CallNext(service_id=queue, counter="2"), CLERK)
            found = [message for frame in await frames(following, 1) for message in said(frame)["messages"]]
            assert [message["type"] for message in found] == ["patient_called"]
            assert found[0]["topic"] == f"ticket:{ticket['link']}"
            shown = read(await engine.view("main", GetTicketByLink(link=ticket["link"]), CLERK))
            assert (found[0]["status"], found[0]["counter"]) == (shown["status"], shown["counter"]) == ("called", "1")


async def test_a_consultation_that_lasts_too_long_is_told_as_an_alert(autojump_clock: MockClock):
    async with living(MemoryDisk()) as engine:
        queue = await service(engine)
        ticket = await joined(engine, queue)
        async with engine.follow("main", ["alerts"]) as following:
            await following.receive()
            await engine.ask("main", CallNext(service_id=queue, counter="1"), CLERK)
            await engine.ask("main", StartTicket(ticket_id=ticket["id"]), CLERK)
            found = await frames(following, 60 * 60, "deltas")
            [message] = said(found[0])["messages"]
            assert (message["type"], message["alert"]) == ("admin_alert", "stale_consultation")
            assert (message["topic"], message["service_id"], message["counter"]) == ("alerts", queue, "1")
