"""What the policy in force forbids is found, as far as it binds and no further: told event by event."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from engine.actors.hospital import HospitalAdded, Policy, PolicyChanged
from engine.actors.slot import events as on
from engine.actors.slot.state import Quota
from engine.decider import FreeText
from replay.auditing.seats import Seats
from replay.auditing.slots import Slots
from replay.auditing.tokens import Tokens

HOUR = 3_600_000_000


class Desk:
    """Slots of doctors ``a`` and ``b`` that begin at hour 10; what is told returns what was found in it."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.slots = Slots()
        self.seats = Seats(self.slots)
        self.seats.policy = policy or Policy()
        self._positions = count(1)

    def open(self, id: str, doctor: str = "a", hour: int = 10, capacity: int = 2, **more: Any) -> None:
        """A slot of an hour."""
        self.tell(id, self.opened(id, doctor, hour, capacity, **more))

    def opened(self, id: str, doctor: str = "a", hour: int = 10, capacity: int = 2, **more: Any) -> on.SlotOpened:
        """Its first event."""
        return on.SlotOpened(
            id=id, doctor_id=doctor, day="2027-01-15", start=hour * HOUR, end=(hour + 1) * HOUR, max_capacity=capacity,
            prefix="A", first_number=1, numbers=99, at=0, **more,
        )  # fmt: skip

    def tell(self, id: str, *events: Any, time: int = 0) -> list[str]:
        """One entry about one slot."""
        position = next(self._positions)
        self.slots.tight.clear()
        faults = [fault for event in events if (fault := self.slots.apply(position, id, event))]
        return faults + list(self.seats.faults([(self.slots.slots[id], event) for event in events], time))

    def book(self, id: str, token: str, patient: str = "", category: Any = "ONLINE", **more: Any) -> list[str]:
        """A seat for somebody."""
        return self.tell(id, booked(token, patient or token, category, **more))

    def wait(self, id: str, entry: str, category: Any = "ONLINE", patient: str = "", at: int = 1) -> list[str]:
        """A place in the list."""
        return self.tell(id, on.PatientWaitlisted(
            entry_id=entry, patient_id=patient or entry, category=category, booked_at=at, at=at,
        ))  # fmt: skip


def booked(token: str, patient: str, category: Any = "ONLINE", at: int = 1, **more: Any) -> on.TokenBooked:
    """A seat was given."""
    return on.TokenBooked(token_id=token, patient_id=patient, category=category, booked_at=at, at=at, number=1, **more)


def promoted(entry: str, patient: str = "") -> on.EntryPromoted:
    """An entry became a token."""
    return on.EntryPromoted(entry_id=entry, patient_id=patient or entry, number=1, at=9)


def cancelled(token: str, patient: str = "") -> on.TokenCancelled:
    """A token is over."""
    return on.TokenCancelled(token_id=token, patient_id=patient or token, at=9)


def test_no_more_seats_than_the_capacity_and_what_the_policy_adds_to_it():
    desk = Desk(Policy(overbook_pct=50))
    desk.open("s")
    assert [desk.book("s", token) for token in "pqr"] == [[], [], []]
    assert desk.book("s", "t") == ["slot s has 4 seats taken of 3"]


def test_a_policy_that_becomes_stricter_takes_nobody_a_seat_and_gives_none():
    desk = Desk(Policy(overbook_pct=50))
    desk.open("s")
    for token in "pqr":
        desk.book("s", token)
    desk.seats.policy = Policy()
    assert desk.tell("s", cancelled("p")) == []
    assert desk.tell("s", changed("q", "WALKIN")) == []
    assert desk.book("s", "t") == ["slot s has 3 seats taken of 2"]


def changed(token: str, category: Any, **more: Any) -> on.CategoryChanged:
    """Another tier."""
    return on.CategoryChanged(token_id=token, patient_id=token, category=category, rank_at=1, at=9, **more)


@pytest.mark.parametrize(
    ("over", "step", "found"),
    [
        ((), "check_in", []),  # it was active all the time
        ((cancelled("t"),), "cancel", ["patient t has token t while in appointment a"]),
    ],
)
def test_a_step_that_is_undone_gives_a_token_only_to_who_had_none(over: Any, step: Any, found: list[str]):
    desk = Desk(Policy(patient_overlap=True))
    desk.open("s")
    assert desk.book("s", "t") == []
    assert desk.tell("s", on.PatientArrived(token_id="t", patient_id="t", arrived_at=2, at=2)) == []
    desk.seats = Seats(desk.slots, lambda *_: "a")  # an appointment that somebody booked beside it, with a reason
    desk.seats.policy = Policy(patient_overlap=True)
    for event in over:
        assert desk.tell("s", event) == []
    assert desk.tell("s", on.StepUndone(token_id="t", patient_id="t", step=step, at=9)) == found


