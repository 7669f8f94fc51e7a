"""Notices of a hospital, from what a desk does to what somebody outside is told."""

from __future__ import annotations

from random import Random

import pytest
import trio
from trio.testing import MockClock

from engine.actors.destination.places import MailAddress, Url
from engine.decisions.destinations import (
    AddDestination,
    ChangeDestination,
    RemoveDestination,
    RetryDeadLetter,
    RotateSecret,
)
from engine.decisions.hospital import AddHospital
from engine.errors import CommitFailed, Unavailable
from engine.eventlog.memory_store import MemoryDisk
from gateway.notices.settings import NoticeSettings
from tests.engine.living import CLERK
from tests.gateway.notices.house import fast, house, until
from tests.gateway.notices.mailserver import MailServer, mailing
from tests.gateway.notices.receiver import Receiver, is_signed, receiving


@pytest.fixture
def clock() -> MockClock:
    return fast()


@pytest.fixture
def steady_clock() -> MockClock:
    """For bounds of a second or two, which a busy machine would break on the fast one."""
    return MockClock(rate=3)


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


async def test_a_stop_in_good_order_repeats_nothing(steady_clock: MockClock):
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


async def test_what_was_there_before_a_destination_is_not_told(clock: MockClock):
    async with receiving(Receiver()) as receiver, house(MemoryDisk()) as (desk, _):
        slot = await desk.slot()
        await desk.token(slot)
        await desk.webhook(receiver.url)
        later = await desk.token(slot)
        await until(lambda: bool(receiver.taken))
        assert [one.data["token_id"] for one in receiver.taken] == [later]


async def test_a_pause_keeps_what_happens_meanwhile_unless_it_is_to_go_on_from_now(clock: MockClock):
    async with receiving(Receiver()) as receiver, house(MemoryDisk()) as (desk, _):
        slot = await desk.slot()
        made = await desk.webhook(receiver.url)
        again = {"destination_id": made["id"], "name": "his", "channel": "webhook", "events": ("token_update",)}
        for from_now, told in ((False, 1), (True, 1)):
            await desk.ask(ChangeDestination(**again, url=Url(receiver.url), active=False))
            await trio.sleep(3)
            await desk.token(slot)
            await trio.sleep(3)
            await desk.ask(ChangeDestination(**again, url=Url(receiver.url), from_now=from_now))
            await trio.sleep(5)
            assert len(receiver.taken) == told
        await desk.token(slot)
        await until(lambda: len(receiver.taken) == 2)


async def test_a_removed_destination_hears_nothing_more(clock: MockClock):
    async with receiving(Receiver()) as receiver, house(MemoryDisk()) as (desk, notices):
        slot = await desk.slot()
        made = await desk.webhook(receiver.url)
        await until(lambda: bool(notices.status("main")))
        await desk.ask(RemoveDestination(destination_id=made["id"]))
        await until(lambda: not notices.status("main"))
        await desk.token(slot)
        await trio.sleep(5)
        assert receiver.asked == []


async def test_a_new_secret_signs_beside_the_old_one(clock: MockClock):
    async with receiving(Receiver()) as receiver, house(MemoryDisk()) as (desk, _):
        slot = await desk.slot()
        made = await desk.webhook(receiver.url)
        renewed = await desk.ask(RotateSecret(destination_id=made["id"]))
        await trio.sleep(3)
        await desk.token(slot)
        await until(lambda: bool(receiver.taken))
        assert is_signed(receiver.taken[0], made["secret"])
        assert is_signed(receiver.taken[0], renewed["secret"])


