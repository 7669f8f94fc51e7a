"""What a waiting patient is told: that the turn is near, once, and that it has come, once, by whichever way."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from trio.testing import MockClock

from engine.actors.service.state import ServiceSettings
from engine.decider import PersonName
from engine.decisions.call_next import CallNext
from engine.decisions.check_in import CheckIn
from engine.decisions.consult import CallToken
from engine.decisions.join_queue import JoinQueue
from engine.decisions.patients import RegisterPatient
from engine.decisions.services import AddService
from engine.eventlog.memory_store import MemoryDisk
from gateway.notices.notice import FIELDS
from tests.gateway.notices.house import Desk, fast, house, until
from tests.gateway.notices.receiver import Receiver, receiving

USUAL = ("ticket_near", "patient_called")


@pytest.fixture
def clock() -> MockClock:
    return fast()


async def queue(desk: Desk, name: str, tickets: int) -> tuple[str, list[Any]]:
    """A service of which the first two are told, with so many in line."""
    made = await desk.ask(AddService(name=name, settings=ServiceSettings(near_places=2)))
    joined = []
    for number in range(tickets):
        patient = await desk.ask(RegisterPatient(name=PersonName(f"Patient {number}")))
        joined.append(await desk.ask(JoinQueue(service_id=made["id"], patient_id=patient["id"])))
    return made["id"], joined


async def test_a_patient_is_told_once_that_the_turn_is_near_and_once_that_it_has_come(clock: MockClock):
    async with receiving(Receiver()) as receiver, house(MemoryDisk()) as (desk, _):
        made = await desk.webhook(receiver.url, events=USUAL)
        assert made["events"] == list(USUAL)
        service, tickets = await queue(desk, "Laboratory", 4)
        await desk.ask(CallNext(service_id=service, counter="1"))
        await until(lambda: len(receiver.taken) >= 4)
        told = Counter((one.type, one.data["ticket_id"]) for one in receiver.taken)
        ids = [ticket["id"] for ticket in tickets]
        assert told == Counter([("ticket_near", id) for id in ids[:3]] + [("patient_called", ids[0])])
        called = next(one for one in receiver.taken if one.type == "patient_called")
        assert called.data["code"] == tickets[0]["code"]
        assert (called.data["counter"], called.data["service_id"]) == ("1", service)
        for one in receiver.taken:
            assert set(one.data) <= set(FIELDS)
            assert not any(ticket["patient_id"].encode() in one.body for ticket in tickets)
            assert b"Patient" not in one.body


async def test_only_the_services_that_were_named_are_told_of(clock: MockClock):
    async with receiving(Receiver()) as receiver, house(MemoryDisk()) as (desk, _):
        mine = (await desk.ask(AddService(name="Pharmacy")))["id"]
        await desk.webhook(receiver.url, events=("queue_position_update",), services=(mine,))
        await queue(desk, "Laboratory", 2)
        joined = await desk.ask(JoinQueue(service_id=mine))
        await until(lambda: bool(receiver.taken))
        assert [one.data["ticket_id"] for one in receiver.taken] == [joined["id"]]


async def test_a_token_that_is_called_is_one_call_though_queue_and_slot_tell_of_it(clock: MockClock):
    async with receiving(Receiver()) as receiver, house(MemoryDisk()) as (desk, _):
        slot = await desk.slot()
        await desk.webhook(receiver.url, events=("patient_called", "token_update"))
        token = await desk.token(slot)
        await desk.ask(CheckIn(token_id=token))
        await desk.ask(CallToken(token_id=token))
        await desk.cancel(await desk.token(slot))
        await until(lambda: len(receiver.taken) >= 5)
        ours = [
            one.data["change"]
            for one in receiver.taken
            if token in (one.data.get("token_id"), one.data.get("ticket_id"))
        ]
        assert ours == ["booked", "arrived", "called"]
