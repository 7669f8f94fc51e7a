"""The tests of a referral: what the laboratory does with each, and the line in which the patient waits for it.

R1  A test is done by a technician of the branch; cancelled by one, or by the referrer.
R2  For a test the patient joins the branch's queue, in one decision with the note of the ticket on the test. Tests of
    one referral share a ticket: nobody waits twice in one line.
"""

from __future__ import annotations

from typing import Any, Final

from engine.actors.hospital import Hospital, Id
from engine.actors.referral.commands import Queue, Step
from engine.actors.referral.state import Referral, TestStatus, Urgency
from engine.actors.referral.testing import the_test
from engine.actors.service import service_key
from engine.actors.service.refusals import AlreadyInQueue
from engine.actors.service.state import Priority, Service, Ticket
from engine.actors.service.view import TicketView, ticket_view
from engine.decider import At, Deciding, Decision, Done, FreeText, Value
from engine.decisions import finding
from engine.decisions.book_token import Moment, entered
from engine.decisions.join_queue import alone_in_group, joining
from engine.decisions.referrals import acknowledge_within, as_it_is, referral_home
from engine.decisions.referring.asker import must_be_concerned, must_work_there, the_asker
from engine.decisions.referring.catalog import open_branch
from engine.decisions.referring.following import ask, the_referral
from engine.decisions.services import the_service
from engine.decisions.visits import ask_service, live_ticket
from engine.errors import Rejected

PRIORITY: Final[dict[Urgency, Priority]] = {"stat": "high", "urgent": "medium", "routine": "low"}
"""Where an urgency stands in the lab's queue."""


class UpdateTestStatus(Value, frozen=True):
    """A test goes on to another status. ``Pending`` after ``Rejected``: it is to be collected again; ``occurred_at``:
    when it was received or completed, where that was before it is entered here."""

    referral_id: Id
    referral_test_id: Id
    status: TestStatus
    reason: FreeText | None = None
    result: FreeText | None = None
    critical: bool | None = None
    occurred_at: Moment | None = None
    if_version: int | None = None


class JoinLab(Value, frozen=True):
    """The patient gets in line for a test; without ``priority`` as urgent as the referral is."""

    referral_id: Id
    referral_test_id: Id
    priority: Priority | None = None


class NoLabQueue(Rejected):
    """R2. The branch has no queue. Fact ``branch_id``."""

    code = "no_lab_queue"
    rule = "R2"


def update_status(command: UpdateTestStatus, at: At) -> Deciding:
    """R1."""
    hospital = yield from finding.the_hospital()
    state = yield from the_referral(command.referral_id)
    asker = yield from the_asker(at.who)
    if command.status == "Cancelled":
        yield from must_be_concerned(asker, state)
    else:
        must_work_there(asker, state)
    step = Step(
        referral_test_id=command.referral_test_id,
        to=command.status,
        reason=command.reason,
        result=command.result,
        critical=command.critical,
        acknowledge=acknowledge_within(hospital),
        happened_at=entered(command.occurred_at, at.time),
        if_version=command.if_version,
    )
    yield from ask(hospital, at, state, step)
    return as_it_is(state.id, state.patient_id)


def join_lab(command: JoinLab, at: At) -> Deciding:
    """R2."""
    hospital = yield from finding.the_hospital()
    state = yield from the_referral(command.referral_id)
    yield from must_be_concerned((yield from the_asker(at.who)), state)
    test = the_test(state, command.referral_test_id)
    branch = (yield from open_branch(state.branch_id)).branch
    if not branch.service_id:
        raise NoLabQueue("the branch has no queue", branch_id=branch.id)
    service = yield from the_service(branch.service_id)
    shared = yield from _shared(state, service)
    if shared is not None and shared.id == test.ticket_id:
        raise AlreadyInQueue("the patient waits for this test", ticket_id=shared.id, service_id=service.id)
    ticket_id = at.new_id(0) if shared is None else shared.id
    yield from ask(hospital, at, state, Queue(test.id, ticket_id, service.id))
    if shared is None:
        yield from alone_in_group(service, state.patient_id)
        priority = command.priority or PRIORITY[state.priority]
        join = joining(hospital, at, ticket_id, state.patient_id, priority, at.time)
        yield from ask_service(service.id, join(), hospital, at)
    return _ticket(hospital, service.id, ticket_id, state.patient_id, at, "created" if shared is None else "ok")


def _shared(state: Referral, service: Service) -> finding.Deciding[Ticket | None]:
    """R2: the ticket of this referral that is alive in this queue."""
    for ticket_id in dict.fromkeys(test.ticket_id for test in state.tests.values() if test.ticket_id):
        found = yield from live_ticket(ticket_id)
        if found is not None and found[0].id == service.id:
            return found[1]
    return None


def _ticket(hospital: Hospital, service_id: str, ticket_id: str, patient_id: str, at: At, outcome: str) -> Done:
    key, link_key = service_key(service_id), hospital.link_key.text

    def answer(look: Any) -> TicketView:
        after: Service = look(key)
        return ticket_view(after, after.tickets[ticket_id], at.time, link_key)

    return Done(answer, outcome, patient_id)


UPDATE_TEST_STATUS = Decision(command=UpdateTestStatus, run=update_status, home=referral_home)
JOIN_LAB = Decision(command=JoinLab, run=join_lab, home=referral_home)
