"""How often somebody may ask: buckets, whose they are, what is told of them, and that a flood fills nothing."""

from __future__ import annotations

from typing import Any

import httpx2
import msgspec
import pytest
import trio
from trio.testing import MockClock

from gateway.access.guard import Guard
from gateway.access.rates import Limited, Meter, RateSettings, place_of
from gateway.app import create_app, table_over
from gateway.auth import ApiKeys, Caller, add_key
from gateway.batch import BatchEndpoint, Sender
from gateway.call import Call
from gateway.config import BadConfig, load
from gateway.limits import Limits
from gateway.problems import Problem
from gateway.streaming.commands import Commands
from tests.gateway.surface import As, ScriptedEngine

DOCTORS, BOARD = "/api/v1/doctors/", "/api/v1/services/01890000-0000-7000-8000-000000000000/board/"
SMALL = RateSettings(
    principal_per_second=2, principal_burst=4, address_per_second=10, address_burst=20, integration_per_second=20,
    integration_burst=40, sign_in_per_minute=2, sign_in_burst=3,
)  # fmt: skip


def call_of(peer: str | None = "10.0.0.7", caller: Caller | None = None, **headers: str) -> Call:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "headers": named, "client": None if peer is None else (peer, 1)}

    async def nothing() -> Any:
        await trio.sleep_forever()

    call = Call(scope, nothing, 10.0)
    call.caller = caller
    return call


def client_of(settings: RateSettings, auth: Any, peer: str = "10.0.0.7", share: int = 1) -> httpx2.AsyncClient:
    engine: Any = ScriptedEngine()
    app = create_app(engine, Guard(auth, Limited(settings, share)), engine.page)
    transport = httpx2.ASGITransport(app=app, client=(peer, 5000))
    return httpx2.AsyncClient(transport=transport, base_url="http://matron")


def policy_of(answer: httpx2.Response) -> tuple[str, str]:
    return answer.headers["ratelimit-policy"], answer.headers["ratelimit"]


async def test_a_principal_has_a_burst_and_then_its_rate(autojump_clock: MockClock) -> None:
    async with client_of(SMALL, As("clerk")) as client:
        seen = [await client.get(DOCTORS) for _ in range(6)]
        assert [answer.status_code for answer in seen] == [200] * 4 + [429] * 2
        assert policy_of(seen[0]) == ('"principal";q=4;w=2', '"principal";r=3;t=1')
        assert policy_of(seen[3]) == ('"principal";q=4;w=2', '"principal";r=0;t=2')
        refused = seen[4]
        assert (refused.json()["code"], refused.headers["retry-after"]) == ("rate_limited", "1")
        assert policy_of(refused)[1].startswith('"principal";r=0')
        await trio.sleep(1)
        assert [(await client.get(DOCTORS)).status_code for _ in range(3)] == [200, 200, 429]


async def test_each_principal_has_a_bucket_of_its_own_and_who_is_refused_pays_nothing(
    tmp_path: Any, autojump_clock: MockClock
) -> None:
    file = tmp_path / "keys.toml"
    one, other = (add_key(file, name, ["clerk"], "main") for name in ("one", "other"))
    async with client_of(SMALL, ApiKeys(file)) as client:

        async def status(key: str) -> int:
            return (await client.get(DOCTORS, headers={"X-API-Key": key})).status_code

        assert [await status(one) for _ in range(9)] == [200] * 4 + [429] * 5
        assert await status(other) == 200
        await trio.sleep(0.5)
        assert await status(one) == 200


