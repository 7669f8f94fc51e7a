"""R7 of a member of the staff: what duty holds when, held against every hour of the plan looked at by itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.actors.staff import duty_at
from engine.actors.staff.commands import Activate, Approve, PlanLeave, PlanShift, ReachBoundary, RemoveShift, Retire
from engine.actors.staff.duty import held_at
from engine.actors.staff.keeping import due
from engine.actors.staff.state import Staff
from tests.engine.actors.asked import Actor
from tests.engine.staff_asked import at, leave, member, shift


def duty(actor: Actor, hour: float) -> tuple[str, int]:
    state: Staff = actor.state
    return duty_at(state, at(hour))


def test_who_never_had_a_shift_is_on_duty_whenever_here():
    nurse = member()
    assert (nurse.state.duty, nurse.state.until, due(nurse.state)) == ("on", 0, None)
    nurse.ask(PlanLeave(leave(8, 12)))
    assert duty(nurse, 7) == ("on", at(8))
    assert duty(nurse, 8) == ("off", at(12))
    assert duty(nurse, 12) == ("on", 0)


def test_who_was_ever_planned_works_by_the_plan_also_when_it_is_empty_again():
    nurse = member(shift(8, 16, "x"))
    assert duty(nurse, 7) == ("off", at(8))
    nurse.ask(RemoveShift("x"))
    assert duty(nurse, 9) == ("off", 0)


def test_a_shift_with_breaks_is_several_stretches_of_duty():
    nurse = member(shift(8, 16, breaks=((10, 11), (12, 13))))
    assert [duty(nurse, hour) for hour in (8, 10, 11, 12.5, 15.99, 16)] == [
        ("on", at(10)),
        ("off", at(11)),
        ("on", at(12)),
        ("off", at(13)),
        ("on", at(16)),
        ("off", 0),
    ]


def test_shifts_that_touch_are_one_stretch_unless_one_is_on_call():
    nurse = member(shift(0, 8), shift(8, 16), shift(16, 24, on_call=True))
    assert duty(nurse, 1) == ("on", at(16))
    assert duty(nurse, 16) == ("on_call", at(24))


def test_a_leave_goes_before_the_shift_that_stands_there():
    nurse = member(shift(8, 16))
    nurse.ask(PlanLeave(leave(10, 12)))
    assert duty(nurse, 8) == ("on", at(10))
    assert duty(nurse, 11) == ("off", at(12))
    assert duty(nurse, 12) == ("on", at(16))


def test_where_a_shift_ends_after_a_break_both_instants_are_told():
    nurse = member(shift(8, 16, breaks=((15, 16),)))
    assert held_at(nurse.state, at(15)) == ("off", at(16), True)
    assert held_at(nurse.state, at(16)) == ("off", 0, False)


def test_the_roster_hears_of_a_change_of_plan_only_where_it_changes_what_holds():
    nurse = member(shift(8, 16))
    assert (nurse.state.duty, nurse.state.until) == ("off", at(8))
    (added,) = nurse.ask(PlanShift(shift(30, 32), 0))
    assert added.shift.id == "from30"
    nurse.time = at(8)
    (reached,) = nurse.ask(ReachBoundary())
    assert (reached.duty, reached.until, reached.on_break) == ("on", at(16), False)
    assert nurse.ask(ReachBoundary()) == []


@pytest.mark.parametrize("end", [Activate(active=False), Approve(approved=False), Retire()])
def test_who_does_not_work_here_is_off_duty_and_nothing_wakes_the_member(end: object):
    nurse = member(shift(8, 16))
    nurse.time = at(9)
    nurse.ask(ReachBoundary())
    nurse.ask(end)
    assert (nurse.state.duty, nurse.state.until, due(nurse.state)) == ("off", 0, None)


def test_who_is_activated_in_the_middle_of_a_shift_is_on_duty_at_once():
    nurse = member(shift(8, 16), active=False)
    assert due(nurse.state) is None
    nurse.time = at(9)
    reached = nurse.ask(Activate(active=True))[-1]
    assert (reached.duty, reached.until, due(nurse.state)) == ("on", at(16), at(16))


# -- against a plan that is looked at hour by hour --------------------------------------------------------------

HOURS = 60
SPAN = st.tuples(st.integers(0, HOURS - 1), st.integers(1, 12))


@st.composite
def plans(draw: Any) -> list[tuple[int, int, bool, list[tuple[int, int]]]]:
    """Shifts one after another, with gaps, some on call, with breaks."""
    found, free = [], 0
    while free < HOURS:
        start = free + draw(st.integers(0, 8))
        length = draw(st.integers(1, 12))
        breaks, open_ = [], start
        for _ in range(draw(st.integers(0, 2))):
            begins = draw(st.integers(open_, start + length))
            ends = draw(st.integers(begins, start + length))
            if begins < ends:
                breaks.append((begins, ends))
                open_ = ends
        found.append((start, start + length, draw(st.booleans()), breaks))
        free = start + length
    return found


def presence(
    hour: int, shifts: list[tuple[int, int, bool, list[tuple[int, int]]]], leaves: list[tuple[int, int]], planned: bool
) -> str:
    if any(start <= hour < start + length for start, length in leaves):
        return "away"
    for start, end, on_call, breaks in shifts:
        if start <= hour < end:
            if any(begins <= hour < ends for begins, ends in breaks):
                return "break"
            return "on_call" if on_call else "on"
    return "away" if planned else "on"


@given(plan=st.one_of(st.just([]), plans()), leaves=st.lists(SPAN, max_size=3))
def test_at_any_instant_the_duty_is_what_the_plan_says_and_holds_until_it_says_otherwise(plan, leaves):
    nurse = member(
        *(shift(start, end, on_call=on_call, breaks=breaks) for start, end, on_call, breaks in plan), hour=-1
    )
    for number, (start, length) in enumerate(leaves):
        nurse.ask(PlanLeave(leave(start, start + length, str(number))))
    last = HOURS * 2
    told = [presence(hour, plan, leaves, bool(plan)) for hour in range(last)]
    for hour in range(last):
        held = held_at(nurse.state, at(hour))
        assert (held.duty, held.on_break) == (
            told[hour] if told[hour] in ("on", "on_call") else "off",
            told[hour] == "break",
        )
        changes = [at(later) for later in range(hour + 1, last) if told[later] != told[hour]]
        assert held.until == (changes[0] if changes else 0)
    # And the timers, one after another, tell exactly these.
    while (wakes := due(nurse.state)) is not None:
        nurse.time = wakes
        nurse.ask(ReachBoundary())
        assert (nurse.state.duty, nurse.state.until) == duty_at(nurse.state, wakes)
        following = due(nurse.state)
        assert following is None or following > wakes
