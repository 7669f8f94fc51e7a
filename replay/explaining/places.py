"""Why a token has its seat and its place: how full the slot was, and who stands before it, for what reason.

Looked up in the slot as the entry left it; how full it was is noted before the entry is folded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from engine.actors.hospital import HOSPITAL
from engine.actors.slot.state import LIFTED, SERVED, Slot, Token, place, rank_of, seats, waiting_place
from engine.actors.slot.tally import state_word
from engine.recovery import Book
from replay.explaining.form import Candidate, Section

AHEAD: Final = 50
"""Tokens before this one that are listed: the nearest."""

_ENDS: Final = {
    "TokenBooked": "it gets a seat",
    "EntryPromoted": "it gets a seat that had become free",
    "PatientWaitlisted": "the slot is full: it waits",
    "LatecomerWaitlisted": "the patient came late and no seat is left: it waits",
    "EntryOffered": "a free seat is kept for it, and lapses",
    "EntryPassedOver": "a free seat went past it",
    "EntryEnded": "it leaves the waiting list",
    "TokenMovedIn": "it came from another slot",
    "TokenMovedOut": "it goes to another slot",
    "PatientReturned": "the patient came late and gets a seat again",
    "PatientArrived": "the patient is here",
    "PatientLifted": "the patient waited longer than the tier's limit, and comes next after the emergencies",
    "CategoryChanged": "it has another tier",
    "StepUndone": "the last step was taken back",
    "TokenStoodBack": "it stands where it stood before the call",
    "NoShowMarked": "the patient did not come",
    "TokenCancelled": "it was given back",
    "TokenCalled": "it is called",
    "ConsultStarted": "the consultation begins",
    "ConsultCompleted": "the consultation is over",
    "TokenRepointed": "it is another record's of the same patient",
}
"""What became of a token, by event."""


class Seats(NamedTuple):
    """How full a slot was."""

    capacity: int
    allowed: int
    regular: int
    held: int
    offered: int
    waiting: int


class Places:
    """What happened to tokens and entries of waiting lists in one entry."""

    def __init__(self) -> None:
        self._before: dict[str, Seats] = {}
        self._now: dict[tuple[str, str], list[str]] = {}

    def before(self, book: Book, entry: Any, changes: dict[str, tuple[Any, ...]]) -> None:
        """Note how full the slots are that the entry changes, and what becomes of tokens when it is decided again."""
        for change in entry.changes:
            if change.actor.startswith("slot:"):
                cell = book.cell(change.actor)
                if cell is not None:
                    self._before[change.actor] = _seats(book, cell.state)
        for key, events in changes.items():
            for event in events if key.startswith("slot:") else ():
                self._now.setdefault((key, _token_of(event)), []).append(type(event).__name__)

    def sections(self, book: Book, entry: Any) -> Iterator[Section]:
        """One for each token or entry that something happened to."""
        for change in entry.changes:
            if not change.actor.startswith("slot:"):
                continue
            happened: dict[str, list[Any]] = {}
            for event in change.events:
                if type(event).__name__ in _ENDS:
                    happened.setdefault(_token_of(event), []).append(event)
            cell = book.cell(change.actor)
            assert cell is not None, "an entry has changed it"
            for token_id, events in happened.items():
                yield self._section(cell.state, change.actor, token_id, events)

    def _section(self, slot: Slot, key: str, token_id: str, events: list[Any]) -> Section:
        names = [type(event).__name__ for event in events]
        section = Section("place", "; ".join(_ENDS[name] for name in names), token_id)
        section.decided = ", ".join(names)
        section.winner = ", ".join(name for name in self._now.get((key, token_id), ()) if name in _ENDS)
        before = self._before.get(key)
        if before is not None:
            taken = before.regular + before.held + before.offered
            section.said.append(
                f"seats before: {taken} of {before.allowed} taken ({before.regular} tokens, {before.held} held, "
                f"{before.offered} offered); capacity {before.capacity}, {before.waiting} waiting"
            )
        for event in events:
            section.said += _said(event)
        token = slot.tokens.get(token_id)
        if token is None:
            section.said.append("it is in this slot no more")
            return section
        number = place(slot, token) or waiting_place(slot, token)
        section.said.append(_stands(slot, token, number))
        ahead = _ahead(slot, token)
        section.candidates = [_row(one, index, token) for index, one in enumerate(ahead, 1)][-AHEAD:]
        section.more = max(len(ahead) - AHEAD, 0)
        if number:
            section.candidates.append(_row(token, number, token))
            section.candidates[-1].chosen = True
        return section


def _seats(book: Book, slot: Slot) -> Seats:
    hospital = book.cell(HOSPITAL)
    percent = 0 if hospital is None else hospital.state.policy.overbook_pct
    return Seats(
        slot.max_capacity,
        seats(slot, percent),
        slot.regular,
        len(slot.holds),
        len(slot.offers),
        len(slot.waiting),
    )


def _token_of(event: Any) -> str:
    return str(getattr(event, "token_id", "") or getattr(event, "entry_id", ""))


def _said(event: Any) -> Iterator[str]:
    if getattr(event, "override", False):
        yield "an emergency goes above the capacity where no seat is left"
    if getattr(event, "overbooked", False):
        yield "the seat is above the capacity, as the hospital's policy allows"
    if getattr(event, "late", False):
        yield "too late for the old place: behind all of the tier"
    name = type(event).__name__
    if name == "EntryPassedOver":
        yield f"it could not have the seat: {event.code}"
    elif name == "EntryEnded":
        yield f"{event.status}{': ' + event.cause if event.cause else ''}"
    elif name == "NoShowMarked":
        yield "marked by the clock" if event.by_clock else "marked by force" if event.forced else "marked by the desk"


def _stands(slot: Slot, token: Token, number: int) -> str:
    if not number:
        return f"it is in no line: {state_word(token)}"
    line = "the waiting list" if token.status == "WAITING" else "line"
    behind = len(slot.waiting) if token.status == "WAITING" else len(slot.pinned) + len(slot.line)
    return f"place {number} of {behind} in {line}: called first, then by tier, then by time, then by order of entry"


def _ahead(slot: Slot, token: Token) -> list[Token]:
    if token.status == "WAITING":
        return slot.waiting[: max(waiting_place(slot, token) - 1, 0)]
    number = place(slot, token)
    return [*slot.pinned, *slot.line][: max(number - 1, 0)]


def _row(one: Token, number: int, token: Token) -> Candidate:
    facts: dict[str, Any] = {
        "place": number,
        "tier": one.category,
        "rank": one.rank,
        "since": one.rank_at,
        "stands": state_word(one),
    }
    if one is not token:
        facts["because"] = _because(one, token)
    return Candidate(one.id, f"token {one.id}", facts=facts)


def _because(one: Token, token: Token) -> str:
    """Why one stands before the other."""
    if one.phase in ("CALLED", "IN_CONSULT") and one.status == "CONFIRMED":
        return "called before"
    if one.rank != token.rank:
        if one.rank == LIFTED != rank_of(one.category):
            return "waited longer than the tier's limit"
        return "tier comes first"
    if one.rank_at != token.rank_at:
        return "same tier, earlier"
    return "same tier and time, entered earlier" if SERVED(one) < SERVED(token) else "called before"