async def test_an_address_is_counted_whoever_asks_and_before_anybody_is_known(autojump_clock: MockClock) -> None:
    settings = msgspec.structs.replace(SMALL, address_burst=3, address_per_second=1)
    async with client_of(settings, As("board")) as client, client_of(settings, As("board"), "10.0.0.8") as other:
        answers = [await client.get(BOARD) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert policy_of(answers[0]) == ('"address";q=3;w=3', '"address";r=2;t=1')
        assert (await other.get(BOARD)).status_code == 200


async def test_nobody_s_guesses_at_keys_are_endless(tmp_path: Any, autojump_clock: MockClock) -> None:
    add_key(tmp_path / "keys.toml", "desk", ["clerk"], "main")
    settings = msgspec.structs.replace(SMALL, address_burst=5, address_per_second=1)
    async with client_of(settings, ApiKeys(tmp_path / "keys.toml")) as client:
        got = [(await client.get(DOCTORS, headers={"X-API-Key": f"guess-{n}"})).status_code for n in range(8)]
    assert got == [401] * 5 + [429] * 3


async def test_an_integration_may_ask_more_and_not_at_its_address_s_cost(autojump_clock: MockClock) -> None:
    async with client_of(SMALL, As("integration")) as client:
        seen = [(await client.get(DOCTORS)) for _ in range(41)]
    assert [answer.status_code for answer in seen] == [200] * 40 + [429]
    assert policy_of(seen[0])[0] == '"integration";q=40;w=2'


async def test_a_body_that_comes_too_often_is_not_read(autojump_clock: MockClock) -> None:
    engine: Any = ScriptedEngine()
    app = create_app(engine, Guard(As("clerk"), Limited(SMALL)), engine.page)
    statuses, read = [], []

    async def receive() -> Any:
        read.append(True)
        return {"type": "http.request", "body": b'{"name": "A", "specialization": "B"}', "more_body": False}

    async def send(message: Any) -> None:
        statuses.append(message.get("status"))

    headers = [(b"content-type", b"application/json")]
    for _ in range(5):
        scope = {"type": "http", "method": "POST", "path": "/api/v1/patients/", "query_string": b"",
                 "headers": headers, "client": ("10.0.0.7", 1)}  # fmt: skip
        await app(scope, receive, send)
    assert [status for status in statuses if status][-1] == 429
    assert len(read) == 4


async def test_a_batch_counts_by_its_commands_and_is_let_in_whole(autojump_clock: MockClock) -> None:
    commands = [{"method": "POST", "path": "/patients/", "body": {"name": f"P{n}"}} for n in range(10)]
    async with client_of(SMALL, As("clerk")) as client:
        answer = await client.post("/api/v1/batch", json={"commands": commands})
        assert [result["status"] for result in answer.json()["results"]] == [200] * 10
        refused = await client.get(DOCTORS)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "4")
        await trio.sleep(3.4)
        assert (await client.get(DOCTORS)).status_code == 429
        await trio.sleep(0.2)
        assert (await client.get(DOCTORS)).status_code == 200


async def test_the_commands_of_the_stream_count_too_and_each_is_told(autojump_clock: MockClock) -> None:
    engine: Any = ScriptedEngine()
    limits, guard = Limits(), Guard(As("clerk"), Limited(SMALL))
    batch = BatchEndpoint(table_over(engine, limits, engine.page), engine, limits, guard)
    sender = Sender.of(call_of(caller=As("clerk").caller({})), "main")
    register = {"method": "POST", "path": "/patients/", "body": {"name": "A"}}
    texts: list[Any] = []

    async def tell(more: list[bytes]) -> None:
        texts.extend(map(msgspec.json.decode, more))

    async def ask(*ids: str) -> list[int]:
        texts.clear()
        async with trio.open_nursery() as nursery:
            asking = Commands(sender, batch, 5.0, lambda: True, tell, nursery)
            await asking.hear({"commands": [{"id": id, **register} for id in ids]})
        return [result["status"] for result in texts[0]["results"]]

    assert await ask(*"abcdefgh") == [200] * 8
    assert await ask("i", "j") == [429] * 2
    assert texts[0]["results"][0]["body"]["code"] == "rate_limited"
    assert len(engine.asked) == 8
    await trio.sleep(3)
    assert await ask("k") == [200]


