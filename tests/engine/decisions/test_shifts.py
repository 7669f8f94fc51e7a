"""Shifts, leaves and the timer of the staff: what begins and ends by the plan, and what becomes of the patients."""

from __future__ import annotations

from engine.decider import HOUR
from engine.decisions.discharge import DischargePatient
from engine.decisions.shifts import BreakTime, ChangeShift, RemoveLeave, RemoveShift
from engine.decisions.staff import HandOver
from engine.decisions.wake_staff import WakeStaff
from tests.engine.deciding import EIGHT
from tests.engine.staffed import MIDNIGHT, Staffed


def test_a_shift_that_begins_takes_who_waits_in_the_same_decision():
    world = Staffed()
    nina = world.staff()
    world.plan(nina, 9, 17)
    waits = world.admit()
    assert (world.admission(waits).reason, world.listed(nina).duty) == ("no_staff", "off")
    world.until(9)
    assert world.nurse_of(waits) == nina
    assert {"DutyReached", "DutyChanged", "PatientTaken"} <= {type(event).__name__ for _, event in world.events}
    assert (world.listed(nina).duty, world.listed(nina).until) == ("on", MIDNIGHT + 17 * HOUR)


def test_a_shift_entered_while_it_runs_counts_at_once():
    world = Staffed()
    nina = world.staff(is_active=False)
    world.plan(nina, 7, 12)
    assert world.listed(nina).duty == "off"
    omar = world.staff()
    world.plan(omar, 20, 22)
    waits = world.admit()
    shift = world.plan(omar, 7, 9)
    assert (world.nurse_of(waits), world.listed(omar).duty) == (omar, "on")
    world.ask(ChangeShift(shift_id=shift, start_time=world.when(7), end_time=world.when(10)))
    world.until(9.5)
    assert world.listed(omar).duty == "on"


def test_plans_that_cannot_be_are_refused():
    world = Staffed(rest_hours=10)
    nina = world.staff()
    shift = world.plan(nina, 9, 17)
    assert world.refusal(world.planned(nina, 16, 20)).code == "shift_overlap"
    assert world.refusal(world.planned(nina, 26, 30)).code == "rest_too_short"
    out = BreakTime(start_time=world.when(8), end_time=world.when(10))
    asked = ChangeShift(shift_id=shift, start_time=world.when(9), end_time=world.when(17), breaks=(out,))
    assert world.refusal(asked).facts["field"] == "breaks"
    assert world.refusal(RemoveShift(shift_id=nina)).code == "not_found"
    assert world.refusal(RemoveLeave(leave_id=nina)).code == "not_found"
    world.plan(nina, 27, 30)


def test_a_break_leaves_the_patients_where_they_are_and_opens_no_alert():
    world = Staffed()
    nina = world.staff()
    world.plan(nina, 7, 17, breaks=(BreakTime(start_time=world.when(12), end_time=world.when(13)),))
    one = world.admit()
    world.until(12.5)
    assert (world.listed(nina).duty, world.nurse_of(one), world.alerts()) == ("off", nina, [])
    waits = world.admit()
    assert world.nurse_of(waits) == ""
    world.until(13)
    assert world.nurse_of(waits) == nina


def test_patients_of_somebody_whose_shift_ends_stay_listed_until_somebody_sees_to_them():
    world = Staffed()
    nina = world.staff()
    world.plan(nina, 7, 17)
    one = world.admit()
    world.until(17)
    assert (world.nurse_of(one), world.alerts()) == (nina, [("shift_over", nina)])
    world.staff()
    told = world.ask(HandOver(staff_id=nina))
    assert ([moved.admission_id for moved in told.moved], world.alerts()) == ([one], [])


