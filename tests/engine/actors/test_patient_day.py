"""The patient's day: who may have which token beside which."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from engine.actors.hospital import Policy
from engine.actors.patient_day import (
    PATIENT_DAY,
    AlreadyWaitlisted,
    ChangeDay,
    Commit,
    DoubleBooking,
    PatientDay,
    PatientOverlap,
    active,
    entries,
    open_commitments,
)
from engine.decider import DAY, HOUR, At
from engine.errors import Rejected
from tests.engine.deciding import NINE


def commit(
    token: str, slot: str = "s", doctor: str = "d", start: int = 0, state: Any = "active", **policy: Any
) -> Commit:
    return Commit(token, slot, doctor, NINE + start * HOUR, NINE + (start + 1) * HOUR, state, Policy(**policy))


def given(*commands: object) -> PatientDay:
    state = PATIENT_DAY.initial("p:2026-02-01")
    for command in commands:
        when(state, command)
    return state


def when(state: PatientDay, command: object) -> None:
    for event in PATIENT_DAY.decide(state, command, At(NINE, bytes(16), lambda: bytes(16))):
        PATIENT_DAY.evolve(state, event)
    PATIENT_DAY.check(state)


@pytest.mark.parametrize(
    ("policy", "slot", "doctor", "refused"),
    [
        ("day", "other", "other", True),
        ("doctor_day", "other", "d", True),
        ("doctor_day", "other", "other", False),
        ("slot", "s", "d", True),
        ("slot", "other", "d", False),
        ("off", "s", "d", False),
    ],
)
def test_r1_one_active_token_within_the_reach_of_the_policy(policy: str, slot: str, doctor: str, refused: bool) -> None:
    state = given(commit("a"))
    wanted = commit("b", slot, doctor, double_booking=policy)
    if refused:
        with pytest.raises(DoubleBooking) as refusal:
            when(state, wanted)
        assert refusal.value.facts == {"token_id": "a", "slot_id": "s"}
    else:
        when(state, wanted)
        assert len(active(state)) == 2


@pytest.mark.parametrize("policy", ["day", "doctor_day", "slot", "off"])
@pytest.mark.parametrize("state", ["waiting", "offered"])
def test_r2_one_entry_per_list_and_none_beside_a_token(policy: str, state: str) -> None:
    waiting = given(commit("a", state=state, double_booking=policy))
    for wanted in ("active", "waiting"):
        with pytest.raises(AlreadyWaitlisted):
            when(waiting, commit("b", state=wanted, double_booking=policy))
    when(waiting, commit("b", "other", state="waiting", double_booking=policy))
    assert len(entries(waiting)) == 2
    with pytest.raises(DoubleBooking):
        when(given(commit("a")), commit("b", state="waiting", double_booking=policy))


def test_r3_no_two_doctors_at_one_time() -> None:
    state = given(commit("a", double_booking="off"))
    both: dict[str, Any] = {"double_booking": "off", "patient_overlap": True}
    with pytest.raises(PatientOverlap):
        when(state, commit("b", "other", "other", **both))
    when(state, commit("b", "next", "other", start=1, **both))
    when(state, commit("c", "same", "d", **both))


def test_what_is_over_stands_in_nobodys_way() -> None:
    state = given(commit("a"), ChangeDay((("a", "over"),)), commit("b"))
    assert [one.token_id for one in open_commitments(state)] == ["b"]


def test_several_changes_are_one_and_what_ends_makes_room_for_what_begins() -> None:
    state = given(commit("a"))
    with pytest.raises(Rejected):
        when(state, ChangeDay((("other", "over"),), (commit("b"),)))
    when(state, ChangeDay((("a", "over"),), (commit("b"),)))
    assert [one.state for one in state.commitments] == ["over", "active"]


def test_a_token_that_moves_is_the_same_commitment() -> None:
    state = given(commit("a"), commit("a", "other", start=3))
    assert [(one.slot_id, one.state) for one in state.commitments] == [("other", "active")]


def test_what_changes_nothing_is_no_event() -> None:
    state = given(commit("a"))
    assert PATIENT_DAY.decide(state, ChangeDay((("a", "active"),)), At(0, bytes(16), lambda: bytes(16))) == []


def test_a_day_leaves_memory_when_all_of_it_is_over() -> None:
    state = given(commit("a"))
    assert not PATIENT_DAY.closed(state, NINE + 9 * DAY)
    when(state, ChangeDay((("a", "over"),)))
    assert (PATIENT_DAY.closed(state, NINE + DAY), PATIENT_DAY.closed(state, NINE + 2 * DAY)) == (False, True)


def test_a_day_belongs_to_its_patients_group() -> None:
    assert list(PATIENT_DAY.groups("p:2026-02-01")) == ["patient:p"]


@pytest.mark.parametrize("policy", ["day", "doctor_day"])
@pytest.mark.parametrize("first", [True, False])
def test_r4_a_review_counts_neither_way(policy: str, first: bool) -> None:
    reviewed = msgspec.structs.replace(commit("a", double_booking=policy), review=first)
    state = given(reviewed)
    when(state, msgspec.structs.replace(commit("b", "other", double_booking=policy), review=not first))
    assert len(active(state)) == 2
    with pytest.raises(DoubleBooking):
        when(state, commit("c", "third", double_booking=policy))


@pytest.mark.parametrize("policy", ["day", "doctor_day", "slot"])
def test_r4_nobody_has_two_tokens_in_one_slot_for_a_review(policy: str) -> None:
    state = given(commit("a"))
    with pytest.raises(DoubleBooking):
        when(state, msgspec.structs.replace(commit("b", double_booking=policy), review=True))


def test_r4_a_review_that_moves_or_comes_to_a_seat_stays_one() -> None:
    state = given(msgspec.structs.replace(commit("a", state="waiting"), review=True), commit("b", "other"))
    when(state, commit("a"))
    assert {one.token_id: one.review for one in active(state)} == {"a": True, "b": False}
    moved = ChangeDay(commits=(msgspec.structs.replace(commit("a", "third"), policy=None),))
    when(state, moved)
    assert [one.review for one in active(state) if one.slot_id == "third"] == [True]
