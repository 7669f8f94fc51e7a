"""Two patients who change beds, in one ward or between two: neither bed is cleaned, neither patient is without one."""

from __future__ import annotations

import pytest

from engine.actors.ward.commands import Exchange, Swap
from engine.actors.ward.refusals import IllegalStep, NotTheOccupant
from engine.actors.ward.state import Stay
from engine.errors import Invalid
from tests.engine.wards_asked import Asked, names, occupant


def test_two_change_beds_in_one_step():
    ward = Asked()
    ward.add("a", "b")
    ward.put("a", "p", gender="female")
    ward.put("b", "q", gender="male")
    since = ward.bed("a").since
    assert names(ward.ask(Exchange("a", "b"))) == ["BedPassedOn", "BedPassedOn"]
    lying = {id: ward.bed(id).occupant for id in "ab"}
    assert [one and (one.patient_id, one.gender, one.since) for one in lying.values()] == [
        ("q", "male", ward.time),
        ("p", "female", ward.time),
    ]
    assert ward.state.stays["a"] == (Stay(since, ward.time, "admission of p"),)
    assert ward.state.counts == {"occupied": 2}


def test_a_bed_is_not_exchanged_for_itself_or_for_an_empty_one():
    ward = Asked()
    ward.add("a", "b")
    ward.put("a")
    with pytest.raises(Invalid):
        ward.ask(Exchange("a", "a"))
    with pytest.raises(IllegalStep):
        ward.ask(Exchange("a", "b"))


def test_between_two_wards_each_takes_the_other_ones_patient():
    one, other = Asked(), Asked()
    one.add("a")
    other.add("b")
    one.put("a", "p")
    other.put("b", "q")
    one.ask(Swap("a", "admission of p", occupant("q")))
    other.ask(Swap("b", "admission of q", occupant("p")))
    assert one.bed("a").occupant == occupant("q", since=one.time)
    assert other.bed("b").occupant == occupant("p", since=other.time)


def test_a_swap_names_who_leaves():
    ward = Asked()
    ward.add("a")
    ward.put("a", "p")
    with pytest.raises(NotTheOccupant):
        ward.ask(Swap("a", "admission of q", occupant("r")))
