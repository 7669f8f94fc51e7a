"""Several commands in one frame of a WebSocket: together to the engine, each with its own result."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
import trio

from engine.errors import DeadlinePassed
from engine.eventlog.memory_store import MemoryDisk
from engine.views.slots import ListSlotTokens
from gateway.access.guard import Guard
from gateway.app import table_over
from gateway.auth import Nobody
from gateway.batch import BatchEndpoint, Sender
from gateway.engine import Engine
from gateway.limits import Limits
from gateway.streaming import commands, websocket
from tests.engine.living import CLERK, read
from tests.gateway.live import JSON, Place, Talk, booking, living_gateway, registered
from tests.gateway.surface import ScriptedEngine, developers_call

DEEP: list[Any] = []
for _ in range(36):
    DEEP = [DEEP]


async def told(talk: Talk) -> list[JSON]:
    """The results of the next message that has several."""
    while (said := await talk.hear())["type"] != "results":
        pass
    assert said.keys() == {"type", "results"}
    results: list[JSON] = said["results"]
    return results


async def bookings(place: Place, count: int) -> list[JSON]:
    """So many commands of patients of their own."""
    return [booking(place.here, await registered(place.engine), f"c{n}") for n in range(count)]


async def booked(place: Place) -> int:
    tokens = await place.engine.view("main", ListSlotTokens(slot_id=place.here.slot), CLERK)
    return len(read(tokens)["items"])


class Stall:
    """Commits wait from ``begin`` until ``end``; ``commits`` counts them."""

    def __init__(self) -> None:
        self.commits = 0
        self._end: trio.Event | None = None

    async def __call__(self, step: str) -> None:
        if step == "data":
            self.commits += 1
            if self._end is not None:
                await self._end.wait()

    def begin(self) -> None:
        self._end = trio.Event()

    def end(self) -> None:
        assert self._end is not None
        self._end.set()


async def test_several_are_decided_in_their_order_and_answered_in_one_message():
    disk, stall = MemoryDisk(), Stall()
    async with living_gateway(disk, faults=stall) as place, place.socket("alerts") as talk:
        await talk.hear()
        asked = await bookings(place, 8)
        before = stall.commits
        await talk.say({"commands": asked})
        results = await told(talk)
        assert stall.commits == before + 1
        assert [(result["id"], result["status"]) for result in results] == [(f"c{n}", 201) for n in range(8)]
        assert [result["body"]["patient_id"] for result in results] == [one["body"]["patient_id"] for one in asked]
        assert [result["body"]["token_number"] for result in results] == list(range(1, 9))
        assert [result["seq"] for result in results] == list(range(results[0]["seq"], results[0]["seq"] + 8))
        assert len(disk.entries["main"]) == results[-1]["seq"]


async def test_one_bad_command_among_good_ones_hinders_nobody():
    async with living_gateway() as place, place.socket("alerts") as talk:
        first, second, third, fourth, fifth = await bookings(place, 5)
        second["body"]["category"] = "NOBODY"
        third["path"] = "/nowhere/"
        fourth["surprise"] = 1
        await talk.say({"commands": [first, second, third, fourth, "text", {"id": ""}, fifth]})
        results = await told(talk)
        assert [(result["id"], result["status"]) for result in results] == [
            ("c0", 201), ("c1", 422), ("c2", 404), ("c3", 422), (None, 422), (None, 422), ("c4", 201),
        ]  # fmt: skip
        assert ["seq" in result for result in results] == [True, *[False] * 5, True]
        assert results[4]["body"]["errors"][0]["field"] == "id"
        assert await booked(place) == 2
        assert place.failures == []


async def test_an_id_that_comes_twice_in_a_message_is_refused_the_second_time():
    async with living_gateway() as place, place.socket("alerts") as talk:
        one, two = await bookings(place, 2)
        await talk.say({"commands": [one, {**two, "id": "c0"}]})
        first, second = await told(talk)
        assert (first["id"], first["status"]) == ("c0", 201)
        assert (second["id"], second["status"], second["body"]["code"]) == ("c0", 429, "too_many_in_flight")
        await talk.say({"commands": [{**two, "id": "c0"}]})
        assert [result["status"] for result in await told(talk)] == [201]


async def test_what_is_on_its_way_is_counted_in_commands():
    stall = Stall()
    async with living_gateway(faults=stall) as place, place.socket("alerts") as talk:
        await talk.hear()
        patient = await registered(place.engine)
        stall.begin()
        await talk.say({"commands": [booking(place.here, patient, f"a{n}") for n in range(60)]})
        await talk.say({"commands": [booking(place.here, patient, f"b{n}") for n in range(6)]})
        await talk.say({"commands": [booking(place.here, patient, "late"), {"id": 3}]})
        refused = await told(talk)  # nothing of it has to be waited for
        assert [(result["id"], result["status"]) for result in refused] == [("late", 429), (None, 422)]
        await talk.say(booking(place.here, patient, "alone"))
        assert (await talk.hear_result("alone"))["status"] == 429
        stall.end()
        answers = {len(results): results for results in (await told(talk), await told(talk))}
        assert sorted(answers) == [6, 60]
        assert [result["status"] == 429 for result in answers[6]] == [False] * 4 + [True] * 2
        await talk.say({"commands": [booking(place.here, patient, f"b{n}") for n in range(commands.IN_FLIGHT)]})
        assert 429 not in {result["status"] for result in await told(talk)}


async def test_a_message_without_commands_has_no_results():
    async with living_gateway() as place, place.socket("alerts") as talk:
        await talk.say({"commands": []})
        assert await told(talk) == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"commands": {}}, "validation_failed"),
        ({"commands": None}, "validation_failed"),
        ({"commands": "POST"}, "validation_failed"),
        ({"commands": [], "id": "x"}, "validation_failed"),
        ({"commands": [], "ping": 1}, "validation_failed"),
        ({"commands": [{}] * 65}, "too_many_commands"),
        ({"commands": DEEP}, "too_deep"),
    ],
)
async def test_a_message_that_is_none_has_one_problem_and_the_next_is_done(said: Any, code: str):
    async with living_gateway() as place, place.socket("alerts") as talk:
        await talk.say(said)
        result = await talk.hear_result(None)
        assert (result["status"], result["body"]["code"]) == (422, code)
        await talk.say({"commands": await bookings(place, 1)})
        assert [result["status"] for result in await told(talk)] == [201]
        assert place.failures == []


async def test_a_member_that_comes_twice_in_a_command_is_that_commands_problem():
    async with living_gateway() as place, place.socket("alerts") as talk:
        [asked] = await bookings(place, 1)
        text = json.dumps({"commands": [asked]}).replace('"method"', '"method": "DELETE", "method"')
        await talk.socket.send_message(text)
        [result] = await told(talk)
        assert (result["id"], result["status"]) == ("c0", 422)
        assert await booked(place) == 0


async def test_a_message_of_several_over_the_limit_of_size_ends_its_connection():
    async with living_gateway() as place, place.socket("alerts") as talk:
        asked = await bookings(place, 2)
        await talk.say({"commands": [*asked, {"id": "large", "body": "x" * 262_144}]})
        assert await talk.end() == 1009
        assert await booked(place) == 0
        assert place.failures == []


async def test_commands_that_mean_nothing_are_counted_one_by_one():
    async with living_gateway() as place, place.socket("alerts") as talk:
        await talk.hear()
        await talk.say({"commands": [{}] * 60})
        await talk.say({"commands": [{}] * 60})
        found = await talk.hear_all()
        assert [len(said["results"]) for said in found[:-1]] == [60, 60]
        assert (found[-1]["type"], found[-1]["code"]) == ("closing", 1008)
        assert websocket.WASTE == 100
        assert await talk.end() == 1008


async def test_several_give_the_results_that_they_give_alone():
    async with living_gateway() as place:
        asked = await bookings(place, 3)
        asked[1]["body"]["patient_id"] = asked[0]["body"]["patient_id"]
        asked[2]["body"]["slot_id"] = "01900000-0000-7000-8000-000000000000"
        for number, one in enumerate(asked):
            one["idempotency_key"] = f"key {number}".replace(" ", "-")
        async with place.socket("alerts") as talk:
            await talk.say({"commands": asked})
            together = await told(talk)
            for one in asked:
                await talk.say(one)
            alone = [await talk.hear_result(one["id"]) for one in asked]
    assert [result["status"] for result in together] == [201, 409, 404]
    assert [{**result, "type": "result"} for result in together] == alone


async def test_the_commands_of_a_message_share_one_deadline_and_each_hears_of_it():
    def too_late(command: Any) -> Any:
        raise DeadlinePassed("unknown")

    scripted = ScriptedEngine(too_late)
    engine, limits = cast("Engine", scripted), Limits()
    batch = BatchEndpoint(table_over(engine, limits, scripted.page), engine, limits, Guard(Nobody()))
    texts: list[bytes] = []

    async def tell(more: list[bytes]) -> None:
        texts.extend(more)

    async with trio.open_nursery() as nursery:
        sender = Sender(developers_call(), "main", CLERK, "r")
        asking = commands.Commands(sender, batch, 7.0, lambda: True, tell, nursery)
        register = {"method": "POST", "path": "/patients/", "body": {"name": "A"}}
        assert await asking.hear({"commands": [{"id": id, **register} for id in "ab"]}) == 0
        assert await asking.hear({"id": "c", **register}) == 0
    assert [asked[4] for asked in scripted.asked] == [7.0] * 3
    several, alone = map(json.loads, texts)
    for result in [*several["results"], alone]:
        assert (result["status"], result["body"]["outcome"]) == (504, "unknown")


async def test_several_are_done_although_their_sender_leaves_at_once():
    async with living_gateway() as place:
        async with place.socket("alerts") as talk:
            await talk.say({"commands": await bookings(place, 8)})
            await talk.vanish()
        with trio.fail_after(5):
            while await booked(place) < 8:
                await place.here.change()
        assert place.failures == []


async def test_who_sends_and_never_reads_does_not_fill_the_memory_with_refusals():
    stall = Stall()
    async with living_gateway(faults=stall) as place, place.socket("alerts") as talk:
        await talk.hear()
        patient = await registered(place.engine)
        stall.begin()
        await talk.say({"commands": [booking(place.here, patient, f"a{n}") for n in range(commands.IN_FLIGHT)]})
        message = json.dumps({"commands": [{"id": f"b{n}"} for n in range(commands.IN_FLIGHT)]})
        with trio.move_on_after(1.0) as gave_up:
            while True:
                await talk.socket.send_message(message)
        assert gave_up.cancelled_caught  # the server had stopped reading
        stall.end()