def test_the_alert_is_opened_once_and_closed_when_the_member_is_back():
    world = Staffed()
    nina = world.staff()
    world.plan(nina, 7, 17)
    world.admit()
    world.until(18)
    world.plan(nina, 27, 30)  # the plan changes until when nobody comes; nothing new to tell
    assert len([event for _, event in world.history if type(event).__name__ == "AlertOpened"]) == 1
    assert not [event for _, event in world.history if type(event).__name__ == "AlertRepeated"]
    world.until(27)
    assert (world.alerts(), world.listed(nina).duty) == ([], "on")


def test_a_break_at_the_end_of_a_shift_is_a_break_until_the_shift_ends():
    world = Staffed()
    nina = world.staff()
    world.plan(nina, 7, 17, breaks=(BreakTime(start_time=world.when(16), end_time=world.when(17)),))
    world.admit()
    world.until(16.5)
    assert world.alerts() == []
    world.until(17)
    assert world.alerts() == [("shift_over", nina)]


def test_by_policy_patients_are_handed_over_when_a_shift_ends():
    world = Staffed(shift_end="handover")
    nina, omar = world.staff(), world.staff()
    world.plan(nina, 7, 17)
    world.plan(omar, 16, 23)
    one = world.admit()
    world.until(17)
    assert (world.nurse_of(one), world.alerts()) == (omar, [])
    world.until(23)
    assert (world.nurse_of(one), world.admission(one).status) == ("", "handed_over")
    world.plan(nina, 30, 32)
    world.until(30)
    assert (world.nurse_of(one), world.admission(one).status) == (nina, "assigned")


def test_who_is_on_call_is_called_when_the_last_shift_ends():
    world = Staffed()
    nina, omar = world.staff(max_load=1), world.staff()
    world.plan(nina, 7, 17)
    world.plan(omar, 7, 23, on_call=True)
    assert world.nurse_of(world.admit()) == nina
    waits = world.admit()
    assert world.admission(waits).reason == "no_staff"  # Nina is full, and on duty all the same
    world.until(17)
    assert world.nurse_of(waits) == omar


def test_who_goes_on_leave_in_the_middle_of_a_shift_goes_like_who_reaches_its_end():
    world = Staffed()
    nina = world.staff()
    world.plan(nina, 7, 17)
    world.admit()
    leave = world.away(nina, 8, 10)
    assert (world.alerts(), world.listed(nina).duty) == ([("shift_over", nina)], "off")
    world.ask(RemoveLeave(leave_id=leave))
    assert (world.alerts(), world.listed(nina).duty) == ([], "on")


def test_a_shift_that_is_taken_out_of_the_plan_while_it_runs_ends_now():
    world = Staffed()
    nina = world.staff()
    shift = world.plan(nina, 7, 17)
    world.admit()
    world.ask(RemoveShift(shift_id=shift))
    assert (world.outcome, world.member(nina).shifts[0].end) == ("removed", world.time)
    assert (world.alerts(), world.listed(nina).duty) == ([("shift_over", nina)], "off")


def test_a_timer_that_was_overtaken_does_nothing():
    world = Staffed()
    nina = world.staff()
    world.ask(WakeStaff(staff_id=nina, due=world.time))
    assert world.events == []
    world.plan(nina, 9, 17)
    world.ask(WakeStaff(staff_id=nina, due=EIGHT))
    assert world.events == []


def test_what_passed_while_nobody_was_there_is_caught_up_with_in_one_step():
    world = Staffed()
    nina = world.staff()
    world.plan(nina, 9, 12)
    world.plan(nina, 22, 24)
    world.time += 15 * HOUR
    world.ask(WakeStaff(staff_id=nina, due=EIGHT))
    assert world.listed(nina).duty == "on"
    assert len(world.named("DutyReached")) == 1


def test_the_alert_is_closed_when_the_last_patient_leaves():
    world = Staffed()
    nina = world.staff()
    world.plan(nina, 7, 17)
    one, other = world.admit(), world.admit()
    world.until(17)
    world.ask(DischargePatient(admission_id=one))
    assert world.alerts() == [("shift_over", nina)]
    world.ask(DischargePatient(admission_id=other))
    assert world.alerts() == []
