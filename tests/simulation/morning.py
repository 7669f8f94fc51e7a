"""One morning of an outpatient department: two or three doctors, a few short slots, two dozen patients.

Everybody does what people do, as chance will have it: books here and there at once, cancels, comes late, hangs up,
double-clicks. An hour of a real morning is a minute here, so that holds, offers and graces lapse within the run.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import trio

from engine.actors.hospital import Category, Policy
from engine.decider import FreeText, PersonName
from engine.decisions.book_token import BookToken
from engine.decisions.cancel_slot import CancelSlot, DoctorUnavailable
from engine.decisions.cancel_token import CancelToken
from engine.decisions.change_category import ChangeCategory
from engine.decisions.change_slot import ChangeSlot
from engine.decisions.check_in import CheckIn
from engine.decisions.consult import CallToken, CompleteConsult, StartConsult
from engine.decisions.delay_slot import DelaySlot
from engine.decisions.doctors import AddDoctor
from engine.decisions.hold_seat import ConfirmHold, HoldSeat, ReleaseHold
from engine.decisions.hospital import AddHospital
from engine.decisions.insert_emergency import InsertEmergency
from engine.decisions.no_show import MarkNoShow
from engine.decisions.open_slot import OpenSlot
from engine.decisions.patients import MergePatients, RegisterPatient, UpdatePatient
from engine.decisions.reschedule_token import RescheduleToken
from engine.decisions.undo_token import UndoToken
from engine.decisions.waiting_list import AcceptOffer, DeclineOffer, LeaveWaitingList
from engine.views.people import GetPatient
from engine.views.slots import GetSlot, ListSlotTokens
from engine.views.tokens import GetToken, ListTokens
from engine.views.waiting import ListWaiting
from tests.simulation.client import HOSPITAL_ID, Client
from tests.simulation.clockwork import EIGHT
from tests.simulation.counters import Counters
from tests.simulation.referrals import Referrals
from tests.simulation.rooms import Rooms
from tests.simulation.ward_work import someone
from tests.simulation.wards import Wards

PATIENTS = 24
LENGTH = 300.0
"""Seconds from the first request to the last."""

CATEGORIES: tuple[Category, ...] = ("WALKIN", "WALKIN", "WALKIN", "ONLINE", "ONLINE", "FOLLOWUP", "PRIORITY_PAID")
WAITS: tuple[dict[Category, int], ...] = ({}, {"WALKIN": 1, "ONLINE": 2})
ZONES = ("UTC", "UTC", "Asia/Kolkata", "America/Los_Angeles", "Pacific/Auckland")
ANY: tuple[Category, ...] = ("EMERGENCY", *CATEGORIES)


def policy(random: Random) -> Policy:
    """How this morning's hospital works."""
    return Policy(
        double_booking=random.choice(("day", "day", "day", "doctor_day", "slot", "off")),
        promotion=random.choice(("auto", "auto", "offer")),
        offer_minutes=1,
        hold_minutes=1,
        no_show_grace_minutes=random.choice((0, 1, 2)),
        late_minutes=random.choice((1, 3)),
        overbook_pct=random.choice((0, 0, 34)),
        max_wait_minutes=random.choice(WAITS),
        undo_minutes=random.choice((1, 2)),
        patient_overlap=random.random() < 0.2,
        max_calls=2,
        assignment_retry_minutes=1,
        assignment_max_retries=random.choice((1, 5)),
        doctor_first=random.choice((("critical", "high"), ())),
        rest_hours=0,
        shift_end=random.choice(("warn", "handover")),
        bed_reserve_minutes=1,
    )


