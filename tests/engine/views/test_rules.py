"""Lists of rules: those in force, the draft, and the versions before."""

from __future__ import annotations

import pytest

from engine.actors.clinic.refusals import NoDraft
from engine.decisions.room_rules import ActivateRules, AddRule, ChangeRule, RemoveRule
from engine.errors import Invalid, NotFound
from engine.rules.kinds import LeastBusy, MinimumCapacity
from engine.views.rules import GetRule, ListRules, ListRuleVersions
from tests.engine.booking import Booking
from tests.engine.views.of_world import shown

UNKNOWN = "ffffffff-0000-7000-8000-000000000000"
LAST, FIRST = LeastBusy(name="last", priority=9), MinimumCapacity(name="first", minimum=1, priority=1)


def rows(house: Booking, **filters: object) -> list[tuple[str, str, int | None]]:
    page = shown(house, ListRules(clinic_id=house.clinic_id, **filters))  # type: ignore[arg-type]
    return [(row.rule.name, row.status, row.rule_version) for row in page.items]


def test_rules_in_force_come_in_the_order_in_which_they_are_asked_and_then_the_draft():
    house = Booking()
    last, _ = house.rules(LAST, FIRST)
    assert rows(house) == [("first", "active", 1), ("last", "active", 1)]
    house.ask(ChangeRule(rule_id=last, rule=LeastBusy(name="changed", priority=0)))
    assert rows(house) == [
        ("first", "active", 1), ("last", "active", 1), ("changed", "draft", None), ("first", "draft", None),
    ]  # fmt: skip
    assert rows(house, version="draft") == [("changed", "draft", None), ("first", "draft", None)]


def test_an_archived_version_is_listed_by_its_number():
    house = Booking()
    (rule,) = house.rules(LAST)
    house.ask(RemoveRule(rule_id=rule))
    house.ask(ActivateRules(clinic_id=house.clinic_id))
    assert rows(house) == []
    assert rows(house, version=1) == [("last", "archived", 1)]
    with pytest.raises(NotFound):
        rows(house, version=3)
    with pytest.raises(NoDraft):
        rows(house, version="draft")


def test_a_list_of_rules_goes_on_where_its_page_ended():
    house = Booking()
    for number in range(5):
        house.ask(AddRule(clinic_id=house.clinic_id, rule=LeastBusy(name=f"rule {number}", priority=number // 2)))
    names, cursor = [], None
    while True:
        page = shown(house, ListRules(clinic_id=house.clinic_id, limit=2, cursor=cursor))
        names += [row.rule.name for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert names == [f"rule {number}" for number in range(5)]
    with pytest.raises(Invalid):
        shown(house, ListRuleVersions(clinic_id=house.clinic_id, cursor="e30"))


def test_a_rule_is_shown_as_it_stands_and_for_ever():
    house = Booking()
    (rule,) = house.rules(LAST)
    assert shown(house, GetRule(rule_id=rule)).status == "active"
    house.ask(ChangeRule(rule_id=rule, rule=FIRST))
    drafted = shown(house, GetRule(rule_id=rule))
    assert (drafted.status, drafted.rule.name, drafted.clinic_id) == ("draft", "first", house.clinic_id)
    house.ask(RemoveRule(rule_id=rule))
    house.ask(ActivateRules(clinic_id=house.clinic_id))
    assert shown(house, GetRule(rule_id=rule)).status == "archived"
    with pytest.raises(NotFound):
        shown(house, GetRule(rule_id=UNKNOWN))


def test_versions_are_listed_the_newest_first():
    house = Booking()
    house.rules(LAST)
    house.rules(FIRST)
    house.ask(ActivateRules(clinic_id=house.clinic_id, version=1))
    first = shown(house, ListRuleVersions(clinic_id=house.clinic_id, limit=2))
    then = shown(house, ListRuleVersions(clinic_id=house.clinic_id, limit=2, cursor=first.next_cursor))
    found = [(row.rule_version, row.status, row.rules) for row in (*first.items, *then.items)]
    assert found == [(3, "active", 1), (2, "archived", 2), (1, "archived", 1)]
    assert then.next_cursor is None
    assert all(row.archived_at is not None for row in then.items)
