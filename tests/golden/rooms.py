"""A third story of version 1: a clinic, its rooms and rules, and what becomes of appointments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from engine.actors.clinic.state import ClinicSettings
from engine.actors.clinic_day.commands import Reason
from engine.decider import DAY
from engine.decisions.appointment_series import BookSeries
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
from engine.decisions.clinics import AddClinic, ChangeClinic, RemoveClinic
from engine.decisions.closures import AddClosure, ChangeClosure, RemoveClosure
from engine.decisions.hold_room import ConfirmAppointment, HoldRoom, ReleaseAppointment
from engine.decisions.patients import MergePatients
from engine.decisions.reschedule_appointment import RescheduleAppointment
from engine.decisions.room_rules import ActivateRules, AddRule, ChangeRule, DiscardRuleDraft, RemoveRule
from engine.decisions.rooms import AddRoom, ChangeRoom, RemoveRoom, SetRoomDisplay
from engine.eventlog.memory_store import MemoryDisk
from engine.rules.kinds import (
    HARD,
    SOFT,
    AgeBand,
    CleaningBuffer,
    DepartmentMatch,
    DoctorsOnly,
    GenderMatch,
    LeastBusy,
    Scope,
)
from engine.rules.subject import RoomUse
from engine.runtime import Engine
from tests.engine.living import TrioClock, living
from tests.golden.story import MINUTE, TODAY, Corpus, Story

CORPUS = Path(__file__).with_name("version-1-rooms.msgpack")
DAYS = 24 * 60
REASON = Reason("as the patient wished")
FIELDS: dict[str, Any] = {
    "required": ("couch",),
    "minimum": 1,
    "opens": "06:00",
    "closes": "24:00",
    "bookings": 90,
    "tags": ("quiet",),
    "floor": 1,
}
"""What kinds of rules cannot do without, such that a room of this story meets them."""


class Clinic(Story):
    """The desk of a clinic with two doctors."""

    id: str
    doctors: tuple[str, str]

    def times(self, minutes: int, length: int = 10) -> dict[str, Any]:
        """So many minutes from the start of the story."""
        begins = TODAY + dt.timedelta(minutes=minutes)
        return {"start_time": begins, "end_time": begins + dt.timedelta(minutes=length)}

    async def wanted(self, minutes: int, doctor: int = 0, **more: Any) -> dict[str, Any]:
        """An appointment of a new patient."""
        who: dict[str, Any] = {
            "clinic_id": self.id,
            "patient_id": await self.patient(),
            "doctor_id": self.doctors[doctor],
        }
        return {**who, **self.times(minutes), **more}

    async def appointment(self, minutes: int, doctor: int = 0, **more: Any) -> str:
        """A booked one's id."""
        return str((await self.say(BookAppointment(**await self.wanted(minutes, doctor, **more))))["id"])

    async def room(self, name: str, **more: Any) -> str:
        """A new room's id."""
        asked: dict[str, Any] = {"equipment": ("couch", "ecg"), "tags": ("quiet",), "floor": 1, **more}
        return str((await self.say(AddRoom(clinic_id=self.id, name=name, type="treatment", **asked)))["id"])


async def tell(engine: Engine, clock: TrioClock) -> None:
    """The story."""
    desk = Clinic(engine)
    desk.id = (await desk.say(AddClinic(name="Day clinic")))["id"]
    desk.doctors = (await desk.doctor("Surgery"), await desk.doctor("Surgery"))
    settings = ClinicSettings(hold_minutes=2, release_minutes=15)
    await desk.say(ChangeClinic(clinic_id=desk.id, name="Day surgery", settings=settings))
    first = await desk.room("Room 1", setup_minutes=1, cleaning_minutes=5)
    second = await desk.room("Room 2", is_available=False)
    in_force = await rules(desk)
    await rooms(desk, first, second)
    await attended(desk)
    await moved(desk, first, second)
    await held(desk)
    await waiting(desk, second)
    await failing(desk)
    for rule in in_force:
        await desk.say(RemoveRule(rule_id=rule))
    await desk.say(ActivateRules(clinic_id=desk.id))
    await series(desk, clock)
    await desk.say(RemoveClinic(clinic_id=(await desk.say(AddClinic(name="Annex")))["id"]))


async def rules(desk: Clinic) -> list[str]:
    """One of each kind, in force; some were thought better of. Gives their ids."""
    made = [await desk.say(AddRule(clinic_id=desk.id, rule=spec)) for spec in specs(desk.doctors)]
    rule = made[-1]["id"]
    await desk.say(ChangeRule(rule_id=rule, rule=LeastBusy(name="Spread", weight=3, full=10)))
    await desk.say(ActivateRules(clinic_id=desk.id))
    await desk.say(RemoveRule(rule_id=rule))
    await desk.say(DiscardRuleDraft(clinic_id=desk.id))
    await desk.say(ActivateRules(clinic_id=desk.id, version=1))
    return [each["id"] for each in made]


def specs(doctors: tuple[str, ...]) -> list[Any]:
    """A rule of each kind, such that the rooms of this story meet it; those that ask who a patient is are off."""
    made = []
    for kind in (*HARD, *SOFT):
        needed = {name: value for name, value in FIELDS.items() if name in kind.__struct_fields__}
        if kind is DoctorsOnly:
            needed.update(doctors=doctors, scope=Scope(room_types=("theatre",)))
        if "minutes" in kind.__struct_fields__:
            needed["minutes"] = 1 if kind is CleaningBuffer else 60
        made.append(kind(name=kind.__name__, enabled=kind not in (GenderMatch, AgeBand, DepartmentMatch), **needed))
    return made


