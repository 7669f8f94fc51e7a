"""Which bed a patient gets, and why a bed cannot be had: given a ward, for a need, then this bed or this refusal."""

from __future__ import annotations

from typing import Any

import pytest

from engine.actors.ward.choosing import best_bed, best_offer, free_beds, unfit
from engine.actors.ward.commands import Retire
from engine.actors.ward.refusals import BedKept, BedUnfit, IllegalStep, RoomMates, WardGone
from engine.decider import HOUR
from engine.errors import NotFound
from engine.needs import Need
from tests.engine.wards_asked import Asked, need


def best(ward: Asked, wanted: Need | None = None, who: str = "new", **more: Any) -> str | None:
    bed = best_bed(ward.state, wanted or need(), who, ward.time, **more)
    return None if bed is None else bed.id


def why(ward: Asked, id: str, wanted: Need | None = None, who: str = "new") -> Any:
    refused = unfit(ward.state, ward.bed(id), wanted or need(), who, ward.time)
    return None if refused is None else (type(refused), refused.facts.get("why"))


# -- R8: what the bed must have -----------------------------------------------------------------------------------


def test_only_an_unoccupied_bed_is_had():
    ward = Asked()
    ward.add("a", "b", "c", "d", "e", "f", "g")
    for id, state in zip("abcdef", ("reserved", "occupied", "housekeeping", "contaminated", "closed", "isolated"),
                         strict=True):  # fmt: skip
        if state in ("reserved", "occupied"):
            ward.into(id, state) if state == "reserved" else ward.put(id, "somebody")
        elif state in ("housekeeping", "contaminated"):
            ward.put(id, f"who left {id}")
            ward.leave(id, f"who left {id}", contaminated=state == "contaminated")
        else:
            ward.mark(id, state)
    assert (best(ward), free_beds(ward.state, need())) == ("g", 1)
    assert best(ward, but=("g",)) is None
    assert [why(ward, id) for id in "abc"] == [(BedKept, None), (IllegalStep, None), (IllegalStep, None)]


def test_a_bed_has_the_type_and_all_of_the_equipment():
    ward = Asked()
    ward.add("a", type="general", equipment=("monitor",))
    ward.add("b", type="intensive", equipment=("monitor",))
    ward.add("c", type="intensive", equipment=("monitor", "ventilator"))
    assert best(ward, need(bed_type="intensive", equipment=("monitor", "ventilator"))) == "c"
    assert why(ward, "a", need(bed_type="intensive")) == (BedUnfit, "type")
    assert why(ward, "b", need(equipment=("monitor", "ventilator"))) == (BedUnfit, "equipment")
    assert best(ward, need(equipment=("monitor", "lamp"))) is None


@pytest.mark.parametrize(
    ("profile", "wanted", "expected"),
    [
        ({"gender": "female"}, {"gender": "male"}, "gender"),
        ({"gender": "female"}, {"gender": ""}, "gender"),
        ({"gender": "female"}, {"gender": "female"}, None),
        ({"max_age": 15}, {"age": 16}, "age"),
        ({"max_age": 15}, {"age": 15}, None),
        ({"min_age": 16}, {"age": 15}, "age"),
        ({"min_age": 0}, {"age": -1}, "age"),
        ({}, {"age": -1}, None),
        ({}, {"ward_id": "another"}, "ward"),
        ({}, {"ward_id": "w"}, None),
    ],
)
def test_a_ward_takes_whom_it_is_for(profile: dict[str, Any], wanted: dict[str, Any], expected: str | None):
    ward = Asked(**profile)
    ward.add("a")
    assert why(ward, "a", need(**wanted)) == (None if expected is None else (BedUnfit, expected))
    assert best(ward, need(**wanted)) == ("a" if expected is None else None)
    assert free_beds(ward.state, need(**wanted)) == (expected is None)


def test_a_closed_ward_has_no_bed_and_an_unknown_bed_is_not_found():
    ward = Asked()
    ward.add("a")
    bed = ward.bed("a")
    ward.ask(Retire())
    assert isinstance(unfit(ward.state, bed, need(), "p", ward.time), WardGone)
    assert best(ward) is None
    other = Asked()
    assert isinstance(unfit(other.state, bed, need(), "p", other.time), NotFound)


def test_who_is_isolated_needs_a_bed_for_it_and_others_get_one_last():
    ward = Asked()
    ward.add("a", isolation=True)
    ward.add("b")
    assert best(ward, need(isolation="measles")) == "a"
    assert why(ward, "b", need(isolation="measles")) == (BedUnfit, "isolation")
    assert best(ward) == "b"
    ward.put("b", "q")
    assert best(ward) == "a"


