"""Breaking the glass over HTTP: what it opens, to whom, for how long, and what is left of it."""

from __future__ import annotations

from urllib.parse import quote

import pytest
import trio
from trio.testing import MockClock

from tests.engine.test_access import looks
from tests.gateway.access.guarded import Guarded, guarded
from tests.gateway.surface import As

WHY = "Asha Rao is choking, nobody else is here"
GLASS = {"Break-Glass": WHY}
DOCTORS, PATIENTS, POLICY, ALERTS = "/api/v1/doctors/", "/api/v1/patients/", "/api/v1/policy", "/api/v1/alerts"


async def patient(here: Guarded, **headers: str) -> int:
    return (await here.client.post(PATIENTS, json={"name": "Asha"}, headers=headers)).status_code


async def test_it_opens_what_a_clerk_or_a_clinician_may_do_for_one_request(autojump_clock: MockClock) -> None:
    async with guarded(As("auditor", name="user:bela")) as here:
        assert await patient(here) == 403
        assert await patient(here, **GLASS) == 201
        assert await patient(here) == 403


async def test_what_only_others_may_do_stays_closed(autojump_clock: MockClock) -> None:
    async with guarded(As("auditor", name="user:bela")) as here:
        assert (await here.client.put(POLICY, json={}, headers=GLASS)).status_code == 403
        assert (await here.client.post("/api/v1/hospitals", json={}, headers=GLASS)).status_code == 403
        assert (await here.client.get("/api/v1/users", headers=GLASS)).status_code == 403
    async with guarded(As("clinician", name="user:bela")) as here:
        assert (await here.client.get("/api/v1/audit/days", headers=GLASS)).status_code == 403


@pytest.mark.parametrize("role", ["board", "integration", "network"])
async def test_it_is_for_people_at_work(role: str, autojump_clock: MockClock) -> None:
    async with guarded(As(role, name="machine")) as here:
        assert await patient(here, **GLASS) == (201 if role != "board" else 403)
        await trio.sleep(1)
        assert [what for what, *_ in here.told()] == (["denied"] if role == "board" else [])
        assert all(b"break-glass" not in record for record in here.disk.entries["main"])


async def test_it_opens_nothing_of_another_hospital(autojump_clock: MockClock) -> None:
    async with guarded(As("clinician", name="user:bela")) as here:
        assert await patient(here, **GLASS, **{"Hospital-Id": "north"}) == 404


@pytest.mark.parametrize(
    "why", ["too short", " ab      cd ", "x" * 201, "%ff%fe no text at all", "a%00b is no text", ""]
)
async def test_without_a_reason_nothing_is_opened(why: str, autojump_clock: MockClock) -> None:
    async with guarded(As("clinician", name="user:bela")) as here:
        answer = await here.client.get(DOCTORS, headers={"Break-Glass": why})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Break-Glass")


async def test_it_is_written_down_by_row_and_the_log_says_who_broke_it(autojump_clock: MockClock) -> None:
    async with guarded(As("auditor", name="user:bela")) as here:
        assert await patient(here, **GLASS) == 201
        [listed] = (await here.client.get(PATIENTS, headers=GLASS)).json()["items"]
        await trio.sleep(1)
        [note, _] = here.notes()
        assert (note["what"], note["facts"]) == ("break_glass", {"method": "POST", "path": "/api/v1/patients"})
        assert note["who"]["role"] == "auditor+break-glass"
        [look] = [one for one in looks(here.disk) if one["name"] == "Look"]
        assert look["command"]["purpose"] == "BTG"
        assert (look["command"]["patients"], look["who"]["role"]) == ([listed["id"]], "auditor+break-glass")
        assert b"auditor+break-glass" in b"".join(here.disk.entries["main"])
        assert b"choking" not in b"".join([*here.disk.entries["main"], *here.disk.entries["main.access"]])


async def test_an_alert_tells_the_others_with_the_reason_once_in_half_an_hour(autojump_clock: MockClock) -> None:
    async with guarded(As("clinician", "admin", name="user:bela")) as here:
        for _ in range(5):
            assert await patient(here, **GLASS) == 201
        await trio.sleep(1)
        [alert] = (await here.client.get(ALERTS)).json()["items"]
        assert (alert["kind"], alert["subject"], alert["times"], alert["reason"]) == (
            "break_glass",
            "user:bela",
            1,
            WHY,
        )
        await trio.sleep(1_900)
        await patient(here, **GLASS)
        await patient(here, **{"Break-Glass": "another reason altogether"})
        await trio.sleep(1)
        [alert] = (await here.client.get(ALERTS)).json()["items"]
        assert (alert["times"], alert["reason"]) == (3, "another reason altogether")
        own = await here.client.post(f"{ALERTS}/{alert['id']}/close", json={})
        assert (own.status_code, own.json()["code"]) == (403, "own_break_glass")


@pytest.mark.parametrize(
    "why", ["दवा तुरंत चाहिए, डॉक्टर नहीं हैं", "المريض لا يستطيع الانتظار", "niño con asfixia, nadie más está"]
)
async def test_a_reason_is_in_any_language_percent_encoded(why: str, autojump_clock: MockClock) -> None:
    async with guarded(As("clinician", "admin", name="user:bela")) as here:
        assert await patient(here, **{"Break-Glass": quote(why)}) == 201
        await trio.sleep(1)
        [alert] = (await here.client.get(ALERTS)).json()["items"]
        assert alert["reason"] == why


async def test_a_command_of_a_batch_may_break_it_too(autojump_clock: MockClock) -> None:
    commands = [
        {"method": "POST", "path": "/patients/", "body": {"name": "Asha"}},
        {"method": "PUT", "path": "/policy", "body": {}},
    ]
    async with guarded(As("auditor", name="user:bela")) as here:
        answer = await here.client.post("/api/v1/batch", json={"commands": commands}, headers=GLASS)
        assert [result["status"] for result in answer.json()["results"]] == [201, 403]
        await trio.sleep(1)
        assert ("break_glass", "user:bela", "/api/v1/patients") in here.told()
