"""The rules of a ward and its beds: given what happened, when it is asked, then these events or this refusal."""

from __future__ import annotations

from typing import Any

import pytest

from engine.actors.ward.commands import (
    AddBed,
    ChangeBed,
    Create,
    EndReservation,
    Mark,
    Occupy,
    RemoveBed,
    Reserve,
    Restate,
    Retire,
    Revise,
    Together,
    Vacate,
)
from engine.actors.ward.events import BedOccupantRestated, BedReady, BedReservationEnded
from engine.actors.ward.refusals import (
    AlreadyInBed,
    AlreadyReserved,
    BedInUse,
    BedKept,
    BedOverlap,
    IllegalStep,
    LabelTaken,
    NotTheOccupant,
    TooManyBeds,
    WardExists,
    WardGone,
    WardInUse,
)
from engine.actors.ward.state import MAX_BEDS, STAYS, BedProfile, WardProfile
from engine.decider import HOUR, MINUTE, FreeText
from engine.errors import Invalid, NotFound, Stale
from tests.engine.actors.asked import Actor
from tests.engine.wards_asked import Asked, names, occupant

STATES = ("unoccupied", "reserved", "occupied", "housekeeping", "contaminated", "closed", "isolated")


# -- R1: the ward -----------------------------------------------------------------------------------------------


def test_a_ward_is_opened_once_and_nothing_is_asked_of_one_that_was_not():
    ward = Asked()
    with pytest.raises(WardExists):
        ward.ask(Create(WardProfile(name="Again")))
    with pytest.raises(NotFound):
        Actor(ward.decider, "other").ask(AddBed("a", BedProfile(label="a")))


def test_a_change_of_a_ward_names_the_version_that_it_changes():
    ward = Asked()
    assert names(ward.ask(Revise(WardProfile(name="Surgery"), if_version=1))) == ["WardChanged"]
    assert ward.ask(Revise(WardProfile(name="Surgery"), if_version=2)) == []
    with pytest.raises(Stale):
        ward.ask(Revise(WardProfile(name="Other"), if_version=1))


def test_beds_do_not_change_the_version_of_their_ward():
    ward = Asked()
    ward.add("a")
    ward.put("a")
    assert (ward.state.version, ward.bed("a").version) == (1, 2)


@pytest.mark.parametrize("state", ["occupied", "reserved"])
def test_a_ward_is_closed_only_when_nobody_lies_there_or_is_expected(state: str):
    ward = Asked()
    ward.add("a", "b")
    ward.into("a", state)
    with pytest.raises(WardInUse) as refused:
        ward.ask(Retire())
    assert refused.value.facts["bed_ids"] == ["a"]


def test_a_ward_closes_with_its_beds_and_then_changes_no_more():
    ward = Asked()
    ward.add("a", "b")
    ward.into("a", "housekeeping")
    assert names(ward.ask(Retire())) == ["BedRemoved", "BedRemoved", "WardRetired"]
    with pytest.raises(WardGone):
        ward.add("c")
    with pytest.raises(WardGone):
        ward.ask(Retire())


# -- R2, R3: beds -----------------------------------------------------------------------------------------------


def test_a_label_is_on_one_bed_of_a_ward():
    ward = Asked()
    ward.add("a", "b")
    for command in (AddBed("c", BedProfile(label="a")), ChangeBed("b", BedProfile(label="a"))):
        with pytest.raises(LabelTaken) as refused:
            ward.ask(command)
        assert refused.value.facts["bed_id"] == "a"
    ward.ask(RemoveBed("a"))
    ward.ask(ChangeBed("b", BedProfile(label="a")))
    assert ward.bed("b").profile.label == "a"


def test_a_ward_has_so_many_beds_and_no_more():
    ward = Asked()
    ward.ask(Together(tuple(AddBed(f"{n}", BedProfile(label=f"{n}")) for n in range(MAX_BEDS))))
    with pytest.raises(TooManyBeds):
        ward.add("more")
    ward.ask(RemoveBed("0"))
    ward.add("more")


