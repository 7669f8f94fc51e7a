"""Lists of staff and of shifts, and the roster, over what commands have made."""

from __future__ import annotations

import pytest

from engine.decisions.shifts import BreakTime
from engine.decisions.staff import ActivateStaff, RemoveStaff
from engine.errors import Invalid, NotFound
from engine.views.staff import GetRoster, GetStaff, ListShifts, ListStaff
from tests.engine.staffed import Staffed
from tests.engine.views.of_world import shown

NOBODY = "01900000-0000-7000-8000-000000000000"


def ids(page) -> list[str]:
    return [one.id for one in page.items]


def test_a_member_is_shown_with_duty_load_and_what_is_planned():
    world = Staffed()
    nina = world.staff(skills=("icu",), max_load=4)
    world.plan(nina, 7, 17, breaks=(BreakTime(start_time=world.when(12), end_time=world.when(13)),))
    world.away(nina, 40, 50)
    world.admit()
    told = shown(world, GetStaff(staff_id=nina))
    assert (told.duty, told.duty_until, told.load, told.max_load) == ("on", world.when(12), 1, 4)
    assert [(one.start_time, one.end_time, len(one.breaks)) for one in told.shifts] == [
        (world.when(7), world.when(17), 1)
    ]
    assert [one.end_time for one in told.leaves] == [world.when(50)]
    assert told.name.text == "Nina Okafor"
    world.until(17)
    assert shown(world, GetStaff(staff_id=nina)).shifts == []
    with pytest.raises(NotFound):
        shown(world, GetStaff(staff_id=NOBODY))


def test_a_duty_that_has_ended_is_not_shown_any_more_though_the_timer_is_late():
    world = Staffed()
    nina = world.staff()
    world.plan(nina, 7, 17)
    world.time += 10 * 3_600_000_000
    assert shown(world, GetStaff(staff_id=nina)).duty == "off"
    assert ids(shown(world, ListStaff(duty="on"))) == [world.doctor_id]
    assert [one.duty for one in shown(world, GetRoster(role="nurse")).items] == ["off"]


def test_every_filter_of_the_list_narrows():
    world = Staffed()
    nina, omar = world.staff(skills=("icu",)), world.staff()
    gone = world.staff()
    world.ask(RemoveStaff(staff_id=gone))
    world.plan(omar, 20, 22)
    assert ids(shown(world, ListStaff())) == [world.doctor_id, nina, omar]
    assert ids(shown(world, ListStaff(role="nurse"))) == [nina, omar]
    assert ids(shown(world, ListStaff(skill="icu"))) == [nina]
    assert ids(shown(world, ListStaff(duty="off"))) == [omar]
    assert ids(shown(world, ListStaff(retired=True))) == [gone]
    assert ids(shown(world, ListStaff(ward_id=NOBODY))) == [world.doctor_id, nina, omar]
    first = shown(world, ListStaff(limit=2))
    assert ids(shown(world, ListStaff(limit=2, cursor=first.next_cursor))) == [omar]


def test_shifts_of_one_come_in_order_of_time_and_of_all_in_the_order_of_planning():
    world = Staffed(rest_hours=0)
    nina, omar = world.staff(), world.staff()
    late, early = world.plan(nina, 20, 22), world.plan(nina, 10, 12)
    other = world.plan(omar, 9, 11)
    assert ids(shown(world, ListShifts(staff_id=nina))) == [early, late]
    assert ids(shown(world, ListShifts())) == [late, early, other]
    assert ids(shown(world, ListShifts(from_=world.when(11), to=world.when(20)))) == [early]
    first = shown(world, ListShifts(staff_id=nina, limit=1))
    assert ids(shown(world, ListShifts(staff_id=nina, limit=1, cursor=first.next_cursor))) == [late]
    with pytest.raises(Invalid):
        shown(world, ListShifts(limit=1, cursor=first.next_cursor))
    with pytest.raises(NotFound):
        shown(world, ListShifts(staff_id=NOBODY))


def test_the_roster_shows_who_can_be_had_in_the_order_in_which_they_are_chosen():
    world = Staffed()
    nina, omar, uma = world.staff(max_load=1), world.staff(), world.staff()
    world.plan(uma, 7, 17, on_call=True)
    away = world.staff()
    world.ask(ActivateStaff(staff_id=away, is_active=False))
    world.admit()
    told = shown(world, GetRoster(role="nurse"))
    assert [(one.staff_id, one.duty, one.load) for one in told.items] == [
        (omar, "on", 0),
        (nina, "on", 1),
        (uma, "on_call", 0),
    ]
    assert (told.counts.on, told.counts.on_call, told.counts.off, told.counts.free) == (2, 1, 0, 1)
    assert told.items[2].until == world.when(17)
    assert {one.role for one in shown(world, GetRoster()).items} == {"doctor", "nurse"}
