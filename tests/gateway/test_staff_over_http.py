"""Staff as a client of the interface sees them: each row, versions, keys, bad input, and who may not."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.routes import BASE
from tests.gateway.hospital_ward import House
from tests.gateway.surface import UNKNOWN, As, hospital

EARLY = {"start_time": "2100-02-02T07:00:00Z", "end_time": "2100-02-02T15:00:00Z"}
LATE = {"start_time": "2100-02-03T13:00:00Z", "end_time": "2100-02-03T21:00:00Z"}
AWAY = {"start_time": "2100-03-01T00:00:00Z", "end_time": "2100-03-08T00:00:00Z"}


async def test_a_member_is_added_read_changed_and_retired():
    async with hospital() as client:
        here = House(client)
        asked = {"name": "Dr. Vera Cruz", "role": "doctor", "skills": ["echo"], "max_load": 3}
        made = await client.post(f"{BASE}/staff/", json=asked, headers={"Idempotency-Key": "one"})
        again = await client.post(f"{BASE}/staff/", json=asked, headers={"Idempotency-Key": "one"})
        assert (made.status_code, again.json()) == (201, made.json())
        assert again.headers["idempotent-replayed"] == "true"
        assert made.headers["location"] == f"{BASE}/staff/{made.json()['id']}/"
        one = f"/staff/{made.json()['id']}"
        read = await client.get(f"{BASE}{one}/")
        assert (read.json(), read.headers["etag"]) == (made.json(), f'"{read.json()["version"]}"')
        assert (read.json()["duty"], read.json()["load"], read.json()["is_approved"]) == ("on", 0, True)
        changed = await here.put(one, {**asked, "max_load": 5}, If_Match=read.headers["etag"])
        assert changed["max_load"] == 5
        stale = await here.put(one, asked, 412, If_Match=read.headers["etag"])
        assert stale["code"] == "stale_version"
        assert [member["id"] for member in (await here.get("/staff/?role=doctor&skill=echo"))["items"]] == [
            made.json()["id"]
        ]
        assert (await here.get("/staff/?role=nurse"))["items"] == []
        await here.ask("DELETE", one, None, 204)
        assert (await here.get("/staff/"))["items"] == []
        assert (await here.get(one))["retired"] is True


async def test_shifts_and_leaves_are_planned_and_taken_back():
    async with hospital() as client:
        here = House(client)
        nurse = await here.member("nurse")
        shift = await here.post(f"/staff/{nurse}/shifts", {**EARLY, "on_call": True})
        assert (shift["staff_id"], shift["on_call"], shift["start_time"]) == (nurse, True, EARLY["start_time"])
        assert (await here.post(f"/staff/{nurse}/shifts", EARLY, 409))["code"] == "shift_overlap"
        tired = {"start_time": "2100-02-02T20:00:00Z", "end_time": "2100-02-03T01:00:00Z"}
        assert (await here.post(f"/staff/{nurse}/shifts", tired, 409))["code"] == "rest_too_short"
        later = await here.post(f"/staff/{nurse}/shifts", LATE)
        moved = await here.put(f"/shifts/{later['id']}", {**LATE, "end_time": "2100-02-03T20:00:00Z"})
        assert moved["end_time"] == "2100-02-03T20:00:00Z"
        listed = (await here.get(f"/shifts/?staff_id={nurse}&from=2100-02-03T00:00:00Z&to=2100-02-04T00:00:00Z"))[
            "items"
        ]
        assert [one["id"] for one in listed] == [later["id"]]
        await here.ask("DELETE", f"/shifts/{later['id']}", None, 204)
        await here.ask("DELETE", f"/shifts/{later['id']}", None, 404)
        leave = await here.post(f"/staff/{nurse}/leaves", {**AWAY, "reason": "holidays"})
        assert [one["start_time"] for one in (await here.get(f"/staff/{nurse}/"))["leaves"]] == [AWAY["start_time"]]
        await here.ask("DELETE", f"/leaves/{leave['id']}", None, 204)
        assert (await here.get(f"/staff/{nurse}/"))["leaves"] == []


async def test_who_is_not_approved_or_active_gets_nobody_and_who_leaves_hands_over():
    async with hospital() as client:
        here = House(client)
        _, _ = await here.open(beds=2)
        (first,) = [one["staff_id"] for one in (await here.get("/roster/?role=doctor"))["items"]]
        given = await here.admit()
        assert given["doctor_id"] == first
        second = await here.member("doctor", is_approved=False)
        left = await here.post(f"/staff/{first}/activity", {"is_active": False, "reason": "ill"}, 200)
        assert (left["is_active"], left["moved"], left["left"]) == (False, [], [given["id"]])
        assert (await here.get(f"/admissions/{given['id']}/"))["status"] == "handed_over"
        approved = await here.post(f"/staff/{second}/approval", {"is_approved": True}, 200)
        assert approved["is_approved"] is True
        taken = await here.get(f"/admissions/{given['id']}/")
        assert (taken["status"], taken["doctor_id"]) == ("assigned", second)
        await here.ask("DELETE", f"/staff/{second}", None, 409)


async def test_patients_are_handed_to_somebody_named_or_to_the_least_loaded():
    async with hospital() as client:
        here = House(client)
        await here.open(beds=2)
        (first,) = [one["staff_id"] for one in (await here.get("/roster/?role=doctor"))["items"]]
        stays = [(await here.admit())["id"] for _ in range(2)]
        second = await here.member("doctor")
        told = await here.post(f"/staff/{first}/handover", {"to_staff_id": second, "admission_ids": stays[:1]}, 200)
        assert [(one["admission_id"], one["staff_id"]) for one in told["moved"]] == [(stays[0], second)]
        assert (await here.get(f"/admissions/{stays[0]}/"))["acknowledged"] is False
        seen = await here.post(f"/admissions/{stays[0]}/acknowledge", {}, 200)
        assert seen["acknowledged"] is True
        rest = await here.post(f"/staff/{first}/handover", {"note": "all of them"}, 200)
        assert [one["admission_id"] for one in rest["moved"]] == stays[1:]
        assert sorted(one["load"] for one in (await here.get("/roster/?role=doctor"))["items"]) == [0, 2]
        foreign = {"to_staff_id": UNKNOWN}
        assert (await here.post(f"/staff/{second}/handover", foreign, 404))["code"] == "not_found"


BODIES: list[tuple[str, dict[str, Any], str]] = [
    ("/staff", {"role": "doctor"}, "name"),
    ("/staff", {"name": "", "role": "doctor"}, "name"),
    ("/staff", {"name": "x" * 201, "role": "doctor"}, "name"),
    ("/staff", {"name": "A\x00B", "role": "doctor"}, "name"),
    ("/staff", {"name": "A", "role": "wizard"}, "role"),
    ("/staff", {"name": "A", "role": "doctor", "max_load": 0}, "max_load"),
    ("/staff", {"name": "A", "role": "doctor", "max_load": 10**30}, "max_load"),
    ("/staff", {"name": "A", "role": "doctor", "skills": "echo"}, "skills"),
    ("/staff", {"name": "A", "role": "doctor", "skills": ["x"] * 10_000}, "skills"),
    ("/staff", {"name": "A", "role": "doctor", "ward_ids": ["east"]}, "ward_ids"),
    ("/staff", {"name": "A", "role": "doctor", "shoe_size": 42}, "shoe_size"),
    ("/staff/{id}/shifts", {"start_time": "2100-02-02T07:00:00", "end_time": EARLY["end_time"]}, "start_time"),
    ("/staff/{id}/shifts", {"start_time": EARLY["end_time"], "end_time": EARLY["start_time"]}, "end_time"),
    ("/staff/{id}/shifts", {**EARLY, "end_time": "2100-02-04T07:00:00Z"}, "end_time"),
    ("/staff/{id}/shifts", {**EARLY, "end_time": "9999-12-31T23:59:59Z"}, "end_time"),
    ("/staff/{id}/shifts", {**EARLY, "breaks": [EARLY] * 10_000}, "breaks"),
    ("/staff/{id}/leaves", {"start_time": AWAY["end_time"], "end_time": AWAY["start_time"]}, "end_time"),
    ("/staff/{id}/approval", {}, "is_approved"),
    ("/staff/{id}/activity", {"is_active": "no"}, "is_active"),
    ("/staff/{id}/handover", {"admission_ids": []}, "admission_ids"),
]


async def test_a_body_that_means_nothing_is_refused_under_its_field():
    async with hospital() as client:
        here = House(client)
        member = await here.member()
        before = await here.get(f"/staff/{member}/")
        for path, body, field in BODIES:
            refused = await here.post(path.format(id=member), body, 422)
            assert refused["errors"][0]["field"].startswith(field), f"{path} {str(body)[:80]}: {refused}"
        assert await here.get(f"/staff/{member}/") == before


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/staff/?role=wizard", "role"), ("/staff/?duty=asleep", "duty"), ("/staff/?ward_id=east", "ward_id"),
        ("/staff/?limit=0", "limit"), ("/staff/?cursor=%00", "cursor"), ("/shifts/?from=yesterday", "from"),
        ("/shifts/?from=2100-02-02T07:00:00", "from"), ("/roster/?role=wizard", "role"), ("/staff/?name=A", "name"),
    ],
)  # fmt: skip
async def test_a_parameter_that_means_nothing_is_refused_under_its_name(path: str, field: str):
    async with hospital() as client:
        refused = await House(client).get(path, 422)
        assert refused["errors"][0]["field"] == field


async def test_who_may_not_plan_may_still_hand_over():
    async with hospital(As("clerk")) as client:
        here = House(client)
        assert (await here.post("/staff", {"name": "A", "role": "doctor"}, 403))["code"] == "forbidden"
        assert (await here.post(f"/staff/{UNKNOWN}/shifts", EARLY, 403))["code"] == "forbidden"
        assert (await here.post(f"/staff/{UNKNOWN}/handover", {}, 404))["code"] == "not_found"
