"""The checks of referrals find what is planted in a log, and in the lists that come of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from trio.testing import MockClock

from engine.actors.referral.events import (
    ReferralCreated,
    ReferralStatusChanged,
    ReferralTestCompleted,
    ReferralTestReceived,
    ReferralTestRecollected,
    ReferralTestRejected,
)
from engine.actors.referral.state import Ordered
from engine.decider import FreeText
from engine.decisions.referrals import CancelReferral, RedirectReferral
from perf.verify.referrals import ReferralTally, differing_lists, made_by
from tests.engine.laboratories import laboratories

ID = "one"
MADE = ReferralCreated(
    id=ID, reference="A", patient_id="p", practitioner_id="d", facility_id="f", branch_id="b", priority="routine",
    tests=(Ordered(id="x", test_id="t"), Ordered(id="y", test_id="t")), time=1, by="d",
)  # fmt: skip
OF_X: dict[str, Any] = {"referral_test_id": "x", "branch_id": "b", "time": 2, "by": "lab"}


def moved(was: Any, now: Any) -> ReferralStatusChanged:
    return ReferralStatusChanged(id=ID, was=was, now=now, practitioner_id="d", branch_id="b", time=2)


def told(*entries: list[Any]) -> ReferralTally:
    """What is found in entries with these events."""
    tally = ReferralTally()
    for position, events in enumerate(entries, 1):
        entry: Any = SimpleNamespace(
            position=position, changes=(SimpleNamespace(actor=f"referral:{ID}", events=events),)
        )
        tally.entry(entry)
    return tally


def test_a_sound_story_has_no_faults():
    why = FreeText("clotted")
    tally = told(
        [MADE],
        [ReferralTestReceived(**OF_X), moved("Pending", "Received")],
        [ReferralTestRejected(**OF_X, reason=why)],
        [ReferralTestRecollected(referral_test_id="x", attempt=2, time=3, by="lab"), moved("Received", "Pending")],
    )
    assert (tally.referrals, tally.steps, tally.illegal, tally.underived) == (1, 3, [], [])


@pytest.mark.parametrize(
    ("events", "illegal", "underived"),
    [
        ([ReferralTestCompleted(**OF_X), moved("Pending", "Received")], 1, 0),
        ([ReferralTestReceived(**OF_X)], 0, 1),
        ([ReferralTestReceived(**OF_X), moved("Pending", "Completed")], 0, 1),
        ([ReferralTestReceived(**OF_X), moved("Received", "Received")], 0, 1),
        ([ReferralTestReceived(**{**OF_X, "referral_test_id": "z"}), moved("Pending", "Received")], 1, 0),
        ([moved("Pending", "Declined"), ReferralTestReceived(**OF_X)], 1, 0),
    ],
)
def test_a_step_that_is_not_legal_and_a_status_that_is_not_the_tests_are_found(
    events: list[Any], illegal: int, underived: int
):
    tally = told([MADE], events)
    assert (len(tally.illegal), len(tally.underived)) == (illegal, underived)
    assert all("referral one at position 2" in fault for fault in [*tally.illegal, *tally.underived])


def test_an_attempt_that_is_counted_wrongly_is_found():
    rejected = [ReferralTestRejected(**OF_X, reason=FreeText("x")), moved("Pending", "Received")]
    again = [ReferralTestRecollected(referral_test_id="x", attempt=3, time=3, by="lab"), moved("Received", "Pending")]
    assert len(told([MADE], rejected, again).illegal) == 1


def test_what_tests_make_of_a_referral_is_said_a_second_time_and_alike():
    assert made_by({"Pending"}) == "Pending"
    assert made_by({"Pending", "Cancelled"}) == "Pending"
    assert made_by({"Pending", "Completed"}) == made_by({"Rejected"}) == "Received"
    assert made_by({"Amended", "Cancelled"}) == "Completed"
    assert made_by({"Cancelled"}) == "Cancelled"


async def test_lists_agree_with_referrals_until_somebody_meddles_with_them(autojump_clock: MockClock):
    async with laboratories() as here:
        made = [await here.refer("Dr. Ada", "North") for _ in range(3)]
        await here.step(made[0], "Received", "Completed", result="fine")
        await here.ask(CancelReferral(referral_id=made[1]["id"]))
        await here.ask(RedirectReferral(referral_id=made[2]["id"], branch_id=here.branches["South"]))
        book = here.engine.partitions["main"].book
        places, faults = differing_lists(book)
        assert (places, faults) == (3 * 11, [])
        key, table = f"referral:{made[2]['id']}", f"referrals:branch:{here.branches['North']}"
        book.directory.file(table, made[2]["id"], key)
        assert len(differing_lists(book)[1]) == 1
        book.directory.strike(table, made[2]["id"], key)
        book.directory.strike("referrals:Cancelled", made[1]["id"], f"referral:{made[1]['id']}")
        assert len(differing_lists(book)[1]) == 2
