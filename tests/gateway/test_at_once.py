"""What the gateway takes at once, commands and queries: answered like the rest, by whoever brings the engine's word."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx2
import msgspec
import pytest
import trio
from trio.testing import MockClock

from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine
from gateway.access.guard import Guard
from gateway.app import create_app
from gateway.auth import Nobody
from gateway.limits import Limits
from gateway.request_log import RequestLog
from gateway.tally import Tally
from tests.engine.living import CLERK, hold_keys, living, patient, read
from tests.gateway.as_the_door import AskedAtOnce, AsTheDoor
from tests.gateway.surface import UNKNOWN, As, pages_of

JSON = {"content-type": "application/json"}
ASHA = b'{"name": "Asha Rao", "phone": "+919800000000"}'

Headers = dict[str, str]


def scope(method: str, path: str, headers: Headers) -> dict[str, Any]:
    said = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return {
        "type": "http", "method": method, "path": path, "query_string": b"", "headers": said,
        "client": ("10.0.0.7", 5000),
    }  # fmt: skip


def taken(app: Any, method: str, path: str, body: bytes = b"", headers: Headers = JSON) -> AskedAtOnce | None:
    asker = AskedAtOnce()
    return asker if app.at_once(scope(method, path, headers), body, asker) else None


async def answer_of(asker: AskedAtOnce | None) -> tuple[int, dict[str, str], Any]:
    assert asker is not None
    status, headers, body = await asker.answered()
    told = {name.decode(): value.decode() for name, value in headers}
    return status, told, msgspec.json.decode(body) if body else None


@asynccontextmanager
async def app_over(disk: MemoryDisk | None = None, **more: Any) -> AsyncIterator[tuple[Any, Engine]]:
    async with living(disk or MemoryDisk()) as engine:
        yield create_app(engine, more.pop("guard", Nobody()), pages_of(engine), **more), engine


async def someone_on(disk: MemoryDisk) -> str:
    """A patient of an engine that has ended: the next one has no key in memory, so that his commands must wait."""
    async with living(disk) as engine:
        id: str = read(await engine.ask("main", patient(), CLERK))["id"]
        return id


async def test_a_command_is_answered_when_it_is_durable_and_its_repeat_with_the_first_answer(
    autojump_clock: MockClock,
) -> None:
    tally = Tally()
    async with app_over(tally=tally) as (app, _):
        asker = taken(app, "POST", "/api/v1/patients/", ASHA, {**JSON, "Idempotency-Key": "one"})
        assert asker is not None
        assert not asker.answers
        status, headers, made = await answer_of(asker)
        assert (status, headers["location"]) == (201, f"/api/v1/patients/{made['id']}/")
        again = taken(app, "POST", "/api/v1/patients", ASHA, {**JSON, "Idempotency-Key": "one"})
        status, replayed, same = await answer_of(again)
        assert (status, replayed["idempotent-replayed"], same) == (201, "true", made)
        assert replayed["event-sequence"] == headers["event-sequence"]
        status, _, problem = await answer_of(
            taken(app, "POST", "/api/v1/patients/", b'{"name": "X"}', {**JSON, "Idempotency-Key": "one"})
        )
        assert (status, problem["code"]) == (422, "idempotency_key_reused")
        assert sum(sum(row[3]) for row in tally.rows()) == 3


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v1/nothing/", b""),
        ("GET", "/api/docs", b""),
        ("GET", "/health/", b""),
        ("HEAD", "/api/v1/patients/", b""),
        ("POST", "/api/v1/batch", b'{"commands": []}'),
        ("POST", "/api/v1/nothing/", b"{}"),
        ("BREW", "/api/v1/patients/", b"{}"),
        ("POST", "/api/v1/stream", b""),
        ("POST", "/api/v1/patients/", b'{"name": "' + b"x" * 2_000 + b'"}'),
    ],
)
async def test_what_the_engine_does_not_answer_is_left_alone(
    method: str, path: str, body: bytes, autojump_clock: MockClock
) -> None:
    log = RequestLog()
    async with app_over(limits=Limits(body_bytes=1_000), request_log=log, tally=(tally := Tally())) as (app, _):
        assert taken(app, method, path, body) is None
        assert not tally.rows()


REQUESTS: list[tuple[str, str, bytes, Headers]] = [
    ("POST", "/api/v1/patients/", ASHA, JSON),
    (
        "POST",
        "/api/v1/patients/",
        ASHA,
        {**JSON, "traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "X-Request-Id": "mine"},
    ),
    ("POST", "/api/v1/patients/", ASHA, {**JSON, "Prefer": "wait=5"}),
    ("POST", "/api/v1/patients/", ASHA, {**JSON, "Prefer": "wait=0"}),
    ("POST", "/api/v1/patients/", ASHA, {**JSON, "If-Match": '"1"'}),
    ("POST", "/api/v1/patients/", ASHA, {**JSON, "Idempotency-Key": "a b"}),
    ("POST", "/api/v1/patients/", ASHA, {**JSON, "Hospital-Id": "elsewhere"}),
    ("POST", "/api/v1/patients/", ASHA, {**JSON, "Hospital-Id": "../x"}),
    ("POST", "/api/v1/patients/", ASHA, {"content-type": "text/plain"}),
    ("POST", "/api/v1/patients/", ASHA, {**JSON, "content-encoding": "gzip"}),
    ("POST", "/api/v1/patients/", b"", JSON),
    ("POST", "/api/v1/patients/", b"{", JSON),
    ("POST", "/api/v1/patients/", b"[]", JSON),
    ("POST", "/api/v1/patients/", b'{"name": NaN}', JSON),
    ("POST", "/api/v1/patients/", b'{"name": "\\ud800"}', JSON),
    ("POST", "/api/v1/patients/", b'{"name": "a", "name": "b"}', JSON),
    ("POST", "/api/v1/patients/", b'{"nome": 1}', JSON),
    ("POST", "/api/v1/patients/", b"[" * 5_000, JSON),
    ("PUT", f"/api/v1/patients/{UNKNOWN}/", b'{"name": "X"}', JSON),
    ("PUT", "/api/v1/patients/%00/", b'{"name": "X"}', JSON),
    ("DELETE", f"/api/v1/tokens/{UNKNOWN}/", b"", JSON),
    ("POST", f"/api/v1/tokens/{UNKNOWN}/check-in/", b"{}", JSON),
    ("POST", "/api/v1/hospitals/", b'{"hospital_id": "north", "name": "N", "time_zone": "UTC"}', JSON),
    ("POST", "/api/v1/hospitals/", b'{"hospital_id": "no/rth", "name": "N", "time_zone": "UTC"}', JSON),
    ("GET", "/api/v1/patients/", b"", {}),
    ("GET", "/api/v1/patients/?limit=1&name=asha", b"", {"Purpose-Of-Use": "TREAT"}),
    ("GET", "/api/v1/patients/?limit=-1", b"", {}),
    ("GET", "/api/v1/patients/?limit=1&limit=2", b"", {}),
    ("GET", "/api/v1/patients/?nobody=1", b"", {}),
    ("GET", "/api/v1/patients/?name=%ff%00", b"", {}),
    ("GET", f"/api/v1/patients/{UNKNOWN}/", b"", {}),
    ("GET", "/api/v1/patients/%80/", b"", {}),
    ("GET", "/api/v1/patients/", b"a body that nobody wants", {"content-type": "text/plain"}),
    ("GET", "/api/v1/patients/", b"", {"Hospital-Id": "elsewhere"}),
    ("GET", "/api/v1/patients/", b"", {"Prefer": "wait=0"}),
    ("GET", "/api/v1/patients/", b"", {"If-None-Match": '"1"'}),
    ("POST", "/api/v1/rooms/conflicts/", b'{"times": []}', JSON),
    ("POST", "/api/v1/rooms/conflicts/", b"{", JSON),
    ("GET", f"/api/v1/services/{UNKNOWN}/board/?hospital=main", b"", {}),
    ("GET", f"/api/v1/services/{UNKNOWN}/board/?hospital=../x", b"", {}),
    ("GET", "/api/v1/reports/daily/?date=0000-00-00", b"", {}),
    ("GET", "/api/v1/reports/daily/", b"", {"Accept": "text/csv"}),
    ("GET", "/api/v1/reports/daily/?format=pdf", b"", {}),
]


@pytest.mark.parametrize("asked", REQUESTS)
async def test_it_is_answered_as_in_a_task_of_its_own(
    asked: tuple[str, str, bytes, Headers], autojump_clock: MockClock
) -> None:
    method, path, body, headers = asked
    said = []
    for at_once in (True, False):
        async with app_over() as (app, engine):
            door = AsTheDoor(app)
            transport = httpx2.ASGITransport(app=door if at_once else app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://matron") as client:
                got = await client.request(method, path, content=body, headers=headers)
            assert door.taken == at_once
            said.append((got.status_code, sorted(got.headers), plain(got), engine.load()["log"]["entries"]))
    assert said[0] == said[1]


def plain(answer: httpx2.Response) -> Any:
    """What is said, without what is another one in each hospital."""
    if not answer.headers.get("content-type", "").endswith("json"):
        return answer.text
    value = answer.json()
    return {name: said for name, said in value.items() if name not in ("id", "created_at", "updated_at", "request_id")}


async def test_who_may_not_is_refused(autojump_clock: MockClock) -> None:
    async with app_over(guard=Guard(As("board"))) as (app, _):
        status, _, problem = await answer_of(taken(app, "POST", "/api/v1/patients/", ASHA))
        assert (status, problem["code"]) == (403, "forbidden")


async def test_nobody_suffers_for_an_answer_that_breaks(autojump_clock: MockClock) -> None:
    class Broken(RequestLog):
        def write(self, *_: Any, **__: Any) -> None:
            raise ZeroDivisionError

    async with app_over(request_log=Broken()) as (app, engine):
        asker = taken(app, "POST", "/api/v1/patients/", ASHA)
        with pytest.raises(ZeroDivisionError):
            await answer_of(asker)
        assert (await engine.ask("main", patient(), CLERK)).outcome == "created"
        assert engine.ready().ready


async def test_a_deadline_says_what_became_of_the_command(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    one = await someone_on(disk)
    async with app_over(disk) as (app, engine):
        keys = hold_keys(engine)
        asker = taken(app, "PUT", f"/api/v1/patients/{one}/", b'{"name": "X"}', {**JSON, "Prefer": "wait=2"})
        status, headers, problem = await answer_of(asker)
        assert (status, problem["code"], problem["outcome"]) == (504, "deadline_passed", "not_applied")
        assert headers["preference-applied"] == "wait=2"
        keys.set()


async def test_what_nobody_will_hear_is_withdrawn(autojump_clock: MockClock) -> None:
    disk = MemoryDisk()
    one = await someone_on(disk)
    async with app_over(disk) as (app, engine):
        keys = hold_keys(engine)
        asker = taken(app, "PUT", f"/api/v1/patients/{one}/", b'{"name": "X"}')
        assert asker is not None
        await trio.sleep(1)
        asker.withdraw()
        keys.set()
        await trio.sleep(1)
        assert len(disk.entries["main"]) == 2


async def test_what_is_traced_has_a_task(autojump_clock: MockClock) -> None:
    class Traced:
        def around(self, engine: Engine) -> Engine:
            return engine

    async with app_over(tracing=cast(Any, Traced())) as (app, _):
        assert taken(app, "POST", "/api/v1/patients/", ASHA) is None