async def test_signing_in_is_narrow_and_by_address(autojump_clock: MockClock) -> None:
    guard = Guard(As("clerk"), Limited(SMALL))

    def tried(peer: str) -> int:
        call = call_of(peer)
        call.writes = True
        try:
            guard.admit(call, None, "/api/v1/session")
        except Problem as problem:
            return problem.status
        return 200

    assert [tried("10.0.0.7") for _ in range(4)] == [200, 200, 200, 429]
    assert tried("10.0.0.8") == 200
    await trio.sleep(30)
    assert [tried("10.0.0.7") for _ in range(2)] == [200, 429]


async def test_who_has_signed_in_did_not_try_in_vain(autojump_clock: MockClock) -> None:
    guard = Guard(As("clerk"), Limited(SMALL))
    for _ in range(20):
        call = call_of()
        call.writes = True
        guard.admit(call, None, "/api/v1/session")
        guard.welcome(call)


async def test_processes_share_what_is_set(autojump_clock: MockClock) -> None:
    async with client_of(SMALL, As("clerk"), share=2) as client:
        seen = [await client.get(DOCTORS) for _ in range(3)]
    assert [answer.status_code for answer in seen] == [200, 200, 429]
    assert policy_of(seen[0])[0] == '"principal";q=2;w=2'


def test_buckets_are_so_many_and_who_was_just_refused_is_not_forgotten() -> None:
    meter = Meter("address", 1.0, 3, buckets=1_000)
    for _ in range(3):
        meter.take("attacker", 0.0)
    for number in range(100_000):
        assert meter.take(f"10.0.{number}", 0.0) <= meter.capacity
        if number % 200 == 0:
            assert meter.take("attacker", 0.0) > meter.capacity
            meter.owe("attacker", 0.0, 0)
    assert len(meter) <= 1_000


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "source"),
    [
        ([], "10.0.0.1", "198.51.100.7", "10.0.0.1"),
        (["10.0.0.1"], "10.0.0.2", "198.51.100.7", "10.0.0.2"),
        (["10.0.0.1"], "10.0.0.1", "198.51.100.7", "198.51.100.7"),
        (["10.0.0.0/24"], "10.0.0.1", "203.0.113.1, 198.51.100.7, 10.0.0.9", "198.51.100.7"),
        (["10.0.0.0/24"], "10.0.0.1", "10.0.0.5, 10.0.0.9", "10.0.0.5"),
        (["10.0.0.1"], "10.0.0.1", "", "10.0.0.1"),
        (["10.0.0.1"], "10.0.0.1", "203.0.113.1, <script>", "10.0.0.1"),
        (["10.0.0.1"], "10.0.0.1", "[2001:db8::1]", "2001:db8::1"),
        (["::1"], "::1", "198.51.100.7", "198.51.100.7"),
        (["10.0.0.0/8"], "::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"),
        (["unix"], None, "198.51.100.7", "198.51.100.7"),
        (["10.0.0.1"], None, "198.51.100.7", ""),
    ],
)
async def test_only_a_trusted_proxy_is_believed_about_where_a_request_came_from(
    trusted: list[str], peer: str | None, forwarded: str, source: str
) -> None:
    limited = Limited(msgspec.structs.replace(SMALL, trusted_proxies=trusted))
    call = call_of(peer, As("clerk").caller({}), x_forwarded_for=forwarded)
    limited.by_address(call)
    assert (call.source, call.who.source) == (source, source)


def test_the_addresses_of_one_customer_are_one() -> None:
    assert place_of("2001:db8:1:2:a::1") == place_of("2001:db8:1:2:b::2") != place_of("2001:db8:1:3::1")
    assert place_of("::ffff:10.0.0.1") == place_of("10.0.0.1")
    assert place_of("fe80::1%eth0") == "fe80::/64"
    assert place_of("") == ""


@pytest.mark.parametrize("named", [["10.0.0.300"], ["proxy.example"], [""]])
def test_what_is_no_address_is_refused_with_the_configuration(named: list[str], tmp_path: Any) -> None:
    file = tmp_path / "matron.toml"
    file.write_text(f"[rates]\ntrusted_proxies = {named}\n")
    with pytest.raises(BadConfig):
        load({}, {}, file)
