"""The best room, the order of the others, and what happens when a rule cannot be evaluated."""

from __future__ import annotations

from typing import Any

import pytest

from engine.rules.choice import Candidate, RuleError, choose, judge, score_of
from engine.rules.compiling import Hard, Policy, Soft, compile_rules
from engine.rules.kinds import AnyRule, EquipmentRequired, LeastBusy, MinimumCapacity, PreferredRoom, Rule
from engine.rules.subject import RoomProfile, RoomUse, Subject, Term, Wish
from tests.engine.rules.given import DAY, MINUTE, START


def room(id: str, use: RoomUse | None = None, **fields: Any) -> Candidate:
    return Candidate(RoomProfile(id=id, name=id, type="exam", **fields), use or RoomUse())


def asked(wish: Wish | None = None, **fields: Any) -> Subject:
    usual: dict[str, Any] = {
        "wish": wish or Wish(), "doctor_id": "d1", "patient_id": "p1", "start": START, "end": START + 30 * MINUTE,
        "weekday": 0, "from_minute": 540, "to_minute": 570,
    }  # fmt: skip
    return Subject(**{**usual, **fields})


def policy(*specs: AnyRule) -> Policy:
    return compile_rules(7, [Rule(f"rule-{number}", spec) for number, spec in enumerate(specs)], DAY)


def ids(choice: Any) -> list[str]:
    return [one.room_id for one in choice.ranked]


def raising(room: RoomProfile, use: RoomUse) -> Any:
    raise ZeroDivisionError


def raising_for(*bad: str) -> Any:
    return lambda subject: lambda room, use: raising(room, use) if room.id in bad else 0


def test_without_rules_any_room_that_fits_is_as_good_as_another_and_the_id_decides():
    choice = choose(None, asked(), [room("b"), room("c"), room("a")])
    assert ids(choice) == ["a", "b", "c"]
    assert {(one.total, one.score) for one in choice.ranked} == {(0, 50)}


def test_points_go_before_ids():
    choice = choose(
        policy(PreferredRoom(name="the quiet one", rooms=("c",), weight=20)), asked(), [room("a"), room("c")]
    )
    assert [(one.room_id, one.score, one.terms) for one in choice.ranked] == [
        ("c", 70, (Term("rule-0", 20_000),)),
        ("a", 50, ()),
    ]


def test_a_score_stays_between_0_and_100():
    rules = [
        PreferredRoom(name="liked", rooms=("a",), weight=90),
        PreferredRoom(name="not", rooms=("b",), avoid=True, weight=90),
    ]
    choice = choose(policy(*rules), asked(), [room("a"), room("b")])
    assert [(one.total, one.score) for one in choice.ranked] == [(90_000, 100), (-90_000, 0)]


@pytest.mark.parametrize(
    ("total", "score"),
    [(0, 50), (999, 50), (1_000, 51), (-1, 49), (-1_000, 49), (-50_001, 0), (49_999, 99), (50_000, 100)],
)
def test_a_score_is_rounded_down(total: int, score: int):
    assert score_of(total) == score


@pytest.mark.parametrize(
    ("reason", "wish", "fields", "use"),
    [
        ("unavailable", Wish(), {"is_available": False}, RoomUse()),
        ("room_type", Wish(room_type="surgery"), {}, RoomUse()),
        ("equipment", Wish(required_equipment=("ecg", "lamp")), {"equipment": ("ecg",)}, RoomUse()),
        ("capacity", Wish(capacity=2), {}, RoomUse()),
        ("department", Wish(department="neurology"), {"department": "cardiology"}, RoomUse()),
        ("isolation", Wish(isolation=True), {}, RoomUse()),
        ("accessibility", Wish(accessible=True), {}, RoomUse()),
        ("doctors", Wish(), {"doctors": ("d2",)}, RoomUse()),
        ("gender", Wish(), {"genders": ("female",)}, RoomUse()),
        ("age", Wish(), {"min_age": 18}, RoomUse()),
        ("age", Wish(), {"max_age": 17}, RoomUse()),
        ("maximum_daily", Wish(), {"max_daily": 4}, RoomUse(bookings=4)),
        ("busy", Wish(), {}, RoomUse(busy=True)),
    ],
)
def test_what_a_room_or_a_wish_says_itself_needs_no_rule(reason: str, wish: Wish, fields: dict[str, Any], use: RoomUse):
    choice = choose(None, asked(wish), [room("a", use, **fields)])
    assert (choice.ranked, choice.failed, choice.considered) == ([], {reason: 1}, 1)