# -- R9: room mates -----------------------------------------------------------------------------------------------


def test_women_and_men_share_no_room_unless_the_ward_says_so():
    ward, mixed = Asked(), Asked(mixed_rooms=True)
    for one in (ward, mixed):
        one.add("a", "b", room="1")
        one.put("a", gender="male", age_group="adult")
    assert (best(ward), why(ward, "b")) == (None, (RoomMates, "gender"))
    assert best(ward, need(gender="male")) == "b"
    assert best(mixed) == "b"


@pytest.mark.parametrize("unknown", ["", "other"])
def test_who_is_neither_known_shares_a_room_with_nobody(unknown: Any):
    ward = Asked()
    ward.add("a", "b", room="1")
    ward.put("a", gender=unknown, age_group="adult")
    assert best(ward, need(gender=unknown)) is None
    assert best(ward) is None
    alone = Asked()
    alone.add("a", "b", room="1")
    assert best(alone, need(gender=unknown)) == "a"


def test_children_and_adults_share_no_room_unless_the_ward_says_so():
    ward, mixed = Asked(), Asked(mixed_ages=True)
    child = need(age_group="child", age=4)
    for one in (ward, mixed):
        one.add("a", "b", room="1")
        one.put("a", gender="female", age_group="adult")
    assert (best(ward, child), why(ward, "b", child)) == (None, (RoomMates, "age"))
    assert best(ward, need(age_group="")) is None
    assert best(mixed, child) == "b"


def test_who_is_isolated_shares_a_room_with_those_isolated_for_the_same():
    ward = Asked()
    ward.add("a", "b", "c", room="1", isolation=True)
    ward.put("a", gender="female", age_group="adult", isolation="measles")
    assert best(ward, need(isolation="measles")) == "b"
    assert why(ward, "b", need(isolation="influenza")) == (RoomMates, "isolation")
    assert why(ward, "b") == (RoomMates, "isolation")


def test_isolation_is_told_before_what_may_be_overridden():
    ward = Asked()
    ward.add("a", "b", room="1", isolation=True)
    ward.put("a", gender="male", age_group="adult", isolation="measles")
    assert why(ward, "b", need()) == (RoomMates, "isolation")


def test_who_is_expected_counts_as_a_room_mate():
    ward = Asked()
    ward.add("a", "b", room="1")
    ward.keep("a", "he", minutes=60)
    assert best(ward) is None  # nobody knows of him what he is
    assert best(ward, who="he") == "a"


def test_beds_without_a_room_stand_alone():
    ward = Asked()
    ward.add("a", "b")
    ward.put("a", gender="male", age_group="adult")
    assert best(ward) == "b"


def test_nobody_is_his_own_room_mate():
    ward = Asked()
    ward.add("a", "b", room="1", isolation=True)
    ward.put("a", "p", gender="female", age_group="adult")
    assert best(ward, need(isolation="measles"), who="p") == "b"
    assert best(ward, need(isolation="measles"), who="q") is None


# -- which is the best --------------------------------------------------------------------------------------------


def test_the_bed_that_is_kept_for_the_patient_comes_first():
    ward = Asked()
    ward.add("a", equipment=("lamp",))
    ward.add("b", isolation=True, equipment=("x", "y"))
    ward.keep("b", "p", minutes=60)
    assert best(ward, who="p") == "b"
    offer = best_offer(ward.state, need(), "p", ward.time)
    assert offer is not None
    assert offer.rank[0] is False
    ward.time += HOUR
    assert best(ward, who="p") == "a"


def test_a_kept_bed_that_does_not_fit_is_passed_over():
    ward = Asked()
    ward.add("a")
    ward.add("b", type="intensive")
    ward.keep("a", "p")
    assert best(ward, need(bed_type="intensive"), who="p") == "b"


def test_the_fewest_things_that_nobody_wants_then_a_room_that_is_in_use_then_the_order_of_beds():
    ward = Asked()
    ward.add("a", room="1", equipment=("lamp",))
    ward.add("b", room="2")
    ward.add("c", room="2")
    ward.add("d", "e", room="3")
    assert best(ward) == "b"
    ward.put("e", "q", gender="female", age_group="adult")
    assert best(ward) == "d"
    assert best(ward, need(equipment=("lamp",))) == "a"
    assert best(ward, but=("d",)) == "b"
    assert best(ward, but=("b", "c", "d")) == "a"


def test_offers_of_several_wards_can_be_compared():
    one, other = Asked(), Asked()
    one.add("a", equipment=("lamp",))
    other.add("z")
    offers = [best_offer(ward.state, need(), "p", ward.time) for ward in (one, other)]
    assert min(offer for offer in offers if offer).bed_id == "z"
