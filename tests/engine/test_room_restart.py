"""Rooms and closures over a living engine that stops and starts again, and what of them may be read on the disk."""

from __future__ import annotations

from typing import Any

import pytest
from trio.testing import MockClock

from engine.actors.room.refusals import RoomClosed
from engine.decider import FreeText
from engine.decisions.clinics import AddClinic
from engine.decisions.closures import AddClosure, ChangeClosure, RemoveClosure
from engine.decisions.rooms import ChangeRoom, SetRoomDisplay
from engine.eventlog.memory_store import MemoryDisk
from engine.views.rooms import GetRoom, ListClosures
from tests.engine.living import CLERK, TrioClock, living, read
from tests.engine.ward_of_rooms import Ward, at, ward

REASON = "the lamp over the table flickers"


async def test_rooms_and_closures_are_after_a_restart_what_they_were(autojump_clock: MockClock):
    disk = MemoryDisk()
    async with living(disk) as engine:
        here = Ward(engine, "main", TrioClock())
        here.clinic = (await here.ask(AddClinic(name="Eyes")))["id"]
        room = await here.room("One", cleaning_minutes=10)
        await here.ask(SetRoomDisplay(room_id=room, color_hex="#336699", label="1"))
        await here.book(at("08:00"), at("09:00"))
        closure = await here.ask(
            AddClosure(
                room_id=room,
                kind="maintenance",
                start_time=at("12:00"),
                end_time=at("13:00"),
                rrule="FREQ=DAILY",
                reason=FreeText(REASON),
            )
        )
        assert closure["reason"] == REASON
        changed = await here.ask(
            ChangeClosure(
                closure_id=closure["id"],
                kind="cleaning",
                start_time=at("14:00"),
                end_time=at("15:00"),
                rrule="FREQ=DAILY",
            )
        )
        before: Any = await here.view(GetRoom(room_id=room)), await here.view(ListClosures())
    assert not any(REASON.encode() in entry for entry in disk.entries["main"])
    async with living(disk, clock=TrioClock()) as engine:
        again = Ward(engine, "main", TrioClock())
        again.clinic = here.clinic
        assert (await again.view(GetRoom(room_id=room)), await again.view(ListClosures())) == before
        with pytest.raises(RoomClosed):
            await again.book(at("14:30"), at("15:30"), room_id=room)
        ended = await again.ask(RemoveClosure(closure_id=changed["id"]))
        assert ended["status"] == "removed"
        await again.book(at("14:30"), at("15:30"), room_id=room)


async def test_the_same_command_again_gives_the_same_answer_and_closes_once(autojump_clock: MockClock):
    async with ward({"name": "One"}) as here:
        command = AddClosure(room_id=here.rooms[0], kind="closed", start_time=at("12:00"), end_time=at("13:00"))
        first = await here.engine.ask("main", command, CLERK, key="k")
        second = await here.engine.ask("main", command, CLERK, key="k")
        assert read(first) == read(second)
        assert len((await here.view(ListClosures()))["items"]) == 1


async def test_what_changes_by_nothing_is_answered_too(autojump_clock: MockClock):
    async with ward({"name": "One"}) as here:
        room = await here.ask(ChangeRoom(room_id=here.rooms[0], name="One", type="examination"))
        assert (room["version"], room["affected"]) == (1, [])
