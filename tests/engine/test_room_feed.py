"""Following a clinic's day: who keeps a snapshot up to date with what it is told has what a new one would say."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Any

import pytest
from trio.testing import MockClock

from engine.actors.clinic_day.commands import Reason
from engine.decisions.attend_appointment import CheckInAppointment, CompleteAppointment, StartAppointment
from engine.decisions.cancel_appointment import CancelAppointment
from engine.decisions.change_room import ChangeAppointmentRoom
from engine.decisions.closures import AddClosure
from engine.decisions.hold_room import ConfirmAppointment, HoldRoom, ReleaseAppointment
from engine.decisions.reschedule_appointment import RescheduleAppointment
from engine.errors import NotFound, Rejected
from tests.engine.following import frames, said
from tests.engine.ward_of_rooms import DAY, Ward, at, ward

OTHER_DAY = "2027-01-19"
WHY = Reason("somebody wished for it")
OFF = ("cancelled", "no_show")
NOBODY = "01900000-0000-7000-8000-000000000000"


class Board:
    """What the messages of a day come to, told apart by the ids of appointments alone."""

    def __init__(self, first: dict[str, Any]) -> None:
        self.held = {item["id"]: (room["id"], *_when(item)) for room in first["rooms"] for item in room["items"]}
        self.waiting = {item["id"] for item in first["waiting"]}

    def take(self, message: dict[str, Any]) -> None:
        id = message["appointment_id"]
        self.held.pop(id, None)
        self.waiting.discard(id)
        if message["change"] == "waiting":
            self.waiting.add(id)
        elif message["room_id"] and message["status"] not in OFF:
            self.held[id] = (message["room_id"], *_when(message))


def _when(item: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(item[name] for name in ("start_time", "end_time", "busy_from", "busy_to", "status"))


async def something(here: Ward, chance: Random, known: list[str]) -> None:
    """One thing that may happen to a clinic's day, or be refused."""
    start = at(f"{chance.randrange(8, 12):02}:00", chance.choice((DAY, DAY, OTHER_DAY)))
    end = start + dt.timedelta(minutes=chance.choice((30, 60)))
    id = chance.choice(known) if known else NOBODY
    try:
        match chance.randrange(9):
            case 0 | 1 | 2:
                known.append((await here.book(start, end, fallback=chance.choice(("reject", "unassigned"))))["id"])
            case 3:
                doctor, someone = await here.person()
                hold = HoldRoom(
                    clinic_id=here.clinic, doctor_id=doctor, patient_id=someone, start_time=start, end_time=end
                )
                held = (await here.ask(hold))["id"]
                known.append(held)
                if chance.random() < 0.7:
                    await here.ask(chance.choice((ConfirmAppointment, ReleaseAppointment))(appointment_id=held))
            case 4:
                await here.ask(CancelAppointment(appointment_id=id))
            case 5:
                moved = RescheduleAppointment(appointment_id=id, start_time=start, end_time=end, fallback="unassigned")
                await here.ask(moved)
            case 6:
                await here.ask(ChangeAppointmentRoom(appointment_id=id, room_id=None, reason=WHY))
            case 7:
                for step in (CheckInAppointment, StartAppointment, CompleteAppointment)[: chance.randrange(1, 4)]:
                    await here.ask(step(appointment_id=id))
            case _:
                here.clock.step += 60_000_000
    except Rejected:
        pass


@pytest.mark.parametrize("seed", range(3))
async def test_a_board_that_asks_once_and_then_listens_is_right(autojump_clock: MockClock, seed: int):
    chance, known = Random(seed), list[str]()
    async with ward({"name": "One", "cleaning_minutes": 10}, {"name": "Two"}) as here:
        topic = f"clinic_day:{here.clinic}:{DAY}"
        for _ in range(6):
            await something(here, chance, known)
        async with here.engine.follow("main", [topic]) as following:
            board = Board(said((await frames(following, 0.1, "snapshot"))[0])["data"])
            for _ in range(40):
                await something(here, chance, known)
            for frame in await frames(following, 1.0, "deltas"):
                for message in said(frame)["messages"]:
                    assert (message["topic"], message["type"]) == (topic, "room_update")
                    board.take(message)
        async with here.engine.follow("main", [topic]) as again:
            fresh = Board(said((await frames(again, 0.1, "snapshot"))[0])["data"])
        assert len(fresh.held) > 3
        assert (board.held, board.waiting) == (fresh.held, fresh.waiting)


async def test_a_clinic_s_boards_hear_that_a_room_is_closed_and_its_staff_hear_whose_appointment_it_is(
    autojump_clock: MockClock,
):
    async with ward({"name": "One"}) as here:
        topics = [f"clinic:{here.clinic}", f"clinic_rooms:{here.clinic}", "alerts"]
        async with here.engine.follow("main", topics) as following:
            first = [said(frame) for frame in await frames(following, 0.1, "snapshot")]
            assert first[0]["data"]["name"] == "Orthopaedics"
            closure = AddClosure(room_id=here.rooms[0], kind="closed", start_time=at("09:00"), end_time=at("10:00"))
            await here.ask(closure)
            made = await here.book(at("09:30"), at("09:45"), fallback="unassigned")
            told = [
                (message["topic"].partition(":")[0], message["type"], message.get("change") or message["alert"])
                for frame in await frames(following, 0.5, "deltas")
                for message in said(frame)["messages"]
            ]
        assert told == [
            ("clinic", "room_change", "closure"),
            ("clinic_rooms", "room_change", "closure"),
            ("clinic", "room_update", "waiting"),
            ("alerts", "admin_alert", "appointment_without_room"),
        ]
        assert made["room_id"] is None


@pytest.mark.parametrize(
    "topic",
    [
        f"clinic_day:{NOBODY}:{DAY}", f"clinic:{NOBODY}", "clinic_day:x:2027-01-15", "clinic_rooms:x", "clinic_day:",
        f"clinic_day:{NOBODY}", f"clinic_day:{NOBODY}:2027-02-30", f"clinic_day:{NOBODY}:0000-01-01",
        f"clinic_day:{NOBODY}:{DAY}:1", "clinic_rooms:",
    ],
)  # fmt: skip
async def test_what_is_no_clinic_and_no_day_cannot_be_followed(autojump_clock: MockClock, topic: str):
    async with ward({"name": "One"}) as here:
        with pytest.raises(NotFound):
            async with here.engine.follow("main", [topic]):
                pass