def test_a_patient_of_the_right_gender_and_age_gets_the_room():
    girls = room("a", genders=("female",), min_age=2, max_age=12)
    assert ids(choose(None, asked(gender="female", age=12), [girls])) == ["a"]
    assert choose(None, asked(gender="female", age=13), [girls]).failed == {"age": 1}
    assert choose(None, asked(gender="male", age=12), [girls]).failed == {"gender": 1}


def test_rooms_are_counted_once_under_the_first_reason():
    rules = policy(
        MinimumCapacity(name="two people", minimum=2, priority=2),
        EquipmentRequired(name="a bed", required=("bed",), priority=1),
    )
    found = [
        room("a"),
        room("b", equipment=("bed",)),
        room("c", equipment=("bed",), capacity=2),
        room("d", RoomUse(busy=True)),
    ]
    choice = choose(rules, asked(), found)
    assert ids(choice) == ["c"]
    assert choice.failed == {"rule-1": 1, "rule-0": 1, "busy": 1}
    assert choice.considered == 4


def test_one_room_is_told_everything_that_speaks_against_it():
    rules = policy(MinimumCapacity(name="two people", minimum=2), LeastBusy(name="least busy", full=4, weight=8))
    verdict = judge(rules, asked(Wish(isolation=True)), room("a", RoomUse(bookings=1, busy=True)))
    assert verdict.failed == ("isolation", "busy", "rule-0")
    assert (verdict.fits, verdict.terms, verdict.score) == (False, (Term("rule-1", 6_000),), 56)


def test_a_hard_rule_that_raises_excludes_the_room_and_is_reported():
    bad = Policy(1, hard=(Hard("fine", lambda _: lambda room, use: True), Hard("bad", lambda _: raising)))
    choice = choose(bad, asked(), [room("b"), room("a")])
    assert choice.ranked == []
    assert choice.failed == {"rule_error": 2}
    assert choice.errors == (RuleError("bad", 2, "b", "ZeroDivisionError"),)
    judge(bad, asked(), room("a"))
    assert bad.failures == 3


def test_a_soft_rule_that_raises_excludes_only_the_rooms_for_which_it_does():
    choice = choose(Policy(1, soft=(Soft("bad", raising_for("b", "c")),)), asked(), [room("a"), room("b"), room("c")])
    assert ids(choice) == ["a"]
    assert choice.failed == {"rule_error": 2}
    assert choice.errors == (RuleError("bad", 2, "b", "ZeroDivisionError"),)


def test_a_rule_that_raises_before_it_sees_a_room_excludes_all_of_them():
    def bind(subject: Subject) -> Any:
        raise KeyError(subject.patient_id)

    for bad in (Policy(1, hard=(Hard("bad", bind),)), Policy(1, soft=(Soft("bad", bind),))):
        choice = choose(bad, asked(), [room("a"), room("b")])
        assert (choice.ranked, choice.failed) == ([], {"rule_error": 2})
        assert choice.errors == (RuleError("bad", 2, "a", "KeyError"),)


def test_a_rule_that_gives_something_else_than_a_number_counts_as_one_that_raises():
    bad = Policy(1, soft=(Soft("bad", lambda _: lambda room, use: "ten"),))  # type: ignore[arg-type, return-value]
    error = (RuleError("bad", 1, "a", "TypeError"),)
    assert choose(bad, asked(), [room("a")]).errors == error
    assert judge(bad, asked(), room("a")).errors == error


def test_an_explained_room_names_the_rule_that_raises_and_goes_on():
    rules = policy(LeastBusy(name="least busy", full=4, weight=8))
    both = Policy(1, hard=(Hard("bad", lambda _: raising),), soft=rules.soft)
    verdict = judge(both, asked(), room("a"))
    assert verdict.failed == ("rule_error",)
    assert verdict.errors == (RuleError("bad", 1, "a", "ZeroDivisionError"),)
    assert verdict.terms == (Term("rule-0", 8_000),)


def test_an_error_tells_its_kind_and_no_text():
    def bind(subject: Subject) -> Any:
        raise ValueError("Jane Doe")

    choice = choose(Policy(1, hard=(Hard("bad", bind),)), asked(), [room("a")])
    assert "Jane" not in repr(choice)
