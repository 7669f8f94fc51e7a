"""Rooms and appointments as a client of the interface sees them: statuses, headers, alternatives, bad input."""

from __future__ import annotations

from typing import Any

import httpx2

from gateway.routes import BASE
from tests.gateway.surface import UNKNOWN, As, hospital

NINE = {"start_time": "2100-02-03T09:00:00Z", "end_time": "2100-02-03T09:30:00Z"}
TEN = {"start_time": "2100-02-03T10:00:00Z", "end_time": "2100-02-03T10:30:00Z"}
WHY = {"reason": "the patient cannot climb stairs"}


class Ward:
    """A clinic with two rooms, over HTTP."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client
        self.clinic = ""
        self.rooms: list[str] = []

    async def post(self, path: str, body: Any, status: int = 201, **more: Any) -> Any:
        response = await self.client.post(f"{BASE}{path}/", json=body, **more)
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    async def get(self, path: str, status: int = 200) -> Any:
        response = await self.client.get(f"{BASE}{path}")
        assert response.status_code == status, response.text
        return response.json()

    async def open(self, *rooms: dict[str, Any]) -> None:
        self.clinic = (await self.post("/clinics", {"name": "Orthopaedics"}))["id"]
        for number, more in enumerate(rooms):
            room = {"clinic_id": self.clinic, "name": f"Room {number}", "type": "examination", **more}
            self.rooms.append((await self.post("/rooms", room))["id"])

    async def wanted(self, **more: Any) -> dict[str, Any]:
        """The body of a booking, of people whom nobody has booked."""
        doctor = await self.post("/doctors", {"name": "Dr. Rao", "specialization": "Orthopaedics"})
        someone = await self.post("/patients", {"name": "Jane Doe"})
        return {"clinic_id": self.clinic, "doctor_id": doctor["id"], "patient_id": someone["id"], **NINE, **more}


async def test_a_visit_from_booking_to_the_cleaning_of_the_room():
    async with hospital() as client:
        here = Ward(client)
        await here.open({"cleaning_minutes": 10}, {})
        asked = await here.wanted()
        made = await client.post(f"{BASE}/appointments/", json=asked)
        assert made.status_code == 201
        assert made.headers["event-sequence"].isdigit()
        assert made.headers["location"] == f"{BASE}/appointments/{made.json()['id']}/"
        one = made.headers["location"]
        assert (await client.get(one)).json() == made.json()
        assert (await client.get(one)).headers["etag"] == '"1"'
        changed = await client.put(f"{one}room/", json={"room_id": here.rooms[1], **WHY}, headers={"If-Match": '"1"'})
        assert (changed.json()["room_id"], changed.json()["reason"]) == (here.rooms[1], WHY["reason"])
        stale = await client.put(f"{one}room/", json={"room_id": here.rooms[0], **WHY}, headers={"If-Match": '"1"'})
        assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
        moved = await client.post(f"{one}reschedule/", json=TEN)
        assert (moved.status_code, moved.json()["start_time"]) == (200, TEN["start_time"])
        illegal = await client.post(f"{one}start/")
        assert (illegal.status_code, illegal.json()["code"]) == (409, "invalid_transition")
        for step, status in (("check-in", "checked_in"), ("start", "in_progress"), ("complete", "completed")):
            response = await client.post(f"{one}{step}/", json={})
            assert (response.status_code, response.json()["status"]) == (200, status)
        (only,) = (await here.get(f"/appointments/?clinic_id={here.clinic}&date=2100-02-03"))["items"]
        assert only["status"] == "completed"


async def test_a_room_that_is_taken_is_refused_with_alternatives_that_can_be_had_at_once():
    async with hospital() as client:
        here = Ward(client)
        await here.open({}, {})
        taken = await here.post("/appointments", await here.wanted(room_id=here.rooms[0]))
        asked = await here.wanted(room_id=here.rooms[0])
        refused = await here.post("/appointments", asked, 409)
        assert (refused["code"], refused["facts"]["appointment_id"]) == ("room_conflict", taken["id"])
        assert refused["facts"]["start_time"] == NINE["start_time"]
        offered = refused["facts"]["alternatives"]
        assert [room["room_id"] for room in offered["rooms"]] == [here.rooms[1]]
        assert offered["times"][0]["start_time"].endswith("Z")
        assert len(refused["suggestions"]) == len(offered["rooms"]) + len(offered["times"]) > 2
        for change in refused["suggestions"]:
            hold = await here.post("/appointments/holds", {**asked, **change})
            await here.post(f"/appointments/{hold['id']}/release", {}, 204)


async def test_without_any_room_an_appointment_waits_where_that_is_asked_for():
    async with hospital() as client:
        here = Ward(client)
        await here.open({})
        there = await here.post("/appointments", await here.wanted())
        refused = await here.post("/appointments", await here.wanted(), 409)
        assert (refused["code"], refused["facts"]["alternatives"]["rooms"]) == ("no_room_available", [])
        waits = await here.post("/appointments", await here.wanted(fallback="unassigned"))
        assert (waits["room_id"], waits["escalation"]["status"]) == (None, "open")
        assert [one["id"] for one in (await here.get("/escalations/"))["items"]] == [waits["id"]]
        await here.post(f"/appointments/{there['id']}/cancel", {"reason": "ill"}, 200)
        assert (await here.get(f"/appointments/{waits['id']}/"))["room_id"] == here.rooms[0]


async def test_a_hold_is_confirmed_or_released_and_the_same_key_gives_the_same_hold():
    async with hospital() as client:
        here = Ward(client)
        await here.open({})
        asked = await here.wanted()
        held = await here.post("/appointments/holds", asked, headers={"Idempotency-Key": "a-form"})
        again = await here.post("/appointments/holds", asked, headers={"Idempotency-Key": "a-form"})
        assert held == again
        assert (held["status"], held["expires_at"] is not None) == ("held", True)
        booked = await here.post(f"/appointments/{held['id']}/confirm", {"note": "by telephone"}, 200)
        assert (booked["status"], booked["note"]) == ("booked", "by telephone")
        assert (await here.post(f"/appointments/{held['id']}/release", {}, 409))["code"] == "invalid_transition"


async def test_a_series_is_booked_listed_and_cancelled():
    async with hospital() as client:
        here = Ward(client)
        await here.open({})
        made = await here.post("/appointments/series", await here.wanted(rrule="FREQ=WEEKLY;COUNT=3"))
        assert [one["start_time"][:10] for one in made["appointments"]] == ["2100-02-03", "2100-02-10", "2100-02-17"]
        assert await here.get(f"/series/{made['series_id']}/") == made
        off = await client.request("DELETE", f"{BASE}/series/{made['series_id']}/", json={"reason": "moved away"})
        assert {one["status"] for one in off.json()["appointments"]} == {"cancelled"}


async def test_what_a_series_left_out_is_told_for_as_long_as_it_is_known():
    async with hospital() as client:
        here = Ward(client)
        await here.open({})
        other = await here.wanted()
        other |= {name: other[name].replace("02-03", "02-10") for name in ("start_time", "end_time")}
        await here.post("/appointments", other)
        wanted = await here.wanted(rrule="FREQ=WEEKLY;COUNT=3", mode="skip") | {"doctor_id": other["doctor_id"]}
        made = await here.post("/appointments/series", wanted)
        assert [(one["start_time"][:10], one["code"]) for one in made["skipped"]] == [("2100-02-10", "doctor_conflict")]
        assert (await here.get(f"/series/{made['series_id']}/"))["skipped"] == made["skipped"]


async def test_a_query_that_comes_as_a_body_changes_nothing_and_is_no_part_of_a_batch():
    async with hospital() as client:
        here = Ward(client)
        await here.open({})
        check = {"checks": [{"room_id": here.rooms[0], **NINE}]}
        asked = await client.post(f"{BASE}/rooms/conflicts/", json=check, headers={"Idempotency-Key": "k"})
        assert asked.json() == {"results": [{"conflict": False, "with": []}]}
        assert (asked.status_code, "event-sequence" in asked.headers) == (200, False)
        assert asked.headers["cache-control"] == "no-store"
        again = await client.post(f"{BASE}/rooms/conflicts/", json={"checks": check["checks"] * 2},
                                  headers={"Idempotency-Key": "k"})  # fmt: skip
        assert len(again.json()["results"]) == 2
        batch = {"commands": [{"method": "POST", "path": "/rooms/conflicts/", "body": check}]}
        (result,) = (await client.post(f"{BASE}/batch/", json=batch)).json()["results"]
        assert (result["status"], result["body"]["errors"][0]["field"]) == (422, "path")


async def test_a_batch_books_rooms_one_after_another():
    async with hospital() as client:
        here = Ward(client)
        await here.open({})
        bodies = [await here.wanted(), await here.wanted()]
        commands = [{"method": "POST", "path": "/appointments/", "body": body} for body in bodies]
        results = (await client.post(f"{BASE}/batch/", json={"commands": commands})).json()["results"]
        assert [result["status"] for result in results] == [201, 409]
        assert results[1]["body"]["suggestions"]


async def test_a_day_of_the_rooms_is_open_to_anybody_and_a_schedule_is_not():
    async with hospital(As("board")) as client:
        assert (await client.get(f"{BASE}/clinics/{UNKNOWN}/day/?hospital=main")).status_code == 404
        assert (await client.get(f"{BASE}/rooms/{UNKNOWN}/schedule/")).status_code == 403


FAR = "2100-02-03T09:00:00Z"
LISTS = [
    ("/rooms/available/", "start"), ("/rooms/available/?start=NaN&end=NaN", "start"),
    (f"/rooms/available/?start={FAR}&end=9999-12-31T23:59:59Z", "end"),
    (f"/rooms/available/?start=0000-01-01T00:00:00Z&end={FAR}", "start"),
    (f"/rooms/available/?start={FAR}&end=2100-03-06T09:00:01Z", "end"),
    (f"/rooms/available/?start={FAR}&end={FAR}", "end"),
    (f"/rooms/available/?start={FAR}&end=2100-02-03T10:00:00Z&duration_minutes=0", "duration_minutes"),
    (f"/rooms/available/?start={FAR}&end=2100-02-03T10:00:00Z&capacity=-1", "capacity"),
    (f"/rooms/available/?start={FAR}&end=2100-02-03T10:00:00Z&equipment={'a,' * 3000}", "equipment"),
    (f"/rooms/available/?start={FAR}&end=2100-02-03T10:00:00Z&equipment={'a%2C' * 3000}", "equipment"),
    (f"/rooms/available/?start={FAR}&end=2100-02-03T10:00:00Z&clinic_id=x", "clinic_id"),
    ("/rooms/?available_at=2100-02-03T09:00:00", "available_at"), ("/rooms/?floor=ground", "floor"),
    ("/rooms/?type=%00", "type"), ("/rooms/{room}/schedule/?date=0000-01-01", "date"),
    ("/rooms/{room}/schedule/?date=9999-12-31", "date"), ("/clinics/{clinic}/day/?date=9999-12-31", "date"),
    ("/clinics/{clinic}/day/?date=1850-01-01", "date"), ("/appointments/?status=gone", "status"),
    ("/appointments/?date=2100-02-30", "date"), ("/escalations/?status=maybe", "status"),
    ("/escalations/?date=2200-12-31", "date"), ("/closures/?kind=fire", "kind"),
    (f"/rooms/{{room}}/calendar.ics?token={'f' * 65}", "token"),
]  # fmt: skip


async def test_a_parameter_that_means_nothing_is_refused_under_its_name():
    async with hospital() as client:
        here = Ward(client)
        await here.open({})
        for path, field in LISTS:
            asked = path.replace("{room}", here.rooms[0]).replace("{clinic}", here.clinic)
            response = await client.get(f"{BASE}{asked}")
            assert response.status_code == 422, f"{path[:80]}: {response.text}"
            assert response.json()["errors"][0]["field"] == field, f"{path[:80]}: {response.text}"


BODIES: list[tuple[str, dict[str, Any], str]] = [
    ("/appointments", {"start_time": "2100-02-03T09:00:00"}, "start_time"),
    ("/appointments", {"start_time": "0000-02-03T09:00:00Z"}, "start_time"),
    ("/appointments", {"end_time": "9999-12-31T23:59:59Z"}, "end_time"),
    ("/appointments", {"end_time": NINE["start_time"]}, "end_time"),
    ("/appointments", {"end_time": "2100-02-05T09:00:00Z"}, "end_time"),
    ("/appointments", {"start_time": "2020-01-01T09:00:00Z", "end_time": "2020-01-01T09:30:00Z"}, "start_time"),
    ("/appointments", {"required_equipment": ["x"] * 10_000}, "required_equipment"),
    ("/appointments", {"required_equipment": "couch"}, "required_equipment"),
    ("/appointments", {"capacity": 10**30}, "capacity"),
    ("/appointments", {"fallback": "hope"}, "fallback"),
    ("/appointments", {"room_id": "1"}, "room_id"),
    ("/appointments/series", {"rrule": "FREQ=SECONDLY"}, "rrule"),
    ("/appointments/series", {"rrule": "X" * 10_000}, "rrule"),
    ("/rooms", {"name": "x", "type": "x\x00"}, "type"),
    ("/rooms", {"name": "x", "type": "x", "equipment": ["w"] * 101}, "equipment"),
    ("/rooms", {"name": "x", "type": "x", "cleaning_minutes": -1}, "cleaning_minutes"),
    ("/closures", {"kind": "closed", **NINE, "end_time": NINE["start_time"]}, "end_time"),
    ("/closures", {"kind": "closed", **NINE, "rrule": "FREQ=HOURLY"}, "rrule"),
    ("/rooms/conflicts", {"checks": []}, "checks"),
    ("/rooms/conflicts", {"checks": [{"room_id": UNKNOWN, **NINE}] * 101}, "checks"),
    ("/rooms/conflicts", {"checks": [{"room_id": UNKNOWN, "start_time": 1e300, "end_time": FAR}]}, "checks"),
]


async def test_a_body_that_means_nothing_is_refused_under_its_field():
    async with hospital() as client:
        here = Ward(client)
        await here.open({})
        wanted = await here.wanted()
        good = {"/rooms": {"clinic_id": here.clinic}, "/closures": {"room_id": here.rooms[0]}, "/rooms/conflicts": {}}
        for path, faulty, field in BODIES:
            refused = await here.post(path, {**good.get(path, wanted), **faulty}, 422)
            assert refused["errors"][0]["field"].startswith(field), f"{path} {faulty}: {refused}"
        await here.post("/appointments", wanted)  # nothing was taken by any of them


async def test_an_unknown_id_in_a_path_is_not_found_whatever_it_looks_like():
    ids = ["x", UNKNOWN, UNKNOWN[:-1], "..", "%00", "%2e%2e", "%ff", "'%20OR%201=1", "a" * 5000, f"{UNKNOWN}%0a"]
    paths = [
        "/clinics/{}", "/clinics/{}/day", "/clinics/{}/rules/versions", "/rooms/{}", "/rooms/{}/schedule",
        "/rooms/{}/calendar.ics", "/doctors/{}/calendar.ics", "/doctors/{}/calendar-link", "/closures/{}",
        "/appointments/{}", "/rules/{}", "/series/{}",
    ]  # fmt: skip
    async with hospital() as client:
        for path in paths:
            for id in ids:
                response = await client.get(BASE + path.format(id))
                assert (response.status_code, response.json()["code"]) == (404, "not_found"), f"{path} {id[:40]}"
