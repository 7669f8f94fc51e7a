"""Any steps of any ward keep its invariants, and the bed it offers is the one that looking at every bed finds."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.actors.ward import WARD
from engine.actors.ward.choosing import best_bed, free_beds, unfit
from engine.actors.ward.commands import (
    AddBed,
    ChangeBed,
    EndReservation,
    Exchange,
    Mark,
    Occupy,
    RemoveBed,
    Reserve,
    Restate,
    Revise,
    Together,
    Vacate,
)
from engine.actors.ward.decide import take
from engine.actors.ward.draft import Draft
from engine.actors.ward.state import Bed, BedProfile, Occupant, Ward, WardProfile
from engine.decider import HOUR
from engine.errors import Rejected
from engine.needs import Need
from tests.engine.deciding import decode, encode
from tests.engine.wards_asked import Asked

BEDS = ("a", "b", "c", "d", "e")
PEOPLE = ("p", "q", "r", "s")

genders: Any = st.sampled_from(("", "female", "male", "other"))
ages: Any = st.sampled_from(("", "child", "adult"))
illnesses = st.sampled_from(("", "", "", "measles", "influenza"))
pieces = st.sampled_from(((), (), ("lamp",), ("lamp", "monitor")))
types = st.sampled_from(("general", "general", "intensive"))
beds = st.sampled_from(BEDS)
marks: Any = st.sampled_from(("ready", "ready", "contaminated", "decontaminated", "closed", "isolated", "reopened"))


@st.composite
def bed_profiles(draw: Any) -> BedProfile:
    return BedProfile(
        label=draw(beds),
        room=draw(st.sampled_from(("", "1", "1", "2"))),
        type=draw(types),
        equipment=draw(pieces),
        isolation=draw(st.booleans()),
    )


@st.composite
def ward_profiles(draw: Any) -> WardProfile:
    return WardProfile(
        name="Any",
        gender=draw(st.sampled_from(("", "", "", "female"))),
        mixed_rooms=draw(st.booleans()),
        mixed_ages=draw(st.booleans()),
        max_age=draw(st.sampled_from((None, None, 15))),
    )


@st.composite
def people(draw: Any, *, admitted: bool = True) -> Occupant:
    who = draw(st.sampled_from(PEOPLE))
    return Occupant(
        patient_id=who,
        admission_id=f"admission of {who}" if admitted else "",
        gender=draw(genders),
        age_group=draw(ages),
        isolation=draw(illnesses),
    )


@st.composite
def needs(draw: Any) -> Need:
    return Need(
        gender=draw(genders),
        age_group=draw(ages),
        age=draw(st.sampled_from((-1, 4, 40))),
        isolation=draw(illnesses),
        bed_type=draw(st.sampled_from(("", "", "general", "intensive"))),
        equipment=draw(pieces),
    )


@st.composite
def steps(draw: Any, time: int) -> Any:
    id = draw(beds)
    match draw(st.integers(0, 11)):
        case 0 | 1 | 2:
            return Occupy(id, draw(people()))
        case 3:
            return Vacate(id, f"admission of {draw(st.sampled_from(PEOPLE))}", time, draw(st.booleans()))
        case 4 | 5 | 6:
            return Mark(id, draw(marks))
        case 7:
            return Reserve(id, draw(people(admitted=False)), time + draw(st.sampled_from((1, 2, HOUR))))
        case 8:
            return EndReservation(id, "released")
        case 9:
            return Exchange(id, draw(beds))
        case 10:
            return Restate(id, draw(people()))
        case _:
            return draw(
                st.one_of(
                    st.builds(ChangeBed, beds, bed_profiles()),
                    st.builds(RemoveBed, beds),
                    st.builds(Revise, ward_profiles()),
                )
            )


def by_looking_at_every_bed(
    ward: Ward, need: Need, who: str, time: int, changed: dict[str, Bed | None]
) -> tuple[str | None, int]:
    """The best bed by the rule as it is written, and how many are free for who has none kept."""
    all = {id: bed for id, bed in {**ward.beds, **changed}.items() if bed is not None}
    fitting = []
    free = 0
    for id, bed in all.items():
        kept = bed.occupant is not None and bed.occupant.patient_id == who
        used = any(
            other.occupant is not None and other.occupant.patient_id != who
            for other in all.values()
            if other.id != id and bed.profile.room and other.profile.room == bed.profile.room
        )
        if unfit(ward, bed, need, "nobody", time, changed) is None:
            free += 1
        if unfit(ward, bed, need, who, time, changed) is None:
            beyond = len(set(bed.profile.equipment) - set(need.equipment))
            fitting.append((not kept, bed.profile.isolation and not need.isolation, beyond, not used, id))
    return (min(fitting)[-1] if fitting else None), free


def agree(ward: Ward, need: Need, who: str, time: int, changed: dict[str, Bed | None]) -> None:
    """What the lines give is what looking gives."""
    found = best_bed(ward, need, who, time, changed)
    expected, free = by_looking_at_every_bed(ward, need, who, time, changed)
    assert (found.id if found else None) == expected
    assert free_beds(ward, need, changed) == free


@settings(max_examples=150)
@given(data=st.data())
def test_any_steps_keep_the_invariants_and_the_best_bed_is_the_best_of_all(data: st.DataObject):
    ward = Asked()
    ward.ask(Revise(data.draw(ward_profiles())))
    for id in BEDS[: data.draw(st.integers(2, 5))]:
        profile = data.draw(bed_profiles())
        ward.ask(AddBed(id, BedProfile(label=id, room=profile.room, type=profile.type, equipment=profile.equipment,
                                       isolation=profile.isolation)))  # fmt: skip
    for _ in range(data.draw(st.integers(1, 14))):
        try:
            ward.ask(data.draw(steps(ward.time)))  # invariants and directory are looked at behind each
        except Rejected:
            continue
        agree(ward.state, data.draw(needs()), data.draw(st.sampled_from((*PEOPLE, "t"))), ward.time, {})
    kept = decode(encode(WARD.freeze(ward.state)), WARD.state)
    assert WARD.thaw(kept) == ward.state


@settings(max_examples=150)
@given(data=st.data())
def test_a_plan_sees_a_ward_as_its_steps_will_leave_it(data: st.DataObject):
    ward = Asked()
    for id in BEDS:
        profile = data.draw(bed_profiles())
        ward.ask(AddBed(id, BedProfile(label=id, room=profile.room, type=profile.type, isolation=profile.isolation)))
    for _ in range(data.draw(st.integers(0, 4))):
        try:
            ward.ask(data.draw(steps(ward.time)))
        except Rejected:
            continue
    draft = Draft(ward.state, ward.time + 1)
    taken = []
    for _ in range(data.draw(st.integers(1, 6))):
        step = data.draw(steps(ward.time))
        try:
            take(draft, step)
        except Rejected:
            continue
        taken.append(step)
    need, who = data.draw(needs()), data.draw(st.sampled_from((*PEOPLE, "t")))
    agree(draft.ward, need, who, ward.time + 1, draft.changed)
    foreseen = best_bed(draft.ward, need, who, ward.time + 1, draft.changed)
    try:
        ward.ask(Together(tuple(taken)))
    except Rejected:
        return  # two beds at once, which only the whole can tell
    found = best_bed(ward.state, need, who, ward.time)
    assert (found and found.id) == (foreseen and foreseen.id)
    assert dict(ward.state.beds) == {id: bed for id, bed in {**ward.state.beds, **draft.changed}.items() if bed}
