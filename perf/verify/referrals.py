"""Whether referrals are what their tests make them: every step of a test legal, every status derived, every list right.

Told from a log's events, step by step, and not from what the rule book says of itself.
"""

from __future__ import annotations

from typing import Any, Final

from engine.actors.referral import REFERRAL
from engine.actors.referral import events as referral
from engine.actors.referral.state import TRANSITIONS, Referral, ReferralStatus, TestStatus
from engine.eventlog.entry import Entry
from engine.recovery import Book

_TO: Final[dict[type[Any], TestStatus]] = {
    referral.ReferralTestReceived: "Received",
    referral.ReferralTestCompleted: "Completed",
    referral.ReferralTestRejected: "Rejected",
    referral.ReferralTestRecollected: "Pending",
    referral.ReferralTestCancelled: "Cancelled",
    referral.ReferralTestAmended: "Amended",
}
_BY_HAND: Final[tuple[ReferralStatus, ...]] = ("Declined", "Expired")
"""Of no test; nothing becomes of a test while its referral is that."""


class ReferralTally:
    """Referrals as a log's entries tell of them. ``steps`` of tests were looked at; ``illegal`` and ``underived``: what
    is wrong with some, and with the statuses of some referrals after an entry."""

    def __init__(self) -> None:
        self.steps = 0
        self.referrals = 0
        self.illegal: list[str] = []
        self.underived: list[str] = []
        self._tests: dict[str, dict[str, TestStatus]] = {}
        self._status: dict[str, ReferralStatus] = {}
        self._attempts: dict[str, int] = {}

    def entry(self, entry: Entry) -> None:
        """One more, in order."""
        for change in entry.changes:
            kind, _, id = change.actor.partition(":")
            if kind == "referral":
                where = f"referral {id} at position {entry.position}"
                for event in change.events:
                    self._event(id, event, where)
                self._judge(id, where)

    def _event(self, id: str, event: Any, where: str) -> None:
        match event:
            case referral.ReferralCreated():
                self.referrals += 1
                self._tests[id] = {one.id: "Pending" for one in event.tests}
                self._status[id] = "Pending"
            case referral.ReferralStatusChanged() | referral.ReferralRedirected():
                if event.was != self._status[id]:
                    self.underived.append(f"{where} was {self._status[id]}, and says {event.was}")
                self._status[id] = event.now
            case _ if type(event) in _TO:
                self._step(id, event, where)

    def _step(self, id: str, event: Any, where: str) -> None:
        self.steps += 1
        tests, test, to = self._tests[id], event.referral_test_id, _TO[type(event)]
        status = tests.get(test)
        if status is None or to not in TRANSITIONS[status] or self._status[id] in _BY_HAND:
            self.illegal.append(f"{where}: {test} from {status} to {to}, the referral {self._status[id]}")
        if to == "Pending":
            attempt = self._attempts.get(test, 1) + 1
            self._attempts[test] = attempt
            if event.attempt != attempt:
                self.illegal.append(f"{where}: {test} is collected for the {attempt}th time, and says {event.attempt}")
        tests[test] = to

    def _judge(self, id: str, where: str) -> None:
        status = self._status[id]
        if status not in _BY_HAND and status != (due := made_by(set(self._tests[id].values()))):
            self.underived.append(f"{where} is {status}, its tests make it {due}")


def made_by(statuses: set[TestStatus]) -> ReferralStatus:
    """What a referral is whose tests are these; said here once more, so that the rule book is held to something."""
    statuses = statuses - {"Cancelled"}
    if not statuses:
        return "Cancelled"
    if statuses <= {"Completed", "Amended"}:
        return "Completed"
    return "Pending" if statuses == {"Pending"} else "Received"


def differing_lists(book: Book) -> tuple[int, list[str]]:
    """Places in lists looked at, and those that a referral and the directory do not both know."""
    count, faults = 0, []
    for key in book.cells:
        if not key.startswith("referral:"):
            continue
        cell = book.cell(key)
        assert cell is not None
        state = cell.state
        assert isinstance(state, Referral)
        for table, id in REFERRAL.files(state):
            count += 1
            if book.directory.find(table, id) != key:
                faults.append(f"{key} of {book.hospital} is not in {table}")
    kept = sum(key.startswith("referral:") for _, _, key in book.directory.rows())
    if kept != count:
        faults.append(f"lists of {book.hospital} have {kept} places of referrals, which know of {count}")
    return count, faults
