"""The stream as Server-Sent Events: the same frames, ids to go on from, and an end."""

from __future__ import annotations

import httpx2
import pytest
import trio

from tests.gateway.live import living_gateway, until

NOBODY = "01900000-0000-7000-8000-000000000000"


async def test_events_carry_the_frames_and_their_ids():
    async with living_gateway() as place, trio.open_nursery() as nursery:

        async def change() -> None:
            await trio.sleep(0.2)
            await place.here.change(3)

        nursery.start_soon(change)
        found = await place.events(place.stream(), 0.6)
        assert [(event["event"], int(event["id"])) for event in found] == [
            ("snapshot", place.here.positions[0] - 1),
            *[("deltas", position) for position in place.here.positions],
        ]
        assert [event["data"]["type"] for event in found] == [event["event"] for event in found]
        assert place.failures == []


async def test_a_browser_goes_on_from_the_last_id_whatever_its_address_says():
    async with living_gateway() as place:
        await place.here.change(5)
        found = await place.events(place.stream(after=1), 0.3, **{"Last-Event-ID": str(place.here.positions[1])})
        assert [int(event["id"]) for event in found if event["event"] == "deltas"] == place.here.positions[2:]
        found = await place.events(place.stream(after=place.here.positions[3]), 0.3)
        assert [int(event["id"]) for event in found if event["event"] == "deltas"] == place.here.positions[4:]
        assert found[-1]["event"] == "heartbeat"


async def test_only_the_last_of_several_snapshots_is_a_place_to_go_on_from():
    async with living_gateway() as place:
        found = await place.events(place.stream(place.here.topic, "alerts", "all"), 0.3)
        assert ["id" in event for event in found] == [False, False, True]


async def test_silence_is_broken_by_a_heartbeat():
    async with living_gateway() as place:
        found = await place.events(place.stream("alerts"), 5.6)
        assert [event["event"] for event in found] == ["snapshot", "heartbeat"]
        assert found[1]["data"]["time"].endswith("Z")


async def test_when_the_server_stops_the_answer_ends():
    async with living_gateway() as place, trio.open_nursery() as nursery:

        async def stop() -> None:
            await trio.sleep(0.2)
            place.engine.feed.end()

        nursery.start_soon(stop)
        begun = trio.current_time()
        found = await place.events(place.stream(), 5)
        assert trio.current_time() - begun < 2
        assert (found[-1]["event"], found[-1]["data"]["code"]) == ("closing", 1012)
        assert "id" not in found[-1]


@pytest.mark.parametrize(
    ("method", "query", "status", "code"),
    [
        ("GET", f"?topics=slot:{NOBODY}", 404, "not_found"),
        ("GET", "", 422, "validation_failed"),
        ("GET", "?topics=alerts&after=x", 422, "validation_failed"),
        ("GET", "?topics=alerts&topics=all", 422, "validation_failed"),
        ("POST", "?topics=alerts", 405, "method_not_allowed"),
        ("DELETE", "?topics=alerts", 405, "method_not_allowed"),
    ],
)
async def test_what_can_not_be_followed_is_a_problem(method: str, query: str, status: int, code: str):
    async with living_gateway() as place, httpx2.AsyncClient() as client:
        answer = await client.request(method, f"{place.url}/api/v1/stream{query}")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_client_that_leaves_is_noticed():
    async with living_gateway() as place:
        await place.events(place.stream(), 0.2)
        await until(lambda: not place.engine.feed.counts.connected)
        assert place.failures == []
