"""Rooms under other rules: the dry run that a clinic has for its draft, over a day of the log as it ended.

Rules are tried as a draft in a world of our own; nothing is put in force. Where rules look at patients, their keys are
read; nothing else opens a text. It knows neither queues nor slots.
"""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from engine.actors.clinic.policies import rules_in_force
from engine.decider import NotInMemory
from engine.decisions.room_rules import AddRule, DiscardRuleDraft, RemoveRule
from engine.errors import Invalid, Rejected
from engine.eventlog.entry import Principal
from engine.eventlog.keys import Keyring
from engine.rules.kinds import AnyRule
from engine.views.rule_dry_runs import ChangedChoice, DryRunRules, dry_run_rules
from replay.walking import Source
from replay.whatif.world import Opening, World, own_id


class RoomsTried(msgspec.Struct, frozen=True):
    """One clinic's day: of so many ``appointments`` that rules choose rooms for, which would be elsewhere.

    ``without_room`` would have none; ``changed`` names those that would be otherwise than in the log.
    """

    clinic_id: str
    appointments: int
    unchanged: int
    without_room: int
    changed: tuple[ChangedChoice, ...]


class RuleFile(msgspec.Struct, forbid_unknown_fields=True):
    """Rules as they are sent to a clinic; ``clinic_id``: only this one's rules are others."""

    rules: list[AnyRule] = []
    clinic_id: str = ""


def read_rules(path: str) -> RuleFile:
    """A TOML or JSON file; ``Invalid`` where it holds no rules."""
    try:
        text = Path(path).read_text("utf-8")
        return msgspec.convert(json.loads(text) if path.endswith(".json") else tomllib.loads(text), RuleFile)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise Invalid(f"{path} has no rules of rooms: {error}", field="rules") from error


class Rooms:
    """A day's appointments, as they were when the log was left."""

    def __init__(self, source: Source, opening: Opening, day: str) -> None:
        self._source = source
        self._opening = opening
        self._day = day
        prefix, suffix = "clinic_day:", f":{day}"
        self.clinics = tuple(
            key.removeprefix(prefix).removesuffix(suffix)
            for key, _ in opening.cells
            if key.startswith(prefix) and key.endswith(suffix)
        )

    async def under(self, file: RuleFile | None) -> tuple[RoomsTried, ...]:
        """Every clinic under these rules, or, without any, under those in force."""
        keys = Keyring(self._opening.hospital, _no_entropy)
        world = World(self._opening, keys)
        found = []
        for clinic_id in self.clinics:
            drafted = file is not None and file.clinic_id in ("", clinic_id)
            if file is not None and drafted:
                drafted = _draft(world, clinic_id, file.rules)
            found.append(await self._dry_run(world, keys, clinic_id, drafted))
        return tuple(found)

    async def _dry_run(self, world: World, keys: Keyring, clinic_id: str, drafted: bool) -> RoomsTried:
        which: Any = "draft" if drafted else world.state(f"clinic:{clinic_id}").active
        query = DryRunRules(clinic_id=clinic_id, date=_date(self._day), version=which)
        appointments = unchanged = without = 0
        changed: list[ChangedChoice] = []
        while True:
            view: Any = (await self._opened(keys, world, query)).body
            appointments, unchanged = appointments + view.appointments, unchanged + view.unchanged
            without += view.without_room
            changed += view.changed
            if view.next_after is None:
                return RoomsTried(clinic_id, appointments, unchanged, without, tuple(changed))
            query = msgspec.structs.replace(query, after=view.next_after)

    async def _opened(self, keys: Keyring, world: World, query: DryRunRules) -> Any:
        while True:
            try:
                return dry_run_rules(_Reading(world), query)
            except NotInMemory as missing:
                found = await self._source.read_keys([keys.store_name(missing.name)])
                if not found:
                    raise Invalid(
                        "these rules look at patients, and the key of one is not here", field="rules"
                    ) from missing
                keys.adopt(found)


class _Reading:
    """A world as queries read a hospital."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._directory = world.book.directory

    @property
    def time(self) -> int:
        return self._world.time

    @property
    def who(self) -> Principal:
        return Principal("what-if")

    def look(self, key: str) -> Any | None:
        return self._world.state(key)

    def find(self, table: str, id: str) -> str | None:
        return self._directory.find(table, id)

    def ids(self, table: str, after: str | None, limit: int, *, descending: bool = False) -> list[str]:
        return self._directory.ids(table, after, limit, descending=descending)

    def count(self, table: str, low: str = "", high: str = "") -> int:
        return self._directory.count(table, low, high)

    def members(self, group: str) -> list[str]:
        return self._directory.members(group)


def _draft(world: World, clinic_id: str, rules: Sequence[AnyRule]) -> bool:
    """A draft of these rules alone; none where there are neither these nor others."""

    def ask(command: Any, number: int) -> None:
        world.ask(command, world.time + 1, own_id("draft", clinic_id, number), "what-if")

    with suppress(Rejected):  # there is none
        ask(DiscardRuleDraft(clinic_id=clinic_id), 0)
    for number, rule in enumerate(rules, 1):
        ask(AddRule(clinic_id=clinic_id, rule=rule), number)
    clinic = world.state(f"clinic:{clinic_id}")
    for number, old in enumerate(rules_in_force(clinic), len(rules) + 1):
        ask(RemoveRule(rule_id=old.id), number)
    return clinic.draft is not None


def _date(day: str) -> dt.date:
    return dt.date.fromisoformat(day)


def _no_entropy(count: int) -> bytes:
    raise AssertionError("nothing is sealed here")