def test_who_lies_in_a_bed_that_is_changed_stays_there():
    ward = Asked()
    ward.add("a", room="1")
    ward.put("a", gender="female")
    ward.ask(ChangeBed("a", BedProfile(label="A", room="2", equipment=("monitor", "lamp", "lamp")), if_version=2))
    bed = ward.bed("a")
    assert (bed.state, bed.occupant and bed.occupant.patient_id, bed.version) == ("occupied", "p", 3)
    assert bed.profile.equipment == ("lamp", "monitor")
    with pytest.raises(Stale):
        ward.ask(ChangeBed("a", BedProfile(label="B"), if_version=2))


def test_the_same_profile_is_no_change():
    ward = Asked()
    ward.add("a", equipment=("b", "a"))
    assert ward.ask(ChangeBed("a", BedProfile(label="a", equipment=("a", "b")))) == []


@pytest.mark.parametrize("state", STATES)
def test_a_bed_is_removed_unless_somebody_has_it(state: str):
    ward = Asked()
    ward.add("a")
    ward.into("a", state)
    if state in ("occupied", "reserved"):
        with pytest.raises(BedInUse):
            ward.ask(RemoveBed("a"))
    else:
        assert names(ward.ask(RemoveBed("a"))) == ["BedRemoved"]
        with pytest.raises(NotFound):
            ward.put("a")


# -- R4: states -------------------------------------------------------------------------------------------------

_STEPS: dict[str, Any] = {
    "reserved": lambda ward: Reserve("a", occupant("q", admission_id=""), ward.time + HOUR),
    "occupied": lambda ward: Occupy("a", occupant("p")),
    "vacated": lambda ward: Vacate("a", "admission of p", ward.time),
    "released": lambda ward: EndReservation("a", "released"),
    **{to: lambda ward, to=to: Mark("a", to)
       for to in ("ready", "contaminated", "decontaminated", "closed", "isolated", "reopened")},
}  # fmt: skip

_ALLOWED: dict[tuple[str, str], str] = {
    ("unoccupied", "reserved"): "reserved",
    ("unoccupied", "occupied"): "occupied",
    ("reserved", "occupied"): "occupied",
    ("reserved", "released"): "unoccupied",
    ("occupied", "vacated"): "housekeeping",
    ("housekeeping", "ready"): "unoccupied",
    ("housekeeping", "contaminated"): "contaminated",
    ("contaminated", "decontaminated"): "housekeeping",
    **{(state, to): to for state in STATES for to in ("closed", "isolated") if state not in ("occupied", to)},
    ("closed", "reopened"): "unoccupied",
    ("isolated", "reopened"): "unoccupied",
}


@pytest.mark.parametrize("step", _STEPS)
@pytest.mark.parametrize("state", STATES)
def test_each_state_has_its_steps_and_any_other_names_both_states(state: str, step: str):
    ward = Asked()
    ward.add("a")
    ward.into("a", state)
    command = _STEPS[step](ward)
    then = _ALLOWED.get((state, step))
    if then is not None:
        ward.ask(command)
        assert ward.bed("a").state == then
        return
    with pytest.raises(IllegalStep) as refused:
        ward.ask(command)
    assert refused.value.code == "invalid_transition"
    assert refused.value.facts["from_state"] == state
    assert refused.value.facts["to_state"] in STATES


def test_who_leaves_a_bed_leaves_it_to_be_cleaned_and_never_free():
    ward = Asked()
    ward.add("a")
    ward.put("a")
    assert names(ward.leave("a")) == ["BedVacated"]
    assert (ward.bed("a").state, ward.bed("a").occupant) == ("housekeeping", None)
    with pytest.raises(IllegalStep):
        ward.put("a", "q")


def test_a_contaminated_bed_is_cleaned_twice():
    ward = Asked()
    ward.add("a")
    ward.put("a")
    assert names(ward.leave("a", contaminated=True)) == ["BedVacated", "BedContaminated"]
    with pytest.raises(IllegalStep):
        ward.mark("a", "ready")
    ward.mark("a", "decontaminated", "ready")
    assert ward.bed("a").state == "unoccupied"


