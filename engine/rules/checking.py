"""What a rule must mean, beyond its shape; the refusal names the field as it stands in the body of a command."""

from __future__ import annotations

from collections.abc import Collection

from engine import calendar
from engine.errors import Invalid
from engine.rules.kinds import (
    AgeBand,
    AllowedHours,
    AnyRule,
    PreferredRoom,
    TimeOfDay,
    UtilizationBalancing,
)


def check_spec(spec: AnyRule, rooms: Collection[str]) -> None:
    """``Invalid`` where the rule can mean nothing; ``rooms`` are the ids of the clinic's rooms."""
    if not spec.name.strip():
        raise Invalid("a rule has a name", field="rule.name")
    for name in ("effective_from", "effective_to"):
        day = getattr(spec, name)
        if day is not None:
            calendar.checked(day, f"rule.{name}")
    if spec.effective_from is not None and spec.effective_to is not None and spec.effective_to < spec.effective_from:
        raise Invalid("effective_to is not before effective_from", field="rule.effective_to")
    _known(spec.scope.room_ids, rooms, "rule.scope.room_ids")
    match spec:
        case AllowedHours():
            _hours(spec.opens, spec.closes)
            if len(set(spec.days)) < len(spec.days):
                raise Invalid("a weekday is named once", field="rule.days")
        case TimeOfDay():
            _hours(spec.opens, spec.closes)
        case AgeBand():
            if spec.max_age < spec.min_age:
                raise Invalid("max_age is not below min_age", field="rule.max_age")
        case UtilizationBalancing():
            if spec.high <= spec.low:
                raise Invalid("high is above low", field="rule.high")
        case PreferredRoom():
            if not spec.rooms and not spec.tags:
                raise Invalid("a preference names rooms or tags", field="rule.rooms")
            _known(spec.rooms, rooms, "rule.rooms")


def named_by(spec: AnyRule) -> int:
    """How many ids and words the rule names: what it weighs in every version that has it."""
    return sum(
        len(value)
        for part in (spec, spec.scope)
        for name in part.__struct_fields__
        if isinstance(value := getattr(part, name), tuple)
    )


def _hours(opens: str, closes: str) -> None:
    if opens == "24:00":
        raise Invalid("hours begin at 23:59 at the latest", field="rule.opens")
    if opens == closes:
        raise Invalid("hours end at another time than they begin; the whole day is 00:00 to 24:00", field="rule.closes")


def _known(ids: tuple[str, ...], rooms: Collection[str], field: str) -> None:
    for index, room_id in enumerate(ids):
        if room_id not in rooms:
            raise Invalid("this is no room of the clinic", field=f"{field}[{index}]", room_id=room_id)