async def rooms(desk: Clinic, first: str, second: str) -> None:
    """A room that is mended, shown, closed and opened again."""
    changed: dict[str, Any] = {
        "name": "Room 2",
        "type": "treatment",
        "equipment": ("couch",),
        "tags": ("quiet",),
        "floor": 2,
    }
    await desk.say(ChangeRoom(room_id=second, **changed))
    await desk.say(SetRoomDisplay(room_id=first, color_hex="#3366CC", label="R1", display_order=1))
    closed: dict[str, Any] = {"kind": "maintenance", "reason": REASON}
    later = await desk.say(AddClosure(room_id=second, **closed, **desk.times(900), rrule="FREQ=DAILY;COUNT=3"))
    await desk.say(RemoveClosure(closure_id=later["id"]))
    now = await desk.say(AddClosure(room_id=second, **closed, **desk.times(0, 60)))
    await trio.sleep(MINUTE)
    await desk.say(ChangeClosure(closure_id=now["id"], **closed, **desk.times(600)))


async def attended(desk: Clinic) -> None:
    """From the door to the end; one is called off, one does not come, and one is marked by the clock."""
    seen = await desk.appointment(5)
    for step in (CheckInAppointment, StartAppointment):
        await desk.say(step(appointment_id=seen))
    await desk.say(ShortenTurnover(appointment_id=seen, minutes=2, reason=REASON))
    await desk.say(CompleteAppointment(appointment_id=seen))
    await desk.say(CancelAppointment(appointment_id=await desk.appointment(30), reason=REASON))
    missed = await desk.appointment(50)
    await desk.say(MarkAppointmentMissed(appointment_id=missed, force=True, reason=REASON))
    await desk.appointment(70)
    await trio.sleep(90 * MINUTE)


async def moved(desk: Clinic, first: str, second: str) -> None:
    """To another time, another day, another room, and to another record of the same person."""
    one = await desk.appointment(120, room_id=first, note=REASON)
    await desk.say(RescheduleAppointment(appointment_id=one, **desk.times(150), reason=REASON))
    await desk.say(ChangeAppointmentRoom(appointment_id=one, room_id=second, reason=REASON))
    await desk.say(RescheduleAppointment(appointment_id=one, **desk.times(DAYS)))
    twin, person = await desk.patient("A. Rao"), await desk.patient("Asha Rao")
    asked: dict[str, Any] = {"clinic_id": desk.id, "patient_id": twin, "doctor_id": desk.doctors[1]}
    await desk.say(BookAppointment(**asked, **desk.times(180)))
    await desk.say(BookAppointment(**{**asked, "doctor_id": desk.doctors[0]}, **desk.times(185), overlap_reason=REASON))
    await desk.say(MergePatients(patient_id=twin, into=person))


async def held(desk: Clinic) -> None:
    """Confirmed, given back, and forgotten."""
    holds = [HoldRoom(**await desk.wanted(200 + 20 * n), client_hold_id=f"form-{n}") for n in range(3)]
    kept, back, _ = [(await desk.say(hold))["id"] for hold in holds]
    await desk.say(ConfirmAppointment(appointment_id=kept, note=REASON))
    await desk.say(ReleaseAppointment(appointment_id=back))
    await trio.sleep(5 * MINUTE)


async def waiting(desk: Clinic, second: str) -> None:
    """Two have the rooms; of two who wait, one gets a room and one does without."""
    there = [await desk.appointment(300, room_id=None), await desk.appointment(300, 1)]
    desk.doctors = (await desk.doctor("Surgery"), await desk.doctor("Surgery"))
    waits = await desk.appointment(300, fallback="unassigned")
    without = await desk.appointment(300, 1, fallback="unassigned")
    await desk.say(DeclineEscalation(appointment_id=without, reason=REASON))
    await desk.say(CancelAppointment(appointment_id=there[0]))
    assert waits
    await desk.say(AddClosure(room_id=second, kind="blocked", **desk.times(300), affected="move"))


@contextmanager
def broken_rules() -> Iterator[None]:
    """No rule can tell how full a room is."""

    def unknown(use: RoomUse) -> int:
        raise ZeroDivisionError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RoomUse, "bookings", property(unknown), raising=False)
        yield


async def failing(desk: Clinic) -> None:
    """A rule fails, and so the rooms cannot be had."""
    wanted = await desk.wanted(400, fallback="unassigned")
    with broken_rules():
        await desk.say(BookAppointment(**wanted))


async def series(desk: Clinic, clock: TrioClock) -> None:
    """Every day for two months, twice: so many that the room forgets what is long over."""
    settings = ClinicSettings(release_minutes=None)
    await desk.say(ChangeClinic(clinic_id=desk.id, name="Day surgery", settings=settings))
    room = await desk.room("Room 3")
    for minutes, rrule in ((700, "FREQ=DAILY;COUNT=60"), (720, "FREQ=DAILY;COUNT=8")):
        wanted = await desk.wanted(minutes, room_id=room, mode="skip")
        await desk.say(BookSeries(**wanted, rrule=rrule))
    clock.step += 64 * DAY
    last = await desk.appointment(64 * DAYS + 700, room_id=room)
    await desk.say(CancelAppointment(appointment_id=last))
    await desk.say(RemoveRoom(room_id=room))


async def corpus() -> Corpus:
    """Tell the story and keep what it wrote."""
    disk, clock = MemoryDisk(), TrioClock()
    async with living(disk, clock=clock) as engine:
        await tell(engine, clock)
    return Corpus(disk.entries["main"], disk.keys)


def written() -> Corpus:
    """The corpus as told now."""
    return trio.run(corpus, clock=MockClock(autojump_threshold=0))
