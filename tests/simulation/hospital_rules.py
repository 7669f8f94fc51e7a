"""What holds among the actors of a hospital after every entry, worked out from their states alone.

Written down a second time on purpose: nothing here asks the code that decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from engine.actors.hospital import HOSPITAL, Policy
from engine.actors.patient_day import PatientDay
from engine.actors.slot.state import Slot, Token
from tests.simulation.queue_rules import service_broken, visits_broken
from tests.simulation.referral_rules import referrals_broken
from tests.simulation.room_rules import rooms_broken
from tests.simulation.ward_rules import wards_broken

State = Callable[[str], Any]
Members = Callable[[str], list[str]]

OPEN = {"CONFIRMED": "active", "WAITING": "waiting", "OFFERED": "offered"}
"""What a patient's day says of an open token; of any other it says that it is over, or nothing any more."""


def rules_broken(state: State, members: Members, keys: Iterable[str], time: int) -> Iterator[str]:
    """Each rule that these actors break now (µs), among themselves and towards the others.

    ``members`` gives the keys of a group's actors.
    """
    hospital = state(HOSPITAL)
    keys = list(keys)
    yield from rooms_broken(state, keys, time)
    yield from wards_broken(state, members, keys, time)
    yield from referrals_broken(state, keys)
    for key in keys:
        kind, _, id = key.partition(":")
        if kind == "service":
            yield from service_broken(state(key))
        elif kind == "slot":
            slot = state(key)
            if (service := state(f"service:{slot.doctor_id}")) is not None:
                yield from visits_broken(service, slot)
            yield from _slot(state, slot, hospital.policy)
            yield from _seats_left_free(state, slot, hospital.policy, time)
        elif kind == "patient_day":
            patient_id, _, day = id.partition(":")
            yield from _patient_day(state, state(key), patient_id, day, hospital.policy)


def codes_given_twice(slots: Iterable[Slot]) -> Iterator[str]:
    """Ticket codes that two tokens of one doctor and day have."""
    seen: dict[tuple[str, str, int], str] = {}
    for slot in slots:
        for token in slot.tokens.values():
            if token.number:
                other = seen.setdefault((slot.doctor_id, slot.day, token.number), token.id)
                if other != token.id:
                    yield f"{slot.prefix}-{token.number:03d} of {slot.day} is on {other} and on {token.id}"


def tokens_kept_twice(slots: Iterable[Slot]) -> Iterator[str]:
    """Tokens that stand in two slots."""
    seen: dict[str, str] = {}
    for slot in slots:
        for token_id in slot.tokens:
            if seen.setdefault(token_id, slot.id) != slot.id:
                yield f"token {token_id} is in slots {seen[token_id]} and {slot.id}"


def _slot(state: State, slot: Slot, policy: Policy) -> Iterator[str]:
    seated = [token for token in slot.tokens.values() if token.status in ("CONFIRMED", "COMPLETED")]
    regular = [token for token in seated if not token.override]
    seats = slot.max_capacity * (100 + policy.overbook_pct) // 100
    if len(regular) > seats:
        yield f"slot {slot.id} has {len(regular)} regular tokens on {seats} seats"
    places = [place for token in slot.tokens.values() if (place := _place(slot, token))]
    if sorted(places) != list(range(1, len(places) + 1)):
        yield f"the places of slot {slot.id} are {sorted(places)}"
    for token in slot.tokens.values():
        said = _said(state, slot, token)
        expected = OPEN.get(token.status)
        if expected is not None and said != expected:
            yield f"token {token.id} is {token.status} in slot {slot.id}; the day of its patient says {said!r}"
        if expected is None and said not in (None, "over"):
            yield f"token {token.id} is over in slot {slot.id}; the day of its patient says {said!r}"


def _seats_left_free(state: State, slot: Slot, policy: Policy, time: int) -> Iterator[str]:
    if slot.status not in ("ACTIVE", "DELAYED") or time >= slot.end + slot.delay:
        return
    tokens = slot.tokens.values()
    seated = sum(token.status in ("CONFIRMED", "COMPLETED") and not token.override for token in tokens)
    kept = len(slot.holds) + sum(token.status == "OFFERED" for token in tokens)
    if seated + kept >= slot.max_capacity * (100 + policy.overbook_pct) // 100:
        return
    for entry in tokens:
        if entry.status == "WAITING" and entry.category not in slot.quotas and _eligible(state, slot, entry, policy):
            yield f"entry {entry.id} waits for slot {slot.id}, which has a free seat"


def _place(slot: Slot, token: Token) -> int:
    if token.status != "CONFIRMED":
        return 0
    return [one.id for one in (*slot.pinned, *slot.line)].index(token.id) + 1


def _said(state: State, slot: Slot, token: Token) -> str | None:
    day: PatientDay | None = state(f"patient_day:{token.patient_id}:{slot.day}")
    for one in day.commitments if day else ():
        if one.token_id == token.id and one.slot_id == slot.id:
            return one.state
    return None


def _eligible(state: State, slot: Slot, entry: Token, policy: Policy) -> bool:
    if policy.patient_overlap and state(f"agenda:patient:{entry.patient_id}:{slot.day}") is not None:
        return False  # an appointment was in the way; where it has gone, the slot looks again at its next event only
    day: PatientDay | None = state(f"patient_day:{entry.patient_id}:{slot.day}")
    there = day.commitments if day else []
    review = any(one.review for one in there if one.token_id == entry.id)
    for one in there:
        if one.state != "active" or one.token_id == entry.id:
            continue
        other_doctor = one.doctor_id != slot.doctor_id
        if (review or one.review) and one.slot_id != slot.id:
            if policy.patient_overlap and other_doctor and one.start < slot.end and slot.start < one.end:
                return False
            continue
        if policy.double_booking == "day" or (policy.double_booking == "doctor_day" and not other_doctor):
            return False
        if policy.double_booking == "slot" and one.slot_id == slot.id:
            return False
        if policy.patient_overlap and other_doctor and one.start < slot.end and slot.start < one.end:
            return False
    return True


def _patient_day(state: State, of: PatientDay, patient_id: str, day: str, policy: Policy) -> Iterator[str]:
    active = [one for one in of.commitments if one.state == "active" and not one.review]
    if policy.double_booking == "day" and len(active) > 1:
        yield f"patient {patient_id} has {len(active)} active tokens on {day}"
    for one in of.commitments:
        slot: Slot = state(f"slot:{one.slot_id}")
        token = slot.tokens.get(one.token_id)
        if one.state == "over":
            if token is not None and token.status in OPEN and token.patient_id == patient_id:
                yield f"{one.token_id} is over for patient {patient_id}, and {token.status} in slot {slot.id}"
        elif token is None or token.patient_id != patient_id or OPEN.get(token.status) != one.state:
            there = "not there" if token is None else token.status
            yield f"{one.token_id} of patient {patient_id} is {one.state}; in slot {slot.id} it is {there}"
