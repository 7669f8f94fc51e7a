"""Wards and beds as a client of the interface sees them: each row and state, versions, boards, bad input."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.auth import ApiKeys, add_key
from gateway.routes import BASE
from tests.gateway.hospital_ward import House
from tests.gateway.surface import UNKNOWN, As, hospital


async def test_a_ward_and_its_beds_are_opened_changed_and_closed():
    async with hospital() as client:
        here = House(client)
        made = await client.post(f"{BASE}/wards/", json={"name": "East", "cleaning_minutes": 30})
        assert (made.status_code, made.headers["location"]) == (201, f"{BASE}/wards/{made.json()['id']}/")
        ward = made.json()["id"]
        tag = (await client.get(f"{BASE}/wards/{ward}/")).headers["etag"]
        changed = await here.put(f"/wards/{ward}", {"name": "West", "gender": "female"}, If_Match=tag)
        assert (changed["name"], changed["gender"]) == ("West", "female")
        assert (await here.put(f"/wards/{ward}", {"name": "North"}, 412, If_Match=tag))["code"] == "stale_version"
        added = await client.post(
            f"{BASE}/wards/{ward}/beds/", json={"label": "1", "room": "A", "equipment": ["oxygen"]}
        )
        assert (added.status_code, added.headers["location"]) == (201, f"{BASE}/beds/{added.json()['id']}/")
        bed = added.json()["id"]
        assert (await here.get(f"/beds/{bed}/")) == added.json()
        assert (await here.put(f"/beds/{bed}", {"label": "2", "room": "A"}, If_Match='"1"'))["label"] == "2"
        assert (await here.put(f"/beds/{bed}", {"label": "3"}, 412, If_Match='"1"'))["code"] == "stale_version"
        other = await here.bed(ward, "4", type="intensive")
        assert [one["id"] for one in (await here.get("/beds/?type=intensive"))["items"]] == [other]
        assert len((await here.get(f"/beds/?ward_id={ward}&available=true"))["items"]) == 2
        await here.ask("DELETE", f"/beds/{other}", None, 204)
        await here.get(f"/beds/{other}/", 404)
        assert [(one["id"], one["free"]) for one in (await here.get("/wards/"))["items"]] == [(ward, 1)]
        await here.ask("DELETE", f"/wards/{ward}", None, 204)
        assert (await here.get("/wards/"))["items"] == []


async def test_a_bed_goes_through_all_its_states_and_no_step_is_skipped():
    async with hospital() as client:
        here = House(client)
        ward = await here.ward()
        bed = await here.bed(ward)

        async def step(name: str, body: dict[str, Any] | None = None, status: int = 200) -> Any:
            return await here.post(f"/beds/{bed}/{name}", body or {}, status)

        why = {"reason": "norovirus"}
        kept = await step("reserve", {"patient_id": await here.patient(), "minutes": 30})
        assert (kept["state"], kept["reserved_until"] is not None) == ("reserved", True)
        refused = await step("clean", status=409)
        assert refused["code"] == "invalid_transition"
        assert {"reserved", "unoccupied"} <= set(refused["facts"].values())
        assert (await step("release"))["state"] == "unoccupied"
        assert (await step("close", why))["state"] == "closed"
        assert (await step("reopen"))["state"] == "unoccupied"
        assert (await step("isolate", why))["reason"] == "norovirus"
        assert (await step("reopen"))["state"] == "unoccupied"
        await here.member("doctor")
        await here.member("nurse")
        stay = await here.admit()
        assert (await here.get(f"/beds/{bed}/"))["admission_id"] == stay["id"]
        assert (await step("close", why, 409))["code"] == "invalid_transition"
        await here.post(f"/admissions/{stay['id']}/discharge", {}, 200)
        assert (await here.get(f"/beds/{bed}/"))["state"] == "housekeeping"
        assert (await step("contaminate", why))["state"] == "contaminated"
        assert (await step("clean", status=409))["code"] == "invalid_transition"
        assert (await step("decontaminate"))["state"] == "housekeeping"
        assert (await step("clean"))["state"] == "unoccupied"
        assert (await here.get(f"/wards/{ward}/"))["turnover_minutes"] is not None


async def test_the_same_key_gives_the_same_answer_and_does_nothing_twice():
    async with hospital() as client:
        here = House(client)
        bed = await here.bed(await here.ward())
        first = await here.post(f"/beds/{bed}/close", {"reason": "broken"}, 200, Idempotency_Key="k")
        again = await here.post(f"/beds/{bed}/close", {"reason": "broken"}, 200, Idempotency_Key="k")
        assert first == again
        assert (await here.post(f"/beds/{bed}/close", {"reason": "other"}, 422, Idempotency_Key="k"))["code"]
        assert (await here.post(f"/beds/{bed}/close", {"reason": "broken"}, 409))["code"] == "invalid_transition"


async def test_the_board_is_open_and_names_nobody_and_the_staff_s_view_is_not(tmp_path):
    keys = tmp_path / "keys.toml"
    admin = {"Authorization": f"Bearer {add_key(keys, 'admin', ['admin'], 'main')}"}
    board = {"Authorization": f"Bearer {add_key(keys, 'board', ['board'], 'main')}"}
    async with hospital(ApiKeys(keys)) as client:
        here = House(client)
        client.headers.update(admin)
        ward, (bed,) = await here.open()
        jane, john = await here.patient("Jane Doe"), await here.patient("John Roe")
        lies = await here.admit(jane, "high")
        waits = await here.admit(john, "critical", ward_id=ward)
        staffed = await here.get(f"/wards/{ward}/beds/")
        (shown,) = staffed["rooms"][0]["beds"]
        assert (shown["id"], shown["patient_name"], shown["doctor_name"]) == (bed, "Jane Doe", "Doctor Who")
        assert [(one["patient_name"], one["reason"]) for one in staffed["waiting"]] == [("John Roe", "no_bed")]
        client.headers.pop("Authorization")
        seen = await client.get(f"{BASE}/wards/{ward}/board/?hospital=main")
        assert seen.status_code == 200
        assert seen.json()["rooms"][0]["beds"][0]["state"] == "occupied"
        assert [(one["acuity"], one["reason"]) for one in seen.json()["waiting"]] == [("critical", "no_bed")]
        people = ["Jane", "John", "Who", jane, john, lies["id"], waits["id"], lies["doctor_id"], lies["nurse_id"]]
        assert not any(person in seen.text for person in people)
        assert (await client.get(f"{BASE}/wards/{ward}/beds/")).status_code == 401
        assert (await client.get(f"{BASE}/wards/{ward}/beds/", headers=board)).status_code == 403
        assert (await client.get(f"{BASE}/wards/{ward}/board/", headers=board)).status_code == 200
        assert (await client.get(f"{BASE}/wards/{UNKNOWN}/board/?hospital=main")).status_code == 404
        assert (await client.get(f"{BASE}/wards/{ward}/board/?hospital=elsewhere")).status_code == 404


BODIES: list[tuple[str, dict[str, Any], str]] = [
    ("/wards", {}, "name"),
    ("/wards", {"name": " "}, "name"),
    ("/wards", {"name": "x" * 121}, "name"),
    ("/wards", {"name": "a\nb"}, "name"),
    ("/wards", {"name": "E", "gender": "all"}, "gender"),
    ("/wards", {"name": "E", "min_age": 70, "max_age": 12}, "min_age"),
    ("/wards", {"name": "E", "min_age": -1}, "min_age"),
    ("/wards", {"name": "E", "cleaning_minutes": 10**30}, "cleaning_minutes"),
    ("/wards", {"name": "E", "mixed_rooms": "no"}, "mixed_rooms"),
    ("/wards", {"name": "E", "colour": "green"}, "colour"),
    ("/wards/{ward}/beds", {"label": ""}, "label"),
    ("/wards/{ward}/beds", {"label": "\x00"}, "label"),
    ("/wards/{ward}/beds", {"label": "2", "equipment": ["x"] * 10_000}, "equipment"),
    ("/wards/{ward}/beds", {"label": "2", "equipment": [""]}, "equipment"),
    ("/wards/{ward}/beds", {"label": "2", "type": {}}, "type"),
    ("/beds/{bed}/reserve", {}, "patient_id"),
    ("/beds/{bed}/reserve", {"patient_id": "jane"}, "patient_id"),
    ("/beds/{bed}/reserve", {"patient_id": UNKNOWN, "minutes": 0}, "minutes"),
    ("/beds/{bed}/close", {}, "reason"),
    ("/beds/{bed}/close", {"reason": "  "}, "reason"),
    ("/beds/{bed}/close", {"reason": "x" * 2_001}, "reason"),
    ("/beds/{bed}/clean", {"reason": "it is"}, "reason"),
]


async def test_a_body_that_means_nothing_is_refused_under_its_field():
    async with hospital() as client:
        here = House(client)
        ward = await here.ward()
        ids = {"ward": ward, "bed": await here.bed(ward)}
        before = await here.get(f"/wards/{ward}/beds/")
        for path, body, field in BODIES:
            refused = await here.post(path.format(**ids), body, 422)
            assert refused["errors"][0]["field"].startswith(field), f"{path} {str(body)[:80]}: {refused}"
        assert (await here.get(f"/wards/{ward}/beds/"))["rooms"] == before["rooms"]


async def test_an_unknown_id_is_not_found_whatever_it_looks_like():
    ids = ["x", UNKNOWN, UNKNOWN[:-1], "%00", "%2e%2e", "%ff", "'%20OR%201=1", "a" * 5000, f"{UNKNOWN}%0a"]
    reads = ["/wards/{}", "/wards/{}/board", "/wards/{}/beds", "/beds/{}", "/staff/{}", "/admissions/{}", "/alerts/{}"]
    async with hospital() as client:
        for path in reads:
            for id in ids:
                response = await client.get(BASE + path.format(id))
                assert (response.status_code, response.json()["code"]) == (404, "not_found"), f"{path} {id[:40]}"
        for step in ("release", "clean", "decontaminate", "reopen"):
            assert (await client.post(f"{BASE}/beds/{UNKNOWN}/{step}/")).status_code == 404
        for step, body in (("close", {"reason": "why"}), ("reserve", {"patient_id": UNKNOWN})):
            assert (await client.post(f"{BASE}/beds/{UNKNOWN}/{step}/", json=body)).status_code == 404


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/beds/?state=lost", "state"), ("/beds/?available=maybe", "available"), ("/beds/?ward_id=1", "ward_id"),
        ("/beds/?limit=-1", "limit"), ("/wards/?retired=2", "retired"), ("/beds/?label=1", "label"),
    ],
)  # fmt: skip
async def test_a_parameter_that_means_nothing_is_refused_under_its_name(path: str, field: str):
    async with hospital() as client:
        assert (await House(client).get(path, 422))["errors"][0]["field"] == field


async def test_who_may_clean_a_bed_may_not_close_one():
    async with hospital(As("clinician")) as client:
        here = House(client)
        assert (await here.post(f"/beds/{UNKNOWN}/clean", {}, 404))["code"] == "not_found"
        for step in ("close", "reopen"):
            assert (await here.post(f"/beds/{UNKNOWN}/{step}", {"reason": "why"}, 403))["code"] == "forbidden"
        assert (await here.post("/wards", {"name": "East"}, 403))["code"] == "forbidden"