@pytest.mark.parametrize("state", ["housekeeping", "contaminated"])
@pytest.mark.parametrize("out", [("closed",), ("isolated",), ("closed", "isolated"), ("isolated", "closed")])
def test_closing_and_reopening_a_bed_does_not_clean_it(state: str, out: tuple[str, ...]):
    ward = Asked()
    ward.add("a")
    ward.into("a", state)
    ward.mark("a", *out, "reopened")
    assert ward.bed("a").state == state


def test_why_a_bed_is_out_of_use_is_told_until_it_is_in_use_again():
    ward = Asked()
    ward.add("a")
    ward.ask(Mark("a", "closed", FreeText("the wall is damp", "")))
    assert ward.bed("a").reason == FreeText("the wall is damp", "")
    ward.mark("a", "reopened")
    assert ward.bed("a").reason is None


def test_the_turnover_is_from_leaving_to_ready_whatever_lies_between():
    ward = Asked()
    ward.add("a")
    ward.put("a")
    left = ward.time + 1
    ward.leave("a", at=left, contaminated=True)
    ward.time += 30 * MINUTE
    ward.mark("a", "decontaminated")
    [ready] = ward.ask(Mark("a", "ready"))
    assert isinstance(ready, BedReady)
    assert ready.turnover == ward.time - left
    assert (ward.state.turnovers, ward.state.turnover_total) == (1, ready.turnover)


# -- R5: reservations -------------------------------------------------------------------------------------------


def test_a_reserved_bed_is_for_one_patient_who_is_not_in_it_yet():
    ward = Asked()
    ward.add("a")
    ward.keep("a", "p")
    assert ward.state.counts == {"reserved": 1}
    with pytest.raises(BedKept) as refused:
        ward.put("a", "q")
    assert refused.value.facts["reserved_until"] == ward.bed("a").reserved_until
    [came] = ward.put("a", "p")
    assert (came.kept, ward.bed("a").reserved_until) == (True, 0)


def test_a_patient_has_one_bed_kept_at_a_time():
    ward = Asked()
    ward.add("a", "b")
    ward.keep("a", "p")
    with pytest.raises(AlreadyReserved) as refused:
        ward.keep("b", "p")
    assert refused.value.facts["bed_id"] == "a"
    ward.keep("b", "q")


def test_a_reservation_lapses_at_its_end_and_is_no_claim_from_then_on():
    ward = Asked()
    ward.add("a", "b")
    ward.keep("a", "p", minutes=60)
    ward.keep("b", "q", minutes=30)
    assert ward.decider.due(ward.state) == ward.bed("b").reserved_until
    ward.time = ward.bed("b").reserved_until
    with pytest.raises(BedKept):
        ward.put("b", "q")
    [ended] = ward.ask(EndReservation("b", "expired"))
    assert isinstance(ended, BedReservationEnded)
    assert (ended.how, ended.patient_id, ward.bed("b").state) == ("expired", "q", "unoccupied")
    assert ward.decider.due(ward.state) == ward.bed("a").reserved_until


@pytest.mark.parametrize("to", ["closed", "isolated"])
def test_closing_a_reserved_bed_ends_the_reservation(to: Any):
    ward = Asked()
    ward.add("a")
    ward.keep("a")
    ended, _ = ward.ask(Mark("a", to))
    assert isinstance(ended, BedReservationEnded)
    assert (ended.how, ward.bed("a").state, ward.decider.due(ward.state)) == (to, to, None)
    ward.mark("a", "reopened")
    assert ward.bed("a").state == "unoccupied"


def test_a_bed_is_kept_until_some_time_to_come():
    ward = Asked()
    ward.add("a")
    with pytest.raises(Invalid):
        ward.ask(Reserve("a", occupant("p", admission_id=""), ward.time))


# -- R6: one patient, one bed -----------------------------------------------------------------------------------


def test_a_patient_lies_in_one_bed():
    ward = Asked()
    ward.add("a", "b")
    ward.put("a")
    with pytest.raises(AlreadyInBed) as refused:
        ward.put("b")
    assert refused.value.facts["bed_id"] == "a"


