"""Cursors and pages."""

from __future__ import annotations

import datetime as dt
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decider import DAY as ONE_DAY
from engine.decider import HOUR, MINUTE
from engine.errors import Invalid
from engine.views import QUERIES
from engine.views.paging import MAX_LIMIT, MAX_SCANNED, ListQuery, Page
from engine.views.people import ListDoctors, ListPatients
from engine.views.slots import ListSlots, ListSlotTokens
from engine.views.tokens import ListTokens
from engine.views.waiting import ListWaiting, WaitingBySlot
from tests.engine.views.clinic import NINE, Clinic, ids


def ask(clinic: Clinic, query: ListQuery) -> Page[Any]:
    body = QUERIES[type(query)](clinic, query).body
    assert isinstance(body, Page)
    return body


def walk(clinic: Clinic, query: ListQuery, between: Callable[[], None] = lambda: None) -> list[str]:
    seen: list[str] = []
    cursors: set[str | None] = set()
    while True:
        assert query.cursor not in cursors, "the pages go in a circle"
        cursors.add(query.cursor)
        page = ask(clinic, query)
        seen += ids(page.items)
        if page.next_cursor is None:
            return seen
        query = msgspec.structs.replace(query, cursor=page.next_cursor)
        between()


def test_the_last_page_says_that_it_is_the_last():
    clinic = Clinic()
    for _ in range(4):
        clinic.add_doctor()
    first = ask(clinic, ListDoctors(limit=2))
    last = ask(clinic, ListDoctors(limit=2, cursor=first.next_cursor))
    assert (len(first.items), len(last.items), last.next_cursor) == (2, 2, None)


def test_an_empty_list_is_one_empty_page():
    assert ask(Clinic(), ListDoctors()) == Page([], None)


def test_a_limit_above_the_maximum_is_clamped_and_one_below_one_is_invalid():
    clinic = Clinic()
    for _ in range(MAX_LIMIT + 1):
        clinic.add_doctor()
    assert len(ask(clinic, ListDoctors(limit=10**9)).items) == MAX_LIMIT
    with pytest.raises(Invalid) as refusal:
        ask(clinic, ListDoctors(limit=0))
    assert refusal.value.facts == {"field": "limit"}


def test_a_cursor_is_safe_in_a_url_and_tells_nothing_of_what_was_searched_for():
    clinic = Clinic()
    for _ in range(3):
        clinic.add_patient(name="Zenobia Quartermaine")
    cursor = ask(clinic, ListPatients(limit=1, name="zenobia")).next_cursor
    assert cursor is not None
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert b"zenobia" not in urlsafe_b64decode(cursor + "==").lower()


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "!!!!", "é", "AAAA", "a" * 5_000, urlsafe_b64encode(msgspec.msgpack.encode([b"", [1]])).decode()],
)
def test_a_broken_cursor_is_invalid(cursor: str):
    with pytest.raises(Invalid) as refusal:
        ask(Clinic(), ListDoctors(cursor=cursor))
    assert refusal.value.facts == {"field": "cursor"}


@given(st.binary(max_size=60))
def test_no_bytes_in_a_cursor_do_anything_but_page_or_be_refused(raw: bytes):
    for query in (ListDoctors, ListSlots, ListTokens, ListWaiting):
        with pytest.raises(Invalid):
            ask(Clinic(), query(cursor=urlsafe_b64encode(raw).decode()))


def test_a_cursor_of_another_list_or_of_other_filters_is_invalid():
    clinic = Clinic()
    for _ in range(3):
        clinic.add_doctor()
        clinic.add_patient()
    cursor = ask(clinic, ListDoctors(limit=1)).next_cursor
    for other in (ListPatients(cursor=cursor), ListDoctors(cursor=cursor, name="a")):
        with pytest.raises(Invalid) as refusal:
            ask(clinic, other)
        assert refusal.value.facts == {"field": "cursor"}


def test_a_filter_that_matches_rarely_gives_short_pages_instead_of_a_long_scan():
    clinic = Clinic()
    for _ in range(MAX_SCANNED + 10):
        clinic.add_patient()
    wanted = clinic.add_patient(name="Zoe")
    clinic.asked.clear()
    first = ask(clinic, ListPatients(name="zoe"))
    assert first.items == []
    assert first.next_cursor is not None
    assert clinic.asked["look"] <= MAX_SCANNED + 1
    assert walk(clinic, ListPatients(name="zoe")) == [wanted]