@pytest.mark.parametrize(
    ("booked_at", "entered_at", "found"),
    [
        (10 * HOUR, 12 * HOUR, []),  # from paper
        (11 * HOUR, 12 * HOUR, ["token t was given a seat in slot s, which is CLOSED"]),
        (12 * HOUR, 12 * HOUR, ["token t was given a seat in slot s, which is CLOSED"]),
    ],
)
def test_a_slot_that_is_over_gives_seats_only_to_who_was_booked_before(booked_at: int, entered_at: int, found: Any):
    desk = Desk()
    desk.open("s")
    assert desk.tell("s", on.SlotClosed(at=11 * HOUR)) == []
    given = on.TokenBooked(
        token_id="t", patient_id="t", category="ONLINE", booked_at=booked_at, at=entered_at, number=1
    )
    assert desk.tell("s", given) == found


def test_holds_and_offers_are_seats_and_an_emergency_needs_none():
    desk = Desk()
    desk.open("s")
    assert desk.tell("s", on.SeatHeld(hold_id="h", expires_at=9, at=1)) == []
    assert desk.wait("s", "w") == []
    assert desk.tell("s", on.EntryOffered(entry_id="w", expires_at=9, at=2)) == []
    assert desk.book("s", "e", category="EMERGENCY", override=True) == []
    assert desk.book("s", "t") == ["slot s has 3 seats taken of 2"]
    assert desk.tell("s", on.HoldEnded(hold_id="h", cause="released", at=3)) == []
    assert desk.tell("s", on.SlotResized(max_capacity=1, at=4)) == ["slot s has 2 seats taken of 1"]


@pytest.mark.parametrize(
    ("policy", "doctor", "hour", "found"),
    [
        (Policy(), "b", 14, True),
        (Policy(double_booking="doctor_day"), "b", 14, False),
        (Policy(double_booking="doctor_day"), "a", 14, True),
        (Policy(double_booking="slot"), "a", 14, False),
        (Policy(double_booking="off"), "b", 10, False),
        (Policy(double_booking="off", patient_overlap=True), "b", 10, True),
        (Policy(double_booking="off", patient_overlap=True), "b", 11, False),
        (Policy(double_booking="off", patient_overlap=True), "a", 10, False),
    ],
)
def test_a_patient_has_no_token_beside_another_that_the_policy_forbids(
    policy: Policy, doctor: str, hour: int, found: bool
):
    desk = Desk(policy)
    desk.open("s")
    desk.open("u", doctor, hour)
    assert desk.book("s", "first", "p") == []
    assert desk.book("u", "second", "p") == (["patient p has token second beside first"] if found else [])


def test_a_patient_has_no_token_while_in_an_appointment_where_the_policy_forbids_it():
    for policy, found in ((Policy(), False), (Policy(patient_overlap=True), True)):
        desk = Desk(policy)
        desk.seats = Seats(desk.slots, lambda patient, start, end: "treatment" if patient == "p" else "")
        desk.seats.policy = policy
        desk.open("s", capacity=1)
        told = ["patient p has token first while in appointment treatment"] if found else []
        assert desk.book("s", "first", "p") == told
        desk.wait("s", "w", "FOLLOWUP", patient="p")
        desk.wait("s", "v")
        assert bool(desk.tell("s", cancelled("first", "p"), promoted("v"))) == (not found)


def test_in_one_slot_two_tokens_of_a_patient_are_one_too_many_unless_all_is_allowed():
    for rule in ("day", "doctor_day", "slot", "off"):
        desk = Desk(Policy(double_booking=rule))
        desk.open("s")
        desk.book("s", "first", "p")
        assert bool(desk.book("s", "second", "p")) == (rule != "off")


def test_who_comes_back_for_a_result_may_have_another_token_elsewhere():
    desk = Desk()
    desk.open("s")
    desk.open("u", "b")
    desk.seats.reviews.add("review")
    desk.book("s", "first", "p")
    assert desk.book("u", "review", "p") == []


def test_a_patient_has_no_more_tokens_than_are_allowed_at_a_time():
    desk = Desk(Policy(double_booking="off", max_active_tokens_per_patient=1))
    desk.open("s")
    desk.open("u", "b")
    desk.book("s", "first", "p")
    assert desk.book("u", "second", "p") == ["patient p has 2 active tokens of at most 1"]


