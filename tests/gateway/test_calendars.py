"""Calendar feeds, read back with a calendar library: what stands in them, what changes, and who may read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine import calendar
from engine.clock import SystemClock
from gateway.auth import ApiKeys, add_key
from gateway.calendars import OCTETS, calendar_of, folded, text
from gateway.routes import BASE
from tests.gateway.surface import As, ScriptedEngine, client_of, hospital
from tests.gateway.test_rooms_over_http import Ward

TODAY = calendar.moment(SystemClock().wall())
TOMORROW = TODAY.replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=1)
WHY = {"reason": "the patient cannot climb stairs"}


def span(hours: int = 0) -> dict[str, str]:
    """Half an hour, tomorrow; a feed does not reach into the next century."""
    start = TOMORROW + timedelta(hours=hours)
    return {"start_time": start.isoformat(), "end_time": (start + timedelta(minutes=30)).isoformat()}


async def feed(client: httpx2.AsyncClient, path: str) -> dict[str, Any]:
    """The events of a feed by their UID, as a calendar programme reads them."""
    response = await client.get(f"{BASE}{path}" if not path.startswith(BASE) else path)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/calendar; charset=utf-8"
    read = icalendar.Calendar.from_ical(response.content)
    assert (read["VERSION"], read["METHOD"]) == ("2.0", "PUBLISH")
    assert not read.errors
    events = {str(event["UID"]): event for event in read.walk("VEVENT")}
    assert len(events) == len(read.walk("VEVENT"))
    return events


async def test_an_appointment_keeps_its_uid_and_each_change_of_it_raises_its_sequence():
    async with hospital() as client:
        here = Ward(client)
        await here.open({"name": "Röntgen; links, unten"}, {})
        made = await here.post("/appointments", await here.wanted(**span(), room_id=here.rooms[0]))
        uid = f"{made['id']}@main"
        first = (await feed(client, f"/rooms/{here.rooms[0]}/calendar.ics"))[uid]
        assert first.decoded("DTSTART") == TOMORROW
        assert first.decoded("DTEND") == TOMORROW + timedelta(minutes=30)
        assert (first["SEQUENCE"], str(first["STATUS"])) == (0, "CONFIRMED")
        assert str(first["LOCATION"]) == "Röntgen; links, unten, Orthopaedics"
        of_doctor = await feed(client, f"/doctors/{made['doctor_id']}/calendar.ics")
        assert of_doctor.keys() == {uid}
        await here.post(f"/appointments/{made['id']}/reschedule", {**span(3), "room_id": here.rooms[0]}, 200)
        moved = (await feed(client, f"/rooms/{here.rooms[0]}/calendar.ics"))[uid]
        assert moved["SEQUENCE"] > first["SEQUENCE"]
        assert moved.decoded("DTSTART") == TOMORROW + timedelta(hours=3)
        assert moved.decoded("LAST-MODIFIED") >= first.decoded("LAST-MODIFIED")


async def test_what_is_cancelled_or_has_left_the_room_or_the_doctor_is_cancelled_in_the_feed():
    async with hospital() as client:
        here = Ward(client)
        await here.open({}, {})
        off = await here.post("/appointments", await here.wanted(**span(), room_id=here.rooms[0]))
        gone = await here.post("/appointments", await here.wanted(**span(1), room_id=here.rooms[0]))
        given_away = await here.post("/appointments", await here.wanted(**span(2), room_id=here.rooms[0]))
        await here.post(f"/appointments/{off['id']}/cancel", {}, 200)
        await client.put(f"{BASE}/appointments/{gone['id']}/room/", json={"room_id": here.rooms[1], **WHY})
        other = (await here.wanted())["doctor_id"]
        for hours in (24 * 500, 24 * 501):  # beyond the feed, and on again: it is still known to have left the room
            elsewhere = {**span(hours), "room_id": here.rooms[1]}
            await here.post(f"/appointments/{given_away['id']}/reschedule", elsewhere, 200)
        far = await feed(client, f"/rooms/{here.rooms[0]}/calendar.ics")
        assert str(far[f"{given_away['id']}@main"]["STATUS"]) == "CANCELLED"
        later = span(26)  # another day: it stands in another actor then
        await here.post(f"/appointments/{given_away['id']}/reschedule", {**later, "doctor_id": other}, 200)

        def status(events: dict[str, Any], made: dict[str, Any]) -> str:
            return str(events[f"{made['id']}@main"]["STATUS"])

        old = await feed(client, f"/rooms/{here.rooms[0]}/calendar.ics")
        assert (status(old, off), status(old, gone)) == ("CANCELLED", "CANCELLED")
        assert old[f"{gone['id']}@main"].decoded("DTSTART") == TOMORROW + timedelta(hours=1)
        assert status(await feed(client, f"/rooms/{here.rooms[1]}/calendar.ics"), gone) == "CONFIRMED"
        assert status(await feed(client, f"/doctors/{given_away['doctor_id']}/calendar.ics"), given_away) == "CANCELLED"
        assert status(await feed(client, f"/doctors/{other}/calendar.ics"), given_away) == "CONFIRMED"


async def test_a_feed_says_nothing_of_patients_and_leaves_holds_and_what_is_far_away_out():
    async with hospital() as client:
        here = Ward(client)
        await here.open({})
        asked = await here.wanted(**span(), note="afraid of needles", room_id=here.rooms[0])
        await here.post("/appointments", asked)
        await here.post("/appointments/holds", await here.wanted(**span(1)))
        await here.post("/appointments", await here.wanted())  # in the year 2100
        path = f"/rooms/{here.rooms[0]}/calendar.ics"
        assert len(await feed(client, path)) == 1
        whole = (await client.get(f"{BASE}{path}")).text
        assert asked["patient_id"] not in whole
        assert "needles" not in whole
        assert "Jane" not in whole


async def test_a_feed_in_which_nothing_changed_is_not_sent_again():
    async with hospital() as client:
        here = Ward(client)
        await here.open({})
        await here.post("/appointments", await here.wanted(**span()))
        path = f"{BASE}/rooms/{here.rooms[0]}/calendar.ics"
        first = await client.get(path)
        again = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        await here.post("/appointments", await here.wanted(**span(1)))
        assert (await client.get(path, headers={"If-None-Match": first.headers["etag"]})).status_code == 200


async def test_who_has_the_link_needs_no_key_and_a_link_opens_one_feed_alone(tmp_path):
    keys = tmp_path / "keys.toml"
    admin = add_key(keys, "admin", ["admin"], "main")
    board = add_key(keys, "board", ["board"], "main")
    async with hospital(ApiKeys(keys)) as client:
        client.headers["X-API-Key"] = admin
        here = Ward(client)
        await here.open({}, {})
        made = await here.post("/appointments", await here.wanted(**span(), room_id=here.rooms[0]))
        links = [(await here.get(f"/rooms/{room}/"))["calendar_link"] for room in here.rooms]
        links.append((await here.get(f"/doctors/{made['doctor_id']}/calendar-link/"))["calendar_link"])
        del client.headers["X-API-Key"]
        for link in links:
            assert (await client.get(link)).status_code == 200
            path = link.partition("?")[0]
            assert (await client.get(path)).status_code == 401
            assert (await client.get(path, headers={"X-API-Key": board})).status_code == 403
            assert (await client.get(path, headers={"X-API-Key": admin})).status_code == 200
            for named, status in (("main", 200), ("north", 404), ("%E6%9E%97", 404)):
                response = await client.get(f"{path}?hospital={named}", headers={"X-API-Key": admin})
                assert response.status_code == status
            assert (await client.get(f"{path}?hospital=main&token={'0' * 32}")).status_code == 404
            assert (await client.get(f"{path}?token=")).status_code == 404
            assert (await client.get(link.replace("hospital=main", "hospital=north"))).status_code == 404
        one, other, _ = [link.partition("?") for link in links]
        assert (await client.get(f"{one[0]}?{other[2]}")).status_code == 404
        assert await feed(client, links[0])


async def test_another_hospital_s_feed_is_opened_by_its_own_link():
    async with hospital(As("network", hospital="*")) as client:
        north = {"hospital_id": "north", "name": "North", "time_zone": "Europe/Berlin"}
        await client.post(f"{BASE}/hospitals/", json=north)
        client.headers["Hospital-Id"] = "north"
        here = Ward(client)
        await here.open({})
        link = (await here.get(f"/rooms/{here.rooms[0]}/"))["calendar_link"]
        del client.headers["Hospital-Id"]
        assert (await client.get(link)).status_code == 200


@given(some.lists(some.text(), max_size=4))
def test_any_text_is_one_line_of_octets_that_reads_back(values: list[str]):
    for value in values:
        said = text(value)
        assert "\n" not in said
        assert "\r" not in said
        lines = list(folded([f"SUMMARY:{said}"]))
        assert b"".join(lines).replace(b"\r\n ", b"") == f"SUMMARY:{said}\r\n".encode()
        assert all(len(line) <= OCTETS for piece in lines for line in piece.split(b"\r\n"))


@pytest.mark.parametrize("name", ["Raum 1; links\\rechts, oben", "ünï " * 40, "two\nlines", "林" * 60, "BEGIN:VEVENT"])
def test_a_name_comes_back_from_a_feed_as_it_was(name: str):
    at = datetime(2100, 2, 3, 9, 0, 0, 5, tzinfo=UTC)
    event = {
        "uid": "x@main", "sequence": 3, "status": "CONFIRMED", "start_time": at, "end_time": at, "summary": name,
        "location": name, "created_at": at, "updated_at": at,
    }  # fmt: skip
    (found,) = icalendar.Calendar.from_ical(calendar_of({"name": name, "time_zone": "UTC", "events": [event]})).walk(
        "VEVENT"
    )
    assert (str(found["SUMMARY"]), str(found["LOCATION"])) == (name, name)


async def test_a_head_of_a_feed_has_no_body():
    async with client_of(ScriptedEngine()) as client:
        response = await client.head(f"{BASE}/rooms/01890000-0000-7000-8000-000000000000/calendar.ics")
        assert (response.status_code, response.content) == (200, b"")
