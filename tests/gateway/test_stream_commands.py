"""Commands over a WebSocket: several on their way, none lost, and whatever a client sends harms itself at worst."""

from __future__ import annotations

import json
from typing import Any

import pytest
import trio

from engine.eventlog.memory_store import MemoryDisk
from engine.views.slots import ListSlotTokens
from gateway.streaming import commands, websocket
from tests.engine.living import CLERK, read
from tests.gateway.live import booking, living_gateway, registered


async def test_a_ping_is_answered_with_what_it_said():
    async with living_gateway() as place, place.socket() as talk:
        await talk.hear()
        for value in (1, "x", None, 1.5, True):
            await talk.say({"ping": value})
            assert await talk.hear() == {"type": "pong", "ping": value}


async def test_a_command_that_comes_again_with_its_key_is_not_done_again():
    async with living_gateway() as place, place.socket("alerts") as talk:
        patient = await registered(place.engine)
        for id in ("c1", "c2"):
            await talk.say(booking(place.here, patient, id, idempotency_key="k"))
            assert (await talk.hear_result(id))["status"] == 201
        tokens = await place.engine.view("main", ListSlotTokens(slot_id=place.here.slot), CLERK)
        assert len(read(tokens)["items"]) == 1


async def test_a_refusal_is_a_result_with_its_problem():
    async with living_gateway() as place, place.socket("alerts") as talk:
        await talk.say(booking(place.here, await registered(place.engine), body={"slot_id": place.here.slot}))
        result = await talk.hear_result("c1")
        assert (result["status"], result["body"]["code"]) == (422, "validation_failed")
        assert "seq" not in result


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("garbage", 400),
        ("", 400),
        ("[" * 5_000, 422),
        ("[]", 422),
        ("3", 422),
        ("{}", 422),
        ('{"id": 3, "method": "POST", "path": "/tokens/"}', 422),
        ('{"id": "", "method": "POST", "path": "/tokens/"}', 422),
        ('{"id": "x", "id": "y", "method": "POST", "path": "/tokens/"}', 422),
        ('{"id": "\\ud800", "method": "POST", "path": "/tokens/"}', 422),
        ('{"ping": {"a": 1}}', 422),
        ('{"ping": 1, "pong": 2}', 422),
        ('{"ping": 1e999}', 422),
        (b"\x00\xff", 415),
        (b"", 415),
    ],
)
async def test_what_is_no_command_is_answered_and_the_next_command_is_done(said: Any, status: int):
    async with living_gateway() as place, place.socket("alerts") as talk:
        patient = await registered(place.engine)
        await talk.socket.send_message(said)
        assert (await talk.hear_result(None))["status"] == status
        await talk.say(booking(place.here, patient))
        assert (await talk.hear_result("c1"))["status"] == 201
        assert place.failures == []


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"path": "/nowhere/"}, 404),
        ({"path": "/api/v1/stream"}, 404),
        ({"path": "/batch"}, 422),
        ({"path": 3}, 422),
        ({"method": None}, 422),
        ({"method": "GET", "path": "/slots/"}, 422),
        ({"method": "PATCH"}, 405),
        ({"body": []}, 422),
        ({"body": "x"}, 422),
        ({"body": {"nested": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}}, 422),
        ({"idempotency_key": 3}, 422),
        ({"idempotency_key": "ü"}, 422),
        ({"surprise": 1}, 422),
    ],
)
async def test_a_command_that_is_none_gets_its_problem_under_its_id(more: dict[str, Any], status: int):
    async with living_gateway() as place, place.socket("alerts") as talk:
        await talk.hear()
        await talk.say({**booking(place.here, await registered(place.engine)), **more})
        found = await talk.hear()
        assert (found["type"], found["status"]) == ("result", status)
        assert place.failures == []


