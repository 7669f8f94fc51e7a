"""An entry told: who asked what, under which rules and policy, what the decision met, and why it came out so.

The decision is taken again over the states as they were, and watched meanwhile; each kind of outcome has a file beside
this one. What touched somebody or something is found by its id, which stands in every entry that did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from types import CodeType
from typing import Any, Final

import msgspec

from engine.actors.hospital import HOSPITAL, Policy
from engine.decisions import DECISIONS
from engine.errors import LogCorrupt, Rejected
from engine.eventlog.entry import checked
from engine.recovery import Book
from replay.deciding.again import Again, Redeciding, keys_met
from replay.explaining.carers import Assignments
from replay.explaining.form import Explanation, Met, Refused, Section, Told
from replay.explaining.moves import Moves
from replay.explaining.places import Places
from replay.explaining.promotions import Promotions
from replay.explaining.queues import Queues
from replay.explaining.rooms import Rooms
from replay.explaining.rulebook import RuleText, refusals, rule_text
from replay.explaining.statuses import Statuses
from replay.explaining.watching import Sight, Watch
from replay.moments import zone_of
from replay.showing import Showing, lines
from replay.walking import READ, Source, Unreadable, Walk

ENTRIES: Final = 100
"""Entries of a story that are told."""

ACTORS: Final = 60
"""Actors that a decision met, told of one entry."""

_KINDS: Final = (
    ("token", ("tokens", "waiting", "waiting_past")),
    ("ticket", ("tickets",)),
    ("appointment", ("appointments",)),
    ("admission", ("admissions",)),
    ("referral", ("referrals",)),
    ("hold", ("holds",)),
    ("slot", ("slots",)),
    ("patient", ("patients",)),
    ("doctor", ("doctors",)),
    ("member of the staff", ("staff",)),
    ("room", ("rooms",)),
    ("bed", ("beds",)),
    ("ward", ("wards",)),
    ("service", ("services",)),
    ("clinic", ("clinics",)),
    ("series", ("series",)),
    ("closure", ("closures",)),
    ("rule", ("rules",)),
    ("alert", ("alerts",)),
    ("practitioner", ("practitioners",)),
    ("technician", ("technicians",)),
    ("branch", ("branches",)),
    ("facility", ("facilities",)),
    ("test", ("tests",)),
)
"""What an id is, by the directory's tables in which it stands."""


class Unknown(Rejected):
    """No entry of this hospital has this position or mentions this id."""

    code = "not_found"
    family = "not_found"


async def explain(
    source: Source,
    hospital: str,
    what: int | str,
    *,
    limit: int = ENTRIES,
    advance: Callable[[int], None] = lambda _: None,
) -> Explanation:
    """Why this entry (a position), or why all that touched this id (the first ``limit`` entries); else ``Unknown``.

    The log is folded up to there: ``advance(n)`` is told of every ``n`` entries.
    """
    zone = await zone_of(source, hospital)
    head = await source.head(hospital)
    teller = Teller(source, hospital, zone)
    if isinstance(what, int):
        if not 1 <= what <= head:
            raise Unknown(f"the log of {hospital} has positions 1 to {head}", position=what)
        await teller.walk.go(what - 1, advance)
        [record] = await source.read_at(hospital, [what])
        return Explanation(hospital, zone, str(what), "entry", [await teller.tell(what, record)])
    told, left_out = await _story(teller, head, what, limit, advance)
    if not told:
        raise Unknown(f"no entry of {hospital} mentions {what}", id=what)
    for one in told:
        mine = [section for section in one.sections if _about(section, what)]
        one.sections = mine or one.sections
    return Explanation(hospital, zone, what, _kind_of(teller.walk.book, what), told, left_out)


async def _story(
    teller: Teller, head: int, id: str, limit: int, advance: Callable[[int], None]
) -> tuple[list[Told], int]:
    walk, left_out = teller.walk, 0
    told: list[Told] = []
    mark = id.encode("utf-8", "surrogatepass")
    while walk.book.head < head:
        records = await walk.source.read(walk.hospital, walk.book.head + 1, min(READ, head - walk.book.head))
        if not records:
            break
        for position, record in records:
            if mark not in record:
                walk.book.fold(position, record)
            elif len(told) < limit:
                told.append(await teller.tell(position, record))
            else:
                left_out += 1
                walk.book.fold(position, record)
        advance(len(records))
    return told, left_out


def _about(section: Section, id: str) -> bool:
    return section.subject == id or any(one.id == id for one in section.candidates)


def _kind_of(book: Book, id: str) -> str:
    for kind, tables in _KINDS:
        if any(book.directory.find(table, id) is not None for table in tables):
            return kind
    return "id"


