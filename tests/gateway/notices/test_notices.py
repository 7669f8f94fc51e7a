"""Notices of a hospital, from what a desk does to what somebody outside is told."""

from __future__ import annotations

from random import Random

import pytest
from trio.testing import MockClock

from engine.eventlog.memory_store import MemoryDisk
from tests.gateway.notices.house import fast, house, until
from tests.gateway.notices.receiver import Receiver, is_signed, receiving


@pytest.fixture
def clock() -> MockClock:
    return fast()


def changes(receiver: Receiver, token: str) -> list[str]:
    """What it was told of one token, first times only."""
    told = dict.fromkeys((one.id, one.data["change"]) for one in receiver.taken if one.data.get("token_id") == token)
    return [change for _, change in told]


async def test_what_happens_is_told_signed_and_without_a_word_of_who_it_is(clock: MockClock):
    async with receiving(Receiver()) as receiver, house(MemoryDisk()) as (desk, _):
        slot = await desk.slot()
        made = await desk.webhook(receiver.url)
        token = await desk.token(slot)
        await until(lambda: len(receiver.taken) == 1)
        (one,) = receiver.taken
        assert one.type == "token_update"
        assert one.data == {"change": "booked", "token_id": token, "slot_id": slot, "category": "ONLINE"}
        assert is_signed(one, made["secret"])
        assert one.headers["host"] == f"127.0.0.1:{receiver.port}"
        assert "secret" not in await desk.destination(made["id"])


async def test_a_receiver_that_fails_half_the_time_gets_everything_in_order_over_restarts(clock: MockClock):
    chance, disk = Random(7), MemoryDisk()
    receiver = Receiver(lambda id, said: chance.choice((204, 503)))
    tokens: list[str] = []
    slot = ""
    for round in range(3):
        async with receiving(receiver), house(disk, kill=round == 1) as (desk, _):
            if not slot:
                slot = await desk.slot()
                await desk.webhook(receiver.url)
            tokens.extend([await desk.token(slot) for _ in range(10)])
            for token in tokens[-10:]:
                await desk.cancel(token)
            if round == 2:
                await until(lambda: all(changes(receiver, token)[1:] for token in tokens))
    assert {tuple(changes(receiver, token)) for token in tokens} == {("booked", "cancelled")}
    repeats = len(receiver.taken) - len({one.id for one in receiver.taken})
    assert repeats <= 40


async def test_a_stop_in_good_order_repeats_nothing(clock: MockClock):
    disk, receiver = MemoryDisk(), Receiver()
    tokens: list[str] = []
    slot = ""
    for _ in range(3):
        async with receiving(receiver), house(disk) as (desk, _):
            if not slot:
                slot = await desk.slot()
                await desk.webhook(receiver.url)
            tokens.extend([await desk.token(slot) for _ in range(5)])
            await until(lambda: len(receiver.taken) == len(tokens))
    assert len({one.id for one in receiver.taken}) == len(tokens) == 15
