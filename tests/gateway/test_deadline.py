"""The ten seconds of a request: who says that they are over, and what that means for a write."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from engine.errors import DeadlinePassed
from tests.gateway.surface import ScriptedEngine, Spoken, client_of

JSON = {"Content-Type": "application/json"}
PATIENTS = "/api/v1/patients/"


async def never(command: Any) -> Any:
    await trio.sleep_forever()


@pytest.mark.parametrize("outcome", ["not_applied", "unknown"])
async def test_a_write_past_its_deadline_says_what_became_of_it(outcome):
    def late(command):
        raise DeadlinePassed(outcome)

    async with client_of(ScriptedEngine(late)) as client:
        response = await client.post(PATIENTS, json={"name": "x"})
        assert (response.status_code, response.json()["code"]) == (504, "deadline_passed")
        assert response.json()["outcome"] == outcome


async def test_a_read_past_its_deadline_has_no_outcome():
    def late(query):
        raise DeadlinePassed("not_applied")

    async with client_of(ScriptedEngine(late)) as client:
        response = await client.get(PATIENTS)
        assert response.status_code == 504
        assert "outcome" not in response.json()


async def test_the_engine_is_given_a_little_less_than_the_request_has():
    engine = ScriptedEngine()
    async with client_of(engine) as client:
        await client.post(PATIENTS, json={"name": "x"})
        assert 9.5 < engine.asked[0][4] < 10.0


async def test_a_shorter_wait_is_kept_and_said_to_be_kept(autojump_clock):
    engine = ScriptedEngine(never)
    async with client_of(engine) as client:
        started = trio.current_time()
        response = await client.post(PATIENTS, json={"name": "x"}, headers={"Prefer": "respond-async, wait=3"})
        assert trio.current_time() - started == pytest.approx(3.0, abs=0.01)
        assert response.status_code == 504
        assert response.json()["outcome"] == "unknown"
        assert response.headers["preference-applied"] == "wait=3"
        assert engine.asked[0][4] < 3.0


async def test_a_longer_wait_than_ten_seconds_is_not_granted(autojump_clock):
    async with client_of(ScriptedEngine(never)) as client:
        started = trio.current_time()
        response = await client.post(PATIENTS, json={"name": "x"}, headers={"Prefer": "wait=60"})
        assert trio.current_time() - started == pytest.approx(10.0, abs=0.01)
        assert "preference-applied" not in response.headers


async def test_a_body_that_never_ends_is_answered_at_the_deadline_and_nothing_was_done(autojump_clock):
    engine = ScriptedEngine()
    spoken = Spoken("POST", PATIENTS, JSON, [b'{"name"'], engine=engine)
    started = trio.current_time()
    await spoken.run()
    assert trio.current_time() - started == pytest.approx(10.0, abs=0.01)
    assert (spoken.status, spoken.problem["outcome"]) == (504, "not_applied")
    assert engine.asked == []


async def test_a_client_that_leaves_while_it_speaks_gets_no_answer_and_does_nothing():
    engine = ScriptedEngine()
    spoken = Spoken("POST", PATIENTS, JSON, [b'{"name"'], engine=engine, then="http.disconnect")
    await spoken.run()
    assert spoken.sent == []
    assert engine.asked == []
