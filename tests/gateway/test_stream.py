"""The stream over a WebSocket: what is refused before it begins, frames, commands, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
import trio

from engine import feed
from engine.eventlog.memory_store import MemoryDisk
from gateway.auth import DEVELOPER, ApiKeys, Caller, add_key, unauthenticated
from gateway.server import DoorSettings
from gateway.streaming import websocket
from tests.gateway.live import booking, living_gateway, registered, until

NOBODY = "01900000-0000-7000-8000-000000000000"


async def test_a_snapshot_comes_first_and_then_what_a_command_changed():
    async with living_gateway() as place:
        patient = await registered(place.engine)
        async with place.socket() as talk:
            first = await talk.hear()
            assert (first["type"], first["topic"], first["more"]) == ("snapshot", place.here.topic, False)
            assert first["data"]["slot"]["id"] == place.here.slot
            await talk.say(booking(place.here, patient))
            found = {message["type"]: message for message in (await talk.hear(), await talk.hear())}
            assert (found["result"]["id"], found["result"]["status"]) == ("c1", 201)
            assert found["result"]["body"]["patient_id"] == patient
            assert found["deltas"]["seq"] == found["result"]["seq"] == first["seq"] + 1
            [message] = found["deltas"]["messages"]
            assert (message["type"], message["change"], message["patient_id"]) == ("token_update", "booked", patient)
        assert place.failures == []


async def test_a_client_cut_many_times_goes_on_without_a_gap_and_without_a_repeat():
    chance = Random(5)
    seen: list[int] = []
    after: int | None = None
    async with living_gateway() as place, trio.open_nursery() as nursery:

        async def change() -> None:
            while True:
                await place.here.change()
                await trio.sleep(0.003)

        nursery.start_soon(change)
        for _ in range(25):
            more = {} if after is None else {"after": after}
            async with place.socket(**more) as talk:
                for _ in range(chance.randrange(1, 6)):
                    said = await talk.hear()
                    after = said["seq"]
                    if said["type"] == "deltas":
                        seen.append(said["seq"])
                if chance.random() < 0.5:
                    await trio.sleep(chance.random() / 30)  # what comes meanwhile is lost with the connection
        nursery.cancel_scope.cancel()
    assert len(seen) > 25
    start = place.here.positions.index(seen[0])
    assert seen == place.here.positions[start : start + len(seen)]


async def test_a_client_goes_on_after_the_server_was_restarted():
    disk = MemoryDisk()
    async with living_gateway(disk) as place, place.socket() as talk:
        topic, here = place.here.topic, place.here
        await here.change(2)
        heard = [await talk.hear() for _ in range(3)]
    async with living_gateway(disk) as place:
        here.engine = place.engine
        await here.change(3)
        async with place.socket(topic, after=heard[-1]["seq"]) as talk:
            found = [await talk.hear() for _ in range(3)]
    assert [said["seq"] for said in [*heard[1:], *found]] == here.positions


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"topics": f"slot:{NOBODY}"}, 404, "not_found"),
        ({"topics": "weather"}, 404, "not_found"),
        ({"topics": "patient:x"}, 404, "not_found"),
        ({"topics": " , "}, 422, "validation_failed"),
        ({"topics": ",".join(f"slot:{n}" for n in range(51))}, 422, "validation_failed"),
        ({"topics": "alerts", "after": "-1"}, 422, "validation_failed"),
        ({"topics": "alerts", "after": "9" * 40}, 422, "validation_failed"),
        ({"topics": "alerts", "key": "x"}, 422, "validation_failed"),
        ({"topics": "alerts", "hospital": "elsewhere"}, 404, "not_found"),
        ({"topics": "alerts", "hospital": "../main"}, 404, "not_found"),
    ],
)
async def test_what_can_not_be_followed_is_refused_with_a_problem_before_anything_streams(
    query: dict[str, str], status: int, code: str
):
    async with living_gateway() as place:
        answered, problem = await place.handshake(**query)
        assert (answered, problem["code"]) == (status, code)
        assert place.failures == []


async def test_over_the_limit_of_clients_the_next_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(feed, "MAX_FOLLOWERS", 1)
    async with living_gateway() as place, place.socket():
        status, problem = await place.handshake()
        assert (status, problem["code"]) == (503, "too_many_followers")


async def test_who_may_follow_what_and_what_needs_no_key(tmp_path: Path):
    file = tmp_path / "keys.toml"
    keys = {role: add_key(file, role, [role], "main") for role in ("clerk", "board", "integration", "auditor")}
    allowed = {
        "alerts": {"clerk", "integration", "auditor"},
        "all": {"integration"},
    }
    async with living_gateway(auth=ApiKeys(file)) as place:
        allowed[place.here.topic] = {"clerk", "integration", "auditor"}

        async def status(topic: str, **headers: str) -> int:
            return (await place.handshake(topic, headers=headers))[0]

        for topic, roles in allowed.items():
            assert await status(topic) == 401
            assert await status(topic, **{"X-API-Key": "matron_unknown"}) == 401
            for role, key in keys.items():
                expected = 101 if role in roles else 403
                assert await status(topic, Authorization=f"Bearer {key}") == expected, (topic, role)
        for topic in (f"board:{NOBODY}", f"ticket:{NOBODY}.{32 * '0'}"):
            assert await status(topic) == 404  # nobody was asked for a key
            assert await status(topic, **{"X-API-Key": "matron_unknown"}) == 401
        async with place.socket("alerts", protocols=["matron", f"key.{keys['clerk']}"]) as talk:
            assert talk.socket.subprotocol == "matron"
            assert (await talk.hear())["data"] == {"items": [], "next_cursor": None}


class Fickle:
    """Everybody is the developer, until nobody is."""

    gone = False

    def caller(self, headers: dict[bytes, bytes]) -> Caller:
        if self.gone:
            raise unauthenticated("This key is not known.")
        return DEVELOPER


async def test_a_key_that_is_taken_out_ends_its_streams_and_sends_no_more_commands(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(websocket, "RECHECK", 0.0)
    auth = Fickle()
    async with living_gateway(auth=auth) as place:
        patient = await registered(place.engine)
        async with place.socket() as talk:
            await talk.hear()
            auth.gone = True
            await talk.say(booking(place.here, patient))
            assert (await talk.hear_result("c1"))["status"] == 401
            await place.here.change()
            assert [said["type"] for said in await talk.hear_all()] == ["closing"]  # nothing more is shown
            assert await talk.end() == 1008


async def test_when_the_server_stops_its_clients_are_told_and_hold_nothing_up():
    async with living_gateway() as place, place.socket() as talk:
        await talk.hear()
        begun = trio.current_time()
        place.engine.feed.end()
        place.shutdown.set()
        closing = await talk.hear()
        assert (closing["type"], closing["code"], closing["reason"]) == ("closing", 1012, "the server stops")
        assert await talk.end() == 1012
        await until(lambda: not place.door.open_connections)
        assert trio.current_time() - begun < 1


async def test_a_client_that_does_not_read_is_let_go_and_holds_up_nobody():
    settings = DoorSettings(send_timeout=0.3, graceful_timeout=2.0)
    large = "x" * 60_000
    async with living_gateway(door=settings) as place, place.socket() as talk, trio.open_nursery() as nursery:
        await talk.hear()
        frozen = await trio.open_tcp_stream("127.0.0.1", place.port)
        frozen.socket.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_RCVBUF, 2_048)
        path = place.stream().removeprefix(place.url)
        key = "dGhlIHNhbXBsZSBub25jZQ=="
        await frozen.send_all(
            f"GET {path} HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            f"sec-websocket-version: 13\r\nsec-websocket-key: {key}\r\n\r\n".encode()
        )
        await until(lambda: place.engine.feed.counts.connected == 2)

        async def ask_for_much() -> None:
            payload = json.dumps({"ping": large}).encode()
            masked = b"\x81\xfe" + len(payload).to_bytes(2, "big") + b"\0\0\0\0" + payload
            try:
                while True:
                    await frozen.send_all(masked)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                pass

        begun = trio.current_time()
        nursery.start_soon(ask_for_much)
        with trio.fail_after(20):
            while place.engine.feed.counts.connected > 1:
                await place.here.change()
                assert (await talk.hear())["seq"] == place.here.positions[-1]
        assert trio.current_time() - begun >= settings.send_timeout
        nursery.cancel_scope.cancel()
        await trio.aclose_forcefully(frozen)
    assert place.failures == []


async def test_who_leaves_without_a_word_is_forgotten():
    async with living_gateway() as place:
        async with place.socket() as talk:
            await talk.hear()
            await talk.vanish()
        with trio.fail_after(5):
            while place.engine.feed.counts.connected:
                await place.here.change()
        assert place.failures == []
