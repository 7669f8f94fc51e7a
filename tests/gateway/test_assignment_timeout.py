"""An assignment past its deadline has a code of its own, whichever way it came, and says what became of it."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from engine.errors import DeadlinePassed
from gateway.problems import LATE_CODES
from gateway.routes import BASE, TABLE
from tests.gateway.surface import UNKNOWN, ScriptedEngine, client_of

PATHS = {
    "/admissions/": {"patient_id": UNKNOWN, "acuity": "critical"},
    f"/admissions/{UNKNOWN}/assign/": {},
    f"/admissions/{UNKNOWN}/assign-manually/": {"reason": "as the ward asked"},
}


def late(outcome: Any) -> Any:
    def never(command: Any) -> Any:
        raise DeadlinePassed(outcome)

    return never


@pytest.mark.parametrize("outcome", ["not_applied", "unknown"])
@pytest.mark.parametrize(("path", "body"), PATHS.items())
async def test_an_assignment_past_its_deadline_is_an_assignment_timeout(path: str, body: Any, outcome: str):
    async with client_of(ScriptedEngine(late(outcome))) as client:
        response = await client.post(BASE + path, json=body)
    problem = response.json()
    assert (response.status_code, problem["code"], problem["outcome"]) == (504, "assignment_timeout", outcome)
    assert problem["type"] == "urn:matron:problem:assignment_timeout"


async def test_in_a_batch_too_and_the_others_keep_their_own_code():
    commands = [{"method": "POST", "path": path, "body": body} for path, body in PATHS.items()]
    commands.append({"method": "POST", "path": "/patients/", "body": {"name": "x"}})
    async with client_of(ScriptedEngine(late("not_applied"))) as client:
        results = (await client.post(f"{BASE}/batch/", json={"commands": commands})).json()["results"]
    assert [one["body"]["code"] for one in results] == ["assignment_timeout"] * 3 + ["deadline_passed"]


async def test_the_gateway_s_own_deadline_has_the_same_code(autojump_clock: Any):
    async def never(command: Any) -> Any:
        await trio.sleep_forever()

    async with client_of(ScriptedEngine(never)) as client:
        problem = (await client.post(f"{BASE}/admissions/", json=PATHS["/admissions/"])).json()
    assert (problem["code"], problem["outcome"]) == ("assignment_timeout", "unknown")


def test_every_command_with_a_code_of_its_own_has_a_row():
    assert set(LATE_CODES) <= {row.name for row in TABLE}
