"""R1..R3 of a person's day in the clinics' rooms; overlaps are held against a list that is walked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.actors.agenda import (
    AGENDA,
    Agenda,
    ChangeAgenda,
    DoctorConflict,
    Engagement,
    PatientOverlap,
    agenda_group,
    agenda_key,
    overlap,
)
from engine.decider import DAY, MINUTE
from tests.engine.actors.asked import NOW, Actor

MIDNIGHT = 20_500 * DAY
DOCTOR = agenda_key("doctor", "d", "2026-02-16").partition(":")[2]
PATIENT = agenda_key("patient", "p", "2026-02-16").partition(":")[2]


def at(of: int) -> int:
    return MIDNIGHT + of * MINUTE


def engaged(id: str, start: int, end: int, *, overlapping: bool = False) -> Engagement:
    return Engagement(at(start), at(end), id, "clinic", "room", overlapping)


def agenda(id: str, *there: Engagement) -> Actor:
    actor = Actor(AGENDA, id)
    for one in there:
        actor.ask(ChangeAgenda(engage=(one,)))
    return actor


def ids(actor: Actor) -> list[str]:
    state: Agenda = actor.state
    return [one.appointment_id for one in state.engagements]


def test_an_agenda_knows_whose_and_which_day_it_is():
    state = agenda(PATIENT).state
    assert (state.person, state.person_id, state.day) == ("patient", "p", "2026-02-16")
    assert list(AGENDA.groups(DOCTOR)) == [agenda_group("doctor", "d")] == ["doctor_agenda:d"]


@pytest.mark.parametrize(
    ("who", "refusal", "code"),
    [(DOCTOR, DoctorConflict, "doctor_conflict"), (PATIENT, PatientOverlap, "patient_overlap")],
)
def test_nobody_is_in_two_places(who: str, refusal: type[Exception], code: str):
    actor = agenda(who, engaged("a", 540, 600))
    for start, end in ((541, 599), (500, 541), (599, 700), (500, 700), (540, 600)):
        with pytest.raises(refusal) as refused:
            actor.ask(ChangeAgenda(engage=(engaged("x", start, end),)))
        assert refused.value.code == code  # type: ignore[attr-defined]
        assert refused.value.facts == {"appointment_id": "a", "start_time": at(540), "end_time": at(600)}  # type: ignore[attr-defined]


def test_engagements_may_touch():
    assert ids(agenda(DOCTOR, engaged("a", 540, 600), engaged("b", 600, 660), engaged("c", 480, 540))) == [
        "c",
        "a",
        "b",
    ]


def test_a_patient_may_be_elsewhere_when_somebody_said_why_and_nobody_else_may():
    actor = agenda(PATIENT, engaged("a", 540, 600), engaged("b", 550, 610, overlapping=True))
    assert ids(actor) == ["a", "b"]
    with pytest.raises(PatientOverlap) as refused:
        actor.ask(ChangeAgenda(engage=(engaged("c", 605, 700),)))
    assert refused.value.facts["appointment_id"] == "b"


def test_what_is_dropped_makes_room_in_the_same_change():
    actor = agenda(DOCTOR, engaged("a", 540, 600))
    actor.ask(ChangeAgenda(drop=("a",), engage=(engaged("b", 550, 590),)))
    assert ids(actor) == ["b"]


def test_an_appointment_entered_again_takes_the_place_of_what_was_there():
    actor = agenda(DOCTOR, engaged("a", 540, 600), engaged("b", 600, 660))
    actor.ask(ChangeAgenda(engage=(engaged("a", 530, 590),)))
    assert ids(actor) == ["a", "b"]
    assert actor.state.engagements[0].start == at(530)


def test_what_takes_no_more_time_than_before_asks_nobody_again():
    actor = agenda(PATIENT, engaged("a", 540, 600), engaged("b", 550, 610, overlapping=True))
    actor.ask(ChangeAgenda(engage=(Engagement(at(540), at(590), "a", "clinic", "another room"),)))
    assert actor.state.engagements[0].room_id == "another room"
    with pytest.raises(PatientOverlap):
        actor.ask(ChangeAgenda(engage=(engaged("a", 540, 595),)))


def test_appointments_of_one_change_must_agree_with_each_other():
    actor = agenda(DOCTOR)
    with pytest.raises(DoctorConflict):
        actor.ask(ChangeAgenda(engage=(engaged("a", 540, 600), engaged("b", 599, 660))))
    assert ids(actor) == []
    actor.ask(ChangeAgenda(engage=(engaged("a", 540, 600), engaged("b", 600, 660))))
    # The two change places: each is in the way of the other only as it was.
    actor.ask(ChangeAgenda(engage=(engaged("a", 600, 660), engaged("b", 540, 600))))
    assert ids(actor) == ["b", "a"]
    # What keeps its time is not overrun by what comes before it in the change.
    with pytest.raises(DoctorConflict):
        actor.ask(ChangeAgenda(engage=(engaged("a", 590, 660), engaged("b", 540, 600))))


def test_dropping_what_is_not_there_changes_nothing():
    assert agenda(DOCTOR, engaged("a", 540, 600)).ask(ChangeAgenda(drop=("b",))) == []


def test_a_night_is_found_from_both_ends():
    state = agenda(DOCTOR, engaged("night", 1_380, 1_800)).state
    assert overlap(state, at(1_790), at(1_900)) is not None
    assert overlap(state, at(1_800), at(1_900)) is None
    assert overlap(state, at(1_300), at(1_381)) is not None
    assert overlap(state, at(1_300), at(1_381), ("night",)) is None
    assert overlap(None, at(0), at(1)) is None


def test_a_day_leaves_memory_two_days_after_its_last_end_even_when_nothing_is_left():
    actor = agenda(DOCTOR, engaged("a", 540, 600))
    actor.ask(ChangeAgenda(drop=("a",)))
    assert not AGENDA.closed(actor.state, at(600) + 2 * DAY)
    assert AGENDA.closed(actor.state, at(600) + 2 * DAY + 1)


STRETCH = st.tuples(st.integers(0, 200), st.integers(1, 60), st.booleans())


@given(st.lists(STRETCH, max_size=30), st.integers(0, 200), st.integers(1, 60))
def test_an_overlap_is_found_where_a_walk_finds_one(stretches: list[tuple[int, int, bool]], start: int, length: int):
    actor = Actor(AGENDA, PATIENT, NOW)
    held: list[Engagement] = []
    for number, (begins, lasts, overlapping) in enumerate(stretches):
        one = engaged(f"{number}", begins, begins + lasts, overlapping=overlapping)
        meets = any(other.start < one.end and one.start < other.end for other in held)
        if meets and not overlapping:
            with pytest.raises(PatientOverlap):
                actor.ask(ChangeAgenda(engage=(one,)))
        else:
            actor.ask(ChangeAgenda(engage=(one,)))
            held.append(one)
    wanted = (at(start), at(start + length))
    meets = any(other.start < wanted[1] and wanted[0] < other.end for other in held)
    assert (overlap(actor.state, *wanted) is not None) == meets
