"""A clinic of the morning: rooms are booked, held, changed, closed and given back, and the rules about them change.

Its people want the same few rooms at the same few minutes, some of them across midnight, so that rooms run short,
appointments wait for one, and what frees up is given away.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any, Literal
from zoneinfo import ZoneInfo

import trio
from msgspec.structs import replace

from engine.actors.clinic.state import ClinicSettings
from engine.actors.clinic_day.commands import Reason
from engine.decider import PersonName
from engine.decisions.appointment_series import BookSeries, CancelSeries
from engine.decisions.attend_appointment import (
    CheckInAppointment,
    CompleteAppointment,
    DeclineEscalation,
    MarkAppointmentMissed,
    ShortenTurnover,
    StartAppointment,
)
from engine.decisions.book_appointment import BookAppointment
from engine.decisions.cancel_appointment import CancelAppointment
from engine.decisions.change_room import ChangeAppointmentRoom
from engine.decisions.clinics import AddClinic, ChangeClinic
from engine.decisions.closures import AddClosure, ChangeClosure, RemoveClosure
from engine.decisions.doctors import AddDoctor
from engine.decisions.hold_room import ConfirmAppointment, HoldRoom, ReleaseAppointment
from engine.decisions.open_slot import OpenSlot
from engine.decisions.reschedule_appointment import RescheduleAppointment
from engine.decisions.room_rules import ActivateRules, AddRule, ChangeRule, DiscardRuleDraft, RemoveRule
from engine.decisions.rooming.arranging import Fallback
from engine.decisions.rooms import AddRoom, ChangeRoom, RemoveRoom, SetRoomDisplay
from engine.errors import Rejected
from engine.rules.kinds import CleaningBuffer, Compactness, Continuity, LeastBusy, MaximumDuration, TimeOfDay
from engine.views.appointments import GetAppointment, ListAppointments, ListEscalations
from engine.views.availability import AvailableRooms
from engine.views.room_days import GetClinicDay, GetRoomSchedule
from tests.simulation.client import Client
from tests.simulation.clockwork import EIGHT

DESKS = 2
DOCTORS = "VWXYZ"
TYPES = ("consulting", "consulting", "treatment")
REASON = Reason("as it has to be today")
HARD = (MaximumDuration(name="Short ones", minutes=3), CleaningBuffer(name="Air", minutes=1))
SOFT = (
    LeastBusy(name="Spread", weight=20),
    Continuity(name="Same room", weight=30),
    Compactness(name="No holes", weight=10, minutes=5),
    TimeOfDay(name="Late ones", opens="20:00", closes="24:00"),
)


class Rooms:
    """Everybody in the clinic, until ``length`` seconds have passed."""

    def __init__(
        self, client: Client, random: Random, zone: ZoneInfo, doctors: list[str], patients: list[str], length: float
    ) -> None:
        self.client = client
        self.random = random
        self.zone = zone
        self.busy = doctors
        self.doctors: list[str] = []
        self.patients = patients
        self.length = length
        self.clinic = ""
        self.rooms: list[str] = []
        self.rules: list[str] = []
        self.closures: list[str] = []
        self.mine: list[str] = []
        self.series: list[str] = []

    async def people(self, nursery: trio.Nursery) -> None:
        """The clinic opens; then the desks, and who looks after the rooms."""
        await self._open()
        if len(self.rooms) == len(TYPES):
            for _ in range(DESKS):
                nursery.start_soon(self._desk)
            nursery.start_soon(self._house)

    async def _open(self) -> None:
        """Doctors of its own, three rooms, and rules that are in force before anybody books."""
        random = self.random
        self.clinic = await self._have(AddClinic(name="Day clinic", settings=self._settings()))
        self.doctors = [
            await self._have(AddDoctor(name=PersonName(f"Dr. {name}"), specialization="Surgery")) for name in DOCTORS
        ]
        for rule in (*(hard for hard in HARD if random.random() < 0.4), SOFT[0]):
            await self._have(AddRule(clinic_id=self.clinic, rule=rule))
        await self._have(ActivateRules(clinic_id=self.clinic))
        for number, type in enumerate(TYPES):
            if room := await self._have(AddRoom(clinic_id=self.clinic, **self._room(number, type))):
                self.rooms.append(room)

    def _settings(self) -> ClinicSettings:
        return ClinicSettings(
            hold_minutes=1,
            release_minutes=self.random.choice((1, 2, None)),
            early_check_in_minutes=self.random.choice((None, 2)),
            escalation_minutes=1,
            alternatives=2,
            search_hours=1,
        )

    def _room(self, number: int, type: str) -> dict[str, Any]:
        random = self.random
        return {
            "name": f"Room {number}",
            "type": type,
            "equipment": random.choice(((), ("ecg",), ("ecg", "ultrasound", "couch"))),
            "max_daily": random.choice((None, None, 6)),
            "setup_minutes": random.choice((0, 0, 1)),
            "cleaning_minutes": random.choice((0, 1, 1)),
        }

    async def _have(self, command: Any) -> str:
        """Have it done, if the day is long enough; gives the id of what came of it."""
        wish = self.client.wish(command)
        while trio.current_time() < self.length:
            done = await self.client.grant(wish, 1)
            if done is not None:
                return str(done.get("id", ""))
            await trio.sleep(0.1)  # what refuses at once must not stop the clock
        return ""

    # Desks

    async def _desk(self) -> None:
        random = self.random
        while trio.current_time() < self.length:
            await trio.sleep(random.uniform(2, 14))
            if not self.patients:
                continue
            chance = random.random()
            if chance < 0.3 or not self.mine:
                await self._book(BookAppointment(**self._wanted(), fallback=self._fallback()))
            elif chance < 0.42:
                await self._hold()
            elif chance < 0.46:
                await self._series()
            else:
                await self._change(random.choice(self.mine[-12:]))
            await self.client.ask(self._query())

    def _query(self) -> Any:
        random = self.random
        now = self._now()
        wanted: dict[str, Any] = {"start": now, "end": now + timedelta(minutes=2)}
        queries = (
            GetRoomSchedule(room_id=random.choice(self.rooms), date=now.date()),
            GetClinicDay(clinic_id=self.clinic, date=now.date()),
            AvailableRooms(clinic_id=self.clinic, **wanted),
            ListAppointments(clinic_id=self.clinic, date=now.date()),
            ListEscalations(clinic_id=self.clinic),
        )
        if self.mine and random.random() < 0.4:
            return GetAppointment(appointment_id=random.choice(self.mine))
        return random.choice(queries)

    def _wanted(self) -> dict[str, Any]:
        random = self.random
        return {
            "clinic_id": self.clinic,
            "patient_id": random.choice(self.patients),
            "doctor_id": self._doctor(),
            **self._times(),
            "room_id": random.choice(self.rooms) if random.random() < 0.25 else None,
            "room_type": random.choice((None, None, None, "consulting", "treatment")),
            "required_equipment": random.choice(((), (), ("ecg",))),
            "overlap_reason": REASON if random.random() < 0.1 else None,
        }

    def _fallback(self) -> Fallback:
        return self.random.choice(("reject", "unassigned", "unassigned"))

    def _doctor(self) -> str:
        return self.random.choice(self.busy if self.random.random() < 0.1 else self.doctors)

    def _times(self) -> dict[str, Any]:
        """In the next few minutes, or about midnight."""
        random, now = self.random, self._now()
        start = now.replace(second=now.second // 30 * 30) + timedelta(seconds=random.choice((0, 30, 60, 90, 120, 240)))
        if random.random() < 0.15:
            midnight = datetime.combine(now.date() + timedelta(days=1), time(), self.zone)
            start = midnight.astimezone(UTC) + timedelta(seconds=random.choice((-120, -60, 0, 60)))
        return {"start_time": start, "end_time": start + timedelta(seconds=random.choice((60, 90, 120, 120, 240)))}

    def _now(self) -> datetime:
        """On the hospital's clocks, in whole seconds."""
        return datetime.fromtimestamp(EIGHT // 1_000_000 + int(trio.current_time()), self.zone)

    async def _book(self, command: Any) -> str:
        """Book or hold; who is offered something else mostly takes it."""
        wish = self.client.wish(command)
        done = await self.client.grant(wish, 6)
        refusal = wish.tries[-1].error
        if isinstance(refusal, Rejected) and (other := self._other(refusal)) and self.random.random() < 0.8:
            done = await self.client.take(wish, replace(command, **other))
        if done:
            self.mine.append(done["id"])
        return done["id"] if done else ""

    def _other(self, refusal: Rejected) -> dict[str, Any] | None:
        """One of the rooms or times that a refusal offers."""
        offered = refusal.facts.get("alternatives", {"rooms": (), "times": ()})
        choices: list[dict[str, Any]] = [{"room_id": room["room_id"]} for room in offered["rooms"]]
        for other in offered["times"]:
            begins, ends = (datetime.fromtimestamp(other[name] / 1_000_000, UTC) for name in ("start_time", "end_time"))
            choices.append({"room_id": other["room_id"], "start_time": begins, "end_time": ends})
        return self.random.choice(choices) if choices else None

    async def _hold(self) -> None:
        random = self.random
        held = await self._book(HoldRoom(**self._wanted()))
        if not held:
            return
        await trio.sleep(random.choice((0.5, 5.0, 70.0)))
        if random.random() < 0.3:
            await self.client.do(ReleaseAppointment(appointment_id=held))
        else:
            await self.client.do(ConfirmAppointment(appointment_id=held))

    async def _series(self) -> None:
        random = self.random
        mode: Literal["skip", "all_or_nothing"] = random.choice(("skip", "all_or_nothing"))
        again = BookSeries(**self._wanted(), rrule="FREQ=DAILY;COUNT=3", mode=mode, fallback=self._fallback())
        done = await self.client.do(again)
        if done and done["appointments"]:
            self.mine += [one["id"] for one in done["appointments"]]
            self.series.append(done["series_id"])

    async def _change(self, id: str) -> None:
        random, do = self.random, self.client.do
        match random.randrange(14):
            case 0 | 1 | 2 | 3:
                await self._attend(id)
            case 4 | 5:
                times = self._times()
                doctor = self._doctor() if random.random() < 0.3 else None
                moved = RescheduleAppointment(
                    appointment_id=id, **times, doctor_id=doctor, fallback=self._fallback(), reason=REASON
                )
                await do(moved)
            case 6 | 7:
                room = random.choice((*self.rooms, None))
                await do(ChangeAppointmentRoom(appointment_id=id, room_id=room, reason=REASON))
            case 8:
                await do(MarkAppointmentMissed(appointment_id=id, force=random.random() < 0.5, reason=REASON))
            case 9:
                await do(ShortenTurnover(appointment_id=id, minutes=0, reason=REASON))
            case 10:
                await do(DeclineEscalation(appointment_id=id, reason=REASON))
            case 11 if self.series:
                await do(CancelSeries(series_id=random.choice(self.series), reason=REASON))
            case _:
                await do(CancelAppointment(appointment_id=id, reason=REASON))

    async def _attend(self, id: str) -> None:
        """The patient comes; most are seen, and some leave again."""
        random, do = self.random, self.client.do
        if await do(CheckInAppointment(appointment_id=id)) is None or random.random() < 0.2:
            return
        await trio.sleep(random.uniform(0, 10))
        await do(StartAppointment(appointment_id=id))
        await trio.sleep(random.uniform(1, 120))
        await do(CompleteAppointment(appointment_id=id))

    # Who looks after the rooms

    async def _house(self) -> None:
        random, do = self.random, self.client.do
        while trio.current_time() < self.length:
            await trio.sleep(random.uniform(3, 20))
            number = random.randrange(len(TYPES))
            room = self.rooms[number]
            match random.randrange(8):
                case 0 | 1:
                    done = await do(AddClosure(room_id=room, **self._closed(), dry_run=random.random() < 0.2))
                    if done and done.get("id"):
                        self.closures.append(done["id"])
                case 2 if self.closures:
                    await do(ChangeClosure(closure_id=random.choice(self.closures), **self._closed()))
                case 3 if self.closures:
                    await do(RemoveClosure(closure_id=random.choice(self.closures)))
                case 4 | 5:
                    profile = self._room(number, TYPES[number])
                    await do(ChangeRoom(room_id=room, **profile, is_available=random.random() < 0.7))
                case 6 if len(self.rooms) == len(TYPES):
                    if done := await do(AddRoom(clinic_id=self.clinic, **self._room(number, TYPES[number]))):
                        self.rooms.append(done["id"])
                case 6 if random.random() < 0.3:
                    await do(RemoveRoom(room_id=self.rooms[-1]))
                case 6 if random.random() < 0.3:
                    await do(ChangeClinic(clinic_id=self.clinic, name="Clinic", settings=self._settings()))
                case 6:
                    await do(SetRoomDisplay(room_id=room, color_hex=random.choice(("#00AAFF", None)), label="R"))
                case _:
                    await self._rule()

    def _closed(self) -> dict[str, Any]:
        random = self.random
        return {
            "kind": random.choice(("maintenance", "blocked")),
            **self._times(),
            "rrule": random.choice((None, None, "FREQ=DAILY;COUNT=2")),
            "affected": random.choice(("keep", "move", "move")),
        }

    async def _rule(self) -> None:
        """Only preferences change: what a room must have is the same all morning."""
        random, do = self.random, self.client.do
        spec = random.choice(SOFT)
        if self.rules and random.random() < 0.4:
            await do(ChangeRule(rule_id=random.choice(self.rules), rule=spec))
        elif done := await do(AddRule(clinic_id=self.clinic, rule=spec)):
            self.rules.append(done["id"])
        step = ActivateRules if random.random() < 0.7 else DiscardRuleDraft
        await do(step(clinic_id=self.clinic))
        if self.rules and random.random() < 0.2:
            await do(RemoveRule(rule_id=self.rules.pop()))
        if random.random() < 0.2:
            now = self._now()
            times: dict[str, Any] = {"start_time": now + timedelta(minutes=1), "end_time": now + timedelta(minutes=3)}
            await do(OpenSlot(doctor=random.choice(self.doctors), **times, max_capacity=1))
