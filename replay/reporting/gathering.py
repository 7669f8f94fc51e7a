"""What stands in a stretch of a log, counted and listed: told of every entry once, in order.

It knows ids and names of accounts, no patient's name; the reason of an override is opened where its key is at hand.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import msgspec

from engine import calendar
from engine.actors.alerts.events import AlertOpened
from engine.actors.patient import PatientErased
from engine.actors.service.events import TicketStale
from engine.actors.slot.events import PatientArrived, PatientReturned, SlotDelayed
from engine.decider import MINUTE
from replay.reporting.overrides import overrides
from replay.showing import Showing
from replay.whatif.figures import Seen

LISTED: Final = 200
"""Rows of a list; all are counted."""

_LATE: Final = 5 * MINUTE
"""What is entered so long after it happened was entered afterwards."""


class Account(msgspec.Struct):
    """One principal: what was asked, and from where."""

    name: str
    role: str
    asked: int = 0
    refused: int = 0
    commands: Counter[str] = msgspec.field(default_factory=Counter)
    sources: set[str] = set()


class Deed(msgspec.Struct, frozen=True):
    """An override or an erasure: at which position and time (µs), what, of whom by id, by whom, and why."""

    position: int
    time: int
    what: str
    id: str
    by: str
    reason: str


class Late(msgspec.Struct, frozen=True):
    """Something that took long: ``minutes`` of it."""

    position: int
    time: int
    what: str
    id: str
    minutes: float


class Waited(msgspec.Struct, frozen=True):
    """A wait of a local day (µs)."""

    day: str
    id: str
    category: str
    place: str
    wait: int


class Gathered(msgspec.Struct):
    """All of it. ``hours`` counts (accepted, refused) by local hour of the day, ``days`` by local day."""

    entries: int = 0
    first_time: int = 0
    last_time: int = 0
    commands: dict[str, list[int]] = {}
    hours: dict[int, list[int]] = {}
    days: dict[str, list[int]] = {}
    refusals: Counter[tuple[str, str, str]] = msgspec.field(default_factory=Counter)
    """By command, code and rule."""
    accounts: dict[tuple[str, str], Account] = {}
    rulebooks: set[int] = set()
    overrides: list[Deed] = []
    overridden: Counter[str] = msgspec.field(default_factory=Counter)
    late: list[Late] = []
    alerts: Counter[str] = msgspec.field(default_factory=Counter)
    erasures: list[Deed] = []
    waits: list[Waited] = []
    left: int = 0
    """Who still waited at the end of a day."""


class Gathering:
    """``reasons``: whether what was typed is shown."""

    def __init__(self, zone: str, showing: Showing, *, reasons: bool) -> None:
        self.gathered = Gathered()
        self._zone = zone
        self._showing = showing
        self._reasons = reasons

    async def entry(self, entry: Any) -> None:
        """One more entry of the stretch."""
        found = self.gathered
        found.entries += 1
        found.first_time = found.first_time or entry.time
        found.last_time = entry.time
        found.rulebooks.add(entry.rulebook)
        refused = entry.refusal is not None
        local = calendar.local_time(entry.time, self._zone)
        found.commands.setdefault(entry.name, [0, 0])[refused] += 1
        found.hours.setdefault(local.hour, [0, 0])[refused] += 1
        found.days.setdefault(f"{local:%Y-%m-%d}", [0, 0])[refused] += 1
        by = self._account(entry, refused)
        if refused:
            found.refusals[entry.name, entry.refusal.code, entry.refusal.rule] += 1
            return
        for one in overrides(entry):
            found.overridden[one.what.partition(":")[0]] += 1
            if len(found.overrides) < LISTED:
                reason = await self._reason(getattr(one.event, "reason", None))
                found.overrides.append(Deed(entry.position, entry.time, one.what, one.id, by, reason))
        for change in entry.changes:
            for event in change.events:
                await self._event(entry, change.actor.partition(":")[2], event, by)

    def day(self, day: str, seen: Seen) -> None:
        """What a local day came to."""
        self.gathered.left += seen.figures.left
        self.gathered.waits += [
            Waited(day, one.id, one.category, one.place, one.wait) for one in seen.visits if one.started
        ]

    def _account(self, entry: Any, refused: bool) -> str:
        who = msgspec.msgpack.decode(entry.who)
        name, role = who["name"], who.get("role", "")
        account = self.gathered.accounts.setdefault((name, role), Account(name, role))
        account.asked += 1
        account.refused += refused
        account.commands[entry.name] += 1
        if who.get("source"):
            account.sources.add(who["source"])
        return str(name)

    async def _event(self, entry: Any, actor: str, event: Any, by: str) -> None:
        found = self.gathered
        match event:
            case SlotDelayed() if event.delay:
                self._late(entry, "slot runs late", actor, event.delay)
            case TicketStale():
                self._late(entry, f"{event.status} for long", event.ticket_id, event.at - event.since)
            case PatientArrived() | PatientReturned() if event.at - event.arrived_at > _LATE:
                self._late(entry, "arrival entered afterwards", event.token_id, event.at - event.arrived_at)
            case AlertOpened():
                found.alerts[event.alert.kind] += 1
            case PatientErased():
                fields = await self._showing.fields(entry.command) if self._reasons else {}
                found.erasures.append(
                    Deed(entry.position, entry.time, "erased", event.id, by, _text(fields.get("reason", "")))
                )

    def _late(self, entry: Any, what: str, id: str, took: int) -> None:
        self.gathered.late.append(Late(entry.position, entry.time, what, id, round(took / MINUTE, 1)))

    async def _reason(self, reason: Any) -> str:
        if reason is None:
            return ""
        return _text(await self._showing.value(reason)) if self._reasons else "given"


def _text(value: Any) -> str:
    """What was typed, or the word that stands for it."""
    if isinstance(value, dict):
        return "sealed" if value.get("sealed") else "erased"
    return str(value)
