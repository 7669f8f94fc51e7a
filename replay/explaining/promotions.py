"""Who got a seat that had become free: the waiting list in the order in which it was asked, and why it went past some.

Watched while the seats are given away again, so each objection is the one that the decision met, with all that it had
planned until then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Any

from engine.actors.slot.state import Token
from engine.decider import Find, Look, Members, Propose
from engine.decisions.promotion import Plan, SlotPlan
from engine.errors import Rejected
from engine.recovery import Book
from replay.explaining.form import Candidate, Section
from replay.explaining.watching import Sight

_STEPS = (Look, Find, Members, Propose)


class Promotions:
    """Watches free seats being given away."""

    def __init__(self) -> None:
        self._asked: dict[str, dict[str, Candidate]] = {}
        self._given: dict[str, str] = {}
        """Entry to the slot whose seat it got."""
        self._lists: dict[str, list[Token]] = {}

    def sights(self) -> Mapping[CodeType, Sight]:
        """What it looks at."""
        return {Plan._objection.__code__: self._objected, Plan._give.__code__: self._gave}

    def sections(self, book: Book, entry: Any) -> Iterator[Section]:
        """One for each seat that was given or offered to somebody who waited."""
        for change in entry.changes:
            slot_id = change.actor.partition(":")[2]
            for event in change.events if change.actor.startswith("slot:") else ():
                if type(event).__name__ in ("EntryPromoted", "EntryOffered"):
                    yield self._section(slot_id, event.entry_id, type(event).__name__ == "EntryOffered")
        for slot_id in self._asked:
            if slot_id not in self._given.values():
                rows = list(self._asked[slot_id].values())
                yield Section("promotion", "nobody who waits could have the free seat", slot_id, candidates=rows)

    def _section(self, slot_id: str, entry_id: str, offered: bool) -> Section:
        asked = self._asked.get(slot_id, {})
        title = "a free seat is offered to" if offered else "a free seat goes to"
        section = Section("promotion", f"{title} the first on the list who may have it", entry_id)
        section.decided = entry_id
        if self._given.get(entry_id) != slot_id:
            section.title = "it takes up the seat that was offered or kept"
            section.winner = entry_id
            section.said.append("nobody else is asked: the seat was its own already")
            return section
        section.winner = entry_id
        section.said.append("asked in order of tier, then time, then entry; the first without an objection has it")
        for id, row in asked.items():
            section.candidates.append(
                Candidate(id, row.name, id == entry_id, row.facts, why_not=[] if id == entry_id else row.why_not)
            )
            if id == entry_id:
                break
        return section

    def _objected(self, local: Mapping[str, Any], gave: Any) -> None:
        if isinstance(gave, _STEPS):
            return
        plan: SlotPlan = local["plan"]
        row = self._row(plan, local["entry"])
        if isinstance(gave, Rejected):
            row.why_not = [f"{gave.code}: {gave.detail}"]

    def _gave(self, local: Mapping[str, Any], gave: Any) -> None:
        if isinstance(gave, _STEPS):
            return
        plan, entry = local["plan"], local["entry"]
        row = self._row(plan, entry)
        if isinstance(gave, Rejected):
            row.why_not = [f"{gave.code}: {gave.detail}"]
        elif entry.id in plan.done:
            row.why_not = ["has got a seat by then"]
            self._given[entry.id] = plan.slot.id

    def _row(self, plan: SlotPlan, entry: Token) -> Candidate:
        rows = self._asked.setdefault(plan.slot.id, {})
        row = rows.get(entry.id)
        if row is None:
            facts = {"tier": entry.category, "since": entry.rank_at, "list": plan.slot.waiting.index(entry) + 1}
            row = rows[entry.id] = Candidate(entry.id, f"entry {entry.id}", facts=facts)
        return row