def lists(clinic: Clinic, limit: int) -> dict[str, tuple[ListQuery, Callable[[], str]]]:
    """Every list, and what makes a row of it."""
    doctor, other, patient = clinic.add_doctor(), clinic.add_doctor(), clinic.add_patient()
    slots = [clinic.open_slot(doctor, NINE + hours * HOUR, capacity=100) for hours in (0, 6, 24)]
    home, day = slots[1], dt.date(2026, 9, 28)

    def slot() -> str:
        return clinic.open_slot(other, NINE + clinic.made * MINUTE, length=MINUTE)

    def slot_on_some_day() -> str:
        return clinic.open_slot(other, NINE + clinic.made % 3 * ONE_DAY + clinic.made * MINUTE, length=MINUTE)

    def token() -> str:
        return clinic.book(slots[clinic.made % 3], patient)

    def token_today() -> str:
        return clinic.book(slots[clinic.made % 2], patient)

    def token_at_home() -> str:
        return clinic.book(home, category="EMERGENCY" if clinic.made % 2 else "WALKIN")

    def entry_at_home() -> str:
        return clinic.wait(home, category="WALKIN" if clinic.made % 2 else "FOLLOWUP")

    return {
        "doctors": (ListDoctors(limit=limit), clinic.add_doctor),
        "patients": (ListPatients(limit=limit), clinic.add_patient),
        "slots": (ListSlots(limit=limit), slot_on_some_day),
        "slots of a doctor": (ListSlots(limit=limit, doctor_id=other), slot_on_some_day),
        "slots of a day": (ListSlots(limit=limit, date=day), slot),
        "a slot's tokens in order": (ListSlotTokens(limit=limit, slot_id=home), token_at_home),
        "tokens": (ListTokens(limit=limit), token),
        "tokens of a slot": (ListTokens(limit=limit, slot_id=home), token_at_home),
        "tokens of a doctor": (ListTokens(limit=limit, doctor_id=doctor), token),
        "tokens of a day": (ListTokens(limit=limit, date=day), token_today),
        "tokens of a patient": (ListTokens(limit=limit, patient_id=patient), token),
        "waiting": (ListWaiting(limit=limit), lambda: clinic.wait(slots[clinic.made % 3])),
        "waiting of a slot": (ListWaiting(limit=limit, slot_id=home), entry_at_home),
        "waiting of a patient": (
            ListWaiting(limit=limit, patient_id=patient),
            lambda: clinic.wait(slots[clinic.made % 3], patient),
        ),
        "waiting by slot": (WaitingBySlot(limit=limit, slot_id=home), entry_at_home),
    }


KINDS = list(lists(Clinic(), 1))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None)
@given(
    size=st.integers(0, 12),
    limit=st.integers(1, 5),
    writes=st.lists(st.sampled_from(["emergency", "another", "wait", "end"]), max_size=10),
)
def test_paging_gives_each_row_that_stays_exactly_once_whatever_is_written_in_between(
    kind: str, size: int, limit: int, writes: list[str]
):
    clinic = Clinic()
    query, make = lists(clinic, limit)[kind]
    stay = {*walk(clinic, query), *(make() for _ in range(size))}
    left = list(writes)

    def write() -> None:
        if not left:
            return
        what = left.pop()
        if what == "another":
            make()
        elif what == "emergency":
            clinic.book(min(clinic.tables["slots"]), category="EMERGENCY", override=True)
        elif what == "wait":
            clinic.wait(sorted(clinic.tables["slots"])[2], category="WALKIN")
        else:
            stay.difference_update([clinic.end_one()])

    seen = walk(clinic, query, write)
    assert [id for id in stay if seen.count(id) != 1] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_costs_one_look_per_row_and_a_few_more_and_no_row_costs_another(kind: str):
    clinic = Clinic()
    query, make = lists(clinic, 40)[kind]
    for _ in range(200):
        make()
    clinic.asked.clear()
    assert len(ask(clinic, query).items) == 40
    assert clinic.asked["look"] <= 40 + 6
    assert clinic.asked["find"] <= 40 + 1
    assert clinic.asked["ids"] + clinic.asked["members"] <= 3


def test_slots_without_tokens_are_no_endless_scan_for_tokens():
    clinic = Clinic()
    doctor = clinic.add_doctor()
    for n in range(MAX_SCANNED + 10):
        clinic.open_slot(doctor, NINE + n * HOUR)
    clinic.asked.clear()
    page = ask(clinic, ListTokens(doctor_id=doctor))
    assert (page.items, page.next_cursor is None) == ([], False)
    assert clinic.asked["look"] <= MAX_SCANNED * 1.1  # the days among them
    assert walk(clinic, ListTokens(doctor_id=doctor)) == []


def test_the_tokens_of_one_slot_cost_one_look_at_it():
    clinic = Clinic()
    slot = clinic.open_slot(clinic.add_doctor(), capacity=100)
    for _ in range(50):
        clinic.book(slot)
    clinic.asked.clear()
    assert len(ask(clinic, ListTokens()).items) == 50
    assert clinic.asked["look"] == 1


def test_the_cost_of_a_later_page_is_that_of_the_first():
    clinic = Clinic()
    query, make = lists(clinic, 50)["tokens"]
    for _ in range(300):
        make()
    costs = []
    while True:
        clinic.asked.clear()
        page = ask(clinic, query)
        costs.append(clinic.asked["look"] + clinic.asked["find"])
        if page.next_cursor is None:
            break
        query = msgspec.structs.replace(query, cursor=page.next_cursor)
    assert max(costs) <= costs[0] + 3
