"""The demo's wards: staff on shifts, beds, patients who are admitted and leave; and a laboratory that others refer to.

Admissions come a little faster than beds are cleaned, so that there is always somebody who waits, and a bed that is
made ready goes to the next. Seeded like the rest of the demo; what the engine refuses is part of the day.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

import trio

from engine.actors.patient import BirthDate, Gender
from engine.clock import Clock
from engine.decider import FreeText, PersonName

Do = Callable[..., Coroutine[Any, Any, dict[str, Any] | None]]
"""``do(name of the command, **its fields)``: the answer, or ``None`` when it was refused."""

STAFF: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("Dr. Ines Prado", {"role": "doctor", "skills": ("surgery",), "max_load": 8}),
    ("Dr. Omar Haddad", {"role": "doctor", "skills": ("surgery", "icu"), "max_load": 8}),
    ("Dr. Wen Zhao", {"role": "doctor", "skills": ("icu",), "max_load": 6}),
    ("Dr. Lena Fuchs", {"role": "doctor", "max_load": 10}),
    ("Nina Okafor", {"role": "nurse", "skills": ("icu",), "max_load": 4}),
    ("Pavel Novak", {"role": "nurse", "max_load": 6}),
    ("Rosa Marin", {"role": "nurse", "max_load": 6}),
    ("Sami Laine", {"role": "nurse", "skills": ("icu",), "max_load": 4}),
    ("Tala Aziz", {"role": "nurse", "max_load": 6}),
    ("Uma Iyer", {"role": "nurse", "max_load": 6}),
    ("Viktor Hahn", {"role": "technician"}),
)
ON_CALL: Final = 1
"""The last of the doctors is on call; the others are on shift."""
SHIFT: Final = timedelta(hours=9)
WARDS: Final[tuple[tuple[dict[str, Any], tuple[str, ...], dict[str, Any]], ...]] = (
    ({"name": "Ward 3 East", "specialty": "Surgery", "cleaning_minutes": 30}, ("301", "302", "303", "304"), {}),
    ({"name": "Ward 4 West", "specialty": "Medicine", "cleaning_minutes": 30}, ("401", "402", "403"), {}),
    (
        {"name": "Intensive care", "specialty": "Intensive care", "mixed_rooms": True, "cleaning_minutes": 45},
        ("I1", "I2"),
        {"type": "icu", "equipment": ("monitor", "ventilator"), "isolation": True},
    ),
)
NEEDS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("medium", {}),
    ("medium", {}),
    ("low", {}),
    ("high", {"doctor_skills": ("surgery",)}),
    ("critical", {"bed_type": "icu", "doctor_skills": ("icu",), "nurse_skills": ("icu",)}),
    ("high", {"bed_type": "icu", "isolation": "mrsa"}),
    ("low", {"needs_bed": False}),
)
TESTS: Final = (
    ("Full blood count", 4, 1_200),
    ("Lipid panel", 24, 2_500),
    ("HbA1c", 48, 1_900),
    ("Troponin", 2, 3_100),
)
REFERRERS: Final = (("Dr. Jonas Aalto", "General practice"), ("Dr. Karin Duarte", "Cardiology"))
AHEAD: Final = 14
"""So many are admitted before the day begins,"""
REFERRED: Final = 8
"""and so many referred."""
OFTEN: Final = 3.0
"""Seconds between two things that happen, on average."""


class Inpatients:
    """``admin`` and ``clerk`` have commands done. ``open`` first, then ``live`` until cancelled."""

    def __init__(self, admin: Do, clerk: Do, clock: Clock, seed: int) -> None:
        self.wards: list[str] = []
        self._admin = admin
        self._clerk = clerk
        self._clock = clock
        self._random = Random(f"{seed}/wards")  # noqa: S311  it makes up a day, and guards nothing
        self._carers: list[str] = []
        self._patients: list[str] = []
        self._admitted: list[str] = []
        self._up: set[str] = set()  # who needs no bed
        self._referrers: list[str] = []
        self._branches: list[str] = []
        self._tests: list[str] = []

    async def open(self, names: Sequence[str], laboratory: str) -> None:
        """Staff, wards and beds, and who is there already; ``laboratory``: the queue in which samples are taken."""
        await self._staff()
        for ward, rooms, bed in WARDS:
            made = await self._admin("AddWard", **ward)
            if made is None:
                continue
            self.wards.append(made["id"])
            for room in rooms:
                for side in ("A", "B"):
                    await self._admin("AddBed", ward_id=made["id"], label=f"{room} {side}", room=room, **bed)
        for number, name in enumerate(names):
            born = BirthDate(f"{1935 + number * 7 % 80}-0{1 + number % 9}-1{number % 10}")
            known = {"gender": Gender(("female", "male")[number % 2]), "dob": born}
            made = await self._clerk("RegisterPatient", name=PersonName(name), **known)
            if made is not None:
                self._patients.append(made["id"])
        for _ in range(AHEAD):
            await self._admit()
        await self._laboratory(laboratory)

    async def live(self) -> None:
        """What happens in the wards, one thing after another."""
        async with trio.open_nursery() as nursery:
            while self._patients:
                await trio.sleep(self._random.uniform(0.3, 1.7) * OFTEN)
                await self._happen(nursery)

    async def _happen(self, nursery: trio.Nursery) -> None:
        random = self._random
        match random.randrange(8):
            case 0 | 1 | 2:
                await self._admit()
            case 3 | 4 if self._admitted:
                leaves = self._admitted.pop(random.randrange(len(self._admitted)))
                nursery.start_soon(self._discharge, leaves)
            case 5 if lying := [id for id in self._admitted if id not in self._up]:
                moved = random.choice(lying)
                await self._clerk("TransferPatient", admission_id=moved, reason=FreeText("nearer to the window"))
            case 6:
                await self._refer()
            case _ if self._carers:
                member = random.choice(self._carers)
                await self._clerk("HandOver", staff_id=member, reason=FreeText("goes to a meeting"))

    async def _staff(self) -> None:
        """Everybody but the technician works on a shift that began an hour ago, and on one a day later."""
        begins = self._hour() - timedelta(hours=1)
        doctors = sum(fields["role"] == "doctor" for _, fields in STAFF)
        for number, (name, fields) in enumerate(STAFF):
            made = await self._admin("AddStaff", name=PersonName(name), **fields)
            if made is None or fields["role"] == "technician":
                continue
            self._carers.append(made["id"])
            on_call = doctors - ON_CALL <= number < doctors
            for day in range(2):
                start = begins + timedelta(days=day)
                times = {"start_time": start, "end_time": start + SHIFT, "on_call": on_call}
                await self._admin("AddShift", staff_id=made["id"], **times)

    async def _admit(self) -> None:
        """Who is here already is refused, and comes another time."""
        acuity, need = self._random.choice(NEEDS)
        patient = self._random.choice(self._patients) if self._patients else ""
        made = await self._clerk("AdmitPatient", patient_id=patient, acuity=acuity, **need)
        if made is not None:
            self._admitted.append(made["id"])
            if not need.get("needs_bed", True):
                self._up.add(made["id"])

    async def _discharge(self, admission_id: str) -> None:
        """The patient leaves, and a little later the bed is clean."""
        left = await self._clerk("DischargePatient", admission_id=admission_id)
        if left is None:  # still waits
            await self._clerk("CancelAdmission", admission_id=admission_id, reason=FreeText("went elsewhere"))
            return
        history = [one for one in left["history"] if one["bed_id"]]
        if history:
            await trio.sleep(self._random.uniform(2, 5) * OFTEN)
            await self._clerk("CleanBed", bed_id=history[-1]["bed_id"])

    async def _laboratory(self, service: str) -> None:
        """A laboratory of two branches, its catalog, who refers to it, and some referrals."""
        made = await self._admin("AddFacility", name="City laboratory")
        kind = await self._admin("AddTestType", name="Blood")
        if made is None or kind is None:
            return
        for name, queue in (("Ground floor", service), ("Annexe", "")):
            branch = await self._admin("AddBranch", facility_id=made["id"], name=name, service_id=queue or None)
            self._keep(self._branches, branch)
        for name, hours, price in TESTS:
            fields = {"name": name, "turnaround_hours": hours, "price_minor": price, "currency": "EUR"}
            test = await self._admin("AddTest", facility_id=made["id"], test_type_id=kind["id"], **fields)
            self._keep(self._tests, test)
        for name, specialty in REFERRERS:
            self._keep(
                self._referrers, await self._admin("AddPractitioner", name=PersonName(name), specialty=specialty)
            )
        await self._admin("AddTechnician", name=PersonName("Viktor Hahn"), branch_ids=tuple(self._branches))
        for _ in range(REFERRED):
            await self._refer()

    async def _refer(self) -> None:
        """Somebody is referred; of some the sample is there at once, and of some of these the result."""
        random = self._random
        if not (self._branches and self._tests and self._referrers and self._patients):
            return
        made = await self._clerk(
            "CreateReferral",
            patient_id=random.choice(self._patients),
            practitioner_id=random.choice(self._referrers),
            branch_id=random.choice(self._branches),
            tests=tuple(random.sample(self._tests, random.randint(1, 3))),
            priority=random.choice(("routine", "routine", "urgent")),
        )
        if made is None or random.random() < 0.4:
            return
        for test in made["tests"]:
            step = {"referral_id": made["id"], "referral_test_id": test["id"]}
            await self._clerk("UpdateTestStatus", **step, status="Received")
            if random.random() < 0.5:
                await self._clerk("UpdateTestStatus", **step, status="Completed", result=FreeText("within range"))

    def _hour(self) -> datetime:
        now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self._clock.wall())
        return now.replace(minute=0, second=0, microsecond=0)

    @staticmethod
    def _keep(ids: list[str], made: dict[str, Any] | None) -> None:
        if made is not None:
            ids.append(made["id"])
