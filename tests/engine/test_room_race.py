"""Rooms under a rush: nobody gets a room, a doctor or a patient twice, and who is refused is told what there is."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
import trio
from msgspec.structs import replace
from trio.testing import MockClock

from engine import calendar
from engine.actors.clinic.state import ClinicSettings
from engine.actors.clinic_day.commands import Reason
from engine.decider import DAY, HOUR, MINUTE, FreeText, PersonName
from engine.decisions.attend_appointment import (
    CheckInAppointment,
    CompleteAppointment,
    MarkAppointmentMissed,
    ShortenTurnover,
    StartAppointment,
)
from engine.decisions.book_appointment import BookAppointment
from engine.decisions.cancel_appointment import CancelAppointment
from engine.decisions.change_room import ChangeAppointmentRoom
from engine.decisions.clinics import AddClinic
from engine.decisions.closures import AddClosure, RemoveClosure
from engine.decisions.doctors import AddDoctor
from engine.decisions.hold_room import ConfirmAppointment, HoldRoom, ReleaseAppointment
from engine.decisions.reschedule_appointment import RescheduleAppointment
from engine.decisions.room_rules import ActivateRules, AddRule
from engine.decisions.rooms import AddRoom
from engine.errors import Rejected
from engine.eventlog.memory_store import MemoryDisk
from engine.rules.kinds import CleaningBuffer, Compactness, LeastBusy, MaximumDaily, PreferredRoom, Scope
from engine.runtime import Engine
from tests.engine.booking import sound
from tests.engine.living import CLERK, START, living, patient, read

TOMORROW = (START // DAY + 1) * DAY + 9 * HOUR
WHY = Reason("needed at another place")


async def made(engine: Engine, command: Any) -> str:
    id: str = read(await engine.ask("main", command, CLERK))["id"]
    return id


async def doctors(engine: Engine, count: int) -> list[str]:
    return [await made(engine, AddDoctor(name=PersonName("Dr. Lee"), specialization="Eyes")) for _ in range(count)]


async def clinic_of(engine: Engine, rooms: int, **settings: Any) -> tuple[str, list[str]]:
    clinic = await made(engine, AddClinic(name="Eyes", settings=ClinicSettings(**settings)))
    fields: list[dict[str, Any]] = [
        {"name": f"Room {number}", "cleaning_minutes": 5 * number % 15} for number in range(rooms)
    ]
    return clinic, [await made(engine, AddRoom(clinic_id=clinic, type="exam", **field)) for field in fields]


def times(start: int, minutes: int = 30) -> dict[str, Any]:
    return {"start_time": calendar.moment(start), "end_time": calendar.moment(start + minutes * MINUTE)}


async def at_once(engine: Engine, commands: list[Any]) -> list[dict[str, Any] | Rejected]:
    """Everybody asks at one instant; what each is told."""
    told: list[dict[str, Any] | Rejected] = [{}] * len(commands)

    async def one(index: int, command: Any) -> None:
        try:
            reply = await engine.ask("main", command, CLERK)
            told[index] = read(reply) if reply.body else {}
        except Rejected as refused:
            told[index] = refused

    async with trio.open_nursery() as nursery:
        for index, command in enumerate(commands):
            nursery.start_soon(one, index, command)
    return told


def states(engine: Engine) -> dict[str, Any]:
    partition = engine.partitions["main"]
    return {key: partition.state(key) for key in partition.book.cells}


@pytest.mark.parametrize("seed", range(5))
async def test_fifty_requests_for_ten_rooms_get_ten_rooms_and_forty_answers(
    autojump_clock: MockClock, seed: int
) -> None:
    chance = random.Random(seed)
    async with living(MemoryDisk()) as engine:
        clinic, rooms = await clinic_of(engine, 10)
        staff = await doctors(engine, 50)
        commands = [
            BookAppointment(
                clinic_id=clinic,
                patient_id=await made(engine, patient()),
                doctor_id=doctor,
                **times(TOMORROW),
                room_id=chance.choice(rooms) if seed % 2 else None,
            )
            for doctor in staff
        ]
        told = await at_once(engine, commands)
        booked = [one for one in told if isinstance(one, dict)]
        refused = [one for one in told if isinstance(one, Rejected)]
        asked_for = {command.room_id for command in commands if command.room_id} or set(rooms)
        assert {one["room_id"] for one in booked} == asked_for
        assert len(booked) == len(asked_for)
        assert {one.code for one in refused} == {"room_conflict" if seed % 2 else "no_room_available"}
        assert all(one.facts["alternatives"]["times"] for one in refused)
        sound(states(engine))


@pytest.mark.parametrize("shared", ["doctor_id", "patient_id"])
async def test_of_two_requests_for_one_person_in_two_rooms_one_wins(autojump_clock: MockClock, shared: str) -> None:
    async with living(MemoryDisk()) as engine:
        clinic, rooms = await clinic_of(engine, 2)
        people: list[dict[str, Any]] = [
            {"doctor_id": doctor, "patient_id": await made(engine, patient())} for doctor in await doctors(engine, 2)
        ]
        people[1][shared] = people[0][shared]
        told = await at_once(
            engine,
            [
                BookAppointment(clinic_id=clinic, room_id=room, **times(TOMORROW + 10 * MINUTE * at), **person)
                for at, (room, person) in enumerate(zip(rooms, people, strict=True))
            ],
        )
        code = {"doctor_id": "doctor_conflict", "patient_id": "patient_overlap"}[shared]
        assert sorted("won" if isinstance(one, dict) else one.code for one in told) == sorted((code, "won"))
        sound(states(engine))


async def test_who_takes_what_is_offered_at_once_has_it(autojump_clock: MockClock) -> None:
    async with living(MemoryDisk()) as engine:
        clinic, rooms = await clinic_of(engine, 4)
        chance = random.Random(11)
        staff = await doctors(engine, 12)
        taken = 0
        for number in range(120):
            wanted = BookAppointment(
                clinic_id=clinic,
                patient_id=await made(engine, patient()),
                doctor_id=staff[number % 12],
                **times(TOMORROW + chance.randrange(24) * 5 * MINUTE, chance.choice((15, 20, 40))),
                room_id=chance.choice((None, *rooms)),
            )
            (told,) = await at_once(engine, [wanted])
            if isinstance(told, Rejected) and "alternatives" in told.facts:
                offers = [*told.facts["alternatives"]["rooms"], *told.facts["alternatives"]["times"]]
                assert offers
                offer = chance.choice(offers)
                instants: dict[str, Any] = {
                    name: calendar.moment(offer[name]) for name in ("start_time", "end_time") if name in offer
                }
                (again,) = await at_once(engine, [replace(wanted, room_id=offer["room_id"], **instants)])
                assert isinstance(again, dict), f"{offer} was offered and refused: {again!r}"
                taken += 1
        assert taken > 50
        sound(states(engine))


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_a_thousand_commands_do_nobody_is_in_two_places(autojump_clock: MockClock, seed: int) -> None:
    async with living(MemoryDisk()) as engine:
        desk = await Desk.opened(engine, random.Random(seed))
        for step in range(125):
            await desk.rush(8)
            if step % 5 == 4:
                sound(states(engine))
        sound(states(engine))
        assert desk.done["BookAppointment"] > 60
        assert len(desk.done) >= 11, f"some commands never came through: {desk.done}"


class Desk:
    """Somebody who does everything that can be done with appointments, in no order, eight commands at a time."""

    def __init__(self, engine: Engine, chance: random.Random, clinic: str, rooms: list[str]) -> None:
        self.engine, self.chance, self.clinic, self.rooms = engine, chance, clinic, rooms
        self.staff: list[str] = []
        self.patients: list[str] = []
        self.known: list[str] = []
        self.closures: list[str] = []
        self.done: dict[str, int] = {}

    @classmethod
    async def opened(cls, engine: Engine, chance: random.Random) -> Desk:
        clinic, rooms = await clinic_of(engine, 4, hold_minutes=40, release_minutes=10, early_check_in_minutes=600)
        desk = cls(engine, chance, clinic, rooms)
        desk.staff = await doctors(engine, 6)
        desk.patients = [await made(engine, patient()) for _ in range(8)]
        for rule in (
            PreferredRoom(name="first", rooms=(rooms[0],)),
            LeastBusy(name="even"),
            Compactness(name="dense"),
            CleaningBuffer(name="air", minutes=10, scope=Scope(room_ids=(rooms[1],))),
            MaximumDaily(name="few", bookings=6, scope=Scope(room_ids=(rooms[2],))),
        ):
            await engine.ask("main", AddRule(clinic_id=clinic, rule=rule), CLERK)
        await engine.ask("main", ActivateRules(clinic_id=clinic), CLERK)
        return desk

    async def rush(self, count: int) -> None:
        """So many commands at one instant, then some time passes."""
        commands = [self.command() for _ in range(count)]
        for command, told in zip(commands, await at_once(self.engine, commands), strict=True):
            if isinstance(told, Rejected):
                continue
            name = type(command).__name__
            self.done[name] = self.done.get(name, 0) + 1
            if isinstance(command, (BookAppointment, HoldRoom)):
                self.known.append(told["id"])
            elif isinstance(command, AddClosure):
                self.closures.append(told["id"])
        await trio.sleep(self.chance.choice((1, 60, 300, 900)))

    def when(self, longest: int = 60) -> dict[str, Any]:
        now = START + int(trio.current_time() * 1_000_000)
        start = now // (10 * MINUTE) * 10 * MINUTE + self.chance.randrange(-3, 90) * 10 * MINUTE
        return times(start, self.chance.choice((10, 20, longest)))

    def command(self) -> Any:
        chance = self.chance
        request: dict[str, Any] = {
            "clinic_id": self.clinic,
            "patient_id": chance.choice(self.patients),
            "doctor_id": chance.choice(self.staff),
            "room_id": chance.choice((None, None, *self.rooms)),
            **self.when(),
        }
        if chance.random() < 0.35 or not self.known:
            if chance.random() < 0.2:
                return HoldRoom(**request)
            why = FreeText("he asked for it") if chance.random() < 0.2 else None
            return BookAppointment(**request, overlap_reason=why, fallback=chance.choice(("reject", "unassigned")))
        one = chance.choice(self.known[-10:])
        makes: list[Callable[[], Any]] = [
            lambda: ConfirmAppointment(appointment_id=one),
            lambda: ReleaseAppointment(appointment_id=one),
            lambda: RescheduleAppointment(
                appointment_id=one,
                **self.when(),
                room_id=request["room_id"],
                doctor_id=chance.choice((None, request["doctor_id"])),
                fallback=chance.choice(("reject", "unassigned")),
            ),
            lambda: ChangeAppointmentRoom(appointment_id=one, room_id=request["room_id"], reason=WHY),
            lambda: CancelAppointment(appointment_id=one),
            lambda: CheckInAppointment(appointment_id=one),
            lambda: CheckInAppointment(appointment_id=one),
            lambda: StartAppointment(appointment_id=one),
            lambda: StartAppointment(appointment_id=one),
            lambda: CompleteAppointment(appointment_id=one),
            lambda: CompleteAppointment(appointment_id=one),
            lambda: MarkAppointmentMissed(appointment_id=one, force=True, reason=WHY),
            lambda: ShortenTurnover(appointment_id=one, minutes=chance.choice((0, 2, 4)), reason=WHY),
            lambda: AddClosure(
                room_id=chance.choice(self.rooms),
                kind="maintenance",
                **self.when(120),
                affected=chance.choice(("keep", "move")),
            ),
            lambda: RemoveClosure(closure_id=chance.choice(self.closures or [one])),
        ]
        return chance.choice(makes)()
