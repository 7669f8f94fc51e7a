"""A fifth story of version 1: a laboratory, its catalog, and what becomes of the tests that are asked of it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import trio
from trio.testing import MockClock

from engine.decider import FreeText, PersonName
from engine.decisions.book_token import BookToken
from engine.decisions.facilities import (
    AddBranch,
    AddFacility,
    AddTest,
    AddTestType,
    ChangeBranch,
    ChangeFacility,
    ChangeTest,
    ChangeTestType,
)
from engine.decisions.hospital import ChangePolicy
from engine.decisions.patients import MergePatients
from engine.decisions.practitioners import (
    AddPractitioner,
    AddTechnician,
    ChangePractitioner,
    ChangeTechnician,
    RemovePractitioner,
    RemoveTechnician,
)
from engine.decisions.referral_results import AcknowledgeResult
from engine.decisions.referral_tests import JoinLab, UpdateTestStatus
from engine.decisions.referrals import (
    CancelReferral,
    ChangeReferral,
    CreateReferral,
    DeclineReferral,
    RedirectReferral,
)
from engine.decisions.services import AddService
from engine.errors import Rejected
from engine.eventlog.memory_store import MemoryDisk
from engine.runtime import Engine
from tests.engine.living import living
from tests.golden.story import MINUTE, Corpus, Story

CORPUS = Path(__file__).with_name("version-1-referrals.msgpack")
WHY = FreeText("as the laboratory asked")
RESULT = FreeText("4.1 mmol/l")
HOUR = 60 * MINUTE


class Laboratory(Story):
    """Who refers, and who does the tests."""

    branches: tuple[str, str]
    tests: tuple[str, str]
    referrer: str

    async def referral(self, patient: str | None = None, **more: Any) -> Any:
        """A referral for both tests, as it is answered."""
        asked: dict[str, Any] = {"branch_id": self.branches[0], "tests": self.tests, "practitioner_id": self.referrer}
        who = patient or await self.patient()
        return await self.say(CreateReferral(patient_id=who, **{**asked, **more}))

    async def step(self, one: Any, number: int, status: Any, **more: Any) -> Any:
        """Another status of one of its tests."""
        test = one["tests"][number]["id"]
        return await self.say(UpdateTestStatus(referral_id=one["id"], referral_test_id=test, status=status, **more))


async def tell(engine: Engine) -> None:
    """The story."""
    desk = Laboratory(engine)
    await catalog(desk)
    await done(desk)
    await not_done(desk)
    await in_line(desk)
    await late(desk)


async def catalog(desk: Laboratory) -> None:
    """Two branches, two tests, and people who come and go."""
    lab = (await desk.say(AddFacility(name="Laboratory")))["id"]
    await desk.say(ChangeFacility(facility_id=lab, name="Central laboratory"))
    queue = (await desk.say(AddService(name="Blood taking")))["id"]
    north = (await desk.say(AddBranch(facility_id=lab, name="North")))["id"]
    await desk.say(ChangeBranch(branch_id=north, name="North wing", service_id=queue))
    south = (await desk.say(AddBranch(facility_id=lab, name="South", location="2nd floor")))["id"]
    desk.branches = (north, south)
    kind = (await desk.say(AddTestType(name="Blod")))["id"]
    await desk.say(ChangeTestType(test_type_id=kind, name="Blood"))
    asked: dict[str, Any] = {"test_type_id": kind, "price_minor": 1_250, "currency": "EUR", "turnaround_hours": 4}
    tests = [
        (await desk.say(AddTest(facility_id=lab, name=name, **asked)))["id"] for name in ("Potassium", "Haemoglobin")
    ]
    await desk.say(ChangeTest(test_id=tests[0], name="Potassium (serum)", **asked))
    desk.tests = (tests[0], tests[1])
    desk.referrer = (await desk.say(AddPractitioner(name=PersonName("Dr. Bose"), specialty="Nephrology")))["id"]
    await desk.say(ChangePractitioner(practitioner_id=desk.referrer, name=PersonName("Dr. A. Bose")))
    gone = (await desk.say(AddPractitioner(name=PersonName("Dr. Nobody"))))["id"]
    await desk.say(RemovePractitioner(practitioner_id=gone))
    technician = (await desk.say(AddTechnician(name=PersonName("Lee"), branch_ids=(north,))))["id"]
    await desk.say(ChangeTechnician(technician_id=technician, name=PersonName("J. Lee"), branch_ids=desk.branches))
    gone = (await desk.say(AddTechnician(name=PersonName("Nobody"), branch_ids=(south,))))["id"]
    await desk.say(RemoveTechnician(technician_id=gone))


async def done(desk: Laboratory) -> None:
    """Both tests are done, one the second time, one amended; the patient comes back for the results."""
    one = await desk.referral(priority="stat", note=WHY, clinical_information=WHY)
    await desk.say(ChangeReferral(referral_id=one["id"], priority="urgent"))
    await desk.step(one, 0, "Received")
    await desk.step(one, 0, "Rejected", reason=WHY)
    await desk.step(one, 0, "Pending", reason=WHY)
    for number in range(2):
        await desk.step(one, number, "Received")
        await trio.sleep(MINUTE)
        await desk.step(one, number, "Completed", result=RESULT, critical=number == 0)
    await desk.say(AcknowledgeResult(referral_id=one["id"], note=WHY))
    await desk.step(one, 1, "Amended", result=FreeText("4.4 mmol/l"), reason=WHY)
    slot = await desk.slot(await desk.doctor("Nephrology"), 60, 4)
    await desk.say(BookToken(slot_id=slot, patient_id=one["patient_id"], category="FOLLOWUP", referral_id=one["id"]))


async def not_done(desk: Laboratory) -> None:
    """Declined, sent elsewhere, not wanted any more; and of two records of one patient."""
    one = await desk.referral()
    await desk.say(DeclineReferral(referral_id=one["id"], reason=WHY))
    await desk.say(RedirectReferral(referral_id=one["id"], branch_id=desk.branches[1], reason=WHY))
    await desk.step(one, 0, "Cancelled", reason=WHY)
    await desk.say(CancelReferral(referral_id=one["id"], reason=WHY))
    twin, person = await desk.patient("A. Rao"), await desk.patient("Asha Rao")
    await desk.referral(twin)
    await desk.say(MergePatients(patient_id=twin, into=person))


async def in_line(desk: Laboratory) -> None:
    """The patient waits for the first test."""
    one = await desk.referral()
    await desk.say(JoinLab(referral_id=one["id"], referral_test_id=one["tests"][0]["id"]))
    with suppress(Rejected):
        await desk.say(JoinLab(referral_id=one["id"], referral_test_id=one["tests"][1]["id"]))


async def late(desk: Laboratory) -> None:
    """A result that nobody looks at, and a referral that nobody begins."""
    one = await desk.referral()
    for number in range(2):
        await desk.step(one, number, "Received")
        await desk.step(one, number, "Completed", result=RESULT)
    await desk.say(ChangePolicy(referral_expiry_days=1))
    await desk.referral()
    await trio.sleep(30 * HOUR)


async def corpus() -> Corpus:
    """Tell the story and keep what it wrote."""
    disk = MemoryDisk()
    async with living(disk) as engine:
        await tell(engine)
    return Corpus(disk.entries["main"], disk.keys)


def written() -> Corpus:
    """The corpus as told now."""
    return trio.run(corpus, clock=MockClock(autojump_threshold=0))