class Morning:
    """The hospital of one seed, and what its people do."""

    def __init__(self, client: Client, random: Random) -> None:
        self.client = client
        self.random = random
        self.zone = random.choice(ZONES)
        self.slots: list[str] = []
        self.doctors: list[str] = []
        self.patients: list[str] = []
        self.tokens: list[str] = []

    async def open_house(self) -> None:
        """The hospital, its doctors and their slots."""
        hospital = AddHospital(hospital_id=HOSPITAL_ID, name="Main", time_zone=self.zone, policy=policy(self.random))
        await self._must(hospital)
        eight = datetime.fromtimestamp(EIGHT // 1_000_000, UTC)
        for number in range(self.random.choice((2, 3))):
            doctor = AddDoctor(
                name=PersonName(f"Dr. {number}"), specialization=("Cardiology", "Dermatology")[number % 2]
            )
            doctor_id = (await self._must(doctor))["id"]
            self.doctors.append(doctor_id)
            start = eight + timedelta(minutes=self.random.choice((1, 2)))
            for _ in range(2):
                end = start + timedelta(minutes=self.random.choice((2, 2, 3)))
                slot = OpenSlot(
                    doctor=doctor_id, start_time=start, end_time=end, max_capacity=self.random.randint(2, 7)
                )
                self.slots.append((await self._must(slot))["id"])
                start = end + timedelta(minutes=self.random.choice((0, 1)))

    async def _must(self, command: Any) -> Any:
        """Have it done, whatever it takes."""
        wish = self.client.wish(command)
        while True:
            done = await self.client.grant(wish, 1)
            if done is not None:
                return done
            assert wish.tries[-1].fate != "refused", wish.tries[-1].error
            await trio.sleep(0.1)  # a stalled disk refuses at once, and time must pass for it to come back

    async def people(self, nursery: trio.Nursery) -> None:
        """Everybody begins his morning."""
        for number in range(PATIENTS):
            nursery.start_soon(self._patient, number)
        for doctor_id in self.doctors:
            nursery.start_soon(self._doctor, doctor_id)
        nursery.start_soon(self._desk)
        counters = Counters(self.client, self.random, self.doctors, self.patients, LENGTH)
        nursery.start_soon(counters.people, nursery)
        rooms = Rooms(self.client, self.random, ZoneInfo(self.zone), self.doctors, self.patients, LENGTH)
        nursery.start_soon(rooms.people, nursery)
        wards = Wards(self.client, self.random, self._now, self.patients, LENGTH)
        nursery.start_soon(wards.people, nursery)
        referrals = Referrals(self.client, self.random, self.slots, self.patients, lambda: counters.laboratory, LENGTH)
        nursery.start_soon(referrals.people, nursery)

    def _now(self) -> datetime:
        """In whole seconds."""
        return datetime.fromtimestamp(EIGHT // 1_000_000 + int(trio.current_time()), UTC)

    # Patients

    async def _patient(self, number: int) -> None:
        random = self.random
        await trio.sleep(random.uniform(0, LENGTH * 0.6))
        done = await self.client.do(someone(random, f"Patient {number}"))
        if done is None:
            return
        patient_id = done["id"]
        self.patients.append(patient_id)
        wanted = random.sample(self.slots, random.choice((1, 1, 1, 2, 3)))
        mine: list[str] = []
        async with trio.open_nursery() as nursery:
            for slot_id in wanted:  # at the same instant
                nursery.start_soon(self._book, patient_id, slot_id, mine)
        for _ in range(random.choice((1, 2, 3, 5))):
            await trio.sleep(random.uniform(0, LENGTH / 8))
            await self._change_mind(patient_id, mine)

    async def _book(self, patient_id: str, slot_id: str, mine: list[str]) -> None:
        random = self.random
        chance = random.random()
        if chance < 0.06:
            done = await self.client.do(InsertEmergency(slot_id=slot_id, patient_id=patient_id))
        elif chance < 0.2:
            done = await self._hold_and_confirm(patient_id, slot_id)
        else:
            category = random.choice(ANY if chance > 0.9 else CATEGORIES)
            done = await self.client.do(BookToken(slot_id=slot_id, patient_id=patient_id, category=category))
        if done:
            mine.append(done["id"])
            self.tokens.append(done["id"])

    async def _hold_and_confirm(self, patient_id: str, slot_id: str) -> Any | None:
        random = self.random
        hold = await self.client.do(HoldSeat(slot_id=slot_id, patient_id=patient_id))
        if not hold:
            return None
        await trio.sleep(random.choice((0.5, 5.0, 70.0)))
        if random.random() < 0.3:
            await self.client.do(ReleaseHold(hold_id=hold["id"]))
            return None
        return await self.client.do(
            ConfirmHold(hold_id=hold["id"], patient_id=patient_id, category=random.choice(CATEGORIES))
        )

    async def _change_mind(self, patient_id: str, mine: list[str]) -> None:
        random, client = self.random, self.client
        slot_id = random.choice(self.slots)
        if not mine or random.random() < 0.15:
            await self._book(patient_id, slot_id, mine)
            return
        token_id = random.choice(mine)
        reason = FreeText("as it goes")
        match random.randrange(12):
            case 0 | 1 | 2:
                await client.do(CheckIn(token_id=token_id))
            case 3 | 4:
                await client.do(CancelToken(token_id=token_id, reason=reason))
            case 5:
                await client.do(RescheduleToken(token_id=token_id, slot_id=slot_id, reason=reason))
            case 6:
                await client.do(ChangeCategory(token_id=token_id, category=random.choice(ANY), reason=reason))
            case 7:
                await client.do(LeaveWaitingList(entry_id=token_id))
            case 8:
                await client.do(AcceptOffer(entry_id=token_id))
            case 9:
                await client.do(DeclineOffer(entry_id=token_id))
            case 10:
                await client.do(UndoToken(token_id=token_id))
            case _:
                await client.ask(GetToken(token_id=token_id))

    # Doctors

    async def _doctor(self, doctor_id: str) -> None:
        random, client = self.random, self.client
        while trio.current_time() < LENGTH:
            await trio.sleep(random.uniform(5, 20))
            page = await client.ask(ListSlotTokens(slot_id=random.choice(self.slots)))
            waiting = [one for one in page["items"] if one["status"] == "CONFIRMED"] if page else []
            if not waiting:
                continue
            token_id = waiting[0]["id"]
            if random.random() < 0.7:
                await client.do(CheckIn(token_id=token_id))
            if await client.do(CallToken(token_id=token_id)) is None:
                continue
            if random.random() < 0.2:
                await client.do(UndoToken(token_id=token_id))
            elif random.random() < 0.8:
                await client.do(StartConsult(token_id=token_id))
                await trio.sleep(random.uniform(1, 20))
                await client.do(CompleteConsult(token_id=token_id))
            else:
                await client.do(MarkNoShow(token_id=token_id, force=random.random() < 0.5, reason=FreeText("absent")))

    # The desk, and the boards

    async def _desk(self) -> None:
        random, client = self.random, self.client
        while trio.current_time() < LENGTH:
            await trio.sleep(random.uniform(1, 16))
            await self._rule(random.choice(self.slots))
            await client.ask(self._query())

    def _query(self) -> Any:
        random = self.random
        slot_id = random.choice(self.slots)
        patient_id = random.choice(self.patients) if self.patients else None
        if patient_id is not None and random.random() < 0.5:
            return random.choice((GetPatient(patient_id=patient_id), ListTokens(patient_id=patient_id)))
        return random.choice((GetSlot(slot_id=slot_id), ListWaiting(slot_id=slot_id), ListSlotTokens(slot_id=slot_id)))

    async def _rule(self, slot_id: str) -> None:
        random, client = self.random, self.client
        match random.randrange(10):
            case 0 | 1:
                await client.do(DelaySlot(slot_id=slot_id, delay_minutes=random.choice((0, 1, 2))))
            case 2 | 3:
                await client.do(ChangeSlot(slot_id=slot_id, max_capacity=random.randint(1, 8)))
            case 4:
                await client.do(ChangeSlot(slot_id=slot_id, paused=random.random() < 0.5))
            case 5 if random.random() < 0.3:
                await client.do(CancelSlot(slot_id=slot_id, reason=FreeText("ill"), dry_run=random.random() < 0.5))
            case 6 if random.random() < 0.2:
                await client.do(self._unavailable())
            case 7 if len(self.patients) > 4:
                one, other = random.sample(self.patients, 2)
                await client.do(MergePatients(patient_id=one, into=other))
            case 8 if self.patients:
                name = PersonName(f"Married {random.randrange(100)}")
                await client.do(UpdatePatient(patient_id=random.choice(self.patients), name=name))
            case _:
                await client.batch([self._batched() for _ in range(random.randint(2, 5))])

    def _unavailable(self) -> DoctorUnavailable:
        now = self._now()
        return DoctorUnavailable(
            doctor_id=self.random.choice(self.doctors),
            from_time=now,
            to_time=now + timedelta(minutes=self.random.randint(1, 10)),
            reason=FreeText("called away"),
        )

    def _batched(self) -> Any:
        random = self.random
        if self.tokens and random.random() < 0.4:
            return CancelToken(token_id=random.choice(self.tokens))
        if self.patients and random.random() < 0.7:
            return BookToken(
                slot_id=random.choice(self.slots),
                patient_id=random.choice(self.patients),
                category=random.choice(CATEGORIES),
            )
        return RegisterPatient(name=PersonName(f"Visitor {random.randrange(1000)}"))
