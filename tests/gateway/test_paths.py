"""Paths: with and without the slash at their end, unknown ones, and methods that are not theirs."""

from __future__ import annotations

import pytest

from engine.decisions import DECISIONS, WAKE
from engine.views import QUERIES
from gateway.access.requests import REQUESTS
from gateway.app import command_and_query_types
from gateway.explorer.queries import QUESTIONS
from gateway.problems import Problem
from gateway.router import Router
from gateway.routes import BASE, TABLE
from tests.gateway.surface import UNKNOWN, ScriptedEngine, client_of

PATHS = [pytest.param(row, id=f"{row.method} {row.path}") for row in TABLE]
# What no path leads to: a timer's own commands, and what the engine tells itself.
INTERNAL = {
    "NoteRuleFailures", "WakeClinicDay", "WakeReferral", "WakeService", "WakeSlot", "AdvanceCursor", "ListOutboxes",
    "GetReferralCounts", "GetReferralProgress", "NoteAssignmentTimeout", "NoteBreakGlass", "ObserveFigures",
    "WakeAdmission", "WakeAlerts", "WakeIntake", "WakeStaff", "WakeWard", "BeginOrigin",
}  # fmt: skip


def filled(path: str) -> str:
    known = {"{position}": "1"}
    return BASE + "/".join(known.get(one, UNKNOWN) if one.startswith("{") else one for one in path.split("/"))


@pytest.mark.parametrize("row", PATHS)
async def test_a_slash_at_the_end_changes_nothing_and_redirects_nobody(row):
    async with client_of(ScriptedEngine()) as client:
        plain = await client.request(row.method, filled(row.path))
        slashed = await client.request(row.method, filled(row.path) + "/")
        assert plain.status_code == slashed.status_code
        assert plain.status_code not in (301, 302, 307, 308, 404, 405, 500)


@pytest.mark.parametrize("row", PATHS)
async def test_a_method_that_is_not_here_is_told_which_are(row):
    async with client_of(ScriptedEngine()) as client:
        response = await client.request("PATCH", filled(row.path))
        assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
        assert row.method in response.headers["allow"].split(", ")


@pytest.mark.parametrize(
    "path",
    [
        "/api", "/api/v1", "/api/v1/", "/api/v2/doctors/", "/api/v1/doctor", "/api/v1/Doctors",
        "/api/v1//doctors",
        f"/api/v1/doctors/{UNKNOWN}/x", f"/api/v1/tokens/{UNKNOWN}/no-show", "/api/v1/doctors//", "/api/v1/doctors/%2F",
        "/admin", "/health", "/api/docs/../secret", "/api/docs/flask_swagger_ui.py", "/api/v1/tokens/emergency/call",
    ],
)  # fmt: skip
async def test_an_unknown_path_is_not_found(path):
    async with client_of(ScriptedEngine()) as client:
        response = await client.get(path)
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_head_is_get_without_the_body():
    async with client_of(ScriptedEngine()) as client:
        got, head = await client.get("/health/live"), await client.head("/health/live")
        assert head.status_code == 200
        assert head.content == b""
        assert head.headers["content-length"] == got.headers["content-length"]


def test_every_command_and_query_of_the_engine_has_a_row_and_every_row_a_type():
    named = {row.name for row in TABLE}
    there = {kind.__name__ for kind in (*DECISIONS, *QUERIES, *QUESTIONS, *REQUESTS)}
    assert named == there - INTERNAL
    assert {type(wake("x", 0)).__name__ for wake in WAKE.values()} <= INTERNAL


def test_every_id_in_a_path_is_a_field_of_its_command():
    types = command_and_query_types()
    for row in TABLE:
        assert set(row.ids) <= set(types[row.name].__struct_fields__), row.path


def test_no_two_rows_are_the_same():
    assert len({(row.method, row.path) for row in TABLE}) == len(TABLE)


def test_a_spelled_out_segment_wins_over_an_id():
    router: Router[str] = Router()
    router.add("POST", "/tokens/{id}", "one")
    router.add("POST", "/tokens/emergency", "emergency")
    assert router.find("POST", "/tokens/emergency") == ("emergency", {})
    assert router.find("POST", "/tokens/7") == ("one", {"id": "7"})


@pytest.mark.parametrize(("verb", "path"), [("PO", "ST/tokens"), ("POST ", "tokens"), ("POST", "//tokens"), ("", "/")])
def test_a_method_and_a_path_are_two_words(verb, path):
    router: Router[str] = Router()
    router.add("POST", "/tokens", "tokens")
    router.add("GET", "/", "root")
    assert router.find("POST", "/tokens/") == router.find("POST", "/tokens") == ("tokens", {})
    with pytest.raises(Problem):
        router.find(verb, path)