async def test_a_dead_letter_is_listed_and_delivered_when_it_is_retried(clock: MockClock):
    disk, receiver = MemoryDisk(), Receiver(lambda id, said: 500)
    async with receiving(receiver), house(disk) as (desk, notices):
        slot = await desk.slot()
        made = await desk.webhook(receiver.url)
        token = await desk.token(slot)
        await until(lambda: len(receiver.asked) >= 2)
        desk.clock.step = 25 * 3_600_000_000  # the wall clock of a day later
        await until(lambda: notices.status("main")[0]["dead"] == 1)
    async with receiving(receiver), house(disk) as (desk, notices):
        (letter,) = await desk.letters(made["id"])
        assert (letter["subject"], letter["reason"]) == (token, "http_500")
        asked = len(receiver.asked)
        await trio.sleep(5)
        assert len(receiver.asked) == asked
        receiver.answer = lambda id, said: 204
        await desk.ask(RetryDeadLetter(destination_id=made["id"], letter_id=letter["id"]))
        await until(lambda: bool(receiver.taken))
        assert receiver.taken[0].id == f"main.{letter['id']}"
        await trio.sleep(5)
        shown = await desk.destination(made["id"])
        assert (shown["open"], shown["dead_letters"], shown["delivered"]) == (0, 0, 1)


async def test_a_receiver_that_never_answers_delays_no_command_and_no_stop(steady_clock: MockClock):
    receiver = Receiver(lambda id, said: 0)
    async with receiving(receiver):
        async with house(MemoryDisk()) as (desk, notices):
            slot = await desk.slot()
            await desk.webhook(receiver.url)
            for _ in range(20):
                begun = trio.current_time()
                await desk.token(slot)
                assert trio.current_time() - begun < 5  # a try alone takes ten
            await until(lambda: len(receiver.asked) >= 4)
            (status,) = notices.status("main")
            assert status["depth"] >= 4
            begun = trio.current_time()
        assert trio.current_time() - begun < 2 + 3 * 0.5  # and half a second of a busy machine


async def test_a_receiver_that_is_gone_pauses_its_destination(clock: MockClock):
    async with receiving(Receiver(lambda id, said: 410)) as receiver, house(MemoryDisk()) as (desk, notices):
        slot = await desk.slot()
        made = await desk.webhook(receiver.url)
        await desk.token(slot)
        await until(lambda: [one["state"] for one in notices.status("main")] == ["paused: gone"])
        assert (await desk.destination(made["id"]))["paused"] == "gone"
        assert len(receiver.asked) == 1


async def test_mail_goes_to_a_mailbox(clock: MockClock):
    async with mailing(MailServer()) as server:
        settings = NoticeSettings(
            smtp_host="127.0.0.1", smtp_port=server.port, smtp_tls="never", smtp_from="matron@example.org"
        )
        async with house(MemoryDisk(), settings) as (desk, _):
            slot = await desk.slot()
            ward = (MailAddress("ward@example.org"),)
            await desk.ask(AddDestination(name="Ward", channel="email", addresses=ward, events=("token_update",)))
            token = await desk.token(slot)
            await until(lambda: bool(server.mail))
    ((recipients, letter),) = server.mail
    assert recipients == ["ward@example.org"]
    assert token.encode() in letter


async def test_notices_go_on_when_the_engine_had_to_read_its_log_again(clock: MockClock):
    disk, fail = MemoryDisk(), [False]

    async def faults(step: str) -> None:
        if step == "before" and fail[0]:
            fail[0] = False
            raise CommitFailed("the disk said no")

    async with receiving(Receiver()) as receiver, house(disk, faults=faults) as (desk, _):
        slot = await desk.slot()
        await desk.webhook(receiver.url)
        first = await desk.token(slot)
        await until(lambda: len(receiver.taken) == 1)
        fail[0] = True
        with pytest.raises(Unavailable):
            await desk.token(slot)
        await desk.engine.until_ready()
        second = await desk.token(slot)
        await until(lambda: len(receiver.taken) == 2)
        assert [one.data["token_id"] for one in receiver.taken] == [first, second]


async def test_a_hospital_that_is_added_later_has_its_own_notices(clock: MockClock):
    async with receiving(Receiver()) as receiver, house(MemoryDisk()) as (desk, notices):
        north = AddHospital(hospital_id="north", name="North", time_zone="UTC")
        await desk.engine.ask("north", north, CLERK)
        slot = await desk.slot()
        await desk.engine.ask(
            "north", AddDestination(name="x", channel="webhook", url=Url(receiver.url), events=("token_update",)), CLERK
        )
        await desk.token(slot)
        await until(lambda: bool(notices.status("north")))
        await trio.sleep(3)
        assert (receiver.asked, notices.status("main")) == ([], [])
