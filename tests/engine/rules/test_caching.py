"""Compiled policies are kept while they can be used again, and no longer."""

from __future__ import annotations

from datetime import date, timedelta

from engine.rules.caching import MAX_POLICIES, PolicyCache
from engine.rules.kinds import MinimumCapacity, Rule

MONDAY = date(2026, 2, 2)


def capacity(minimum: int, **fields: date | bool) -> Rule:
    return Rule(f"at-least-{minimum}", MinimumCapacity(name="capacity", minimum=minimum, **fields))  # type: ignore[arg-type]


def counts(cache: PolicyCache) -> tuple[int, int]:
    return cache.hits, cache.misses


def test_a_policy_is_compiled_once():
    cache = PolicyCache()
    first = cache.get("c", 1, [capacity(1)], MONDAY)
    assert all(cache.get("c", 1, [capacity(1)], MONDAY + timedelta(days=days)) is first for days in range(9))
    assert counts(cache) == (9, 1)


def test_another_version_or_clinic_is_another_policy():
    cache = PolicyCache()
    found = {id(cache.get(*key, [capacity(1)], MONDAY)) for key in (("c", 1), ("c", 2), ("d", 1))}
    assert len(found) == 3
    assert counts(cache) == (0, 3)


def test_a_policy_changes_on_the_day_on_which_a_rule_begins_and_on_the_day_after_it_ends():
    cache = PolicyCache()
    rules = [capacity(1), capacity(2, effective_from=MONDAY, effective_to=MONDAY + timedelta(days=1))]
    held = [len(cache.get("c", 1, rules, MONDAY + timedelta(days=days)).hard) for days in (-2, -1, 0, 1, 2, 3)]
    assert held == [1, 1, 2, 2, 1, 1]
    assert counts(cache) == (3, 3)


def test_a_rule_that_is_not_enabled_is_not_compiled_and_changes_no_day():
    cache = PolicyCache()
    rules = [capacity(2, effective_from=MONDAY, enabled=False)]
    assert [len(cache.get("c", 1, rules, MONDAY + timedelta(days=days)).hard) for days in (-1, 0)] == [0, 0]
    assert counts(cache) == (1, 1)


def test_a_cleared_cache_compiles_again_and_goes_on_counting():
    cache = PolicyCache()
    first = cache.get("c", 1, [capacity(1)], MONDAY)
    cache.clear()
    assert cache.get("c", 1, [capacity(1)], MONDAY) is not first
    assert counts(cache) == (0, 2)


def test_no_more_policies_are_kept_than_there_may_be():
    cache = PolicyCache()
    for number in range(1, MAX_POLICIES + 10):
        cache.get("c", number, [capacity(1)], MONDAY)
    assert len(cache) == MAX_POLICIES
    cache.get("c", 1, [capacity(1)], MONDAY)
    assert counts(cache) == (0, MAX_POLICIES + 10)


def test_failures_are_counted_beyond_the_policies_that_met_them():
    cache = PolicyCache()
    cache.get("c", 1, [capacity(1)], MONDAY).failures += 2
    cache.clear()
    for number in range(2, MAX_POLICIES + 4):
        cache.get("c", number, [capacity(1)], MONDAY).failures += 1
    assert cache.failures == 2 + MAX_POLICIES + 2


def test_the_version_of_the_policy_is_the_one_that_was_asked_for():
    assert PolicyCache().get("c", 12, [], MONDAY).number == 12