class _Eyes:
    """What looks at one run of a decision; made anew for each run."""

    def __init__(self) -> None:
        self.rooms = Rooms()
        self.assignments = Assignments()
        self.promotions = Promotions()
        self.moves = Moves()
        self.queues = Queues()

    def sights(self) -> dict[CodeType, Sight]:
        found: dict[CodeType, Sight] = {}
        for one in (self.rooms, self.assignments, self.promotions, self.moves, self.queues):
            found.update(one.sights())
        return found


class Teller:
    """Tells entries of one walk, in order."""

    def __init__(self, source: Source, hospital: str, zone: str) -> None:
        self.walk = Walk(source, hospital)
        self._zone = zone
        self._redeciding = Redeciding(self.walk)
        self._showing = Showing(source, hospital, self.walk.keys)
        self._eyes = _Eyes()

    async def tell(self, position: int, record: bytes) -> Told:
        """This entry, which is the next one; afterwards it is folded."""
        book = self.walk.book
        entry = book.codec.decode(checked(record))
        if entry.position != position:
            raise LogCorrupt(f"position {position} holds position {entry.position}")
        watch = Watch(self._looking)
        again = await self._redeciding.again(entry, noting=True, watch=watch)
        places = Places()
        places.before(book, entry, again.changes)
        met = _met(book, again)
        policy = _policy(book)
        shown = await self._showing.entry(entry)
        book.fold(position, record)
        sections = [*places.sections(book, entry)]
        eyes = self._eyes
        for kind in (eyes.promotions, eyes.moves, eyes.queues, Statuses()):
            sections += kind.sections(book, entry)
        for choice in (eyes.rooms, eyes.assignments):
            sections += choice.sections(book, entry, again.unreadable)
        with suppress(Unreadable):  # then they are shown by their ids
            await self.walk.opened(lambda: _name(book, sections))
        return Told(
            position=position,
            entry=shown,
            lines=list(lines(shown, self._zone)),
            rulebook=entry.rulebook,
            policy=policy,
            rules=watch.rules or [_stated(entry.name)],
            met=met,
            sections=sections,
            refusal=_refused(again),
            same=again.same,
            differences=list(again.differences),
            unreadable=again.unreadable,
            blind=watch.blind,
        )

    def _looking(self) -> Mapping[CodeType, Sight]:
        self._eyes = _Eyes()
        return self._eyes.sights()


def _name(book: Book, sections: list[Section]) -> None:
    """Staff by their names, where the hospital's key is at hand."""
    for section in sections:
        for one in section.candidates if section.kind in ("doctor", "nurse") else ():
            cell = book.cell(f"staff:{one.id}")
            if cell is not None:
                one.name = f"{cell.state.profile.name.text} ({one.id})"


def _stated(name: str) -> RuleText:
    """What a decision that holds no numbered rule says of itself."""
    run = next((one.run for one in DECISIONS.values() if one.name == name), None)
    return RuleText("", getattr(run, "__module__", ""), _first_line(run.__doc__) if run else "")


def _refused(again: Again) -> Refused | None:
    then = again.entry.refusal
    if then is None:
        return None
    kinds = [again.refused_by] if again.refused_by is not None and again.same else refusals(then.code, then.rule)
    kind = kinds[0] if kinds else Rejected
    stated = rule_text(kind.__module__, then.rule) if then.rule else RuleText("", kind.__module__, "")
    found = Refused(then.code, then.rule, meaning=_first_line(kind.__doc__), text=stated.text, book=stated.book)
    if again.same:
        found.detail, found.facts = again.detail, msgspec.to_builtins(again.facts)
    return found


def _first_line(doc: str | None) -> str:
    return (doc or "").strip().partition("\n\n")[0].replace("\n    ", " ")


def _policy(book: Book) -> dict[str, Any]:
    """The hospital's policy, as far as it was not the default."""
    cell = book.cell(HOSPITAL)
    if cell is None:
        return {}
    now, usual = msgspec.to_builtins(cell.state.policy), msgspec.to_builtins(Policy())
    return {name: value for name, value in now.items() if value != usual.get(name)}


def _met(book: Book, again: Again) -> list[Met]:
    found = []
    for key in keys_met(again.steps)[:ACTORS]:
        cell = book.cell(key)
        found.append(Met(key) if cell is None else Met(key, cell.version, _facts(cell.state)))
    return found


def _facts(state: Any) -> dict[str, Any]:
    """The figures and words of a state; of what it keeps many of, how many. No text about anybody."""
    facts: dict[str, Any] = {}
    for field in msgspec.structs.fields(type(state)):
        value = getattr(state, field.name)
        if isinstance(value, bool | int | str | float):
            if value not in ("", 0, False) and field.name not in ("id", "version"):
                facts[field.name] = value
        elif hasattr(value, "__len__") and len(value):
            facts[field.name] = len(value)
    return facts
