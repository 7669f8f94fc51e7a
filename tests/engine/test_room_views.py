"""What is shown of rooms: a day for boards, a schedule for staff, and lists of all that clinics have."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
import trio
from trio.testing import MockClock

from engine.decider import NotInMemory
from engine.decisions.attend_appointment import CheckInAppointment, CompleteAppointment, StartAppointment
from engine.decisions.cancel_appointment import CancelAppointment
from engine.decisions.closures import AddClosure
from engine.decisions.hold_room import HoldRoom
from engine.decisions.rooms import SetRoomDisplay
from engine.runtime import EngineSettings
from engine.views.appointments import GetAppointment, ListAppointments, ListEscalations
from engine.views.calendars import RoomCalendar
from engine.views.clinics import GetClinic, ListClinics
from engine.views.paging import MAX_LIMIT
from engine.views.room_days import GetClinicDay, GetRoomSchedule
from engine.views.rooms import GetRoom, ListClosures, ListRooms
from tests.engine.ward_of_rooms import DAY, at, ward

ONE, TWO = {"name": "One"}, {"name": "Two"}
CLEANED = {"name": "Cleaned", "setup_minutes": 5, "cleaning_minutes": 15}
NOBODY = "01900000-0000-7000-8000-000000000000"
DAYS = 24 * 3_600_000_000
MONDAY = dt.date.fromisoformat(DAY)


async def test_a_day_shows_what_is_held_of_each_room_and_nobody_s_name_or_id(autojump_clock: MockClock):
    async with ward(CLEANED, ONE) as here:
        made = await here.book(at("09:00"), at("09:30"), room_id=here.rooms[0])
        await here.ask(SetRoomDisplay(room_id=here.rooms[1], color_hex="#ffcc00", label="1", display_order=-1))
        day = await here.view(GetClinicDay(clinic_id=here.clinic, date=MONDAY))
        assert (day["clinic_name"], day["date"], day["time_zone"]) == ("Orthopaedics", DAY, "UTC")
        assert (day["day_start"], day["day_end"]) == (at("00:00"), at("00:00", "2027-01-19"))
        first, then = day["rooms"]
        assert (first["label"], first["color_hex"], first["contrast_text_color"]) == ("1", "#FFCC00", "#000000")
        assert then["items"] == [
            {
                "kind": "appointment", "id": made["id"], "start_time": at("09:00"), "end_time": at("09:30"),
                "busy_from": at("08:55"), "busy_to": at("09:45"), "status": "booked",
            },
        ]  # fmt: skip
        text = msgspec.json.encode(day).decode()
        assert made["patient_id"] not in text
        assert made["doctor_id"] not in text


async def test_a_day_shows_holds_closures_and_who_waits_and_leaves_out_what_is_off(autojump_clock: MockClock):
    async with ward(ONE) as here:
        off = await here.book(at("12:00"), at("12:30"))
        await here.ask(CancelAppointment(appointment_id=off["id"]))
        doctor, someone = await here.person()
        await here.ask(
            HoldRoom(
                clinic_id=here.clinic,
                doctor_id=doctor,
                patient_id=someone,
                start_time=at("09:00"),
                end_time=at("09:30"),
            )
        )
        closure = AddClosure(
            room_id=here.rooms[0], kind="maintenance", start_time=at("10:00"), end_time=at("11:00"),
            rrule="FREQ=DAILY;COUNT=3",
        )  # fmt: skip
        await here.ask(closure)
        waits = await here.book(at("10:30"), at("10:45"), fallback="unassigned")
        day = await here.view(GetClinicDay(clinic_id=here.clinic, date=MONDAY))
        assert [(item["kind"], item["status"]) for item in day["rooms"][0]["items"]] == [
            ("hold", "held"), ("closure", "maintenance"),
        ]  # fmt: skip
        assert [(item["id"], item["start_time"]) for item in day["waiting"]] == [(waits["id"], at("10:30"))]
        later = await here.view(GetClinicDay(clinic_id=here.clinic, date=dt.date(2027, 1, 20)))
        assert [item["kind"] for item in later["rooms"][0]["items"]] == ["closure"]
        assert later["waiting"] == []


async def test_a_night_stands_in_both_of_its_days(autojump_clock: MockClock):
    async with ward(CLEANED, time_zone="Europe/Berlin") as here:
        made = await here.book(at("22:30"), at("23:30"))  # 23:30 to 00:30 in Berlin
        for day in (MONDAY, dt.date(2027, 1, 19)):
            found = await here.view(GetClinicDay(clinic_id=here.clinic, date=day))
            assert [item["id"] for item in found["rooms"][0]["items"]] == [made["id"]]
            schedule = await here.view(GetRoomSchedule(room_id=here.rooms[0], date=day))
            assert [item["appointment_id"] for item in schedule["items"]] == [made["id"]]
        after = await here.view(GetClinicDay(clinic_id=here.clinic, date=dt.date(2027, 1, 20)))
        assert after["rooms"][0]["items"] == []


@pytest.mark.parametrize(("day", "hours"), [("2027-03-28", 23), ("2027-10-31", 25)])
async def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is(autojump_clock: MockClock, day: str, hours: int):
    async with ward(ONE, time_zone="Europe/Berlin") as here:
        found = await here.view(GetClinicDay(clinic_id=here.clinic, date=dt.date.fromisoformat(day)))
        assert found["day_end"] - found["day_start"] == dt.timedelta(hours=hours)


async def test_a_schedule_is_in_order_of_time_and_shows_what_is_off_only_where_asked(autojump_clock: MockClock):
    async with ward(ONE) as here:
        late, early, off = [await here.book(at(f"{hour}:00"), at(f"{hour}:30")) for hour in ("14", "09", "11")]
        await here.ask(CancelAppointment(appointment_id=off["id"]))
        closed = await here.ask(
            AddClosure(room_id=here.rooms[0], kind="closed", start_time=at("12:00"), end_time=at("13:00"))
        )
        seen = await here.view(GetRoomSchedule(room_id=here.rooms[0], date=MONDAY))
        assert [item["appointment_id"] or item["closure_id"] for item in seen["items"]] == [
            early["id"], closed["id"], late["id"],
        ]  # fmt: skip
        assert seen["items"][0]["doctor_id"] == early["doctor_id"]
        whole = await here.view(GetRoomSchedule(room_id=here.rooms[0], date=MONDAY, cancelled=True))
        assert [item["status"] for item in whole["items"]] == ["booked", "cancelled", "closed", "booked"]


async def test_a_room_says_what_it_is_at_this_moment(autojump_clock: MockClock):
    async with ward(CLEANED) as here:
        now = dt.datetime.fromtimestamp(here.clock.wall() // 1_000_000, dt.UTC)
        made = await here.book(now, now + dt.timedelta(hours=1))

        async def state() -> str:
            return str((await here.view(GetRoom(room_id=here.rooms[0])))["state"])

        assert await state() == "occupied"
        for step in (CheckInAppointment, StartAppointment, CompleteAppointment):
            await here.ask(step(appointment_id=made["id"]))
        assert await state() == "cleaning"
        here.clock.step += 20 * 60_000_000
        assert await state() == "available"


async def test_rooms_are_listed_by_what_they_are_and_when_they_are_free(autojump_clock: MockClock):
    async with ward(
        {**ONE, "equipment": ("couch", "ultrasound"), "capacity": 4}, {**TWO, "equipment": ("couch",)}
    ) as here:

        async def found(**more: object) -> list[str]:
            page = await here.view(ListRooms(**more))  # type: ignore[arg-type]
            return [room["name"] for room in page["items"]]

        assert await found() == ["One", "Two"]
        assert await found(equipment="ultrasound, couch") == ["One"]
        assert await found(capacity=2) == ["One"]
        assert await found(type="theatre") == []
        assert await found(clinic_id=NOBODY) == []
        await here.book(at("09:00"), at("09:30"), room_id=here.rooms[0])
        assert await found(available_at=at("09:15")) == ["Two"]
        assert await found(available_at=at("09:30"), clinic_id=here.clinic) == ["One", "Two"]
        page = await here.view(ListRooms(limit=1))
        again = await here.view(ListRooms(limit=1, cursor=page["next_cursor"]))
        assert [room["name"] for room in again["items"]] == ["Two"]
        assert again["next_cursor"] is None


async def test_closures_are_listed_while_they_count(autojump_clock: MockClock):
    async with ward(ONE, TWO) as here:
        made = [
            await here.ask(AddClosure(room_id=room, kind="closed", start_time=at("12:00"), end_time=at("13:00")))
            for room in here.rooms
        ]
        all_of_them = await here.view(ListClosures(clinic_id=here.clinic))
        assert [closure["id"] for closure in all_of_them["items"]] == [closure["id"] for closure in made]
        of_one = await here.view(ListClosures(room_id=here.rooms[1]))
        assert [closure["id"] for closure in of_one["items"]] == [made[1]["id"]]
        here.clock.step += 7 * 24 * 3_600_000_000
        assert (await here.view(ListClosures()))["items"] == []
        assert len((await here.view(ListClosures(status="ended")))["items"]) == 2


async def test_appointments_are_listed_by_whatever_leads_to_them(autojump_clock: MockClock):
    async with ward(ONE, TWO) as here:
        late = await here.book(at("10:00"), at("10:30"))
        early = await here.book(at("09:00"), at("09:30"))
        next_week = await here.book(
            at("09:00", "2027-01-25"), at("09:30", "2027-01-25"), doctor_id=early["doctor_id"],
            patient_id=early["patient_id"],
        )  # fmt: skip
        await here.ask(CancelAppointment(appointment_id=late["id"]))

        async def found(**more: object) -> list[str]:
            ids, cursor = [], None
            while True:
                page = await here.view(ListAppointments(limit=1, cursor=cursor, **more))  # type: ignore[arg-type]
                ids += [one["id"] for one in page["items"]]
                cursor = page["next_cursor"]
                if cursor is None:
                    return ids

        assert await found() == [next_week["id"], early["id"], late["id"]]  # made last first
        assert await found(date=MONDAY) == [early["id"], late["id"]]  # in order of time
        assert await found(clinic_id=here.clinic) == [next_week["id"], early["id"], late["id"]]  # the latest day first
        assert await found(doctor_id=early["doctor_id"]) == [next_week["id"], early["id"]]
        assert await found(patient_id=late["patient_id"]) == [late["id"]]  # also what is over
        assert await found(clinic_id=here.clinic, status="cancelled") == [late["id"]]
        assert await found(date=dt.date(2027, 1, 19)) == []
        assert await found(clinic_id=NOBODY) == await found(doctor_id=NOBODY) == []


async def test_an_appointment_is_shown_with_the_reasons_for_its_room(autojump_clock: MockClock):
    async with ward(ONE, TWO) as here:
        made = await here.book(at("09:00"), at("09:30"))
        assert await here.view(GetAppointment(appointment_id=made["id"])) == made
        assert (made["assignment"]["method"], made["room_name"]) == ("rules", "One")
        assert [other["room_id"] for other in made["assignment"]["alternatives"]] == [here.rooms[1]]


async def test_who_waits_for_a_room_is_listed_until_there_is_one(autojump_clock: MockClock):
    async with ward(ONE) as here:
        there = await here.book(at("09:00"), at("09:30"))
        waits = await here.book(at("09:00"), at("09:30"), fallback="unassigned")
        for query in (ListEscalations(), ListEscalations(clinic_id=here.clinic), ListEscalations(date=MONDAY)):
            assert [one["id"] for one in (await here.view(query))["items"]] == [waits["id"]]
        await here.ask(CancelAppointment(appointment_id=there["id"]))
        assert (await here.view(ListEscalations()))["items"] == []
        found = (await here.view(ListEscalations(status="assigned")))["items"]
        assert [(one["id"], one["room_id"]) for one in found] == [(waits["id"], here.rooms[0])]


async def test_clinics_are_listed_with_their_settings(autojump_clock: MockClock):
    async with ward(ONE, TWO) as here:
        (clinic,) = (await here.view(ListClinics(limit=MAX_LIMIT)))["items"]
        assert clinic == await here.view(GetClinic(clinic_id=here.clinic))
        assert (clinic["rooms"], clinic["settings"]["hold_minutes"]) == (2, 5)
        assert (await here.view(ListClinics(retired=True)))["items"] == []


async def test_what_is_long_over_is_shown_from_the_disk(autojump_clock: MockClock):
    async with ward(ONE, TWO, settings=EngineSettings(snapshot_entries=10)) as here:
        made = [await here.book(at(f"{hour:02}:00"), at(f"{hour:02}:30"), room_id=here.rooms[0]) for hour in (9, 10)]
        for one in made:
            await here.ask(CancelAppointment(appointment_id=one["id"]))
        here.clock.step += 10 * DAYS
        for _ in range(20):
            await here.person()
            await trio.sleep(0.3)
        with pytest.raises(NotInMemory):
            here.engine.partitions["main"].state(f"clinic_day:{here.clinic}:{DAY}")
        schedule = await here.view(GetRoomSchedule(room_id=here.rooms[0], date=MONDAY, cancelled=True))
        assert [item["appointment_id"] for item in schedule["items"]] == [one["id"] for one in made]
        for query in (ListAppointments(clinic_id=here.clinic), ListAppointments(date=MONDAY), ListAppointments()):
            assert {one["id"] for one in (await here.view(query))["items"]} == {one["id"] for one in made}
        (only,) = (await here.view(ListAppointments(doctor_id=made[0]["doctor_id"])))["items"]
        assert only["id"] == made[0]["id"]
        feed = await here.view(RoomCalendar(room_id=here.rooms[0]))
        assert [event["status"] for event in feed["events"]] == ["CANCELLED", "CANCELLED"]
        day = await here.view(GetClinicDay(clinic_id=here.clinic, date=MONDAY))
        assert [room["items"] for room in day["rooms"]] == [[], []]
