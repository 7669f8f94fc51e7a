"""What is asked of rooms: users at their pace, times that fit or clash on purpose, wishes that rules can meet."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import islice, pairwise
from random import Random

import msgspec
import pytest

from engine.calendar import instant
from engine.decider import MINUTE
from engine.rules.choice import Candidate, choose
from engine.rules.kinds import HARD as HARD_KINDS
from engine.rules.kinds import kind_of
from engine.rules.subject import RoomUse, Wish
from engine.rules.subjects import subject_of
from perf.load.clinic_rules import CLEANING, HARD, SOFT, hard_rules, soft_rules
from perf.load.clinics import chosen_soft
from perf.load.offers import offered_room
from perf.load.plan import HELD, Settings, Site, Step
from perf.load.rooming import PACE, USERS, Wants, turns
from perf.load.wires import Got
from perf.scenarios import room_conflicts, room_rules, room_storm
from perf.workloads.room_choice import policy_of, profile

MINUTES = 2
SETTINGS = Settings(rate=PACE, seconds=MINUTES * 60.0)
CLOSED = Settings(closed=USERS, seconds=1.0)


def site(rooms: int = 10) -> Site:
    return Site(
        "h",
        doctors=[f"doctor {n}" for n in range(USERS)],
        patients=[f"patient {n}" for n in range(500)],
        clinic="clinic",
        rooms=[profile(n).id for n in range(rooms)],
    )


def asked(step: Step) -> dict[str, object]:
    body = msgspec.json.decode(step.body)
    assert isinstance(body, dict)
    return body


def times(body: dict[str, object]) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(str(body["start_time"])), datetime.fromisoformat(str(body["end_time"]))


def test_fifty_users_ask_ten_times_a_minute_each_and_nobody_twice_in_a_turn():
    come = list(turns(SETTINGS))
    assert len(come) == pytest.approx(USERS * 10 * MINUTES, abs=USERS)
    assert [start for start, _, _ in come] == sorted(start for start, _, _ in come)
    by_turn: defaultdict[int, list[int]] = defaultdict(list)
    for _, turn, user in come:
        by_turn[turn].append(user)
    assert all(sorted(by_turn[turn]) == list(range(USERS)) for turn in range(len(by_turn) - 1))
    assert come == list(turns(SETTINGS))


def test_a_closed_loop_and_a_number_of_attempts_know_no_end_of_time():
    assert len(list(islice(turns(CLOSED), 1_000))) == 1_000
    late = Settings(rate=PACE, seconds=1.0, attempts=500)
    assert len(list(islice(turns(late), 500))) == 500
    assert late.requests == 500


def test_in_the_storm_nobody_is_in_two_places_and_each_time_is_wanted_by_less_than_there_are_rooms():
    chains = list(islice(room_storm.plan([site()], CLOSED), 10 * USERS))
    bodies = [asked(step) for chain in chains for step in chain.steps]
    assert max(Counter(times(body) for body in bodies).values()) == 5
    for who in ("doctor_id", "patient_id"):
        held = sorted((str(body[who]), *times(body)) for body in bodies)
        assert all(one[0] != other[0] or one[2] <= other[1] for one, other in pairwise(held))
    ends = {times(body)[1] + timedelta(minutes=CLEANING) for body in bodies}
    starts = {times(body)[0] for body in bodies}
    assert not [end for end in ends for start in starts if start < end < start + timedelta(minutes=20)]


def test_in_the_conflicts_many_want_the_same_hour_of_the_same_rooms():
    chains = list(islice(room_conflicts.plan([site()], CLOSED), USERS))
    bookings = [asked(step) for chain in chains for step in chain.steps[:1] if step.path == "/appointments/"]
    overlapping = sum(
        times(one)[0] < times(other)[1] and times(other)[0] < times(one)[1]
        for number, one in enumerate(bookings)
        for other in bookings[:number]
    )
    assert overlapping > len(bookings) * len(bookings) / 8
    ops = Counter(step.op for chain in chains for step in chain.steps)
    assert {"book", "book this room", "book the offered room", "book, room or none", "hold", "cancel"} <= set(ops)


def test_who_named_a_room_asks_for_the_one_that_was_offered_and_only_then():
    chains = room_conflicts.plan([site()], CLOSED)
    named, taken = next(chain.steps for chain in chains if chain.steps[0].op == "book this room")
    assert named.offered
    assert not named.needs
    assert taken.needs
    assert asked(taken) == asked(named) | {"room_id": HELD}


def test_the_first_room_that_a_refusal_offers_is_held():
    offers = {"rooms": [{"room_id": "one", "score": 60}, {"room_id": "two", "score": 50}], "times": []}
    problem = {"code": "room_conflict", "facts": {"room_id": "other", "alternatives": offers}}
    assert offered_room(Got(409, 0, "", msgspec.json.encode(problem))) == "one"
    assert offered_room(Got(409, 0, "", msgspec.json.encode({"code": "doctor_conflict"}))) == ""
    assert offered_room(Got(409, 0, "", msgspec.json.encode({"facts": {"alternatives": {"rooms": []}}}))) == ""
    assert offered_room(Got(201, 7, "id", b"{}")) == ""
    assert offered_room(None) == ""


def test_there_are_ten_kinds_of_hard_rules_and_twenty_soft_ones_of_all_kinds():
    hard, soft = hard_rules(), soft_rules(site(50).rooms, site().doctors)
    assert len({kind_of(rule) for rule in hard}) == len(hard) == HARD
    assert all(isinstance(rule, HARD_KINDS) for rule in hard)
    assert len(soft) == SOFT
    assert len({kind_of(rule) for rule in soft}) == 9
    assert len({rule.name for rule in [*hard, *soft]}) == HARD + SOFT


def test_every_wish_of_the_rules_scenario_finds_a_room_in_whatever_order_they_come():
    policy = policy_of(room_rules.ROOMS)
    wants = Wants(site(room_rules.ROOMS))
    rooms = [profile(number) for number in range(room_rules.ROOMS)]
    random = Random(1)
    for turn in range(6):
        busy: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for user in random.sample(range(USERS), USERS):
            body = wants.apart(turn, user)
            start, end = (instant(time, "time") for time in times(body))
            wish = msgspec.convert(room_rules.wish(user), Wish)
            subject = subject_of(wish, f"doctor {user}", "patient", start, end, "UTC")
            standing = [
                Candidate(room, RoomUse(busy=any(a < end and start < b for a, b in busy[room.id]))) for room in rooms
            ]
            ranked = choose(policy, subject, standing).ranked
            assert ranked, f"user {user} finds no room for {wish}"
            busy[ranked[0].room_id].append((start, end + CLEANING * MINUTE))


def test_a_clinic_with_few_rules_has_one_of_each_kind_that_weighs_most():
    assert [kind_of(rule) for rule in chosen_soft(site(), 3)] == ["equipment_parsimony", "least_busy", "continuity"]
    assert len(chosen_soft(site(), SOFT)) == SOFT
    assert chosen_soft(site(), 0) == []