@pytest.mark.parametrize("leaves_first", [True, False])
def test_who_moves_to_another_bed_may_leave_first_or_come_first(leaves_first: bool):
    ward = Asked()
    ward.add("a", "b")
    ward.put("a")
    steps = (Vacate("a", "admission of p", ward.time), Occupy("b", occupant("p")))
    ward.ask(Together(steps if leaves_first else steps[::-1]))
    assert (ward.bed("a").state, ward.bed("b").state) == ("housekeeping", "occupied")


def test_all_steps_of_one_command_happen_or_none():
    ward = Asked()
    ward.add("a", "b")
    ward.put("a")
    ward.put("b", "q")
    with pytest.raises(IllegalStep):
        ward.ask(Together((Vacate("a", "admission of p", ward.time), Occupy("b", occupant("p")))))
    assert ward.bed("a").state == "occupied"


def test_a_bed_is_left_by_who_lies_there():
    ward = Asked()
    ward.add("a")
    ward.put("a", "p")
    with pytest.raises(NotTheOccupant):
        ward.leave("a", "q")


# -- R7: when -----------------------------------------------------------------------------------------------------


def test_nobody_is_entered_for_a_time_when_somebody_else_lay_there():
    ward = Asked()
    ward.add("a")
    came = ward.time
    ward.put("a", "p")
    ward.time += HOUR
    left = ward.time
    ward.leave("a", "p", at=left)
    ward.mark("a", "ready")
    ward.time += HOUR
    with pytest.raises(BedOverlap) as refused:
        ward.put("a", "q", since=left - 1)
    facts = refused.value.facts
    assert (facts["start_time"], facts["end_time"]) == (came + 1, left)
    ward.put("a", "q", since=left)
    assert ward.bed("a").since == left


def test_who_came_back_may_be_entered_for_the_time_before():
    ward = Asked()
    ward.add("a")
    ward.put("a", "p")
    ward.time += HOUR
    ward.leave("a", "p")
    ward.mark("a", "ready")
    ward.put("a", "p", since=ward.time - MINUTE)


def test_a_stay_long_over_is_still_in_the_way():
    ward = Asked()
    ward.add("a")
    first = ward.time
    for number in range(STAYS + 5):
        ward.put("a", f"p{number}")
        ward.time += MINUTE
        ward.leave("a", f"p{number}")
        ward.mark("a", "ready")
    assert len(ward.state.stays["a"]) == STAYS
    with pytest.raises(BedOverlap):
        ward.put("a", "q", since=first + 1)


def test_nobody_comes_or_leaves_before_it_is_so_or_leaves_before_coming():
    ward = Asked()
    ward.add("a")
    with pytest.raises(Invalid):
        ward.put("a", since=ward.time + HOUR)
    ward.put("a")
    with pytest.raises(Invalid):
        ward.leave("a", at=ward.time + HOUR)
    with pytest.raises(Invalid):
        ward.leave("a", at=ward.bed("a").since - 1)


# -- R10: who it is -----------------------------------------------------------------------------------------------


def test_who_lies_there_may_be_another_record_of_the_same_patient_and_the_stay_goes_on():
    ward = Asked()
    ward.add("a", "b")
    ward.put("a", "old")
    since = ward.bed("a").since
    [restated] = ward.ask(Restate("a", occupant("new", admission_id="admission of old")))
    assert isinstance(restated, BedOccupantRestated)
    assert (restated.was, ward.bed("a").since) == ("old", since)
    assert ward.ask(Restate("a", occupant("new", admission_id="admission of old"))) == []
    with pytest.raises(AlreadyInBed):
        ward.put("b", "new")
    ward.leave("a", "old")


def test_a_reservation_may_be_of_another_record():
    ward = Asked()
    ward.add("a")
    ward.keep("a", "old")
    ward.ask(Restate("a", occupant("new", admission_id="")))
    assert ward.filed >= {("bed_reservations", "new")}
    ward.put("a", "new")


def test_only_who_lies_there_is_told_anew():
    ward = Asked()
    ward.add("a")
    for _ in range(2):
        with pytest.raises(NotTheOccupant):
            ward.ask(Restate("a", occupant("other")))
        if ward.bed("a").state == "unoccupied":
            ward.put("a")
