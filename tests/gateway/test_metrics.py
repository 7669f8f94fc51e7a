"""``/metrics``: what a scraper reads is what happened, and nothing in it is anybody's."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx2
import pytest
import trio
from prometheus_client.parser import text_string_to_metric_families
from trio.testing import memory_stream_pair

from engine.decider import PersonName
from engine.decisions.hospital import AddHospital
from engine.decisions.patients import RegisterPatient, UpdatePatient
from engine.errors import NotFound
from engine.eventlog.memory_store import MemoryStore
from engine.process import process_figures
from engine.runtime import Engine, open_engine
from gateway.app import create_app
from gateway.auth import WHOLE_NETWORK, Authenticator, Nobody
from gateway.config import load
from gateway.health import Vitals
from gateway.link.attend import Attendant
from gateway.link.far_engine import FarEngine
from gateway.metrics import MetricsSettings
from gateway.routes import BASE
from gateway.tally import BOUNDS, Tally
from tests.engine.living import CLERK
from tests.gateway.surface import UNKNOWN, As, ScriptedEngine, client_of

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")


class Place:
    """An engine with the hospitals ``main`` and ``north``, and a client of its gateway."""

    def __init__(self, engine: Engine, client: httpx2.AsyncClient) -> None:
        self.engine = engine
        self.client = client

    async def scraped(self, **headers: str) -> dict[str, float]:
        """All samples by their name and labels, as a scraper would write them."""
        response = await self.client.get("/metrics", headers=headers)
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
        return samples(response.text)


def samples(text: str) -> dict[str, float]:
    return {
        f"{one.name}{{{','.join(f'{label}={value}' for label, value in sorted(one.labels.items()))}}}": one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


@asynccontextmanager
async def place(auth: Authenticator | None = None, *, open: bool = False) -> AsyncIterator[Place]:
    async with open_engine(MemoryStore()) as engine:
        await engine.until_ready()
        for id in ("main", "north"):
            await engine.ask(id, AddHospital(hospital_id=id, name=id, time_zone="UTC"), CLERK)
        tally = Tally()
        app = create_app(
            engine, auth or Nobody(), Vitals(engine, tally=tally).page, tally=tally, metrics=MetricsSettings(open=open)
        )
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://matron") as client:
            yield Place(engine, client)


async def test_requests_are_counted_by_route_method_and_class_and_timed():
    async with place() as here:
        for _ in range(3):
            assert (await here.client.post(f"{BASE}/patients/", json={"name": "Asha Rao"})).status_code == 201
        assert (await here.client.get(f"{BASE}/patients/{UNKNOWN}")).status_code == 404
        assert (await here.client.get("/no/such/path")).status_code == 404
        found = await here.scraped()
    row = f"route={BASE}/patients"
    assert found[f"matron_http_requests_total{{method=POST,{row},status=2xx}}"] == 3
    assert found[f"matron_http_requests_total{{method=GET,{row}/{{patient_id}},status=4xx}}"] == 1
    assert found["matron_http_requests_total{method=GET,route=none,status=4xx}"] == 1
    assert found[f"matron_http_request_seconds_bucket{{le=+Inf,method=POST,{row}}}"] == 3
    assert 0 < found[f"matron_http_request_seconds_sum{{method=POST,{row}}}"] < 3


async def test_commands_are_counted_by_what_became_of_them():
    async with place() as here:
        await here.engine.ask("main", RegisterPatient(name=PersonName("Asha Rao")), CLERK)
        with pytest.raises(NotFound):
            await here.engine.ask("main", UpdatePatient(patient_id=UNKNOWN, name=PersonName("X")), CLERK)
        await here.engine.ask("main", RegisterPatient(name=PersonName("Bela Sen")), CLERK)
        found = await here.scraped()
    assert found["matron_commands_total{command=RegisterPatient,outcome=accepted}"] == 2
    assert found["matron_commands_total{command=UpdatePatient,outcome=refused}"] == 1
    assert found["matron_commands_total{command=UpdatePatient,outcome=accepted}"] == 0
    assert found["matron_log_entries_total{hospital=main}"] == 4
    assert found["matron_commit_entries_total{}"] == 5
    assert 1 <= found["matron_commit_seconds_count{}"] == found["matron_commit_batch_entries_count{}"]
    assert found["matron_commit_batch_entries_sum{}"] == found["matron_commit_entries_total{}"]


async def test_nothing_of_a_patient_and_no_id_stands_in_it():
    async with place() as here:
        made = (await here.client.post(f"{BASE}/patients/", json={"name": "Asha Rao"})).json()
        await here.client.get(f"{BASE}/patients/{made['id']}")
        text = (await here.client.get("/metrics")).text
    assert "Asha" not in text
    assert not UUID.search(text)


async def test_whoever_makes_up_methods_makes_no_rows():
    async with place() as here:
        for number in range(50):
            await here.client.request(f"M{number}", "/no/such/path")
        found = await here.scraped()
    assert [key for key in found if key.startswith("matron_http_requests_total") and "method=M" in key] == []
    assert found["matron_http_requests_total{method=OTHER,route=none,status=4xx}"] == 50


async def test_a_key_of_one_hospital_sees_that_hospital_and_the_process():
    async with place(As("auditor")) as here:
        found = await here.scraped()
    assert {key for key in found if "hospital=north" in key} == set()
    assert found["matron_actors{hospital=main}"] >= 1
    assert found["matron_process_resident_bytes{process=engine}"] > 1_000_000
    assert found["matron_ready{}"] == 1


async def test_a_key_of_the_network_sees_all_unless_it_names_one():
    async with place(As("network", hospital=WHOLE_NETWORK)) as here:
        assert "matron_actors{hospital=north}" in await here.scraped()
        named = await here.scraped(**{"Hospital-Id": "main"})
    assert "matron_actors{hospital=main}" in named
    assert "matron_actors{hospital=north}" not in named


class NoKey:
    """Nobody has a key."""

    def caller(self, headers: dict[bytes, bytes]) -> Any:
        raise AssertionError("nobody is asked for a key")


async def test_it_needs_no_key_where_it_is_said_to_be_open():
    async with place(NoKey(), open=True) as here:
        assert "matron_actors{hospital=north}" in await here.scraped()


async def test_a_board_does_not_see_it():
    async with client_of(ScriptedEngine(), As("board")) as client:
        assert (await client.get("/metrics")).status_code == 403


def test_that_it_is_open_is_a_setting():
    assert not load({}, {}).config.metrics.open
    assert load({}, {"MATRON_METRICS_OPEN": "true"}).config.metrics.open


async def test_each_family_is_there_once_and_says_what_it_is():
    async with place() as here:
        text = (await here.client.get("/metrics")).text
    families = list(text_string_to_metric_families(text))
    assert len({family.name for family in families}) == len(families)
    assert all(family.documentation for family in families)
    assert all(family.name.startswith("matron_") for family in families)


async def test_the_counts_of_gateway_processes_are_summed_and_stay_when_one_ends(autojump_clock: Any):
    tally = Tally()
    async with trio.open_nursery() as nursery:
        ends, pipes = [], []
        for _ in range(2):
            here, there = memory_stream_pair()
            engine = FarEngine(there)
            attendant = Attendant(here, cast("Engine", ScriptedEngine()), ScriptedEngine().page, tally)
            nursery.start_soon(attendant.run)
            nursery.start_soon(engine.run)
            pipes.append(engine)
            ends.append(there)
        mine = Tally()
        for engine in pipes:
            mine.note("/a", "GET", 200, 0.002)
            mine.note("/a", "GET", 200, 20.0)
            engine.count(mine.take(), {**process_figures(), "cpu": 5.0})
        await trio.sleep(1)
        [(route, method, status, counts, seconds)] = tally.rows()
        assert (route, method, status, round(seconds, 3)) == ("/a", "GET", 200, 40.004)
        assert (counts[1], counts[len(BOUNDS)], sum(counts)) == (2, 2, 4)
        assert (tally.processes()["count"], tally.processes()["cpu"]) == (2, 10.0)
        await ends[0].aclose()
        await trio.sleep(1)
        assert (tally.processes()["count"], tally.processes()["cpu"]) == (1, 10.0)
        assert mine.take() == []
        nursery.cancel_scope.cancel()
