"""Whatever the bookings and the absence: nobody is lost, nobody is doubled, no seat is given that is not there."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine import calendar
from engine.actors.slot.state import seats
from engine.decider import MINUTE
from engine.decisions.cancel_slot import DoctorUnavailable
from engine.decisions.delay_slot import DelaySlot
from engine.errors import Rejected
from tests.engine.deciding import NINE, World

TIERS = ("EMERGENCY", "PRIORITY_PAID", "ONLINE", "WALKIN")
POLICIES: list[dict[str, Any]] = [{}, {"double_booking": "doctor_day", "patient_overlap": True}, {"overbook_pct": 50}]


@settings(max_examples=60)
@given(st.sampled_from(POLICIES), st.data())
def test_an_absence_loses_and_doubles_nobody(policy: dict[str, Any], data: st.DataObject):
    world = World(zone="America/New_York", **policy)
    doctors = [world.doctor() for _ in range(2)]
    slots = []
    for doctor in doctors:
        start = NINE
        for _ in range(data.draw(st.integers(1, 3))):
            start += data.draw(st.integers(0, 900)) * MINUTE
            slots.append(world.slot(data.draw(st.integers(1, 3)), doctor=doctor, start=start))
            start += 60 * MINUTE
    patients = [world.patient() for _ in range(4)]
    for _ in range(data.draw(st.integers(0, 12))):
        try:
            world.book(
                data.draw(st.sampled_from(slots)),
                data.draw(st.sampled_from(patients)),
                data.draw(st.sampled_from(TIERS)),
            )
        except Rejected:
            continue
    world.ask(DelaySlot(slot_id=slots[0], delay_minutes=data.draw(st.integers(0, 240))))
    before = {token for slot in slots for token in world.line(slot)}
    waiting = {entry.id for slot in slots for entry in world.state(slot).waiting}
    start = NINE + data.draw(st.integers(0, 600)) * MINUTE
    end = start + data.draw(st.integers(1, 3_000)) * MINUTE
    times: dict[str, Any] = {"from_time": calendar.moment(start), "to_time": calendar.moment(end)}
    dry = world.ask(DoctorUnavailable(doctor_id=doctors[0], dry_run=True, **times))
    view = world.ask(DoctorUnavailable(doctor_id=doctors[0], **times))
    assert [one.action for one in dry.tokens] == [one.action for one in view.tokens]

    after = [token for slot in slots for token in world.line(slot)]
    assert len(after) == len(set(after))
    gone = {one.token_id for one in view.tokens if one.action == "manual"}
    assert before - gone <= set(after)
    # Where somebody left a slot that goes on, its seat is for whoever waits.
    assert gone <= before
    assert set(after) - before <= waiting
    assert all(world.token(token).status == "CANCELLED" for token in gone)
    for one in view.tokens:
        if one.action in ("move", "reschedule"):
            assert one.token_id in world.line(one.to_slot_id)
            assert world.state(one.to_slot_id).status != "CANCELLED"
    for slot in slots:
        state = world.state(slot)
        assert state.regular <= seats(state, policy.get("overbook_pct", 0))
        if state.status != "CANCELLED":
            assert not (state.doctor_id == doctors[0] and start <= state.start + state.delay and _end(state) <= end)
        for token in state.tokens.values():
            days = world.states[f"patient_day:{token.patient_id}:{state.day}"].commitments
            (theirs,) = [one for one in days if one.token_id == token.id]
            assert (theirs.slot_id, theirs.state == "active") == (slot, token.status == "CONFIRMED")


def _end(slot: Any) -> int:
    end: int = slot.end + slot.delay
    return end
