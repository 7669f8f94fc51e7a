"""What is to be otherwise: the policy, the capacity and quotas of slots, the settings of services, the rules of rooms.

A variation acts from the first instant that is looked at: on what there is then, and on whatever comes later, at once.
It knows no patients.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from engine.actors.hospital import HOSPITAL, Policy, PolicyChanged
from engine.actors.service.events import ServiceChanged, ServiceOpened
from engine.actors.service.state import Counter, Service, ServiceSettings
from engine.actors.slot.events import SlotOpened
from engine.actors.slot.state import Quota, Slot, seats_taken
from engine.decider import MINUTE
from engine.errors import Invalid
from replay.whatif.world import COMMANDS, World

ALL: Final = "*"
_FACTOR: Final = re.compile(r"[x×*](\d+(?:\.\d+)?)")

T = TypeVar("T")
Ask = Callable[[Any], object]
"""Has a command decided, now."""


class Variation(msgspec.Struct, forbid_unknown_fields=True):
    """One policy to try. Keys of ``capacity`` and ``quotas`` are ids of slots or doctors, of ``service`` ids, prefixes
    or names; ``*`` is all of them. A capacity is a number of seats, or a factor such as ``x1.2``.
    """

    name: str = ""
    policy: dict[str, Any] = {}
    capacity: dict[str, int | float | str] = {}
    quotas: dict[str, dict[str, int]] = {}
    service: dict[str, dict[str, Any]] = {}
    rules: str = ""
    """A file with rules of rooms, beside the variation's own."""

    @property
    def nothing(self) -> bool:
        """Whether it changes nothing."""
        return not (self.policy or self.capacity or self.quotas or self.service or self.rules)

    def check(self) -> None:
        """``Invalid`` where a value cannot be meant."""
        _with_policy(Policy(), self.policy)
        for settings in self.service.values():
            _with_settings(ServiceSettings(), settings)
        for value in self.capacity.values():
            seats(1, value)

    def begin(self, world: World, ask: Ask) -> None:
        """Take effect on what there is."""
        hospital = world.state(HOSPITAL)
        before = hospital.policy
        hospital.policy = _with_policy(before, self.policy)
        grace = hospital.policy.no_show_grace_minutes - before.no_show_grace_minutes
        for key in sorted(world.book.cells):
            kind = key.partition(":")[0]
            if kind == "slot" and (self.capacity or self.quotas or grace):
                slot = world.state(key)
                if slot.status in ("ACTIVE", "DELAYED"):
                    if grace and before.no_show_grace_minutes:
                        _regrace(slot, grace * MINUTE)
                    self._slot(slot, ask)
            elif kind == "service" and self.service:
                self._service(world.state(key))
            else:
                continue
            self._rearm(world, key)

    def follow(self, world: World, events: Iterable[Any], ask: Ask) -> None:
        """Take effect on what these events made anew."""
        for event in events:
            match event:
                case SlotOpened() if self.capacity or self.quotas:
                    self._slot(world.state(f"slot:{event.id}"), ask)
                case ServiceOpened() if self.service:
                    self._service(world.state(f"service:{event.id}"))
                case PolicyChanged() if self.policy:
                    hospital = world.state(HOSPITAL)
                    hospital.policy = _with_policy(hospital.policy, self.policy)

    def again(self, world: World, key: str, events: Iterable[Any]) -> None:
        """The settings of a service were replaced: what is varied stays varied."""
        if self.service and any(isinstance(event, ServiceChanged) for event in events):
            self._service(world.state(key))

    def _slot(self, slot: Slot, ask: Ask) -> None:
        tiers = self.quotas.get(slot.id) or self.quotas.get(slot.doctor_id) or self.quotas.get(ALL)
        if tiers is not None:
            last = {tier: quota.last_issue_at for tier, quota in slot.quotas.items()}
            slot.quotas = {tier: Quota(max=most, last_issue_at=last.get(tier)) for tier, most in tiers.items()}  # type: ignore[misc, call-overload]
        wanted = next((self.capacity[one] for one in (slot.id, slot.doctor_id, ALL) if one in self.capacity), None)
        if wanted is not None:
            most = max(seats(slot.max_capacity, wanted), seats_taken(slot), 1)
            if most != slot.max_capacity:
                ask(COMMANDS["ChangeSlot"](slot_id=slot.id, max_capacity=most))

    def _service(self, service: Service) -> None:
        for name in (ALL, service.name, service.prefix, service.id):
            if name in self.service:
                service.settings = _with_settings(service.settings, self.service[name], service.by_counter)

    def _rearm(self, world: World, key: str) -> None:
        cell = world.book.cell(key)
        assert cell is not None
        cell.due = cell.decider.due(cell.state)
        world.book.rearm(cell)


