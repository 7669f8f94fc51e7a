"""Rule sets generated at random over random rooms and questions: the choice is the one that brute force makes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.rules.checking import check_spec
from engine.rules.choice import EXPLAINED, Candidate, choose, judge, score_of
from engine.rules.compiling import compile_rules
from engine.rules.kinds import HARD, SOFT, CleaningBuffer, PreferredRoom, Rule, SoftRule
from engine.rules.scopes import in_force
from engine.rules.subject import Subject
from tests.engine.rules import reference
from tests.engine.rules.given import DAY, FIELDS, ROOMS, rooms, rule_sets, subjects


def test_every_kind_of_rule_is_generated():
    assert set(FIELDS) == {*HARD, *SOFT}


@settings(max_examples=200)
@given(rule_sets(), subjects(), rooms())
def test_the_choice_is_that_of_brute_force(rules: list[Rule], subject: Subject, candidates: list[Candidate]):
    choice = choose(compile_rules(1, rules, DAY), subject, candidates)

    assert [(one.room_id, one.total) for one in choice.ranked] == reference.best(rules, DAY, subject, candidates)
    assert choice.errors == ()
    assert choice.considered == len(candidates)
    assert sum(choice.failed.values()) == len(candidates) - len(choice.ranked)


@settings(max_examples=50)
@given(rule_sets(), subjects(), rooms())
def test_each_room_is_explained_as_brute_force_would(rules: list[Rule], subject: Subject, candidates: list[Candidate]):
    policy, held = compile_rules(1, rules, DAY), [rule for rule in rules if in_force(rule.spec, DAY)]
    ranked = {one.room_id: one for one in choose(policy, subject, candidates).ranked}
    for candidate in candidates:
        verdict = judge(policy, subject, candidate)
        given_by_rule = {
            rule.id: reference.points(rule.spec, subject, *candidate)
            for rule in held
            if isinstance(rule.spec, SoftRule)
        }

        assert set(verdict.failed) == reference.reasons(held, subject, *candidate)
        assert {term.rule_id: term.points for term in verdict.terms} == given_by_rule
        assert verdict.fits == (candidate.profile.id in ranked)
        if verdict.fits:
            one = ranked[candidate.profile.id]
            assert (one.total, one.score) == (verdict.total, verdict.score)


@settings(max_examples=50)
@given(rule_sets(), subjects(), rooms(), st.integers(0, 9))
def test_the_first_rooms_are_explained_and_their_terms_add_up(
    rules: list[Rule], subject: Subject, candidates: list[Candidate], keep: int
):
    policy = compile_rules(1, rules, DAY)
    everything = choose(policy, subject, candidates).ranked

    for one in everything[:EXPLAINED]:
        assert sum(term.points for term in one.terms) == one.total
        assert all(term.points for term in one.terms)
    assert all(one.terms == () for one in everything[EXPLAINED:])
    assert all(one.score == score_of(one.total) and 0 <= one.score <= 100 for one in everything)
    assert choose(policy, subject, candidates, keep).ranked == everything[:keep]


@settings(max_examples=50)
@given(rule_sets(), subjects(), rooms(), st.randoms(use_true_random=False))
def test_the_order_in_which_rooms_and_rules_come_changes_nothing(
    rules: list[Rule], subject: Subject, candidates: list[Candidate], random: object
):
    first = choose(compile_rules(1, rules, DAY), subject, candidates)
    shuffled, others = list(rules), list(candidates)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    random.shuffle(others)  # type: ignore[attr-defined]
    again = choose(compile_rules(1, shuffled, DAY), subject, others)

    assert (again.ranked, again.failed) == (first.ranked, first.failed)


@settings(max_examples=50)
@given(rule_sets(), rooms())
def test_a_room_is_cleaned_as_long_as_the_longest_buffer_says(rules: list[Rule], candidates: list[Candidate]):
    policy = compile_rules(1, rules, DAY)
    for room, _ in candidates:
        said = [room.cleaning_minutes]
        for rule in rules:
            if isinstance(rule.spec, CleaningBuffer) and in_force(rule.spec, DAY):
                scope = rule.spec.scope
                of_room = not scope.room_ids or room.id in scope.room_ids
                of_type = not scope.room_types or room.type in scope.room_types
                of_tag = not scope.tags or bool(set(scope.tags) & set(room.tags))
                if of_room and of_type and of_tag and (not scope.doctor_ids or "d1" in scope.doctor_ids):
                    said.append(rule.spec.minutes)
        assert policy.cleaning_minutes(room, "d1") == max(said)
        assert policy.cleaning_minutes(room) >= max(said)


@settings(max_examples=50)
@given(rule_sets())
def test_what_can_be_generated_means_something(rules: list[Rule]):
    for rule in rules:
        spec = rule.spec
        names_something = not isinstance(spec, PreferredRoom) or spec.rooms or spec.tags
        ends = spec.effective_from is None or spec.effective_to is None or spec.effective_from <= spec.effective_to
        if names_something and ends:
            check_spec(spec, ROOMS)
