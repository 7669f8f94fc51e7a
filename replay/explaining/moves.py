"""Where a token goes whose slot does not take place: the other slots in the order in which they were tried.

Watched while the plan is made again, so that a slot that fills up with those who were placed before is full here, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Any, Final

from engine.actors.slot.state import Slot, seats
from engine.decider import Find, Look, Members, Propose
from engine.decisions import finding
from engine.decisions.cancel_slot import plan as planning
from engine.errors import Rejected
from engine.recovery import Book
from replay.explaining.form import Candidate, Section
from replay.explaining.watching import Sight

LISTED: Final = 100
"""Slots of a section; of a plan over weeks the first."""

_STEPS: Final = (Look, Find, Members, Propose)


class Moves:
    """Watches tokens being placed elsewhere."""

    def __init__(self) -> None:
        self._tried: dict[str, list[Candidate]] = {}
        self._objection = ""

    def sights(self) -> Mapping[CodeType, Sight]:
        """What it looks at."""
        return {planning._Planner._take.__code__: self._took, finding.objection.__code__: self._objected}

    def sections(self, book: Book, entry: Any) -> Iterator[Section]:
        """One for each token that was moved, and for each for which no slot was found."""
        if not self._tried:
            return
        moved = {
            event.token_id: change.actor.partition(":")[2]
            for change in entry.changes
            for event in change.events
            if type(event).__name__ == "TokenMovedIn"
        }
        for token_id, rows in self._tried.items():
            found = next((row.id for row in rows if row.chosen), "")
            title = "it goes to the first slot that can have it" if found else "no other slot can have it"
            section = Section("move", title, token_id, found, moved.get(token_id, ""))
            section.said.append(
                "tried in order: the doctor's own that day, the nearest in time; colleagues'; days to come"
            )
            if not entry.changes:
                section.decided = found
                section.said.append("nothing was moved: this was asked only")
            section.candidates, section.more = rows[:LISTED], max(len(rows) - LISTED, 0)
            yield section

    def _objected(self, local: Mapping[str, Any], gave: Any) -> None:
        if not isinstance(gave, _STEPS):
            self._objection = f"{gave.code}: {gave.detail}" if isinstance(gave, Rejected) else ""

    def _took(self, local: Mapping[str, Any], gave: Any) -> None:
        if not isinstance(gave, bool):
            return
        slot: Slot = local["slot"]
        tally, policy = local["tally"], local["policy"]
        taken, allowed = tally.regular + tally.held, seats(slot, policy.overbook_pct)
        facts = {"doctor": slot.doctor_id, "start": slot.start, "taken": taken, "seats": allowed}
        row = Candidate(slot.id, f"slot {slot.id}", gave, facts)
        if not gave:
            full = taken >= allowed and not local["emergency"]
            row.why_not.append(
                "no seat is left" if full else self._objection or "it is over, or its tier has no seat left"
            )
        self._objection = ""
        self._tried.setdefault(local["token"].id, []).append(row)
