"""Why a referral has its status: nobody enters it. It follows from its tests, and from two ends that are no test's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from engine.actors.referral.state import Referral, derived
from engine.recovery import Book
from replay.explaining.form import Candidate, Section

_MOVES: Final = frozenset(
    (
        "ReferralCreated",
        "ReferralStatusChanged",
        "ReferralRedirected",
        "ReferralDeclined",
        "ReferralExpired",
        "ReferralCancelled",
        "ReferralTestReceived",
        "ReferralTestCompleted",
        "ReferralTestRejected",
        "ReferralTestRecollected",
        "ReferralTestCancelled",
        "ReferralTestAmended",
    )
)


class Statuses:
    """Derives the status of each referral that an entry touched."""

    def sections(self, book: Book, entry: Any) -> Iterator[Section]:
        """One for each referral of which something moved."""
        for change in entry.changes:
            names = {type(event).__name__ for event in change.events}
            if change.actor.startswith("referral:") and names & _MOVES:
                cell = book.cell(change.actor)
                assert cell is not None, "an entry has changed it"
                yield _section(cell.state, any(name == "ReferralStatusChanged" for name in names))


def _section(state: Referral, moved: bool) -> Section:
    rows = [
        Candidate(
            test.id,
            f"test {test.test_id}",
            facts={"status": test.status, "attempt": test.attempt, "updated_at": test.updated_at},
        )
        for test in state.tests.values()
    ]
    status = state.ended_as or derived(test.status for test in state.tests.values())
    section = Section("status", f"it is {status}", state.id, status, state.status, [], rows)
    section.said.append("the status has changed with this entry" if moved else "the status stays, or is the first")
    section.said.append(f"{WHY[status]}")
    return section


WHY: Final = {
    "Pending": "all tests that are not cancelled are pending: nothing has begun",
    "Received": "something has begun, and something is still expected",
    "Completed": "nothing is expected any more, and there is a result",
    "Cancelled": "all tests are cancelled",
    "Declined": "the branch has declined it, whatever its tests are",
    "Expired": "nothing had begun when its time was over",
}
