"""R1..R6 of a doctor's day; the cascade is held against a day that is walked minute by minute."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.actors.doctor_day import (
    DOCTOR_DAY,
    MAX_SLOTS,
    DayFull,
    DaySlotsEnded,
    DoctorDay,
    PlanSlot,
    PlanSlots,
    ReworkDay,
    SetDelay,
    SlotOverlap,
    SlotsEnded,
    TakeNumbers,
)
from engine.decider import DAY, HOUR, MINUTE
from engine.errors import NotFound
from tests.engine.actors.asked import Actor

MIDNIGHT = 20_500 * DAY
NEXT = MIDNIGHT + DAY


def minutes(of: int) -> int:
    return MIDNIGHT + of * MINUTE


def plan(*slots: tuple[str, int, int], count: int = 10) -> PlanSlots:
    return PlanSlots(tuple(PlanSlot(id, minutes(start), minutes(end), count) for id, start, end in slots), NEXT)


def day(*slots: tuple[str, int, int]) -> Actor:
    actor = Actor(DOCTOR_DAY, "doctor:2026-02-16")
    for slot in slots:
        actor.ask(plan(slot))
    return actor


def delays(actor: Actor) -> dict[str, int]:
    state: DoctorDay = actor.state
    return {slot.id: slot.delay for slot in state.slots}


MORNING = (("a", 540, 600), ("b", 600, 660), ("c", 690, 750), ("d", 900, 960))


def test_a_day_knows_whose_and_which_it_is():
    state = day().state
    assert (state.doctor_id, state.day) == ("doctor", "2026-02-16")
    assert list(DOCTOR_DAY.groups("doctor:2026-02-16")) == ["doctor:doctor", "day:2026-02-16"]


@pytest.mark.parametrize("slot", [("x", 541, 599), ("x", 500, 541), ("x", 599, 700), ("x", 500, 700), ("x", 540, 600)])
def test_slots_of_one_doctor_never_overlap(slot: tuple[str, int, int]):
    with pytest.raises(SlotOverlap) as refused:
        day(("a", 540, 600)).ask(plan(slot))
    assert refused.value.facts["slot_id"] == "a"


def test_slots_may_touch():
    assert delays(day(("a", 540, 600), ("b", 600, 660), ("c", 480, 540))) == {"c": 0, "a": 0, "b": 0}


def test_a_cancelled_slot_makes_room_and_a_closed_one_does_not():
    actor = day(("a", 540, 600), ("b", 600, 660))
    actor.ask(SlotsEnded(("a",), "CANCELLED"))
    actor.ask(SlotsEnded(("b",), "CLOSED"))
    actor.ask(plan(("new", 540, 600)))
    with pytest.raises(SlotOverlap):
        actor.ask(plan(("newer", 600, 660)))


def test_slots_planned_together_do_not_overlap_each_other():
    with pytest.raises(SlotOverlap):
        day().ask(plan(("a", 540, 600), ("b", 599, 660)))


def test_a_day_holds_a_slot_a_minute():
    actor = day()
    actor.ask(plan(*((str(n), n, n + 1) for n in range(MAX_SLOTS))))
    with pytest.raises(DayFull):
        actor.ask(plan(("x", MAX_SLOTS, MAX_SLOTS + 1)))


def test_ticket_numbers_are_given_once_a_day():
    actor = day()
    (first,) = actor.ask(plan(("a", 540, 600), ("b", 600, 660), count=15))
    (more,) = actor.ask(TakeNumbers("a", 5))
    actor.ask(SlotsEnded(("b",), "CANCELLED"))
    (last,) = actor.ask(plan(("c", 600, 660), count=3))
    blocks = [(one.first_number, one.count) for one in (*first.slots, more, *last.slots)]  # type: ignore[attr-defined]
    assert blocks == [(1, 15), (16, 15), (31, 5), (36, 3)]


def test_a_delay_pushes_what_follows_less_the_gaps():
    actor = day(*MORNING)
    actor.ask(SetDelay("a", 45))
    assert delays(actor) == {"a": 45, "b": 45, "c": 15, "d": 0}


def test_the_same_delay_twice_is_the_same_delay():
    actor = day(*MORNING)
    actor.ask(SetDelay("a", 45))
    assert actor.ask(SetDelay("a", 45)) == []
    assert delays(actor)["a"] == 45


def test_a_delay_of_nothing_ends_it_and_what_it_pushed():
    actor = day(*MORNING)
    actor.ask(SetDelay("a", 45))
    actor.ask(SetDelay("a", 0))
    assert set(delays(actor).values()) == {0}


def test_a_slot_keeps_its_own_delay_when_what_pushed_it_ends():
    actor = day(*MORNING)
    actor.ask(SetDelay("b", 20))
    actor.ask(SetDelay("a", 45))
    assert delays(actor)["b"] == 45
    actor.ask(SetDelay("a", 0))
    assert delays(actor) == {"a": 0, "b": 20, "c": 0, "d": 0}


def test_a_delay_passes_over_cancelled_and_closed_slots():
    actor = day(*MORNING)
    actor.ask(SlotsEnded(("b",), "CANCELLED"))
    actor.ask(SetDelay("a", 120))
    assert delays(actor) == {"a": 120, "b": 0, "c": 30, "d": 0}


def test_a_cancelled_slot_pushes_nobody_any_more():
    actor = day(*MORNING)
    actor.ask(SetDelay("b", 60))
    assert delays(actor)["c"] == 30
    (ended,) = actor.ask(SlotsEnded(("b",), "CANCELLED"))
    assert isinstance(ended, DaySlotsEnded)
    assert [late.slot_id for late in ended.delays] == ["c"]
    assert delays(actor)["c"] == 0


def test_a_closed_slot_leaves_what_it_pushed():
    actor = day(*MORNING)
    actor.ask(SetDelay("b", 60))
    actor.ask(SlotsEnded(("b",), "CLOSED"))
    assert delays(actor)["c"] == 30


def test_a_slot_that_has_ended_ends_no_second_time():
    actor = day(*MORNING)
    actor.ask(SlotsEnded(("b",), "CANCELLED"))
    assert actor.ask(SlotsEnded(("b",), "CLOSED")) == []


def test_a_slot_opened_behind_a_late_one_is_late_from_the_start_and_pushes_on():
    actor = day(("a", 540, 600), ("c", 660, 720))
    actor.ask(SetDelay("a", 60))
    assert delays(actor) == {"a": 60, "c": 0}
    actor.ask(plan(("b", 600, 660)))
    assert delays(actor) == {"a": 60, "b": 60, "c": 60}


def test_what_reaches_a_slot_is_capped_at_midnight_and_flagged():
    actor = day(("a", 1200, 1320), ("b", 1320, 1380), ("c", 1380, 1440))
    actor.ask(SetDelay("a", 120))
    assert delays(actor) == {"a": 120, "b": 60, "c": 0}
    assert [(slot.id, slot.capped) for slot in actor.state.slots] == [("a", False), ("b", True), ("c", True)]
    actor.ask(SetDelay("a", 0))
    assert not any(slot.capped for slot in actor.state.slots)


def test_an_own_delay_may_go_past_midnight():
    actor = day(("a", 1380, 1440))
    actor.ask(SetDelay("a", 30))
    assert delays(actor) == {"a": 30}


def test_a_slot_over_midnight_is_never_pushed():
    actor = day(("a", 1200, 1380), ("night", 1380, 1800))
    actor.ask(SetDelay("a", 30))
    assert (actor.state.slots[1].delay, actor.state.slots[1].capped) == (0, True)


def test_a_push_is_rounded_up_to_whole_minutes():
    actor = day(("a", 540, 600))
    start = minutes(600) + 1
    actor.ask(PlanSlots((PlanSlot("b", start, start + HOUR, 1),), NEXT))
    actor.ask(SetDelay("a", 10))
    assert delays(actor)["b"] == 10


def test_a_push_that_ends_lets_no_slot_begin_in_the_past():
    for end in (SetDelay("a", 0), SlotsEnded(("a",), "CANCELLED")):
        actor = day(*MORNING)
        actor.ask(SetDelay("a", 180))  # 12:00 to 13:00; b from 13:00, c from 14:00
        assert delays(actor) == {"a": 180, "b": 180, "c": 150, "d": 0}
        actor.time = minutes(690) - 1  # 11:30
        actor.ask(end)
        assert (delays(actor)["b"], delays(actor)["c"]) == (90, 60)


def test_a_slot_that_has_begun_is_not_put_back():
    actor = day(*MORNING)
    actor.ask(SetDelay("a", 60))
    actor.time = minutes(670)
    actor.ask(SetDelay("a", 0))
    assert delays(actor) == {"a": 0, "b": 60, "c": 30, "d": 0}


def test_an_unknown_slot_is_not_found():
    with pytest.raises(NotFound):
        day(*MORNING).ask(SetDelay("x", 5))


def test_slots_end_and_numbers_are_given_in_one_decision():
    actor = day(*MORNING)
    ended, given = actor.ask(ReworkDay(("a",), (TakeNumbers("b", 4),)))
    assert (ended.slot_ids, given.first_number) == (("a",), 41)  # type: ignore[attr-defined]


@dataclass
class Plain:
    """A slot of the reference: times in minutes."""

    start: int
    end: int
    own: int = 0
    cancelled: bool = False


def reference(slots: list[Plain]) -> list[int]:
    """Delays when all is worked out anew, from the first slot to the last, trying one minute after the other."""
    found: list[int] = []
    busy_until = 0
    for slot in slots:
        reached = 0
        while not slot.cancelled and slot.start + reached < busy_until and slot.end + reached < 1440:
            reached += 1
        delay = 0 if slot.cancelled else max(slot.own, reached)
        found.append(delay)
        if not slot.cancelled:
            busy_until = slot.end + delay
    return found


@st.composite
def days(draw: st.DrawFn) -> list[Plain]:
    slots: list[Plain] = []
    clock = 0
    for _ in range(draw(st.integers(1, 8))):
        start = clock + draw(st.integers(0, 120))
        end = start + draw(st.integers(1, 240))
        if end > 1440:
            break
        slots.append(Plain(start, end))
        clock = end
    return slots


@given(days(), st.data())
def test_the_cascade_is_what_a_day_worked_out_anew_gives(slots: list[Plain], data: st.DataObject):
    actor = day(*((str(n), slot.start, slot.end) for n, slot in enumerate(slots)))
    for _ in range(data.draw(st.integers(1, 8)) if slots else 0):
        n = data.draw(st.integers(0, len(slots) - 1))
        if slots[n].cancelled:
            continue
        if data.draw(st.integers(0, 4)) == 0:
            slots[n].cancelled, slots[n].own = True, 0
            actor.ask(SlotsEnded((str(n),), "CANCELLED"))
        else:
            slots[n].own = data.draw(st.integers(0, 480))
            actor.ask(SetDelay(str(n), slots[n].own))
        seen = [0 if slot.cancelled else delays(actor)[str(m)] for m, slot in enumerate(slots)]
        assert seen == reference(slots)
