"""R1 to R6 and R8 of a member of the staff: given what happened, when it is asked, then these events or a refusal."""

from __future__ import annotations

import pytest

from engine.actors.staff import STAFF
from engine.actors.staff.commands import (
    Activate,
    Approve,
    ChangeShift,
    PlanLeave,
    PlanShift,
    ReachBoundary,
    RemoveLeave,
    RemoveShift,
    Retire,
    Revise,
)
from engine.actors.staff.decide import TRIMMED_AT
from engine.actors.staff.planning import MAX_LEAVES, MAX_SHIFTS
from engine.actors.staff.refusals import (
    LeaveEnded,
    RestTooShort,
    ShiftEnded,
    ShiftOverlap,
    StaffGone,
    TooManyLeaves,
    TooManyShifts,
)
from engine.actors.staff.state import Staff
from engine.decider import DAY, HOUR, FreeText
from engine.errors import Invalid, NotFound, Stale
from tests.engine.actors.asked import Actor
from tests.engine.staff_asked import MIDNIGHT, at, leave, member, profile, shift

REST = 10 * HOUR


def names(events: list) -> list[str]:
    return [type(event).__name__ for event in events]


def planned(actor: Actor) -> list[tuple[int, int]]:
    state: Staff = actor.state
    return [((one.start - MIDNIGHT) // HOUR, (one.end - MIDNIGHT) // HOUR) for one in state.shifts]


# -- R1: who it is ----------------------------------------------------------------------------------------------


def test_nothing_is_asked_of_a_member_who_was_never_added():
    with pytest.raises(NotFound):
        Actor(STAFF, "s2").ask(ReachBoundary())


def test_a_change_names_the_version_that_it_changes_and_nothing_new_is_no_change():
    nurse = member()
    assert names(nurse.ask(Revise(profile(skills=("icu",)), if_version=1))) == ["StaffChanged"]
    with pytest.raises(Stale):
        nurse.ask(Revise(profile(), if_version=1))
    assert nurse.ask(Revise(profile(skills=("icu",)))) == []


def test_duty_and_shifts_do_not_count_as_another_version():
    nurse = member(shift(8, 16))
    nurse.time = at(8)
    nurse.ask(ReachBoundary())
    assert (nurse.state.duty, nurse.state.version) == ("on", 1)


def test_who_has_left_changes_no_more():
    nurse = member()
    assert names(nurse.ask(Retire())) == ["StaffRetired", "DutyReached"]
    with pytest.raises(StaffGone):
        nurse.ask(Activate(active=False))


def test_what_is_said_twice_happens_once_and_the_reason_is_sealed_under_the_hospitals_key():
    nurse = member()
    (left, _) = nurse.ask(Activate(active=False, reason=FreeText("on parental leave")))
    assert left.reason.subject == ""
    assert nurse.ask(Activate(active=False)) == []
    assert names(nurse.ask(Approve(approved=False))) == ["StaffApproved"]


# -- R2, R3: shifts among each other ----------------------------------------------------------------------------


def test_two_shifts_of_a_member_never_overlap():
    nurse = member(shift(8, 16))
    for start, end in ((15, 20), (6, 9), (10, 11), (0, 24)):
        with pytest.raises(ShiftOverlap) as refused:
            nurse.ask(PlanShift(shift(start, end, "other"), 0))
        assert refused.value.facts["shift_id"] == "from8"


def test_shifts_may_touch_where_no_rest_is_asked_for():
    nurse = member(shift(8, 16))
    nurse.ask(PlanShift(shift(16, 20), 0))
    nurse.ask(PlanShift(shift(4, 8), 0))
    assert planned(nurse) == [(4, 8), (8, 16), (16, 20)]


@pytest.mark.parametrize(("start", "end", "refused"), [(26, 30, False), (25, 30, True), (0, 5, False), (0, 6, True)])
def test_there_is_rest_between_two_shifts_on_either_side(start: int, end: int, refused: bool):
    nurse = member(shift(15, 16), hour=-1)
    asked = PlanShift(shift(start, end), REST)
    if refused:
        with pytest.raises(RestTooShort) as short:
            nurse.ask(asked)
        assert short.value.facts["least_minutes"] == 600
        assert short.value.facts["rest_minutes"] == 540
    else:
        nurse.ask(asked)


def test_a_shift_that_is_moved_is_not_in_its_own_way():
    nurse = member(shift(8, 16, "x"))
    nurse.ask(ChangeShift(shift(9, 17, "x"), REST))
    assert planned(nurse) == [(9, 17)]
    with pytest.raises(NotFound):
        nurse.ask(ChangeShift(shift(9, 17, "y"), REST))


# -- R4, R5: what a shift may be --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (shift(9, 9), "end_time"),
        (shift(9, 34), "end_time"),
        (shift(1, 2), "end_time"),  # over
        (shift(9, 17, breaks=((8, 10),)), "breaks"),
        (shift(9, 17, breaks=((16, 18),)), "breaks"),
        (shift(9, 17, breaks=((12, 12),)), "breaks"),
        (shift(9, 17, breaks=((12, 14), (13, 15))), "breaks"),
    ],
)
def test_a_shift_has_a_length_and_breaks_that_lie_in_it(asked: object, field: str):
    nurse = member(hour=3)
    with pytest.raises(Invalid) as refused:
        nurse.ask(PlanShift(asked, 0))  # type: ignore[arg-type]
    assert refused.value.facts["field"] == field


