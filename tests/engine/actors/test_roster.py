"""R1 to R7 of the roster: given what happened, when it is asked, then these events or this refusal."""

from __future__ import annotations

import pytest

from engine.actors.roster.commands import DelistStaff, ReleasePatient, SetDuty, TakePatient, Together
from engine.actors.roster.refusals import (
    LacksSkill,
    NotTheirs,
    OffDuty,
    OtherWard,
    OverMaximum,
    PatientTwice,
    StaffInUse,
    StaffUnavailable,
)
from engine.actors.roster.state import Roster
from engine.errors import NotFound
from tests.engine.actors.asked import Actor
from tests.engine.staff_asked import at, busy, listed, rostered


def patients(actor: Actor, id: str = "n") -> tuple[str, ...]:
    state: Roster = actor.state
    return state.members[id].patients


def test_a_new_member_is_off_duty_until_somebody_says_otherwise():
    roster = rostered()
    roster.ask(listed("n"))
    assert roster.state.members["n"].duty == "off"
    with pytest.raises(OffDuty):
        roster.ask(TakePatient("n", "a"))


def test_what_is_said_twice_is_written_down_once():
    roster = rostered(listed("n"))
    assert roster.ask(listed("n")) == []
    assert roster.ask(SetDuty("n", "on")) == []


def test_nobody_asks_of_who_is_not_on_the_roster():
    roster = rostered()
    for step in (SetDuty("n", "on"), DelistStaff("n"), TakePatient("n", "a"), ReleasePatient("n", "a")):
        with pytest.raises(NotFound):
            roster.ask(step)


def test_who_is_unavailable_takes_no_patient_whatever_anybody_says():
    roster = rostered(listed("n", available=False))
    for force in (False, True):
        with pytest.raises(StaffUnavailable):
            roster.ask(TakePatient("n", "a", force=force))


def test_a_duty_counts_to_its_end_though_nobody_has_told_that_it_is_over():
    roster = rostered(listed("n"), until=at(8))
    roster.time = at(8) - 2
    busy(roster, "n", "a")
    with pytest.raises(OffDuty):
        busy(roster, "n", "b")


def test_who_is_on_call_takes_patients():
    busy(roster := rostered(listed("n"), duty="on_call"), "n", "a")
    assert patients(roster) == ("a",)


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"skills": ("icu", "dialysis")}, LacksSkill),
        ({"ward_id": "w2"}, OtherWard),
    ],
)
def test_a_patient_is_given_to_who_has_the_skill_and_works_there_unless_somebody_says_so(asked, refusal):
    roster = rostered(listed("n", skills=("icu",), wards=("w1",)))
    with pytest.raises(refusal):
        roster.ask(TakePatient("n", "a", **asked))
    (taken,) = roster.ask(TakePatient("n", "a", **asked, force=True))
    assert taken.forced


def test_nobody_has_more_patients_than_the_maximum_unless_somebody_says_so():
    roster = rostered(listed("n", 2))
    busy(roster, "n", "a", "b")
    with pytest.raises(OverMaximum) as refused:
        busy(roster, "n", "c")
    assert (refused.value.facts["load"], refused.value.facts["max_load"]) == (2, 2)
    busy(roster, "n", "c", force=True)
    assert (patients(roster), roster.state.members["n"].over) == (("a", "b", "c"), 1)
    with pytest.raises(OverMaximum):
        busy(roster, "n", "d")
    roster.ask(ReleasePatient("n", "a"))
    roster.ask(ReleasePatient("n", "b"))
    busy(roster, "n", "d")
    with pytest.raises(OverMaximum):
        busy(roster, "n", "e")


def test_a_word_that_was_not_needed_is_not_written_down():
    roster = rostered(listed("n", 2))
    (taken,) = roster.ask(TakePatient("n", "a", force=True))
    assert not taken.forced


def test_a_lower_maximum_sends_nobody_away():
    roster = rostered(listed("n", 3))
    busy(roster, "n", "a", "b", "c")
    roster.ask(listed("n", 1))
    assert len(patients(roster)) == 3
    roster.ask(ReleasePatient("n", "a"))
    with pytest.raises(OverMaximum):
        busy(roster, "n", "d")


def test_a_member_has_an_admission_once_and_gives_back_what_he_has():
    roster = rostered(listed("n"))
    busy(roster, "n", "a")
    with pytest.raises(PatientTwice):
        busy(roster, "n", "a", force=True)
    with pytest.raises(NotTheirs):
        roster.ask(ReleasePatient("n", "b"))


def test_who_has_patients_does_not_leave_and_keeps_the_role():
    roster = rostered(listed("n"))
    busy(roster, "n", "a")
    for step in (DelistStaff("n"), listed("n", role="doctor")):
        with pytest.raises(StaffInUse) as refused:
            roster.ask(step)
        assert refused.value.facts["admission_ids"] == ["a"]
    roster.ask(ReleasePatient("n", "a"))
    roster.ask(listed("n", role="doctor"))
    roster.ask(DelistStaff("n"))
    assert roster.state.members == {}
    assert roster.state.pools == {}


def test_of_several_steps_each_sees_what_the_ones_before_it_left_and_all_or_none_is_done():
    roster = rostered(listed("n", 1), listed("m", 1))
    busy(roster, "n", "a")
    before = dict(roster.state.members)
    with pytest.raises(OverMaximum):
        roster.ask(Together((ReleasePatient("n", "a"), TakePatient("m", "a"), TakePatient("m", "b"))))
    assert roster.state.members == before
    roster.ask(Together((ReleasePatient("n", "a"), TakePatient("n", "b"), TakePatient("m", "a"))))
    assert (patients(roster, "n"), patients(roster, "m")) == (("b",), ("a",))
