"""What else changes with a referral: in the same decision, or not at all.

R1  The branch's local day counts what was done, and how long it took.
R2  The patient's list of open referrals has it while something is expected of it.
R3  A critical result is an alert at once, one that nobody acknowledges in time another; acknowledging clears both.
R4  Nobody stays in the lab's line for a test that is not to be done: the ticket is over, unless it is being served or
    another test of the referral waits under it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Literal

from engine import calendar
from engine.actors.alerts.commands import Clear, Raise
from engine.actors.alerts.commands import Together as AlertsTogether
from engine.actors.alerts.state import ALERTS
from engine.actors.hospital import Hospital
from engine.actors.lab_day import (
    CountSteps,
    LabDayEvent,
    LabStep,
    LabStepCounted,
    LabTestTimed,
    ReferralTimed,
    lab_day_key,
)
from engine.actors.patient_referrals import NoteReferrals, patient_referrals_key
from engine.actors.referral import referral_key
from engine.actors.referral.commands import ReferralCommand
from engine.actors.referral.events import (
    ReferralCreated,
    ReferralDeclined,
    ReferralEvent,
    ReferralExpired,
    ReferralRedirected,
    ReferralStatusChanged,
    ReferralTestAmended,
    ReferralTestCancelled,
    ReferralTestCompleted,
    ReferralTestReceived,
    ReferralTestRecollected,
    ReferralTestRejected,
    ResultAcknowledged,
    ResultOverdue,
)
from engine.actors.referral.state import CRITICAL, OPEN, UNACKNOWLEDGED, Referral, is_open
from engine.actors.service.commands import End
from engine.decider import HOUR, At, Look, Propose
from engine.decisions.finding import Deciding
from engine.decisions.visits import Queues, live_ticket
from engine.errors import NotFound


def the_referral(referral_id: str) -> Deciding[Referral]:
    """The referral of this id."""
    state: Referral | None = yield Look(referral_key(referral_id))
    if state is None or not state.version:
        raise NotFound("there is no such referral", field="referral_id", referral_id=referral_id)
    return state


def ask(hospital: Hospital, at: At, state: Referral, command: ReferralCommand) -> Deciding[Sequence[ReferralEvent]]:
    """Ask a referral, and let what follows from it follow."""
    events: Sequence[ReferralEvent] = yield Propose(referral_key(state.id), command)
    yield from follow(hospital, at, state, events)
    return events


def follow(hospital: Hospital, at: At, state: Referral, events: Sequence[ReferralEvent]) -> Deciding[None]:
    """R1..R4 for the events of one referral, which is as before them."""
    after = _After(state, hospital)
    for event in events:
        after.take(event)
    today = calendar.local_day(at.time, hospital.time_zone)
    for branch_id, counted in after.days.items():
        yield Propose(lab_day_key(branch_id, today), CountSteps(counted.events()))
    if after.opened is not None:
        ids = (after.referral_id,)
        note = NoteReferrals(opened=ids) if after.opened else NoteReferrals(ended=ids)
        yield Propose(patient_referrals_key(after.patient_id), note)
    if after.alerts:
        alone = after.alerts[0] if len(after.alerts) == 1 else AlertsTogether(tuple(after.alerts))
        yield Propose(ALERTS, alone)
    if after.leaving:
        yield from _leave(hospital, at, state, after.leaving)


class _Counted:
    """What one branch's day is told."""

    def __init__(self) -> None:
        self.steps: Counter[LabStep] = Counter()
        self.timed: list[LabDayEvent] = []

    def events(self) -> tuple[LabDayEvent, ...]:
        """Each step once."""
        return (*(LabStepCounted(step=step, times=times) for step, times in self.steps.items()), *self.timed)


