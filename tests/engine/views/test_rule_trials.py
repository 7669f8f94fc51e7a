"""An evaluation says which room would be had and why; booking then gives that room."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.actors.patient import BirthDate, Gender
from engine.decider import DAY, PersonName
from engine.decisions.closures import AddClosure
from engine.decisions.patients import RegisterPatient
from engine.decisions.room_rules import AddRule, ChangeRule
from engine.errors import Invalid, NotFound
from engine.rules.kinds import AgeBand, Compactness, Continuity, LeastBusy, MinimumCapacity, PreferredRoom
from engine.views.rule_trials import EvaluateRules
from tests.engine.booking import Booking, moment
from tests.engine.views.of_world import shown

UNKNOWN = "ffffffff-0000-7000-8000-000000000000"
NOT_A_WISH = ("note", "overlap_reason", "fallback", "room_id")


def evaluated(house: Booking, start: int = 0, minutes: int = 30, **more: Any) -> Any:
    known = {name: more.pop(name) for name in ("version", "limit") if name in more}
    return shown(house, EvaluateRules(**house.wanted(start, minutes, **more), **known))


def row(view: Any, room_id: str) -> Any:
    return next(one for one in view.rooms if one.room_id == room_id)


def test_rooms_are_explained_the_best_first_with_points_by_rule():
    house = Booking()
    plain, liked = house.room("plain"), house.room("liked")
    (rule,) = house.rules(PreferredRoom(name="the liked one", rooms=(liked,), weight=15))
    view = evaluated(house)
    assert (view.rule_version, view.chosen, view.considered, view.failed) == (1, liked, 2, {})
    assert [(one.room_id, one.fits, one.score) for one in view.rooms] == [(liked, True, 65), (plain, True, 50)]
    (term,) = row(view, liked).terms
    assert (term.rule_id, term.name, term.kind, term.points) == (rule, "the liked one", "preferred_room", 15.0)
    assert row(view, plain).terms[0].points == 0


def test_a_room_that_cannot_be_had_says_everything_that_speaks_against_it():
    house = Booking()
    room = house.room(capacity=2, equipment=("lamp",))
    (rule,) = house.rules(MinimumCapacity(name="three people", minimum=3))
    house.ask(house.asks(room_id=None, fallback="unassigned"))
    view = evaluated(house, required_equipment=("ecg",))
    assert view.chosen is None
    assert view.failed == {"equipment": 1}
    equipment, capacity = row(view, room).failed
    assert (equipment.reason, equipment.rule_id) == ("equipment", None)
    assert (capacity.reason, capacity.rule_id, capacity.name) == ("capacity", rule, "three people")
    assert not row(view, room).fits


def test_a_room_that_is_held_or_closed_is_not_chosen():
    house = Booking()
    held, closed, free = house.room("held"), house.room("closed"), house.room("free")
    house.booked(room_id=held)
    house.ask(AddClosure(room_id=closed, kind="maintenance", start_time=moment(0), end_time=moment(60)))
    view = evaluated(house)
    assert view.chosen == free
    assert view.failed == {"busy": 1, "closed": 1}
    assert [row(view, room).failed[0].reason for room in (held, closed)] == ["busy", "closed"]
    assert row(view, free).fits


def test_no_more_rooms_are_explained_than_were_asked_for():
    house = Booking()
    rooms = [house.room(f"{number}") for number in range(5)]
    view = evaluated(house, limit=2)
    assert [one.room_id for one in view.rooms] == rooms[:2]
    assert view.considered == 5


def test_a_draft_can_be_tried_and_changes_nothing():
    house = Booking()
    small, large = house.room("small"), house.room("large", capacity=4)
    (rule,) = house.rules(LeastBusy(name="least busy"))
    house.ask(ChangeRule(rule_id=rule, rule=MinimumCapacity(name="large rooms", minimum=4)))
    assert (evaluated(house).chosen, evaluated(house, version=1).chosen) == (small, small)
    drafted = evaluated(house, version="draft")
    assert (drafted.chosen, drafted.rule_version) == (large, None)
    assert house.room_of(house.booked()) == small


def test_a_patient_is_known_by_age_gender_and_last_room():
    house = Booking()
    girls, last, other = house.room("girls", genders=("female",), max_age=17), house.room("last"), house.room("other")
    house.rules(Continuity(name="where they know the way"), AgeBand(name="with a date of birth"))
    girl = house.ask(RegisterPatient(name=PersonName("Jane Doe"), gender=Gender("F"), dob=BirthDate("2015-05-05"))).id
    house.booked(patient=girl, room_id=last)
    view = evaluated(house, 60, patient=girl)
    assert (view.chosen, view.failed) == (last, {})
    assert {one.room_id for one in view.rooms if one.fits} == {girls, last, other}
    nobody = shown(
        house,
        EvaluateRules(clinic_id=house.clinic_id, doctor_id=house.doctor(), start_time=moment(60), end_time=moment(90)),
    )
    assert nobody.chosen is None
    assert [failure.reason for failure in row(nobody, girls).failed] == ["gender", "age", "age_band"]


def test_the_last_room_is_the_one_before_the_appointment_and_not_the_one_after_it():
    house = Booking()
    first, _, later = house.room("first"), house.room("second"), house.room("later")
    house.rules(Continuity(name="the same room"))
    patient = house.patient()
    house.booked(120, patient=patient, room_id=later)
    assert evaluated(house, 60, patient=patient).chosen == first
    assert evaluated(house, 180, patient=patient).chosen == later
    assert evaluated(house, 26 * 60, patient=patient).chosen == later


def test_what_is_unknown_is_not_found_and_a_time_is_a_time():
    house = Booking()
    fields = house.wanted()
    for name in ("clinic_id", "doctor_id", "patient_id"):
        with pytest.raises(NotFound):
            shown(house, EvaluateRules(**{**fields, name: UNKNOWN}))
    for end in (fields["start_time"], fields["start_time"] + timedelta(microseconds=DAY + 1)):
        with pytest.raises(Invalid) as refused:
            shown(house, EvaluateRules(**{**fields, "end_time": end}))
        assert refused.value.facts["field"] == "end_time"


REQUESTS = st.tuples(
    st.integers(-6, 30).map(lambda number: number * 30), st.sampled_from((15, 30, 90)), st.sampled_from((1, 1, 2, 3))
)


@settings(max_examples=25)
@given(st.lists(REQUESTS, min_size=1, max_size=12))
def test_whatever_is_booked_the_room_is_the_one_that_an_evaluation_chose(requests: list[tuple[int, int, int]]):
    house = Booking()
    house.room("narrow", cleaning_minutes=10)
    house.room("wide", capacity=3, setup_minutes=5, max_daily=3)
    house.room("wider", capacity=3)
    house.rules(
        LeastBusy(name="least busy", full=4), Compactness(name="no gaps", weight=30), Continuity(name="the same room")
    )
    doctor, patient = house.doctor(), house.patient()
    for start, minutes, capacity in requests:
        foreseen = evaluated(house, start, minutes, capacity=capacity, doctor=doctor, patient=patient)
        booked = house.ask(house.asks(start, minutes, capacity=capacity, patient=patient, fallback="unassigned"))
        assert booked.room_id == foreseen.chosen
        if booked.room_id is not None:
            assert booked.assignment.score == foreseen.rooms[0].score
        patient = house.patient()


def test_rules_without_a_version_in_force_are_none():
    house = Booking()
    room = house.room()
    house.ask(AddRule(clinic_id=house.clinic_id, rule=MinimumCapacity(name="nine", minimum=9)))
    view = evaluated(house)
    assert (view.chosen, view.rule_version) == (room, 0)
