"""How a log is read for what no policy decides: told entry by entry, it sorts out what came from outside.

It follows the counters with the rule book's own word on whom each could have called, and since when.
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median_low
from typing import Any, Final

import msgspec

from engine import calendar
from engine.actors.service.events import TicketCalled
from engine.actors.slot.events import EntryOffered, EntryPromoted, TokenBooked, TokenMovedIn
from engine.decider import MINUTE
from engine.eventlog.entry import checked
from engine.recovery import Book
from replay.whatif.recorded import ARRIVALS, ASKED, Came, Chance, Recorded, Root, Shift, Step, Stint
from replay.whatif.waiting import callable_at, first_arrived, service_of
from replay.whatif.world import Commands

SIMULATED: Final = frozenset({"slot", "service", "service_day", "patient_day", "doctor_day"})
"""Kinds of actors that are decided anew; all others follow the log."""

_CALLS: Final = frozenset({"CallNext", "CallTicket", "CallToken"})
_STEPS: Final = frozenset(
    "RecallTicket CallToken TicketNoAnswer StartTicket StartConsult CompleteTicket CompleteConsult TicketNoShow "
    "MarkNoShow ParkTicket CancelTicket CancelToken UndoTicket UndoToken".split()
)
_ANSWERS: Final = frozenset({"AcceptOffer", "DeclineOffer"})
_WAKES: Final = {"WakeSlot": "slot", "WakeService": "service"}

ABSENT: Final = 5 * MINUTE
"""A counter that does not call for so long though it could is not at work then, whoever waits."""


class Recorder:
    """Told of every stored record in order, and folds it into ``book``, which must be veiled."""

    def __init__(self, book: Book, zone: str) -> None:
        self.book = book
        self.recorded = Recorded(zone)
        self._commands = Commands(book)
        self._open: dict[tuple[str, str], Stint] = {}
        self._since: dict[tuple[str, str], int | None] = {}
        self._idle: dict[tuple[str, str], tuple[int, int]] = {}
        """Chances that a counter lost since its last call: when the first began, and how long all were (µs)."""
        self._offered: dict[str, int] = {}
        self._took: dict[str, list[tuple[int, int]]] = {}
        self._accepts: list[int] = []
        self._day = calendar.local_day(book.time, zone)
        for key in book.cells:
            self._known_tokens(key)
        for key in [key for key in book.cells if key.startswith("service:")]:
            self._look(key.partition(":")[2], book.time)

    def take(self, position: int, record: bytes) -> None:
        """One more entry."""
        entry = self.book.codec.decode(checked(record))
        self._turn_of_day(entry.time)
        command = self._commands.read(entry)
        if command is not None and entry.name in _WAKES:
            kind = _WAKES[entry.name]
            id = getattr(command, f"{kind}_id")
            self.recorded.wakes[f"{kind}:{id}", command.due] = entry.time
        chosen = self._choice(entry, command) if entry.name in ("CallTicket", "CallToken") else "queue"
        for _ in self.book.folded(((position, record),)):
            pass
        self._classify(entry, command, chosen)
        for service_id in touched(self.book, (change.actor for change in entry.changes)):
            self._look(service_id, entry.time, entry)

    def end(self, until: int) -> Recorded:
        """What was recorded, once nothing more comes."""
        recorded = self.recorded
        self._end_shifts(until)
        for shift in recorded.shifts.values():
            quick = [one.took for one in shift.chances if not (one.absent or one.lost)]
            shift.reaction = median_low(quick) if quick else 0
        everybody = [one for took in self._took.values() for one in took]
        for service_id, all_of in [*self._took.items(), ("", everybody)]:
            if all_of:
                recorded.usual_start[service_id] = median_low([start for start, _ in all_of])
                recorded.usual_service[service_id] = median_low([served for _, served in all_of])
        if self._accepts:
            recorded.usual_accept = median_low(self._accepts)
        return recorded

    def _turn_of_day(self, time: int) -> None:
        """Shifts end with their local day."""
        day = calendar.local_day(time, self.recorded.zone)
        if day != self._day:
            self._end_shifts(calendar.day_bounds(day, self.recorded.zone).start)
        self._day = day

    def _end_shifts(self, until: int) -> None:
        """Who could call then and did not any more has gone home."""
        for here, since in self._since.items():
            first, idle = self._idle.pop(here, (until, 0))
            if since is not None and since < until:
                first, idle = min(first, since), idle + until - since
                self._shift(*here, self._day).ends = since
            if idle > ABSENT:
                self._shift(*here, self._day).ends = first

    # What an entry is

    def _classify(self, entry: Any, command: Any, chosen: str) -> None:
        name, refused = entry.name, entry.refusal.code if entry.refusal is not None else ""
        who = msgspec.msgpack.decode(entry.who)["name"]
        self._note(entry, command)
        if refused and name in ASKED:
            self.recorded.refused[refused] += 1
        if name in _WAKES or (refused and name not in ARRIVALS):
            return
        if refused and command is None:
            self.recorded.unusable += 1
            self.recorded.lost.update([refused] if name in ASKED else [])
            return
        if name in _ANSWERS and not refused and command is not None and self._answered(entry.time, command, who):
            return
        ours = bool(refused) or any(change.actor.partition(":")[0] in SIMULATED for change in entry.changes)
        root = Root(
            entry.time, entry.position, entry.command_id, who, name, command if ours else None,
            () if ours and command is not None else entry.changes, refused,
        )  # fmt: skip
        if not ours or command is None or refused:
            self.recorded.roots.append(root)
            return
        stint = self._call(entry, who, chosen)
        if stint is not None:
            if name in _CALLS and not self._derived(stint):
                self.recorded.unusual_calls += 1
                self.recorded.roots.append(root)
                self.recorded.after_root[entry.position] = stint
            return
        ticket_id = _named(command)
        current = self._current(ticket_id) if name in _STEPS else None
        if current is not None:
            current.steps.append(Step(entry.time - current.at, command, who))
            return
        self.recorded.roots.append(root)

    def _call(self, entry: Any, who: str, chosen: str) -> Stint | None:
        """The stint that a call to a counter begins."""
        for change in entry.changes:
            kind, _, service_id = change.actor.partition(":")
            if kind == "service":
                for event in change.events:
                    if isinstance(event, TicketCalled) and event.counter:
                        return self._begin(service_id, event.counter, event.ticket_id, entry.time, who, chosen)
        return None

    def _begin(
        self, service_id: str, counter: str, ticket_id: str, time: int, who: str, chosen: str = "queue"
    ) -> Stint:
        stint = Stint(service_id, counter, ticket_id, time, who, chosen)
        self._open[service_id, counter] = stint
        self.recorded.stints.setdefault((ticket_id, service_id), []).append(stint)
        return stint

    def _derived(self, stint: Stint) -> bool:
        """Whether the counter called because somebody waited; then it is a call of its shift."""
        since = self._since.get((stint.service_id, stint.counter))
        if since is None or since > stint.at:
            return False
        here = (stint.service_id, stint.counter)
        self._chance(here, since, stint.at, lost=False)
        self._shift(*here, self._day).calls.append(stint)
        self._since[here] = None
        return True

    def _chance(self, here: tuple[str, str], since: int, time: int, *, lost: bool) -> None:
        """A counter called, or could no more."""
        shift = self._shift(*here, self._day)
        absent = time - since > ABSENT
        if absent:
            shift.absences.append((since, time, lost))
        if not shift.chances:
            shift.begins = since
        shift.chances.append(Chance(time - since, lost, absent))
        if not lost:
            self._idle.pop(here, None)
        else:
            first, total = self._idle.get(here, (since, 0))
            self._idle[here] = (first, total + time - since)

    def _current(self, ticket_id: str) -> Stint | None:
        key = self.book.directory.find("tickets", ticket_id) or ""
        for (service_id, _), stint in self._open.items():
            if stint.ticket_id == ticket_id and key.split(":")[1:2] == [service_id]:
                return stint
        return None

    def _choice(self, entry: Any, command: Any) -> str:
        """How somebody was chosen who was called by name: as the queue has it, as the slots have it, or neither."""
        ticket_id = _named(command)
        key = self.book.directory.find("tickets", ticket_id) or ""
        service = service_of(self.book, key.partition(":")[2]) if key.startswith("service:") else None
        if service is None:
            return "named"
        for _, next in callable_at(self.book, service, entry.time):
            if next is not None and next.ticket_id == ticket_id:
                return "queue"
        day = calendar.local_day(entry.time, self.recorded.zone)
        return "slot" if first_arrived(self.book, service, day) == ticket_id else "named"

    # What follows for the counters

    def _look(self, service_id: str, time: int, entry: Any = None) -> None:
        """Which counters are free now, and since when each could call."""
        service = service_of(self.book, service_id)
        if service is None:
            return
        for counter in service.settings.counters:
            here = (service_id, counter.name)
            self.recorded.seen.add(here)
            ticket_id = service.by_counter.get(counter.name, "")
            stint = self._open.get(here)
            if stint is not None and stint.ticket_id != ticket_id:
                self._close(stint)
                del self._open[here]
                stint = None
            if ticket_id and stint is None and entry is not None:  # a step was taken back: served again
                who = msgspec.msgpack.decode(entry.who)["name"]
                self.recorded.after_root[entry.position] = self._begin(service_id, counter.name, ticket_id, time, who)
        free = dict(callable_at(self.book, service, time))
        for counter in service.settings.counters:
            here = (service_id, counter.name)
            before = self._since.get(here)
            since = self._since[here] = waits_since(before, free.get(counter.name), time)
            if before is not None and before <= time and since != before:
                self._chance(here, before, time, lost=True)

    def _close(self, stint: Stint) -> None:
        stint.ended = True
        start = next((one.after for one in stint.steps if type(one.command).__name__.startswith("Start")), None)
        end = next((one.after for one in stint.steps if type(one.command).__name__.startswith("Complete")), None)
        if end is not None:
            begun = start or 0
            self._took.setdefault(stint.service_id, []).append((begun, end - begun))

    def _shift(self, service_id: str, counter: str, day: str) -> Shift:
        return self.recorded.shifts.setdefault((service_id, counter, day), Shift())

    # What is known of patients

    def _note(self, entry: Any, command: Any) -> None:
        if entry.name == "CheckIn" and command is not None:
            came = self._came(command.token_id)
            (came.tried if entry.refusal is not None else came.checked_in).append(entry.time)
        for change in entry.changes:
            for event in change.events:
                match event:
                    case TokenBooked() | TokenMovedIn():
                        self._came(event.token_id).placed = True
                    case EntryPromoted():
                        self._came(event.entry_id).placed = True
                    case EntryOffered():
                        self._offered[event.entry_id] = entry.time
                        self._came(event.entry_id).answers.append(None)

    def _answered(self, time: int, command: Any, who: str) -> bool:
        """An offer that was made in these days was accepted or declined."""
        offered = self._offered.pop(command.entry_id, None)
        if offered is None:
            return False
        self._came(command.entry_id).answers[-1] = Step(time - offered, command, who)
        if type(command).__name__ == "AcceptOffer":
            self._accepts.append(time - offered)
        return True

    def _known_tokens(self, key: str) -> None:
        if key.startswith("slot:") and (cell := self.book.cell(key)) is not None:
            for token in cell.state.tokens.values():
                if token.number:
                    self._came(token.id).placed = True

    def _came(self, token_id: str) -> Came:
        return self.recorded.came.setdefault(token_id, Came())


def _named(command: Any) -> str:
    """The ticket or token that a command is about; both have one id."""
    return getattr(command, "ticket_id", None) or getattr(command, "token_id", None) or ""


def waits_since(before: int | None, now: Any, time: int) -> int | None:
    """Since when a counter could call without a break: ``before`` it was so, ``now`` it is told (``Next``)."""
    if now is None:
        return None
    if before is not None and before <= time and now.time <= time:
        return before
    return int(max(now.time, time))


def touched(book: Book, keys: Iterable[str]) -> list[str]:
    """The services whose next call may be another one."""
    found: dict[str, None] = {}
    for key in keys:
        kind, _, id = key.partition(":")
        if kind == "service":
            found[id] = None
        elif kind == "slot" and (cell := book.cell(key)) is not None:
            found[cell.state.doctor_id] = None
    return list(found)