class _After:
    """What one referral's events mean for others."""

    def __init__(self, state: Referral, hospital: Hospital) -> None:
        self.state = state
        self.referral_id = state.id
        self.patient_id = state.patient_id
        self.hours = hospital.policy.result_acknowledge_hours
        self.days: dict[str, _Counted] = {}
        self.alerts: list[Raise | Clear] = []
        self.opened: bool | None = None
        self.leaving: set[str] = set()
        """Tests that are not to be done."""

    def take(self, event: ReferralEvent) -> None:
        """Note what one event means."""
        match event:
            case ReferralCreated():
                self.referral_id, self.patient_id = event.id, event.patient_id
                self.opened = True
                self._count(event.branch_id, "referred")
            case ReferralTestReceived():
                self._count(event.branch_id, "received")
            case ReferralTestCompleted():
                self._completed(event)
            case ReferralTestRejected():
                self._count(event.branch_id, "rejected")
                self.leaving.add(event.referral_test_id)
            case ReferralTestRecollected():
                self._count(self.state.branch_id, "recollected")
            case ReferralTestCancelled():
                self._count(self.state.branch_id, "cancelled")
                self.leaving.add(event.referral_test_id)
            case ReferralTestAmended():
                self._count(event.branch_id, "amended")
                self._critical(event)
            case ReferralStatusChanged():
                self._moved(event)
            case ReferralDeclined():
                self._count(self.state.branch_id, "declined")
                self.leaving.update(self.state.tests)
            case ReferralExpired():
                self._count(self.state.branch_id, "expired")
                self.leaving.update(self.state.tests)
            case ReferralRedirected():
                self._count(event.from_branch_id, "redirected")
                self._count(event.branch_id, "referred")
                self.leaving.update(id for id, test in self.state.tests.items() if test.status in OPEN)
                if not is_open(event.was):
                    self.opened = True
            case ResultOverdue():
                hours = float(self.hours)
                self._raise(UNACKNOWLEDGED, "warning", (event.time - self.state.result_at) / HOUR, hours)
            case ResultAcknowledged():
                self.alerts += [Clear(kind=kind, subject=self.referral_id) for kind in self.state.alerted]
            case _:
                pass  # nobody else is concerned

    def _completed(self, event: ReferralTestCompleted) -> None:
        test = self.state.tests[event.referral_test_id]
        done = event.happened_at or event.time
        timed = LabTestTimed(
            referral_id=self.referral_id,
            referral_test_id=test.id,
            test_id=test.test_id,
            took=done - self.state.created_at,
            bench=done - test.received_at,
        )
        self._count(event.branch_id, "completed")
        self.days[event.branch_id].timed.append(timed)
        self._critical(event)

    def _critical(self, event: ReferralTestCompleted | ReferralTestAmended) -> None:
        if event.critical:
            self._count(event.branch_id, "critical")
            self._raise(CRITICAL, "critical")

    def _moved(self, event: ReferralStatusChanged) -> None:
        if is_open(event.was) != is_open(event.now):
            self.opened = is_open(event.now)
        if event.now == "Completed" and not self.state.completed_at:
            took = (event.happened_at or event.time) - self.state.created_at
            self._at(event.branch_id).timed.append(ReferralTimed(referral_id=self.referral_id, took=took))

    def _count(self, branch_id: str, step: LabStep) -> None:
        self._at(branch_id).steps[step] += 1

    def _at(self, branch_id: str) -> _Counted:
        return self.days.setdefault(branch_id, _Counted())

    def _raise(
        self,
        kind: str,
        severity: Literal["warning", "critical"],
        value: float | None = None,
        limit: float | None = None,
    ) -> None:
        self.alerts.append(
            Raise(
                kind=kind,
                severity=severity,
                subject=self.referral_id,
                patient_id=self.patient_id,
                value=value,
                threshold=limit,
                unit="" if value is None else "h",
            )
        )


def _leave(hospital: Hospital, at: At, state: Referral, leaving: Collection[str]) -> Deciding[None]:
    """R4."""
    waited = {test.ticket_id for id, test in state.tests.items() if id in leaving and test.ticket_id}
    kept = {test.ticket_id for id, test in state.tests.items() if id not in leaving and test.status == "Pending"}
    queues = Queues(hospital, at)
    for ticket_id in sorted(waited - kept):
        found = yield from live_ticket(ticket_id)
        if found is not None and found[1].status != "consulting":
            queues.ask(found[0].id, End(ticket_id, "cancelled", at.who))
    yield from queues.propose()
