"""Any sequence of commands keeps referrals, lists, patients, laboratories' days and the line in agreement."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.actors.lab_day import LabDay
from engine.actors.referral.state import RESULTED, Referral, derived, is_open
from engine.actors.referral.tables import files
from engine.actors.service.state import Service
from engine.decider import FreeText, PersonName
from engine.decisions.patients import MergePatients, RemovePatient
from engine.decisions.practitioners import AddPractitioner
from engine.decisions.referral_results import AcknowledgeResult
from engine.decisions.referral_tests import JoinLab
from engine.decisions.referrals import CancelReferral, DeclineReferral, RedirectReferral
from engine.errors import Rejected
from tests.engine.referring import Lab

N = st.integers(0, 30)
STATUSES = st.sampled_from(
    ("Received", "Received", "Completed", "Completed", "Rejected", "Pending", "Cancelled", "Amended")
)
WHO = st.sampled_from(("desk", "desk", "lab", "other", "dr", "bo"))


class AnyReferral(RuleBasedStateMachine):
    """A lab of two branches, three patients, two practitioners."""

    @initialize()
    def opened(self) -> None:
        self.lab = Lab(referral_expiry_days=2, result_acknowledge_hours=5)
        self.patients = [self.lab.pat, self.lab.patient(), self.lab.patient()]
        self.drs = [self.lab.dr, self.lab.ask(AddPractitioner(name=PersonName("Dr. Bo"), principal="bo")).id]

    def attempt(self, command: Any, who: str = "desk") -> None:
        try:
            with self.lab.asked_by(who):
                self.lab.ask(command)
        except Rejected:
            self.lab.who = "desk"

    def some(self, n: int) -> Referral | None:
        ids = self.lab.listed("referrals")
        return self.lab.referral(ids[n % len(ids)]) if ids else None

    @rule(n=N, tests=st.sets(st.integers(0, 2), min_size=1), who=WHO, far=st.booleans())
    def refer(self, n: int, tests: set[int], who: str, far: bool) -> None:
        lab = self.lab
        all_tests = (lab.blood, lab.sugar, lab.scan)
        wanted = lab.wanted(
            *(all_tests[test] for test in sorted(tests)),
            patient_id=self.patients[n % 3],
            practitioner_id={"dr": self.drs[0], "bo": self.drs[1]}.get(who, self.drs[n % 2]),
            branch_id=lab.far if far else lab.near,
        )
        self.attempt(wanted, who)

    @rule(n=N, test=st.integers(0, 2), status=STATUSES, who=WHO, critical=st.sampled_from((None, None, True)))
    def step(self, n: int, test: int, status: Any, who: str, critical: bool | None) -> None:
        referral = self.some(n)
        if referral is not None:
            more: dict[str, Any] = {"result": FreeText(f"{n}")} if status in RESULTED else {}
            if status in RESULTED:
                more["critical"] = critical
            self.attempt(self.lab.to(referral.id, status, test % len(referral.tests), **more), who)

    @rule(n=N, test=st.integers(0, 2), who=WHO)
    def join(self, n: int, test: int, who: str) -> None:
        referral = self.some(n)
        if referral is not None:
            one = self.lab.nth(referral.id, test % len(referral.tests))
            self.attempt(JoinLab(referral_id=referral.id, referral_test_id=one.id), who)

    @rule(n=N, what=st.sampled_from(("decline", "redirect", "cancel", "acknowledge")), who=WHO)
    def decide(self, n: int, what: str, who: str) -> None:
        referral = self.some(n)
        if referral is None:
            return
        id, lab = referral.id, self.lab
        there = lab.far if referral.branch_id == lab.near else lab.near
        commands: dict[str, Any] = {
            "decline": DeclineReferral(referral_id=id, reason=FreeText("no")),
            "redirect": RedirectReferral(referral_id=id, branch_id=there),
            "cancel": CancelReferral(referral_id=id),
            "acknowledge": AcknowledgeResult(referral_id=id),
        }
        self.attempt(commands[what], who)

    @rule(minutes=st.sampled_from((1, 60, 600, 2_000)))
    def wait(self, minutes: int) -> None:
        self.lab.later(minutes)

    @rule(n=N, m=N)
    def merge(self, n: int, m: int) -> None:
        self.attempt(MergePatients(patient_id=self.patients[n % 3], into=self.patients[m % 3]))

    @rule(n=N)
    def remove(self, n: int) -> None:
        self.attempt(RemovePatient(patient_id=self.patients[n % 3]))

    @invariant()
    def all_agree(self) -> None:
        if not hasattr(self, "lab"):
            return
        lab = self.lab
        referrals = [lab.referral(id) for id in lab.listed("referrals")]
        open_of: dict[str, set[str]] = {}
        for one in referrals:
            assert one.status == (one.ended_as or derived(test.status for test in one.tests.values()))
            if is_open(one.status):
                open_of.setdefault(one.patient_id, set()).add(one.id)
        for patient in self.patients:
            noted = lab.states.get(f"patient_referrals:{patient}")
            assert set(noted.open if noted is not None else ()) == open_of.get(patient, set())
        self._lists_are_those_of_the_states(referrals)
        self._nobody_waits_in_vain(referrals)
        self._days_add_up(referrals)
        self._alerts_are_of_results(referrals)

    def _lists_are_those_of_the_states(self, referrals: list[Referral]) -> None:
        wanted: dict[str, set[str]] = {}
        for one in referrals:
            for table, id in files(one):
                wanted.setdefault(table, set()).add(id)
        kept = {
            table: set(ids)
            for table, ids in self.lab.tables.items()
            if ids and (table.startswith("referrals") or table == "references")
        }
        assert kept == wanted

    def _nobody_waits_in_vain(self, referrals: list[Referral]) -> None:
        service: Service = self.lab.states[f"service:{self.lab.queue}"]
        held = Counter(test.ticket_id for one in referrals for test in one.tests.values() if test.status == "Pending")
        for ticket in service.tickets.values():
            received = any(
                test.ticket_id == ticket.id and test.status in ("Received", *RESULTED)
                for one in referrals
                for test in one.tests.values()
            )
            assert held[ticket.id] or received, "a ticket for nothing"

    def _days_add_up(self, referrals: list[Referral]) -> None:
        days: list[LabDay] = [state for key, state in self.lab.states.items() if key.startswith("lab_day:")]
        done = [test for one in referrals for test in one.tests.values() if test.status in RESULTED]
        assert sum(len(day.tests) for day in days) == len(done)
        assert sum(len(day.referrals) for day in days) == sum(one.completed_at > 0 for one in referrals)

    def _alerts_are_of_results(self, referrals: list[Referral]) -> None:
        raised = {(kind, one.id) for one in referrals for kind in one.alerted}
        assert {(alert.kind, alert.subject) for alert in self.lab.alerts()} == raised


TestAnyReferral = AnyReferral.TestCase
TestAnyReferral.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
