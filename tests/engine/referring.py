"""A facility with two branches beside the hospital of ``deciding``, for tests of what happens to its referrals.

The desk's credential is nobody's own; ``dr`` is the practitioner's, ``lab`` the technician's of the first branch, and
``other`` that of a technician of the second.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engine.actors.alerts.state import ALERTS, Alert, Alerts
from engine.actors.lab_day import LabDay, lab_day_key
from engine.actors.referral.state import Referral, ReferralTest, TestStatus, referral_key
from engine.decider import FreeText, PersonName
from engine.decisions.facilities import AddBranch, AddFacility, AddTest, AddTestType
from engine.decisions.practitioners import AddPractitioner, AddTechnician
from engine.decisions.referral_tests import UpdateTestStatus
from engine.decisions.referrals import CreateReferral
from engine.decisions.services import AddService
from engine.errors import Rejected
from tests.engine.deciding import World

DAY = "2026-02-01"


class Lab(World):
    """Branch ``near`` has a queue and offers all three tests, branch ``far`` has none and offers the first two."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.queue: str = self.ask(AddService(name="Blood")).id
        self.facility: str = self.ask(AddFacility(name="North")).id
        self.near: str = self.ask(AddBranch(facility_id=self.facility, name="Near", service_id=self.queue)).id
        self.far: str = self.ask(AddBranch(facility_id=self.facility, name="Far")).id
        self.type: str = self.ask(AddTestType(name="Haematology")).id
        self.blood = self.test("Blood count", turnaround_hours=4, price_minor=1_250, currency="INR")
        self.sugar = self.test("Glucose")
        self.scan = self.test("Scan", branch_ids=(self.near,))
        self.dr: str = self.ask(AddPractitioner(name=PersonName("Dr. Ada Rao"), principal="dr")).id
        self.ask(AddTechnician(name=PersonName("Tom Lee"), branch_ids=(self.near,), principal="lab"))
        self.ask(AddTechnician(name=PersonName("Uma Das"), branch_ids=(self.far,), principal="other"))
        self.pat = self.patient()

    def test(self, name: str, facility: str = "", **more: Any) -> str:
        """A new test's id."""
        wanted = AddTest(facility_id=facility or self.facility, name=name, test_type_id=self.type, **more)
        id: str = self.ask(wanted).id
        return id

    @contextmanager
    def asked_by(self, who: str) -> Iterator[None]:
        """Another credential asks for a while."""
        before, self.who = self.who, who
        yield
        self.who = before

    def wanted(self, *tests: str, **more: Any) -> CreateReferral:
        """A request for these tests, the blood count where none is named."""
        fields = {"patient_id": self.pat, "branch_id": self.near, "practitioner_id": self.dr} | more
        return CreateReferral(tests=tests or (self.blood,), **fields)

    def refer(self, *tests: str, **more: Any) -> str:
        """A new referral's id."""
        id: str = self.ask(self.wanted(*tests, **more)).id
        return id

    def referral(self, id: str) -> Referral:
        """A referral."""
        state: Referral = self.states[referral_key(id)]
        return state

    def nth(self, id: str, n: int = 0) -> ReferralTest:
        """A test of a referral by its place in it."""
        return list(self.referral(id).tests.values())[n]

    def to(self, id: str, status: TestStatus, n: int = 0, **more: Any) -> UpdateTestStatus:
        """A step of a test."""
        reasons = {"Rejected": "clotted", "Amended": "a slip of the pen"}
        if status in reasons:
            more.setdefault("reason", FreeText(reasons[status]))
        return UpdateTestStatus(referral_id=id, referral_test_id=self.nth(id, n).id, status=status, **more)

    def step(self, id: str, status: TestStatus, n: int = 0, **more: Any) -> Any:
        """Take a step; the answer."""
        return self.ask(self.to(id, status, n, **more))

    def done(self, id: str, n: int = 0, **more: Any) -> None:
        """Receive and complete a test."""
        self.step(id, "Received", n)
        self.step(id, "Completed", n, result=FreeText("4.5"), **more)

    def no(self, command: Any, who: str = "") -> Rejected:
        """The refusal of a command, asked by this credential."""
        with self.asked_by(who or self.who):
            return self.refusal(command)

    def lab_day(self, branch: str = "", day: str = DAY) -> LabDay:
        """A branch's day."""
        state: LabDay = self.states[lab_day_key(branch or self.near, day)]
        return state

    def alerts(self) -> list[Alert]:
        """What is open."""
        state: Alerts | None = self.states.get(ALERTS)
        return [] if state is None else list(state.open.values())

    def listed(self, table: str) -> list[str]:
        """The ids in a table, in order."""
        return sorted(self.tables.get(table, {}))