def test_shifts_to_come_are_not_too_many_and_those_over_do_not_count():
    nurse = member(*(shift(n, n + 1, str(n)) for n in range(MAX_SHIFTS)))
    with pytest.raises(TooManyShifts):
        nurse.ask(PlanShift(shift(MAX_SHIFTS, MAX_SHIFTS + 1), 0))
    nurse.time = at(1)
    nurse.ask(PlanShift(shift(MAX_SHIFTS, MAX_SHIFTS + 1), 0))


def test_a_shift_under_way_keeps_its_beginning_and_ends_now_when_it_is_taken_out():
    nurse = member(shift(8, 16, "x", breaks=((9, 10), (12, 13))))
    nurse.time = at(9.5)
    with pytest.raises(Invalid):
        nurse.ask(ChangeShift(shift(7, 16, "x"), 0))
    nurse.ask(ChangeShift(shift(8, 15, "x", breaks=((9, 10), (12, 13))), 0))
    nurse.ask(RemoveShift("x"))
    (left,) = nurse.state.shifts
    assert (left.end, len(left.breaks), left.breaks[0].end) == (nurse.time, 1, nurse.time)


def test_a_shift_that_has_not_begun_is_gone_and_one_that_is_over_stays():
    nurse = member(shift(8, 16, "early"), shift(20, 22, "late"))
    nurse.time = at(16)
    nurse.ask(RemoveShift("late"))
    assert ("shifts", "late") not in nurse.filed
    with pytest.raises(ShiftEnded):
        nurse.ask(RemoveShift("early"))
    with pytest.raises(ShiftEnded):
        nurse.ask(ChangeShift(shift(8, 18, "early"), 0))


# -- R6: leaves -------------------------------------------------------------------------------------------------


def test_a_leave_can_be_taken_back_until_it_is_over():
    nurse = member()
    nurse.ask(PlanLeave(leave(8, 12), FreeText("a funeral")))
    nurse.time = at(9)
    nurse.ask(RemoveLeave("leave"))
    assert nurse.state.leaves == []
    nurse.ask(PlanLeave(leave(8, 10, "other")))
    nurse.time = at(10)
    with pytest.raises(LeaveEnded):
        nurse.ask(RemoveLeave("other"))


def test_a_leave_has_a_length_and_is_not_over_and_leaves_are_not_too_many():
    nurse = member(hour=5)
    for start, end in ((8, 8), (1, 2), (8, 30_000)):
        with pytest.raises(Invalid):
            nurse.ask(PlanLeave(leave(start, end)))
    for n in range(MAX_LEAVES):
        nurse.ask(PlanLeave(leave(6 + n, 9 + n, str(n))))
    with pytest.raises(TooManyLeaves):
        nurse.ask(PlanLeave(leave(300, 301)))


# -- R8: what is forgotten --------------------------------------------------------------------------------------


def test_what_was_over_long_ago_is_forgotten_many_at_a_time():
    nurse = member(*(shift(n, n + 1, str(n)) for n in range(TRIMMED_AT - 1)))
    nurse.time = at(20) + 7 * DAY
    assert "PlanTrimmed" not in names(nurse.ask(PlanLeave(leave(200, 202, "one"))))
    nurse.time = at(202) + 8 * DAY
    assert "PlanTrimmed" in names(nurse.ask(PlanShift(shift(600, 601), 0)))
    assert [one.id for one in nurse.state.shifts] == ["from600"]
    assert nurse.filed == {("staff", "s1"), ("shifts", "from600")}
