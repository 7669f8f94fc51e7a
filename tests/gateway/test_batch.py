"""Many commands in one request: in order, each on its own, each answered as its own request would have been."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import pytest

from engine.errors import DeadlinePassed, Overloaded
from gateway.access.guard import Guard
from gateway.app import table_over
from gateway.auth import Nobody
from gateway.batch import BatchEndpoint, Sender
from gateway.endpoints import CommandEndpoint
from gateway.engine import Engine
from gateway.limits import Limits
from gateway.shapes import Shape
from tests.engine.living import CLERK
from tests.gateway.surface import UNKNOWN, As, ScriptedEngine, client_of, developers_call, hospital

BATCH = "/api/v1/batch/"
JSON = {"Content-Type": "application/json"}


def register(name: object = "x", **more: object) -> dict[str, object]:
    return {"method": "POST", "path": "/api/v1/patients/", "body": {"name": name}, **more}


async def test_each_command_has_its_own_result_in_order():
    async with hospital() as client:
        made = (await client.post("/api/v1/patients/", json={"name": "first"})).headers["location"]
        response = await client.post(
            BATCH,
            json={
                "commands": [
                    register("second"),
                    register(5),
                    {"method": "PUT", "path": made, "body": {"name": "renamed"}},
                    {"method": "DELETE", "path": made},
                    {"method": "DELETE", "path": f"/api/v1/patients/{UNKNOWN}/"},
                    {"method": "POST", "path": f"/api/v1/tokens/{UNKNOWN}/call/"},
                    {"method": "PATCH", "path": made},
                    {"method": "POST", "path": "/api/v1/nowhere/"},
                    register("last"),
                ]
            },
        )
        assert response.status_code == 200
        results = response.json()["results"]
        assert [result["status"] for result in results] == [201, 422, 200, 204, 404, 404, 405, 404, 201]
        assert results[0]["body"]["name"] == "second"
        assert results[1]["body"]["code"] == "validation_failed"
        assert results[2]["body"]["name"] == "renamed"
        assert results[3]["body"] is None
        assert results[8]["body"]["name"] == "last"
        listed = (await client.get("/api/v1/patients/")).json()["items"]
        assert [patient["name"] for patient in listed] == ["second", "last"]


@pytest.mark.parametrize(
    ("item", "status", "field"),
    [
        ("text", 422, ""),
        ({}, 422, "method"),
        ({"method": "POST"}, 422, "path"),
        ({"method": 5, "path": "/api/v1/patients/"}, 422, "method"),
        ({**register(), "colour": "red"}, 422, "colour"),
        ({**register(), "idempotency_key": ""}, 422, "idempotency_key"),
        ({**register(), "idempotency_key": 7}, 422, "idempotency_key"),
        ({**register(), "body": [1]}, 422, ""),
        ({"method": "GET", "path": "/api/v1/patients/"}, 422, "method"),
        ({"method": "POST", "path": "/api/v1/batch/", "body": {"commands": []}}, 422, "path"),
        ({"method": "POST", "path": "/api/v1/hospitals/", "body": {}}, 422, "path"),
    ],
)
async def test_an_item_that_is_no_command_has_its_own_problem_and_hinders_nobody(item, status, field):
    engine = ScriptedEngine()
    async with client_of(engine) as client:
        response = await client.post(BATCH, json={"commands": [item, register()]})
        first, second = response.json()["results"]
        assert (first["status"], first["body"]["errors"][0]["field"]) == (status, field)
        assert second["status"] == 200
        assert len(engine.asked) == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "validation_failed"),
        ([], 422, "validation_failed"),
        ({"commands": {}}, 422, "validation_failed"),
        ({"commands": [], "more": 1}, 422, "validation_failed"),
        ({"commands": [register()] * 1001}, 422, "too_many_commands"),
    ],
)
async def test_a_batch_that_is_none_is_refused_whole(body, status, code):
    engine = ScriptedEngine()
    async with client_of(engine) as client:
        response = await client.post(BATCH, json=body)
        assert (response.status_code, response.json()["code"]) == (status, code)
        assert engine.asked == []


async def test_an_empty_batch_is_answered_with_no_results():
    async with hospital() as client:
        assert (await client.post(BATCH, json={"commands": []})).json() == {"results": []}


async def test_a_full_batch_is_taken_whole():
    async with hospital() as client:
        response = await client.post(BATCH, json={"commands": [register(f"patient {n}") for n in range(1000)]})
        assert [result["status"] for result in response.json()["results"]] == [201] * 1000


async def test_a_batch_may_be_larger_than_a_body_and_not_than_a_batch():
    limits = Limits(body_bytes=100, batch_bytes=1000)
    async with client_of(ScriptedEngine(), limits=limits) as client:
        fits = json.dumps({"commands": [register("x" * 150)]}).encode()
        assert (await client.post(BATCH, content=fits, headers=JSON)).status_code == 200
        response = await client.post(BATCH, content=fits.ljust(1001), headers=JSON)
        assert (response.status_code, response.json()["code"]) == (413, "body_too_large")


async def test_an_item_may_be_as_deep_as_a_body_and_no_deeper():
    def nested(levels: int) -> dict[str, object]:
        value: object = 1
        for _ in range(levels):
            value = [value]
        return {"method": "POST", "path": "/api/v1/patients/", "body": {"name": value}}

    async with client_of(ScriptedEngine()) as client:
        response = await client.post(BATCH, json={"commands": [nested(31)]})
        assert response.json()["results"][0]["body"]["code"] == "validation_failed"
        response = await client.post(BATCH, json={"commands": [nested(32)]})
        assert response.json()["code"] == "too_deep"


async def test_each_item_needs_the_role_of_its_own_row():
    async with client_of(ScriptedEngine(), As("clerk")) as client:
        doctor = {"method": "POST", "path": "/api/v1/doctors/", "body": {"name": "A", "specialization": "B"}}
        response = await client.post(BATCH, json={"commands": [register(), doctor]})
        assert [result["status"] for result in response.json()["results"]] == [200, 403]
    async with client_of(ScriptedEngine(), As("auditor")) as client:
        assert (await client.post(BATCH, json={"commands": []})).status_code == 403


async def test_items_of_one_path_are_each_read_and_checked():
    doctor = {"method": "POST", "path": "/api/v1/doctors/", "body": {"name": "A", "specialization": "B"}}
    async with client_of(ScriptedEngine(), As("clerk")) as client:
        response = await client.post(
            BATCH, json={"commands": [register(), doctor] * 2 + [{**register(), "method": "PUT"}]}
        )
        assert [result["status"] for result in response.json()["results"]] == [200, 403, 200, 403, 405]
    async with hospital() as client:
        made = (await client.post("/api/v1/patients/", json={"name": "first"})).headers["location"]
        renamed = [{"method": "PUT", "path": made, "body": {"name": name}} for name in ("second", 3, "third")]
        response = await client.post(BATCH, json={"commands": renamed})
        assert [result["status"] for result in response.json()["results"]] == [200, 422, 200]
        assert (await client.get(made)).json()["name"] == "third"


class Broken(Shape):
    """Reads no body without a bug."""

    def from_body(self, body: Any, path: Mapping[str, str], version: int | None = None) -> Any:
        raise ZeroDivisionError


async def test_a_bug_in_reading_an_item_costs_that_item_and_is_in_the_log(caplog: pytest.LogCaptureFixture):
    scripted, limits = ScriptedEngine(), Limits()
    engine = cast("Engine", scripted)
    table = table_over(engine, limits, scripted.page)
    endpoint, _ = table.find("POST", "/api/v1/doctors/")
    assert isinstance(endpoint, CommandEndpoint)
    endpoint.shape = Broken(endpoint.shape.kind)
    batch = BatchEndpoint(table, engine, limits, Guard(Nobody()))
    sender = Sender(developers_call(), "main", CLERK, "r")
    items = [register(), {"method": "POST", "path": "/doctors/"}, register()]
    done = await batch.ask(await batch.read(items, sender), sender, 1.0)
    assert [result.status for result, _ in done] == [200, 500, 200]
    assert [seq for _, seq in done] == [1, None, 2]
    assert "ZeroDivisionError" in caplog.text


async def test_the_trouble_of_one_item_is_told_with_it_alone():
    troubles = iter([DeadlinePassed("unknown"), Overloaded("mailbox_full", "full"), ZeroDivisionError()])

    def does(command):
        raise next(troubles)

    async with client_of(ScriptedEngine(does)) as client:
        response = await client.post(BATCH, json={"commands": [register()] * 3})
        results = response.json()["results"]
        assert [result["status"] for result in results] == [504, 503, 500]
        assert [result["body"].get("outcome") for result in results] == ["unknown", "not_applied", None]


async def test_a_key_of_the_batch_makes_the_whole_of_it_repeatable():
    async with hospital() as client:
        body = {"commands": [register("a"), register("b", idempotency_key="own")]}
        first = await client.post(BATCH, json=body, headers={"Idempotency-Key": "batch-1"})
        again = await client.post(BATCH, json=body, headers={"Idempotency-Key": "batch-1"})
        assert first.json() == again.json()
        assert len((await client.get("/api/v1/patients/")).json()["items"]) == 2
