"""The same as in ``test_two_hospitals.py`` with calls of another origin, and over sockets to gateway processes."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import httpx2
import msgspec
import pytest
import trio

from gateway import openapi
from gateway.app import command_and_query_types, create_app
from gateway.health import Vitals
from gateway.routes import BASE
from tests.gateway.security.calls import SILENCE, Answer, Headers, ask
from tests.gateway.security.houses import OURS, THEIRS, engine_of_two, furnished
from tests.gateway.security.principals import AUDIENCE, ISSUER, of, opened
from tests.gateway.security.schemas import SchemaShots, cases_of
from tests.gateway.security.shots import Shot, Shots
from tests.gateway.security.two_houses import Held, fire
from tests.serving import serving

ROUND = 2_500
AT_ONCE = 8
"""Clients beside one another."""


@pytest.mark.long
@pytest.mark.parametrize(("mode", "examples"), [("positive", 10), ("negative", 4)])
async def test_no_call_that_is_made_of_the_document_has_anything_of_the_other_hospital(tmp_path, mode, examples):
    document = json.loads(msgspec.json.encode(openapi.document(command_and_query_types())))
    cases = cases_of(document, mode, examples)
    for seed in range(4):
        folder = tmp_path / str(seed)
        folder.mkdir()
        async with opened(folder) as (access, principals), engine_of_two() as engine:
            app = create_app(engine, access.guard(engine), Vitals(engine).page, access=access)
            whole = list(of(principals, "network", "*"))
            theirs = await furnished(partial(ask, app), THEIRS, whole, marks=True)
            mine = await furnished(partial(ask, app), OURS, whole, marks=False)
            held = Held(theirs)

            async def send(shot: Shot, caller: Headers, app=app) -> Answer:
                return await ask(app, shot.method, shot.target, headers=[*caller, *shot.headers], json_body=shot.body)

            callers = [one for one in principals if one.hospital == OURS]
            await fire(SchemaShots(seed, mine, theirs, cases), ROUND, callers, send, held)
            print(mode, seed, len(cases), held.statuses, held.aimed, held.twins)  # noqa: T201


class Wire:
    """A client over sockets, which asks as ``calls.ask`` does."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def __call__(self, method: str, target: str, *, headers: Headers = (), json_body: object = ...) -> Answer:
        """One request; of a stream all that comes until it is silent."""
        said = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers]
        body = b""
        if json_body is not ...:
            said, body = [*said, (b"Content-Type", b"application/json")], json.dumps(json_body).encode()
        async with self._client.stream(method, target, headers=said, content=body) as answer:
            heard = b""
            pieces = answer.aiter_bytes()
            while True:
                with trio.move_on_after(SILENCE if target.startswith(f"{BASE}/stream") else 60):
                    if piece := await anext(pieces, b""):
                        heard += piece
                        continue
                break
            return Answer(answer.status_code, list(answer.headers.raw), heard)


def configured(folder: Path) -> tuple[str, ...]:
    """How a server is started that knows the same principals."""
    access = f'accounts = "{folder}/accounts.db"\ntoken_keys = "{folder}/secret"\n'
    text = f'[access]\n{access}issuer = "{ISSUER}"\naudience = "{AUDIENCE}"\n[rates]\nenabled = false\n'
    (folder / "matron.toml").write_text(text)
    return "--config", str(folder / "matron.toml"), "--keys", str(folder / "keys.toml"), "--no-request-log"


@pytest.mark.long
@pytest.mark.parametrize(("workers", "calls"), [(0, 5_000), (2, 10_000)])
async def test_nothing_of_the_other_hospital_leaves_by_a_socket_either(tmp_path, workers, calls):
    async with opened(tmp_path) as (_, principals):
        more = (*configured(tmp_path), "--workers", str(workers))
        with serving(tmp_path / "data", *more, dev=False) as server:
            limits = httpx2.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
            async with httpx2.AsyncClient(base_url=server.url, timeout=30, limits=limits) as client:
                wire, whole = Wire(client), list(of(principals, "network", "*"))
                for name in (OURS, THEIRS):
                    body = {"hospital_id": name, "name": name.title(), "time_zone": "UTC"}
                    assert (await wire("POST", f"{BASE}/hospitals", headers=whole, json_body=body)).status == 201
                theirs = await furnished(wire, THEIRS, whole, marks=True)
                mine = await furnished(wire, OURS, whole, marks=False)
                held = Held(theirs)
                callers = [one for one in principals if one.hospital == OURS]

                async def send(shot: Shot, caller: Headers) -> Answer:
                    return await wire(shot.method, shot.target, headers=[*caller, *shot.headers], json_body=shot.body)

                async with trio.open_nursery() as nursery:
                    for seed in range(AT_ONCE):
                        shots = Shots(100 + seed, mine, theirs)
                        nursery.start_soon(partial(fire, shots, calls // AT_ONCE, callers, send, held, twins=0))
                print(workers, held.statuses, held.aimed)  # noqa: T201
        assert held.sent > 0.9 * calls
        assert server.said().count("Traceback") == 0
