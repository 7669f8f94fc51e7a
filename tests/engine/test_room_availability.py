"""What is free and what is in the way: the same answer that a booking would get."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from trio.testing import MockClock

from engine.decisions.closures import AddClosure
from engine.decisions.hold_room import HoldRoom, ReleaseAppointment
from engine.errors import Invalid, NotFound, Rejected
from engine.views.availability import AvailableRooms
from engine.views.room_conflicts import Check, CheckConflicts
from tests.engine.ward_of_rooms import at, ward

ONE, TWO = {"name": "One"}, {"name": "Two"}
CLEANED = {"name": "Cleaned", "setup_minutes": 5, "cleaning_minutes": 15}
NOBODY = "01900000-0000-7000-8000-000000000000"


async def test_every_room_that_is_said_to_be_free_can_be_booked_and_no_other(autojump_clock: MockClock):
    async with ward(CLEANED, ONE, TWO) as here:
        await here.book(at("09:00"), at("09:30"), room_id=here.rooms[0])
        await here.ask(AddClosure(room_id=here.rooms[1], kind="closed", start_time=at("09:30"), end_time=at("10:30")))
        found = await here.view(
            AvailableRooms(start=at("08:00"), end=at("11:00"), clinic_id=here.clinic, duration_minutes=30)
        )
        assert found["rooms"] is None
        assert found["next_start"] is None
        assert [slot["start_time"] for slot in found["slots"]] == [
            at(clock) for clock in ("08:00", "08:30", "09:00", "09:30", "10:00", "10:30")
        ]
        tried = 0
        for slot in found["slots"]:
            free = {room["room_id"] for room in slot["rooms"]}
            for room_id in here.rooms:
                doctor, someone = await here.person()
                hold = HoldRoom(
                    clinic_id=here.clinic, doctor_id=doctor, patient_id=someone, room_id=room_id,
                    start_time=slot["start_time"], end_time=slot["end_time"],
                )  # fmt: skip
                tried += 1
                if room_id in free:
                    held = await here.ask(hold)
                    await here.ask(ReleaseAppointment(appointment_id=held["id"]))
                else:
                    with pytest.raises(Rejected):
                        await here.ask(hold)
        assert tried == 18


async def test_rooms_free_for_the_whole_of_a_time_come_best_first(autojump_clock: MockClock):
    async with ward(ONE, {**TWO, "equipment": ("couch",)}) as here:
        await here.book(at("10:00"), at("10:30"), room_id=here.rooms[0])
        whole = await here.view(AvailableRooms(start=at("09:00"), end=at("11:00")))
        assert [room["name"] for room in whole["rooms"]] == ["Two"]
        before = await here.view(AvailableRooms(start=at("09:00"), end=at("10:00"), equipment="couch"))
        assert before["rooms"] == [{"room_id": here.rooms[1], "name": "Two", "clinic_id": here.clinic, "score": 50}]
        assert before["slots"] is None


async def test_a_question_about_too_much_is_answered_as_far_as_it_goes(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("engine.views.availability.LOOKS", 6)
    async with ward(ONE, TWO) as here:
        starts: list[dt.datetime] = []
        start: dt.datetime | None = at("08:00")
        while start is not None:
            query = AvailableRooms(start=start, end=at("12:00"), clinic_id=here.clinic, duration_minutes=30)
            found = await here.view(query)
            assert len(found["slots"]) <= 3
            starts += [slot["start_time"] for slot in found["slots"]]
            start = found["next_start"]
        assert starts == [at("08:00") + dt.timedelta(minutes=30 * place) for place in range(8)]


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [("09:00", "09:00", "end"), ("09:00", "08:00", "end")],
)
async def test_a_time_that_ends_before_it_begins_is_refused(
    autojump_clock: MockClock, start: str, end: str, field: str
):
    async with ward(ONE) as here:
        with pytest.raises(Invalid) as refused:
            await here.view(AvailableRooms(start=at(start), end=at(end)))
        assert refused.value.facts["field"] == field


async def test_more_than_31_days_or_too_many_words_are_refused(autojump_clock: MockClock):
    async with ward(ONE) as here:
        with pytest.raises(Invalid):
            await here.view(AvailableRooms(start=at("09:00"), end=at("09:01", "2027-02-18")))
        with pytest.raises(Invalid):
            await here.view(
                AvailableRooms(start=at("09:00"), end=at("10:00"), equipment=",".join(map(str, range(101))))
            )
        with pytest.raises(NotFound):
            await here.view(AvailableRooms(start=at("09:00"), end=at("10:00"), clinic_id=NOBODY))
        with pytest.raises(NotFound):
            await here.view(AvailableRooms(start=at("09:00"), end=at("10:00"), doctor_id=NOBODY))
        with pytest.raises(NotFound):
            await here.view(AvailableRooms(start=at("09:00"), end=at("10:00"), patient_id=NOBODY))


# -- what is in the way -------------------------------------------------------------------------------------


async def test_each_of_many_times_is_told_what_is_in_its_way(autojump_clock: MockClock):
    async with ward(CLEANED, ONE) as here:
        made = await here.book(at("09:00"), at("09:30"), room_id=here.rooms[0])
        closed = await here.ask(
            AddClosure(room_id=here.rooms[1], kind="closed", start_time=at("12:00"), end_time=at("13:00"))
        )
        when: dict[str, Any] = {"start_time": at("09:30"), "end_time": at("10:00")}
        query = CheckConflicts(
            checks=[
                Check(room_id=here.rooms[0], **when),  # into the cleaning
                Check(room_id=here.rooms[0], **when, appointment_id=made["id"]),
                Check(room_id=here.rooms[1], **when),
                Check(room_id=here.rooms[1], start_time=at("12:30"), end_time=at("13:30")),
                Check(
                    room_id=here.rooms[1], start_time=at("09:15"), end_time=at("09:45"), doctor_id=made["doctor_id"],
                    patient_id=made["patient_id"],
                ),
            ]
        )  # fmt: skip
        results = (await here.view(query))["results"]
        assert [result["conflict"] for result in results] == [True, False, False, True, True]
        assert [(one["kind"], one["appointment_id"]) for one in results[0]["with"]] == [("appointment", made["id"])]
        assert [(one["kind"], one["closure_id"]) for one in results[3]["with"]] == [("closure", closed["id"])]
        assert {one["kind"] for one in results[4]["with"]} == {"doctor", "patient"}


async def test_a_check_of_something_that_is_not_there_is_not_found(autojump_clock: MockClock):
    async with ward(ONE) as here:
        when: dict[str, Any] = {"start_time": at("09:30"), "end_time": at("10:00")}
        for check in (
            Check(room_id=NOBODY, **when),
            Check(room_id=here.rooms[0], **when, doctor_id=NOBODY),
            Check(room_id=here.rooms[0], **when, patient_id=NOBODY),
        ):
            with pytest.raises(NotFound):
                await here.view(CheckConflicts(checks=[check]))
        with pytest.raises(Invalid) as refused:
            await here.view(CheckConflicts(checks=[Check(room_id=here.rooms[0], **when), _backwards(here.rooms[0])]))
        assert refused.value.facts["field"] == "checks[1].end_time"


def _backwards(room_id: str) -> Check:
    return Check(room_id=room_id, start_time=at("10:00"), end_time=at("09:00"))