def test_nobody_waits_twice_in_one_list_or_beside_a_token_of_that_slot():
    desk = Desk(Policy(double_booking="off"))
    desk.open("s")
    desk.book("s", "first", "p")
    assert desk.wait("s", "w", patient="p") == ["patient p waits for slot s and has token first in it"]
    assert desk.wait("s", "v", patient="q") == []
    assert desk.wait("s", "x", patient="q") == ["patient q waits twice for slot s"]


def test_a_tier_gets_no_more_than_its_quota_until_that_is_released():
    desk = Desk(Policy(quota_release_minutes=60))
    desk.open("s", quotas={"WALKIN": Quota(max=1)})
    assert desk.book("s", "p", category="WALKIN") == []
    told = ["slot s has more WALKIN tokens than the 1 of its quota"]
    assert desk.tell("s", booked("q", "q", "WALKIN"), time=8 * HOUR) == told
    desk.tell("s", cancelled("q"))
    assert desk.tell("s", booked("r", "r", "WALKIN"), time=9 * HOUR) == []


def test_the_first_of_the_list_is_promoted_by_tier_then_by_time():
    desk = Desk()
    desk.open("s", capacity=1)
    desk.book("s", "p")
    desk.wait("s", "walkin", "WALKIN", at=1)
    desk.wait("s", "late", "FOLLOWUP", at=3)
    desk.wait("s", "early", "FOLLOWUP", at=2)
    told = ["token late was promoted before early, who waited in front in slot s"]
    assert desk.tell("s", cancelled("p"), promoted("late")) == told
    assert desk.tell("s", cancelled("late"), promoted("early")) == []
    assert desk.tell("s", cancelled("early"), on.EntryOffered(entry_id="walkin", expires_at=99, at=9)) == []
    assert desk.tell("s", promoted("walkin")) == []


def test_nobody_is_booked_past_a_list_but_who_held_the_seat_or_is_an_emergency():
    desk = Desk()
    desk.open("s", capacity=1)
    desk.book("s", "p")
    desk.wait("s", "w")
    desk.tell("s", cancelled("p"))
    assert desk.book("s", "e", category="EMERGENCY") == []
    desk.tell("s", cancelled("e"))
    assert desk.book("s", "h", hold_id="held") == []
    desk.tell("s", cancelled("h"))
    assert desk.book("s", "t") == ["token t was booked before w, who waited in front in slot s"]


def test_a_seat_may_go_past_who_has_a_token_already_or_whose_tier_is_full():
    desk = Desk()
    desk.open("s", capacity=2, quotas={"FOLLOWUP": Quota(max=1)})
    desk.open("u", "b")
    for token in ("p", "q"):
        desk.book("s", token, category="FOLLOWUP" if token == "p" else "ONLINE")
    desk.wait("s", "full", "FOLLOWUP")
    desk.wait("s", "busy", "ONLINE", patient="somebody")
    desk.book("u", "elsewhere", "somebody")
    desk.wait("s", "last", "WALKIN")
    assert desk.tell("s", cancelled("q"), promoted("last")) == []


def test_a_merged_record_brings_its_own_tokens_along_and_meets_those_of_the_other():
    desk = Desk(Policy(double_booking="off"))
    desk.open("s", capacity=9)
    desk.open("u", "b")
    for slot, token, who in (("s", "one", "twin"), ("u", "two", "twin")):
        desk.book(slot, token, who)
    desk.seats.policy = Policy()
    assert desk.tell("s", on.TokenRepointed(token_id="one", patient_id="person", at=9)) == []
    desk.open("v", "b", 14)
    desk.seats.policy = Policy(double_booking="off")
    desk.book("v", "three", "other")
    desk.seats.policy = Policy()
    found = desk.tell("v", on.TokenRepointed(token_id="three", patient_id="person", at=9))
    assert found == ["patient person has token three beside one"]


def test_the_policy_is_what_the_hospital_said_last():
    added = HospitalAdded(id="main", name="M", time_zone="UTC", policy=Policy(), link_key=FreeText("k"), time=0)
    for policy, found in ((Policy(overbook_pct=100), False), (Policy(), True)):
        tokens, desk = Tokens(), Desk()
        tokens.entry(1, [("hospital:self", (added, PolicyChanged(policy=policy)))], 1)
        tokens.entry(2, [("slot:s", (desk.opened("s", capacity=1), booked("p", "p"), booked("q", "q")))], 2)
        assert any("2 seats taken of 1" in fault for fault in tokens.found) == found
