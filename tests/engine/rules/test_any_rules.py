"""Rule sets generated at random over random rooms and questions: the choice is the one that brute force makes."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Invalid
from engine.rules.checking import check_spec
from engine.rules.choice import EXPLAINED, choose, judge, score_of
from engine.rules.compiling import compile_rules
from engine.rules.kinds import HARD, SOFT, CleaningBuffer, SoftRule
from engine.rules.scopes import in_force
from tests.engine.rules import reference
from tests.engine.rules.given import DAY, FIELDS, ROOMS, Draw, Given, anything


def test_every_kind_of_rule_is_generated():
    assert set(FIELDS) == {*HARD, *SOFT}


def test_what_is_generated_compares_rooms_and_excludes_some_by_every_kind():
    excluded: set[str] = set()
    gave: set[str] = set()
    compared = 0
    for seed in range(300):
        rules, subject, candidates = Draw(seed).given(5, 20)
        kinds = {rule.id: type(rule.spec).__name__ for rule in rules}
        choice = choose(compile_rules(1, rules, DAY), subject, candidates)
        excluded |= {kinds.get(reason, reason) for reason in choice.failed}
        gave |= {kinds[term.rule_id] for one in choice.ranked for term in one.terms}
        compared += len({one.total for one in choice.ranked}) > 2
    # What the wish says itself goes before rules, so that a rule that repeats it finds nothing left to exclude.
    assert {kind.__name__ for kind in HARD} - {"AccessibilityRequired"} <= excluded
    assert {kind.__name__ for kind in SOFT} == gave
    assert compared > 100


@settings(max_examples=500)
@given(anything())
def test_the_choice_is_that_of_brute_force(case: Given):
    rules, subject, candidates = case
    choice = choose(compile_rules(1, rules, DAY), subject, candidates)

    assert [(one.room_id, one.total) for one in choice.ranked] == reference.best(rules, DAY, subject, candidates)
    assert choice.errors == ()
    assert choice.considered == len(candidates)
    assert sum(choice.failed.values()) == len(candidates) - len(choice.ranked)


@settings(max_examples=100)
@given(anything(most_hard=10))
def test_each_room_is_explained_as_brute_force_would(case: Given):
    rules, subject, candidates = case
    policy, held = compile_rules(1, rules, DAY), [rule for rule in rules if in_force(rule.spec, DAY)]
    ranked = {one.room_id: one for one in choose(policy, subject, candidates).ranked}
    for candidate in candidates:
        verdict = judge(policy, subject, candidate)

        assert set(verdict.failed) == reference.reasons(held, subject, *candidate)
        assert {term.rule_id: term.points for term in verdict.terms} == {
            rule.id: reference.points(rule.spec, subject, *candidate)
            for rule in held
            if isinstance(rule.spec, SoftRule)
        }
        assert verdict.fits == (candidate.profile.id in ranked)
        if verdict.fits:
            one = ranked[candidate.profile.id]
            assert (one.total, one.score) == (verdict.total, verdict.score)


@settings(max_examples=100)
@given(anything(most_hard=2), st.integers(0, 9))
def test_the_first_rooms_are_explained_and_their_terms_add_up(case: Given, keep: int):
    rules, subject, candidates = case
    policy = compile_rules(1, rules, DAY)
    everything = choose(policy, subject, candidates).ranked

    for one in everything[:EXPLAINED]:
        assert sum(term.points for term in one.terms) == one.total
        assert all(term.points for term in one.terms)
    assert all(one.terms == () for one in everything[EXPLAINED:])
    assert all(one.score == score_of(one.total) and 0 <= one.score <= 100 for one in everything)
    assert choose(policy, subject, candidates, keep).ranked == everything[:keep]


@settings(max_examples=100)
@given(anything(), st.integers(0, 2**32))
def test_the_order_in_which_rooms_and_rules_come_changes_nothing(case: Given, seed: int):
    rules, subject, candidates = case
    first = choose(compile_rules(1, rules, DAY), subject, candidates)
    again = choose(
        compile_rules(1, Random(seed).sample(rules, len(rules)), DAY),
        subject,
        Random(seed).sample(candidates, len(candidates)),
    )

    assert (again.ranked, again.failed) == (first.ranked, first.failed)


@settings(max_examples=100)
@given(anything(most_hard=40, most_soft=0))
def test_a_room_is_cleaned_as_long_as_the_longest_buffer_says(case: Given):
    policy = compile_rules(1, case.rules, DAY)
    for room, _ in case.candidates:
        said = [room.cleaning_minutes]
        for rule in case.rules:
            if isinstance(rule.spec, CleaningBuffer) and in_force(rule.spec, DAY):
                scope = rule.spec.scope
                of_room = not scope.room_ids or room.id in scope.room_ids
                of_type = not scope.room_types or room.type in scope.room_types
                of_tag = not scope.tags or bool(set(scope.tags) & set(room.tags))
                if of_room and of_type and of_tag and (not scope.doctor_ids or "d1" in scope.doctor_ids):
                    said.append(rule.spec.minutes)
        assert policy.cleaning_minutes(room, "d1") == max(said)
        assert policy.cleaning_minutes(room) >= max(said)


@settings(max_examples=100)
@given(anything(most_hard=20))
def test_what_is_generated_means_something_unless_it_ends_before_it_begins(case: Given):
    for rule in case.rules:
        begins, ends = rule.spec.effective_from, rule.spec.effective_to
        if begins is not None and ends is not None and ends < begins:
            with pytest.raises(Invalid):
                check_spec(rule.spec, ROOMS)
        else:
            check_spec(rule.spec, ROOMS)
