"""A rule that can mean nothing is refused with the field at fault."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from engine.errors import Invalid
from engine.rules.checking import check_spec
from engine.rules.kinds import AnyRule, kind_of

ROOMS = ("r1", "r2")


def rule(**fields: Any) -> AnyRule:
    found: AnyRule = msgspec.convert({"name": "a rule", **fields}, AnyRule)
    return found


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("rule.name", {"kind": "continuity", "name": "  "}),
        ("rule.effective_to", {"kind": "continuity", "effective_from": "2026-02-02", "effective_to": "2026-02-01"}),
        ("rule.effective_from", {"kind": "continuity", "effective_from": "1960-01-01"}),
        ("rule.scope.room_ids[1]", {"kind": "continuity", "scope": {"room_ids": ["r1", "r9"]}}),
        ("rule.closes", {"kind": "allowed_hours", "opens": "09:00", "closes": "09:00"}),
        ("rule.opens", {"kind": "allowed_hours", "opens": "24:00", "closes": "09:00"}),
        ("rule.days", {"kind": "allowed_hours", "opens": "09:00", "closes": "12:00", "days": [1, 1]}),
        ("rule.closes", {"kind": "time_of_day", "opens": "09:00", "closes": "09:00"}),
        ("rule.max_age", {"kind": "age_band", "min_age": 18, "max_age": 17}),
        ("rule.high", {"kind": "utilization_balancing", "low": 80, "high": 80}),
        ("rule.rooms", {"kind": "preferred_room"}),
        ("rule.rooms[0]", {"kind": "preferred_room", "rooms": ["r9"]}),
    ],
)
def test_the_field_at_fault_is_named(field: str, fields: dict[str, Any]):
    with pytest.raises(Invalid) as refused:
        check_spec(rule(**fields), ROOMS)
    assert refused.value.facts["field"] == field


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "allowed_hours", "opens": "00:00", "closes": "24:00"},
        {"kind": "allowed_hours", "opens": "22:00", "closes": "06:00"},
        {"kind": "age_band", "min_age": 18, "max_age": 18},
        {"kind": "preferred_room", "tags": ["quiet"]},
        {"kind": "preferred_room", "rooms": ["r2"]},
        {"kind": "continuity", "effective_from": "2026-02-02", "effective_to": "2026-02-02"},
    ],
)
def test_what_means_something_is_let_pass(fields: dict[str, Any]):
    check_spec(rule(**fields), ROOMS)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "fair_wind"},
        {"kind": "continuity", "wait": 10},
        {"kind": "continuity", "weight": 0},
        {"kind": "continuity", "weight": 101},
        {"kind": "equipment", "required": []},
        {"kind": "allowed_hours", "opens": "9:00", "closes": "12:00"},
        {"kind": "allowed_hours", "opens": "09:00", "closes": "24:01"},
        {"kind": "allowed_hours", "opens": "09:00", "closes": "12:00", "days": [7]},
        {"kind": "gender", "genders": ["Female"]},
        {},
    ],
)
def test_unknown_kinds_fields_and_values_are_no_rules(fields: dict[str, Any]):
    with pytest.raises(msgspec.ValidationError):
        rule(**fields)


def test_a_kind_has_one_name_on_the_wire():
    made = rule(kind="cleaning_buffer", minutes=15, effective_from="2026-02-02")
    assert kind_of(made) == "cleaning_buffer"
    assert made.effective_from == date(2026, 2, 2)
    assert msgspec.json.decode(msgspec.json.encode(made)) == {
        "kind": "cleaning_buffer", "name": "a rule", "minutes": 15, "effective_from": "2026-02-02",
    }  # fmt: skip
