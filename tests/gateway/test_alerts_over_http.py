"""Alerts as a client of the interface sees them: listed, acknowledged, closed, and on the stream."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from engine.decisions.hospital import AddHospital
from engine.decisions.note_timeout import NoteAssignmentTimeout
from engine.eventlog.memory_store import MemoryStore
from engine.runtime import Engine, open_engine
from gateway.auth import ApiKeys, Authenticator, add_key
from gateway.routes import BASE
from tests.engine.living import CLERK, patient, read
from tests.gateway.hospital_ward import House
from tests.gateway.live import living_gateway
from tests.gateway.surface import SYSTEM, UNKNOWN, As, client_of, hospital
from tests.gateway.ways import reached


@asynccontextmanager
async def house(auth: Authenticator | None = None) -> AsyncIterator[tuple[House, Engine]]:
    """A hospital over HTTP, and the engine behind it."""
    async with open_engine(MemoryStore()) as engine:
        await engine.until_ready()
        await engine.ask("main", AddHospital(hospital_id="main", name="Main", time_zone="UTC"), SYSTEM)
        async with reached(engine) as reach, client_of(reach, auth) as client:
            yield House(client), engine


async def timed_out(engine: Engine) -> tuple[str, str]:
    """An assignment that was withdrawn: its alert, and whom it was for."""
    someone = read(await engine.ask("main", patient(), CLERK))["id"]
    noted = NoteAssignmentTimeout(patient_id=someone, waited_us=10_000_000)
    await engine.ask("main", noted, SYSTEM)
    return "assignment_timeout", someone


async def test_an_alert_is_listed_acknowledged_and_closed():
    async with house() as (here, engine):
        assert await here.get("/alerts/") == {"items": [], "next_cursor": None}
        kind, someone = await timed_out(engine)
        (alert,) = (await here.get("/alerts/"))["items"]
        assert (alert["kind"], alert["severity"], alert["status"]) == (kind, "critical", "open")
        assert (alert["patient_id"], alert["times"], alert["acknowledged_at"]) == (someone, 1, None)
        one = f"/alerts/{alert['id']}"
        assert await here.get(f"{one}/") == alert
        seen = await here.post(f"{one}/acknowledge", {"note": "on my way"}, 200, Idempotency_Key="k")
        assert (seen["acknowledged_by"], seen["note"]) == ("developer", "on my way")
        assert await here.post(f"{one}/acknowledge", {"note": "on my way"}, 200, Idempotency_Key="k") == seen
        closed = await here.post(f"{one}/close", {"note": "all is well"}, 200)
        assert (closed["status"], closed["closed_at"] is not None) == ("closed", True)
        assert (await here.get("/alerts/"))["items"] == []
        assert [old["id"] for old in (await here.get("/alerts/?status=closed"))["items"]] == [alert["id"]]
        assert (await here.get("/alerts/?kind=shift_over"))["items"] == []


async def test_the_same_again_is_the_same_alert():
    async with house() as (here, engine):
        await timed_out(engine)
        (first,) = (await here.get("/alerts/"))["items"]
        noted = NoteAssignmentTimeout(patient_id=first["patient_id"], waited_us=11_000_000)
        await engine.ask("main", noted, SYSTEM)
        (again,) = (await here.get("/alerts/"))["items"]
        assert (again["id"], again["times"]) == (first["id"], 2)


async def test_a_shift_that_ends_with_a_patient_is_an_alert_until_the_patient_has_left():
    async with hospital() as client:
        here = House(client)
        now = datetime.now(UTC)
        hours = {
            "start_time": (now - timedelta(hours=1)).isoformat(),
            "end_time": (now + timedelta(hours=7)).isoformat(),
        }
        doctor, _ = await here.member("doctor"), await here.member("nurse")
        shift = await here.post(f"/staff/{doctor}/shifts", hours)
        stay = await here.admit(None, "low", needs_bed=False)
        await here.ask("DELETE", f"/shifts/{shift['id']}", None, 204)  # it is under way, and ends now
        (alert,) = (await here.get("/alerts/"))["items"]
        assert (alert["kind"], alert["subject"], alert["value"]) == ("shift_over", doctor, 1)
        await here.post(f"/admissions/{stay['id']}/discharge", {}, 200)
        assert (await here.get("/alerts/"))["items"] == []
        (closed,) = (await here.get("/alerts/?status=closed&kind=shift_over"))["items"]
        assert (closed["id"], closed["closed_by"]) == (alert["id"], None)


async def test_what_is_not_there_or_means_nothing_is_refused():
    async with hospital() as client:
        here = House(client)
        for step in ("acknowledge", "close"):
            assert (await here.post(f"/alerts/{UNKNOWN}/{step}", {}, 404))["code"] == "not_found"
            refused = await here.post(f"/alerts/{UNKNOWN}/{step}", {"note": "x" * 2_001}, 422)
            assert refused["errors"][0]["field"] == "note"
        for path, field in (("?status=ajar", "status"), ("?severity=grave", "severity"), ("?limit=0", "limit")):
            assert (await here.get(f"/alerts/{path}", 422))["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("role", "acknowledge", "close"), [("clerk", 404, 403), ("auditor", 403, 403), ("admin", 404, 404)]
)
async def test_who_may_acknowledge_may_not_always_close(role: str, acknowledge: int, close: int):
    async with hospital(As(role)) as client:
        here = House(client)
        await here.get("/alerts/")
        await here.post(f"/alerts/{UNKNOWN}/acknowledge", {}, acknowledge)
        await here.post(f"/alerts/{UNKNOWN}/close", {}, close)


async def test_the_stream_begins_with_what_is_open_and_tells_of_each_change(tmp_path):
    keys = tmp_path / "keys.toml"
    desk = {"X-API-Key": add_key(keys, "desk", ["clerk"], "main")}
    async with living_gateway(auth=ApiKeys(keys)) as place:
        await timed_out(place.engine)
        assert (await place.handshake("alerts", hospital="main"))[0] == 401
        async with place.socket("alerts", headers=desk) as talk:
            (first,) = (await talk.hear())["data"]["items"]
            assert first["kind"] == "assignment_timeout"
            again = NoteAssignmentTimeout(patient_id=first["patient_id"], waited_us=11_000_000)
            await place.engine.ask("main", again, SYSTEM)
            (message,) = (await talk.hear())["messages"]
            assert (message["type"], message["alert"], message["change"]) == (
                "admin_alert", "assignment_timeout", "repeated",
            )  # fmt: skip
            assert (message["alert_id"], message["times"]) == (first["id"], 2)
            await talk.say({"id": "a", "method": "POST", "path": f"/alerts/{first['id']}/acknowledge/", "body": {}})
            assert (await talk.hear_result("a"))["status"] == 200
        assert place.failures == []


async def test_another_hospital_s_alert_is_not_there():
    async with house(As("network", hospital="*")) as (here, engine):
        await engine.ask("north", AddHospital(hospital_id="north", name="North", time_zone="UTC"), SYSTEM)
        await timed_out(engine)
        (alert,) = (await here.ask("GET", "/alerts/", Hospital_Id="main"))["items"]
        assert (await here.ask("GET", "/alerts/", Hospital_Id="north"))["items"] == []
        for step in ("acknowledge", "close"):
            await here.post(f"/alerts/{alert['id']}/{step}", {}, 404, Hospital_Id="north")
        response = await here.client.get(f"{BASE}/alerts/{alert['id']}/", headers={"Hospital-Id": "north"})
        assert response.status_code == 404
