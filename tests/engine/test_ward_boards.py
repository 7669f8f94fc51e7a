"""Wards and beds as they are listed, as staff see them, and as a wall may show them: nobody's name or id there."""

from __future__ import annotations

from typing import Any

import pytest

from engine.decider import Private
from engine.decisions.beds import ReserveBed
from engine.decisions.wards import ChangeWard, RemoveWard
from engine.errors import NotFound
from engine.views.ward_boards import MAX_WAITING, GetWardBeds, GetWardBoard
from engine.views.wards import GetBed, GetWard, ListBeds, ListWards
from tests.engine.deciding import encode
from tests.engine.views.of_world import shown
from tests.engine.ward_world import Wards


def listed(world: Wards, query: Any) -> list[str]:
    return [one.id for one in shown(world, query).items]


def test_wards_are_listed_and_a_closed_one_only_when_asked_for():
    world = Wards()
    other = world.ward(name="Surgery")
    assert listed(world, ListWards()) == [world.ward_id, other]
    world.ask(RemoveWard(ward_id=other))
    assert listed(world, ListWards()) == [world.ward_id]
    assert listed(world, ListWards(retired=True)) == [other]
    assert shown(world, GetWard(ward_id=other)).retired


def test_beds_are_listed_by_ward_state_type_and_by_whether_they_can_be_had():
    world = Wards()
    one = world.new_bed("1")
    two = world.new_bed("2", type="intensive")
    three = world.new_bed("3")
    four = world.new_bed("1", world.ward())
    world.admit()
    world.ask(ReserveBed(bed_id=three, patient_id=world.person()))
    assert listed(world, ListBeds()) == [one, two, three, four]
    assert listed(world, ListBeds(ward_id=world.ward_id, state="occupied")) == [one]
    assert listed(world, ListBeds(type="intensive")) == [two]
    assert listed(world, ListBeds(available=True)) == [two, four]
    assert listed(world, ListBeds(available=False)) == [one, three]
    assert listed(world, ListBeds(ward_id=world.person())) == []
    first = shown(world, ListBeds(limit=3))
    assert [bed.id for bed in shown(world, ListBeds(limit=3, cursor=first.next_cursor)).items] == [four]


def test_a_bed_tells_who_lies_there_and_who_is_expected():
    world = Wards()
    bed, kept = world.new_bed("1"), world.new_bed("2")
    admission = world.admit()
    patient = world.person()
    world.ask(ReserveBed(bed_id=kept, patient_id=patient, minutes=5))
    shown_bed = shown(world, GetBed(bed_id=bed))
    assert (shown_bed.state, shown_bed.admission_id, shown_bed.reserved_until) == ("occupied", admission, None)
    expected = shown(world, GetBed(bed_id=kept))
    assert (expected.state, expected.patient_id, expected.admission_id) == ("reserved", patient, None)
    with pytest.raises(NotFound):
        shown(world, GetBed(bed_id=patient))


def test_a_ward_tells_how_many_beds_are_free_and_how_long_a_bed_takes_to_be_ready_again():
    world = Wards()
    bed = world.new_bed("1")
    world.new_bed("2")
    assert shown(world, GetWard(ward_id=world.ward_id)).turnover_minutes is None
    admission = world.admit()
    world.discharge(admission)
    world.later(30)
    world.clean(bed)
    ward = shown(world, GetWard(ward_id=world.ward_id))
    assert (ward.beds, ward.free, ward.occupied) == ({"unoccupied": 2}, 2, 0)
    assert ward.turnover_minutes == 30.0


def test_a_bed_that_is_cleaned_tells_when_it_should_be_ready_where_the_ward_says_how_long_that_takes():
    world = Wards()
    bed = world.new_bed()
    world.discharge(world.admit())
    assert shown(world, GetBed(bed_id=bed)).ready_at is None
    world.ask(ChangeWard(ward_id=world.ward_id, name="Medicine", cleaning_minutes=20))
    cleaned = shown(world, GetBed(bed_id=bed))
    assert (cleaned.ready_at - cleaned.since).total_seconds() == 20 * 60


def test_a_board_shows_rooms_beds_and_who_waits_and_nobody():
    world = Wards()
    for label, room in (("10", "B"), ("9", "B"), ("1", "A"), ("X", "")):
        world.new_bed(label, room=room)
    inside, patient = world.admit(), world.person("male")
    for _ in range(4):
        world.admit()
    high = world.admit(patient, acuity="high")
    board = shown(world, GetWardBoard(ward_id=world.ward_id))
    assert [(room.room, [bed.label for bed in room.beds]) for room in board.rooms] == [
        ("", ["X"]),
        ("A", ["1"]),
        ("B", ["9", "10"]),
    ]
    assert board.counts == {"occupied": 4}
    assert [one.acuity for one in board.waiting] == ["high", "low"]
    assert (board.waiting_count, board.waiting[0].reason) == (2, "no_bed")
    text = encode(board)
    for private in (inside, patient, high, world.doctor_id, world.nurse_id, "Jane Doe"):
        assert private.encode() not in text


def test_a_board_shows_only_who_could_come_here():
    world = Wards(ward={"gender": "female"})
    world.admit(world.person("male"))
    world.admit(world.person("female"), ward_id=world.ward())
    world.admit(needs_bed=False, nurse_skills=("dialysis",))
    assert shown(world, GetWardBoard(ward_id=world.ward_id)).waiting_count == 0
    world.admit(world.person("female"))
    assert shown(world, GetWardBoard(ward_id=world.ward_id)).waiting_count == 1


def test_a_board_shows_the_first_who_wait_and_counts_all():
    world = Wards()
    for _ in range(MAX_WAITING + 3):
        world.admit()
    board = shown(world, GetWardBoard(ward_id=world.ward_id))
    assert (len(board.waiting), board.waiting_count) == (MAX_WAITING, MAX_WAITING + 3)


def test_staff_see_who_lies_where_and_who_looks_after_whom():
    world = Wards()
    world.new_bed("1")
    admission = world.admit(acuity="high")
    waits = world.admit()
    ward = shown(world, GetWardBeds(ward_id=world.ward_id))
    [[bed]] = [room.beds for room in ward.rooms]
    assert (bed.admission_id, bed.acuity, bed.doctor_id, bed.nurse_id) == (
        admission,
        "high",
        world.doctor_id,
        world.nurse_id,
    )
    names = (bed.patient_name, bed.doctor_name, bed.nurse_name)
    assert [name.text for name in names if isinstance(name, Private)] == [
        "Jane Doe",
        "Somebody, doctor",
        "Somebody, nurse",
    ]
    [waiting] = ward.waiting
    assert (waiting.admission_id, waiting.patient_name.text) == (waits, "Jane Doe")


def test_an_unknown_ward_has_no_board():
    for query in (GetWardBoard, GetWardBeds):
        with pytest.raises(NotFound):
            shown(Wards(), query(ward_id="00000000-0000-7000-8000-000000000000"))
