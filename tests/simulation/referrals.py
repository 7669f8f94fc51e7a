"""The laboratory of the morning: tests are ordered, done, rejected, collected again, amended; results are acknowledged.

Its queue is the counters', where the laboratory has one; patients come back for their results through the same slots.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final

import trio

from engine.actors.referral.state import TestStatus, Urgency
from engine.decider import FreeText, PersonName
from engine.decisions.book_token import BookToken
from engine.decisions.facilities import AddBranch, AddFacility, AddTest, AddTestType, ChangeBranch, ChangeTest
from engine.decisions.practitioners import AddPractitioner, AddTechnician
from engine.decisions.referral_results import AcknowledgeResult
from engine.decisions.referral_tests import JoinLab, UpdateTestStatus
from engine.decisions.referrals import (
    CancelReferral,
    ChangeReferral,
    CreateReferral,
    DeclineReferral,
    RedirectReferral,
)
from engine.views.referral_lists import ListPractitionerReferrals, ListReferrals, ListTechnicianReferrals
from engine.views.referrals import GetReferral
from tests.simulation.client import Client

WHY: Final = FreeText("as it has to be today")
RESULT: Final = FreeText("4.1 mmol/l")
URGENCIES: Final[tuple[Urgency, ...]] = ("routine", "routine", "urgent", "stat")
NEXT: Final[dict[TestStatus, TestStatus]] = {"Pending": "Received", "Received": "Completed", "Rejected": "Pending"}
STATUSES: Final[tuple[TestStatus, ...]] = ("Rejected", "Cancelled", "Amended", "Pending", "Completed")


class Referrals:
    """Everybody who refers, and everybody in the laboratory, until ``length`` seconds have passed."""

    def __init__(
        self,
        client: Client,
        random: Random,
        slots: list[str],
        patients: list[str],
        lab: Callable[[], str],
        length: float,
    ) -> None:
        self.client = client
        self.random = random
        self.slots = slots
        self.patients = patients
        self.length = length
        self._lab = lab
        """The service of the laboratory, once there is one."""
        self._branches: list[str] = []
        self._tests: list[str] = []
        self._referrers: list[str] = []
        self._technician = ""
        self._facility = ""
        self._type = ""
        self._known: dict[str, Any] = {}

    async def people(self, nursery: trio.Nursery) -> None:
        """The laboratory opens; then who refers, and who does the tests."""
        await self._open()
        if len(self._tests) == 2 and self._technician:
            nursery.start_soon(self._desk)

    async def _open(self) -> None:
        self._facility = await self._have(AddFacility(name="Central laboratory"))
        for name in ("North", "South"):
            lab = self._lab() or None
            self._branches.append(await self._have(AddBranch(facility_id=self._facility, name=name, service_id=lab)))
        self._type = await self._have(AddTestType(name="Blood"))
        for name in ("Potassium", "Haemoglobin"):
            self._tests.append(await self._have(AddTest(**self._test(name), facility_id=self._facility)))
        self._referrers.append(await self._have(AddPractitioner(name=PersonName("Dr. Bose"))))
        technician = AddTechnician(name=PersonName("Lee"), branch_ids=tuple(self._branches))
        self._technician = await self._have(technician)

    def _test(self, name: str) -> dict[str, Any]:
        return {"name": name, "test_type_id": self._type, "active": self.random.random() < 0.95}

    async def _have(self, command: Any) -> str:
        """Have it done, if the day is long enough; gives the id of what came of it."""
        wish = self.client.wish(command)
        while trio.current_time() < self.length:
            done = await self.client.grant(wish, 1)
            if done is not None:
                return str(done.get("id", ""))
            await trio.sleep(0.1)  # what refuses at once must not stop the clock
        return ""

    async def _desk(self) -> None:
        random = self.random
        while trio.current_time() < self.length:
            await trio.sleep(random.uniform(2, 13))
            if not self.patients:
                continue
            done = await self.client.do(self._next())
            if done and "tests" in done and "reference" in done:
                self._known[done["id"]] = done
            if random.random() < 0.3:
                await self.client.ask(self._query())

    def _query(self) -> Any:
        random = self.random
        choices: list[Any] = [
            ListTechnicianReferrals(technician_id=self._technician, sort=random.choice(("time", "-time", "doctor"))),
            ListPractitionerReferrals(practitioner_id=self._referrers[0], status=random.choice((None, "Completed"))),
            ListReferrals(search=random.choice((None, "Bose", "Potassium"))),
        ]
        if self._known:
            choices.append(GetReferral(referral_id=random.choice(list(self._known))))
        return random.choice(choices)

    def _next(self) -> Any:
        random = self.random
        if not self._known or random.random() < 0.2:
            return self._created()
        id = random.choice(list(self._known)[-12:])
        match random.randrange(20):
            case 0:
                return ChangeReferral(referral_id=id, priority=random.choice(URGENCIES), note=WHY)
            case 1:
                return DeclineReferral(referral_id=id, reason=WHY)
            case 2:
                return RedirectReferral(referral_id=id, branch_id=random.choice(self._branches), reason=WHY)
            case 3:
                return CancelReferral(referral_id=id, reason=WHY)
            case 4:
                return AcknowledgeResult(referral_id=id, note=WHY)
            case 5 | 6:
                return JoinLab(referral_id=id, referral_test_id=self._one_of(id)["id"])
            case 7 | 8:
                asked = {"slot_id": random.choice(self.slots), "patient_id": self._known[id]["patient_id"]}
                return BookToken(**asked, category="FOLLOWUP", referral_id=id)
            case 9 if random.random() < 0.3:
                return self._catalog()
            case _:
                return self._step(id)

    def _created(self) -> CreateReferral:
        random = self.random
        return CreateReferral(
            patient_id=random.choice(self.patients),
            practitioner_id=self._referrers[0],
            branch_id=random.choice(self._branches),
            tests=tuple(self._tests[: random.choice((1, 2))]),
            priority=random.choice(URGENCIES),
            clinical_information=WHY,
        )

    def _one_of(self, id: str) -> Any:
        return self.random.choice(self._known[id]["tests"])

    def _step(self, id: str) -> UpdateTestStatus:
        """Mostly what comes next; else whatever somebody may try."""
        random, test = self.random, self._one_of(id)
        to = NEXT.get(test["status"], "Amended") if random.random() < 0.75 else random.choice(STATUSES)
        given: dict[str, Any] = (
            {"result": RESULT, "critical": random.random() < 0.3} if to in ("Completed", "Amended") else {}
        )
        reason = WHY if to in ("Rejected", "Cancelled", "Amended") else None
        return UpdateTestStatus(referral_id=id, referral_test_id=test["id"], status=to, reason=reason, **given)

    def _catalog(self) -> Any:
        random = self.random
        if random.random() < 0.5:
            name, active = "North", random.random() < 0.8
            lab = self._lab() or None
            return ChangeBranch(branch_id=self._branches[0], name=name, active=active, service_id=lab)
        return ChangeTest(test_id=random.choice(self._tests), **self._test("Blood count"))
