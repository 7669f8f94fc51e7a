"""Each refusal and trouble of the engine has its status and its problem document."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from engine.decider import MINUTE
from engine.errors import Family, Invalid, KeyReused, NotFound, Overloaded, Rejected, Stale, Unavailable
from gateway.problems import told
from tests.gateway.surface import ScriptedEngine, client_of


class SeatTaken(Rejected):
    code = "seat_taken"
    rule = "R7"


class Lapsed(Rejected):
    code = "hold_expired"
    family: ClassVar[Family] = "gone"


class NotYours(Rejected):
    code = "not_yours"
    family: ClassVar[Family] = "forbidden"


REFUSALS: list[tuple[Exception, int, str, dict[str, Any]]] = [
    (SeatTaken("it is taken", token_id="t"), 409, "seat_taken", {"rule": "R7", "facts": {"token_id": "t"}}),
    (NotFound("nothing"), 404, "not_found", {}),
    (Lapsed("over"), 410, "hold_expired", {}),
    (Invalid("no", field="dob"), 422, "invalid", {"errors": [{"field": "dob", "message": "no"}]}),
    (KeyReused("again", field="Idempotency-Key"), 422, "idempotency_key_reused", {}),
    (Stale("old", version=3), 412, "stale_version", {"facts": {"version": 3}}),
    (NotYours("no"), 403, "not_yours", {}),
    (Overloaded("mailbox_full", "full"), 503, "mailbox_full", {"outcome": "not_applied"}),
    (Unavailable("storage_full", "no room", retry_after=30), 503, "storage_full", {"outcome": "not_applied"}),
    (Unavailable("recovering", "wait", outcome="unknown"), 503, "recovering", {"outcome": "unknown"}),
    (Unavailable("internal_error", "a bug"), 500, "internal_error", {"outcome": "not_applied"}),
]


@pytest.mark.parametrize(("error", "status", "code", "more"), REFUSALS, ids=lambda value: str(value)[:20])
async def test_a_refusal_has_its_status_code_and_facts(error, status, code, more):
    def refuses(command):
        raise error

    async with client_of(ScriptedEngine(refuses)) as client:
        response = await client.post("/api/v1/patients/", json={"name": "x"})
        said = response.json()
        assert (response.status_code, said["status"], said["code"]) == (status, status, code)
        assert response.headers["content-type"] == "application/problem+json"
        assert said["type"] == f"urn:matron:problem:{code}"
        assert said["detail"]
        assert more.items() <= said.items()
        assert ("retry-after" in response.headers) == (status == 503)


async def test_a_read_s_trouble_has_no_outcome():
    def refuses(query):
        raise Unavailable("recovering", "wait")

    async with client_of(ScriptedEngine(refuses)) as client:
        response = await client.get("/api/v1/patients/")
        assert response.status_code == 503
        assert "outcome" not in response.json()


def test_a_time_among_the_facts_is_told_as_a_time():
    instant = 1_769_936_400_000_000
    assert told(instant).isoformat() == "2026-02-01T09:00:00+00:00"
    assert told([{"until": instant}])[0]["until"].year == 2026
    assert told(480 * MINUTE) == 480 * MINUTE
    assert told(True) is True


async def test_readiness_is_that_of_the_engine():
    async with client_of(ScriptedEngine(ready=False)) as client:
        response = await client.get("/health/ready")
        assert (response.status_code, response.json()["state"]) == (503, "recovering")
        assert (await client.get("/health/live")).status_code == 200
    async with client_of(ScriptedEngine()) as client:
        assert (await client.get("/health/ready")).status_code == 200