async def test_as_many_commands_as_may_are_on_their_way_and_the_next_is_refused():
    go_on = trio.Event()
    disk, stalled = MemoryDisk(), False

    async def faults(step: str) -> None:
        if stalled and step == "data":
            await go_on.wait()

    async with living_gateway(disk, faults=faults) as place, place.socket("alerts") as talk:
        await talk.hear()
        patient = await registered(place.engine)
        stalled = True
        for number in range(commands.IN_FLIGHT):
            await talk.say(booking(place.here, patient, f"c{number}"))
        await talk.say(booking(place.here, patient, "one too many"))
        refused = await talk.hear()
        assert (refused["id"], refused["status"], refused["body"]["code"]) == (
            "one too many",
            429,
            "too_many_in_flight",
        )
        await talk.say({"ping": "still here"})
        assert await talk.hear() == {"type": "pong", "ping": "still here"}
        go_on.set()
        results = [await talk.hear() for _ in range(commands.IN_FLIGHT)]
        assert sorted(result["id"] for result in results) == sorted(f"c{n}" for n in range(commands.IN_FLIGHT))
        await talk.say(booking(place.here, patient, "c1"))
        assert (await talk.hear_result("c1"))["status"] != 429


async def test_two_commands_under_one_id_are_not_told_apart_and_so_refused():
    go_on, stalled = trio.Event(), False

    async def faults(step: str) -> None:
        if stalled and step == "data":
            await go_on.wait()

    async with living_gateway(faults=faults) as place, place.socket("alerts") as talk:
        await talk.hear()
        patient = await registered(place.engine)
        stalled = True
        await talk.say(booking(place.here, patient, "c"))
        await talk.say(booking(place.here, patient, "c"))
        assert (await talk.hear())["status"] == 429
        go_on.set()
        assert (await talk.hear())["status"] == 201


async def test_a_command_is_done_although_its_sender_leaves_at_once():
    async with living_gateway() as place:
        patients = [await registered(place.engine) for _ in range(8)]
        async with place.socket("alerts") as talk:
            for number, patient in enumerate(patients):
                await talk.say(booking(place.here, patient, f"c{number}"))
            await talk.vanish()
        with trio.fail_after(5):
            while True:
                tokens = await place.engine.view("main", ListSlotTokens(slot_id=place.here.slot), CLERK)
                if {row["patient_id"] for row in read(tokens)["items"]} == set(patients):
                    break
                await trio.sleep(0.01)
        assert place.failures == []


async def test_commands_on_their_way_are_answered_when_the_server_stops():
    async with living_gateway() as place, place.socket("alerts") as talk:
        await talk.hear()
        patients = [await registered(place.engine) for _ in range(8)]
        for number, patient in enumerate(patients):
            await talk.say(booking(place.here, patient, f"c{number}"))
        await talk.say({"ping": 1})
        while (await talk.hear())["type"] != "pong":  # all of them have come in by then
            pass
        place.engine.feed.end()
        found = await talk.hear_all()
        tokens = await place.engine.view("main", ListSlotTokens(slot_id=place.here.slot), CLERK)
        assert len(read(tokens)["items"]) == 8
        assert "closing" in {said["type"] for said in found}
        assert await talk.end() == 1012


async def test_a_flood_of_what_means_nothing_is_ended():
    async with living_gateway() as place, place.socket("alerts") as talk:
        await talk.hear()
        for _ in range(websocket.WASTE):
            await talk.socket.send_message("?")
        found = await talk.hear_all()
        assert [said["status"] for said in found[:-1]] == [400] * websocket.WASTE
        assert (found[-1]["type"], found[-1]["code"]) == ("closing", 1008)
        assert await talk.end() == 1008
        assert place.failures == []


async def test_a_message_over_the_limit_ends_its_connection_only():
    async with living_gateway() as place, place.socket("alerts") as other:
        async with place.socket("alerts") as talk:
            await talk.hear()
            await talk.socket.send_message(json.dumps({"ping": "x" * 300_000}))
            assert await talk.end() == 1009
        await other.hear()
        await other.say({"ping": 1})
        assert await other.hear() == {"type": "pong", "ping": 1}
        assert place.failures == []