def read(path: Path) -> Variation:
    """A variation from a TOML file; ``Invalid`` where it is none. Its name is the file's unless it says another."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_text("utf-8")), Variation)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise Invalid(f"{path} is no policy to try: {error}", field="policy") from error
    found.name = found.name or path.stem
    if found.rules:
        found.rules = str(path.parent / found.rules)
    found.check()
    return found


def spoken(settings: Iterable[str], capacity: Iterable[str] = (), rules: str = "") -> Variation:
    """A variation from the command line: ``max_calls=2``, ``max_wait_minutes.WALKIN=30``, ``service.LAB.max_calls=2``,
    ``quotas.*.WALKIN=4``; of capacities ``SLOT=30`` or ``x1.2``."""
    made: dict[str, Any] = {"policy": {}, "service": {}, "quotas": {}}
    for text in settings:
        path, given, value = text.partition("=")
        names = path.strip().split(".")
        if names[0] not in made:
            names.insert(0, "policy")
        if not given or len(names) < 2 or "" in names:
            raise Invalid(f"{text!r}: say --set FIELD=VALUE, such as --set no_show_grace_minutes=5", field="set")
        place = made
        for name in names[:-1]:
            place = place.setdefault(name, {})
        place[names[-1]] = _value(value.strip())
    made["capacity"] = dict(_capacity(text) for text in capacity)
    named = [*settings, *(f"capacity {text}" for text in capacity), *([f"rules {rules}"] if rules else [])]
    try:
        found = msgspec.convert({**made, "rules": rules, "name": ", ".join(named)}, Variation)
    except msgspec.ValidationError as error:
        raise Invalid(f"{error}", field="set") from error
    found.check()
    return found


def several(
    files: Iterable[Path], settings: Sequence[str], capacity: Sequence[str], rules: str = ""
) -> tuple[Variation, ...]:
    """One variation for each file, and one for all that was said on the command line, where something was."""
    found = [read(path) for path in files]
    if settings or capacity or rules:
        found.append(spoken(settings, capacity, rules))
    return tuple(found)


def seats(now: int, wanted: int | float | str) -> int:
    """How many seats are meant where there are ``now``."""
    factor = _FACTOR.fullmatch(wanted.strip()) if isinstance(wanted, str) else None
    if factor is not None:
        return max(1, int(now * float(factor[1]) + 0.5))
    try:
        found = int(wanted)
    except ValueError:
        found = 0
    if not 1 <= found <= 10_000:
        raise Invalid(f"{wanted!r} is no capacity: say 30 for seats or x1.2 for a factor", field="capacity")
    return found


def _capacity(text: str) -> tuple[str, str]:
    slot, given, value = text.rpartition("=")
    return (slot, value) if given else (ALL, value)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _with_policy(policy: Policy, changes: Mapping[str, Any]) -> Policy:
    return _changed(policy, changes, Policy, "policy")


def _with_settings(settings: ServiceSettings, changes: Mapping[str, Any], busy: Iterable[str] = ()) -> ServiceSettings:
    """``counters`` may be a number: so many, the first of those there are and copies of the last. A busy one stays."""
    changes = dict(changes)
    if isinstance(count := changes.get("counters"), int) and not isinstance(count, bool):
        there = list(settings.counters)
        kept = [one for at, one in enumerate(there) if at < count or one.name in set(busy)]
        names, number = {one.name for one in there}, 1
        while len(kept) < count:
            while str(number) in names:
                number += 1
            names.add(str(number))
            kept.append(Counter(name=str(number), skills=there[-1].skills))
        changes["counters"] = msgspec.to_builtins(kept)
    return _changed(settings, changes, ServiceSettings, "service")


def _changed(value: T, changes: Mapping[str, Any], kind: type[T], field: str) -> T:
    """The value with some of its fields replaced; of a field that is a map, only the entries that are named."""
    plain = msgspec.to_builtins(value)
    for name, wanted in changes.items():
        if name not in plain:
            raise Invalid(f"{field} has no field {name!r}; it has: {', '.join(sorted(plain))}", field=field)
        merged = {**plain[name], **wanted} if isinstance(plain[name], dict) and isinstance(wanted, dict) else wanted
        if isinstance(merged, dict):
            merged = {key: one for key, one in merged.items() if one is not None}
        plain[name] = merged
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        raise Invalid(f"{field}: {error}", field=field) from error


def _regrace(slot: Slot, by: int) -> None:
    """Marks were set under the other grace: they move as if this one had held when the places were given."""
    for token in slot.marks:
        token.mark_at += by
