"""The OpenAPI document: valid, whole, and with examples that the same types accept."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.answers import ANSWERS
from gateway.app import command_and_query_types
from gateway.examples import EXAMPLES
from gateway.openapi import document
from gateway.problems import SUCCESS
from gateway.routes import BASE, TABLE
from gateway.shapes import Shape
from tests.gateway.surface import UNKNOWN, ScriptedEngine, client_of

TYPES = command_and_query_types()
DOCUMENT = msgspec.json.decode(msgspec.json.encode(document(TYPES)))


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(references(inner) for inner in value))
    return set()


def test_the_document_is_valid():
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_every_row_is_an_operation():
    said = {(method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in item}
    assert said == {(row.method, f"{BASE}{row.path}/") for row in TABLE} | {("POST", f"{BASE}/batch/")}


def test_every_component_is_used_and_every_reference_leads_somewhere():
    used = references(DOCUMENT)
    there = {f"#/components/{kind}/{name}" for kind in ("schemas", "parameters", "headers", "responses")
             for name in DOCUMENT["components"][kind]}  # fmt: skip
    assert used == there


def test_every_success_with_a_body_says_of_what_type_it_is():
    for item in DOCUMENT["paths"].values():
        for operation in item.values():
            for status, response in operation["responses"].items():
                if status.startswith("2") and status != "204":
                    (kind, *_), content = response["content"], response["content"]
                    if kind == "text/calendar":
                        assert content[kind]["schema"] == {"type": "string"}
                        continue
                    schema = content["application/json"]["schema"]
                    assert "$ref" in schema, operation["operationId"]


def test_only_what_removes_is_answered_without_a_body():
    silent = {row.name for row in TABLE if row.name not in ANSWERS}
    assert silent == {
        "RemoveDoctor", "RemovePatient", "RemoveSlotTemplate", "ReleaseHold", "RemoveDestination", "RemoveClinic",
        "RemoveRule", "RemoveRoom", "ReleaseAppointment", "RemovePractitioner", "RemoveTechnician",
            "RemoveStaff", "RemoveShift", "RemoveLeave", "RemoveWard", "RemoveBed", "SignOut", "RemoveUser",
            "RevokeKey",
    }  # fmt: skip


def test_what_has_a_version_says_that_it_can_be_stale():
    for row in TABLE:
        said = DOCUMENT["paths"][f"{BASE}{row.path}/"][row.method.lower()]
        versioned = "if_version" in TYPES[row.name].__struct_fields__
        assert ("412" in said["responses"]) == versioned
        assert ({"$ref": "#/components/parameters/IfMatch"} in said["parameters"]) == versioned


def test_neither_a_path_s_ids_nor_the_version_are_part_of_a_body():
    for row in TABLE:
        if row.writes:
            body = DOCUMENT["components"]["schemas"].get(row.name, {})
            assert not {*row.ids, "if_version"} & set(body.get("properties", {})), row.name


def test_a_query_that_comes_as_a_body_is_no_write():
    asks = [row for row in TABLE if row.asks]
    assert {row.name for row in asks} == {"CheckConflicts", "EvaluateRules", "DryRunRules"}
    for row in asks:
        said = DOCUMENT["paths"][f"{BASE}{row.path}/"]["post"]
        assert said["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith(f"/{row.name}")
        assert {"$ref": "#/components/parameters/IdempotencyKey"} not in said["parameters"]
        assert "409" not in said["responses"]
        assert said["responses"]["200"]["headers"].keys() == {"ETag", "RateLimit-Policy", "RateLimit"}


def test_a_query_s_parameters_are_named_and_bounded():
    parameters = {each.get("name"): each for each in DOCUMENT["paths"][f"{BASE}/slots/"]["get"]["parameters"]}
    assert parameters["status"]["schema"]["enum"] == ["ACTIVE", "CANCELLED", "CLOSED", "DELAYED"]
    assert parameters["date"]["schema"] == {"type": "string", "format": "date"}
    assert parameters["limit"]["schema"]["default"] == 100
    assert "limit" in parameters


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_example_is_what_its_type_accepts(name):
    (row,) = (row for row in TABLE if row.name == name)
    Shape(TYPES[name], row.ids).from_body(EXAMPLES[name], dict.fromkeys(row.ids, UNKNOWN))


def test_every_command_with_a_body_that_must_be_there_has_an_example():
    for item in DOCUMENT["paths"].values():
        for operation in item.values():
            if operation.get("requestBody", {}).get("required") and operation["operationId"] != "batchRequest":
                assert "example" in operation["requestBody"]["content"]["application/json"], operation["operationId"]


def test_outcomes_that_decisions_name_are_known():
    assert {"ok", "created", "waiting", "removed"} <= set(SUCCESS)


async def test_the_document_is_served():
    async with client_of(ScriptedEngine()) as client:
        response = await client.get("/api/openapi.json")
        assert response.json()["openapi"] == "3.1.0"


GLASS = "#/components/parameters/BreakGlass"


def test_every_operation_may_be_asked_too_often_and_some_open_by_force():
    operations = {(path, verb): said for path, verbs in DOCUMENT["paths"].items() for verb, said in verbs.items()}
    assert all("429" in said["responses"] for said in operations.values() if "operationId" in said)
    forced = {key for key, said in operations.items() if {"$ref": GLASS} in said["parameters"]}
    assert (f"{BASE}/patients/", "post") in forced
    assert (f"{BASE}/policy/", "put") not in forced
    assert (f"{BASE}/users/", "post") not in forced
