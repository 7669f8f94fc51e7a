"""The daily report: its figures, its days, and that a replayed log gives the same."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.actors.slot.events import (
    ConsultCompleted,
    ConsultStarted,
    EntryEnded,
    EntryPromoted,
    NoShowMarked,
    PatientArrived,
    SlotCancelled,
    SlotDelayed,
    TokenCalled,
    TokenCancelled,
)
from engine.decider import DAY as ONE_DAY
from engine.decider import HOUR, MINUTE
from engine.errors import NotFound
from engine.views import QUERIES
from engine.views.report import DailyReport, Figures, Report, daily_report, nearest_rank
from tests.engine.views.clinic import DAY, NINE, Clinic


@dataclass
class Day:
    """A clinic on one day, and short words for what happens to its tokens."""

    clinic: Clinic
    doctor: str
    slot: str

    def serve(self, token: str, arrived: int, started: int | None = None, *, done: bool = True) -> None:
        """Arrive, and be seen, so many minutes after nine."""
        key, at = f"slot:{self.slot}", NINE + arrived * MINUTE
        self.clinic.happen(key, PatientArrived(token_id=token, patient_id="", arrived_at=at, at=at))
        if started is None:
            return
        at = NINE + started * MINUTE
        self.clinic.happen(
            key,
            TokenCalled(token_id=token, patient_id="", calls=1, at=at),
            ConsultStarted(token_id=token, patient_id="", at=at),
        )
        if done:
            over = ConsultCompleted(token_id=token, patient_id="", at=at + MINUTE, average=MINUTE)
            self.clinic.happen(key, over)

    def cancel(self, token: str) -> None:
        self.clinic.happen(f"slot:{self.slot}", TokenCancelled(token_id=token, patient_id="", at=NINE))

    def miss(self, token: str) -> None:
        self.clinic.happen(f"slot:{self.slot}", NoShowMarked(token_id=token, patient_id="", at=NINE))

    def totals(self) -> Figures:
        return daily_report(self.clinic, DAY).totals


@pytest.fixture
def day() -> Day:
    clinic = Clinic()
    doctor = clinic.add_doctor()
    return Day(clinic, doctor, clinic.open_slot(doctor, capacity=10))


def test_s4_10_utilisation_counts_the_completed_as_well_as_the_confirmed(day: Day):
    tokens = [day.clinic.book(day.slot) for _ in range(6)]
    before = day.totals().utilisation
    for token in tokens[:4]:
        day.serve(token, 0, 10)
    assert before == 0.6
    assert day.totals().utilisation == 0.6  # it does not fall as patients are served
    day.cancel(tokens[4])
    day.miss(tokens[5])
    assert day.totals().utilisation == 0.4


def test_tokens_are_counted_by_category_and_by_status(day: Day):
    book = day.clinic.book
    seen, gone, missed = book(day.slot), book(day.slot, category="WALKIN"), book(day.slot, category="WALKIN")
    book(day.slot, category="EMERGENCY", override=True)
    day.serve(seen, 0, 5)
    day.cancel(gone)
    day.miss(missed)
    totals = day.totals()
    assert totals.tokens == 4
    assert totals.by_category == {"EMERGENCY": 1, "PRIORITY_PAID": 0, "FOLLOWUP": 0, "ONLINE": 1, "WALKIN": 2}
    assert totals.by_status == {"CONFIRMED": 1, "CANCELLED": 1, "NO_SHOW": 1, "COMPLETED": 1}
    assert (totals.cancellation_rate, totals.no_show_rate, totals.overrides) == (0.25, 0.25, 1)


def test_a_day_without_slots_has_no_rates_instead_of_a_division_by_zero():
    totals = daily_report(Clinic(), DAY).totals
    assert (totals.slots, totals.tokens, totals.capacity) == (0, 0, 0)
    assert totals.cancellation_rate is totals.no_show_rate is totals.utilisation is None
    assert totals.waits.p95 is totals.delays.average is None


def test_waits_run_from_arrival_to_the_start_and_leave_out_who_still_waits(day: Day):
    tokens = [day.clinic.book(day.slot) for _ in range(6)]
    for token, started in zip(tokens, (10, 20, 30, 60), strict=False):
        day.serve(token, 0, started)
    day.serve(tokens[4], 0)
    waits = day.totals().waits
    assert (waits.count, waits.average, waits.p50, waits.p95) == (4, 30.0, 20.0, 60.0)
    assert waits.still_waiting == 1


def test_an_arrival_written_down_after_the_start_is_no_negative_wait(day: Day):
    token = day.clinic.book(day.slot)
    day.serve(token, 20, 10)
    assert day.totals().waits.average == 0.0


def test_who_was_seen_without_a_check_in_has_no_known_wait(day: Day):
    token = day.clinic.book(day.slot)
    day.clinic.happen(
        f"slot:{day.slot}",
        TokenCalled(token_id=token, patient_id="", calls=1, at=NINE),
        ConsultStarted(token_id=token, patient_id="", at=NINE),
    )
    assert day.totals().waits.count == 0


@given(st.lists(st.integers(0, 10**6), min_size=1), st.integers(1, 100))
def test_a_percentile_is_the_smallest_value_that_covers_its_share(values: list[int], percent: int):
    values.sort()
    value = nearest_rank(values, percent)
    assert value in values
    assert sum(other <= value for other in values) * 100 >= percent * len(values)
    assert sum(other < value for other in values) * 100 < percent * len(values)


def test_the_waiting_list_is_counted_by_what_became_of_its_entries(day: Day):
    _, promoted, left = (day.clinic.wait(day.slot) for _ in range(3))
    number = day.clinic.states[f"slot:{day.slot}"].next_number
    key = f"slot:{day.slot}"
    day.clinic.happen(key, EntryPromoted(entry_id=promoted, patient_id="", number=number, at=NINE))
    day.clinic.happen(key, EntryEnded(entry_id=left, patient_id="", status="CANCELLED", at=NINE))
    totals = day.totals()
    assert (totals.waiting_list.total, totals.waiting_list.promoted, totals.promotions) == (3, 1, 1)
    assert {status: count for status, count in totals.waiting_list.by_status.items() if count} == {
        "WAITING": 1,
        "PROMOTED": 1,
        "CANCELLED": 1,
    }
    assert totals.tokens == 1


def test_delays_are_those_of_slots_that_take_place(day: Day):
    other = day.clinic.open_slot(day.doctor, NINE + 2 * HOUR)
    cancelled = day.clinic.open_slot(day.doctor, NINE + 4 * HOUR)
    day.clinic.open_slot(day.doctor, NINE + 6 * HOUR)
    for slot, minutes in ((day.slot, 30), (other, 15), (cancelled, 60)):
        delay = SlotDelayed(own_delay=minutes * MINUTE, delay=minutes * MINUTE, at=NINE)
        day.clinic.happen(f"slot:{slot}", delay)
    day.clinic.happen(f"slot:{cancelled}", SlotCancelled(at=NINE))
    delays = day.totals().delays
    assert (delays.slots, delays.average, delays.max) == (2, 22.5, 30.0)


def test_a_cancelled_slot_gives_no_capacity(day: Day):
    other = day.clinic.open_slot(day.doctor, NINE + 2 * HOUR, capacity=40)
    day.clinic.book(day.slot)
    day.clinic.happen(f"slot:{other}", SlotCancelled(at=NINE))
    totals = day.totals()
    assert (totals.slots, totals.cancelled_slots, totals.capacity, totals.utilisation) == (2, 1, 10, 0.1)


def test_the_totals_are_the_sums_of_the_doctors_and_one_doctor_is_reported_alone_on_demand(day: Day):
    other = day.clinic.add_doctor("Mira Nair", "Dermatology")
    slot = day.clinic.open_slot(other, NINE)
    for where in (day.slot, slot, slot):
        day.clinic.book(where)
    report = daily_report(day.clinic, DAY)
    assert [(one.doctor_id, one.tokens) for one in report.doctors] == [(day.doctor, 1), (other, 2)]
    assert [(one.slot_id, one.tokens, one.utilisation) for one in report.doctors[1].by_slot] == [(slot, 2, 0.2)]
    assert report.totals.tokens == 3
    alone = daily_report(day.clinic, DAY, other)
    assert [one.doctor_id for one in alone.doctors] == [other]
    assert alone.totals.tokens == 2
    with pytest.raises(NotFound):
        daily_report(day.clinic, DAY, "ffffffff-0000-7000-8000-000000000000")


def test_a_day_is_the_hospitals_and_today_where_none_is_named():
    clinic = Clinic("Pacific/Auckland")  # UTC+13 at that time of the year
    doctor = clinic.add_doctor()
    clinic.open_slot(doctor, NINE + 3 * HOUR)  # 01:00 on the 29th there
    clinic.time = NINE + 3 * HOUR
    report = QUERIES[DailyReport](clinic, DailyReport()).body
    assert (report.date, report.totals.slots) == ("2026-09-29", 1)
    assert QUERIES[DailyReport](clinic, DailyReport(date=dt.date(2026, 9, 28))).body.totals.slots == 0


def test_the_report_of_a_replayed_log_is_equal_whenever_it_is_made(day: Day):
    tokens = [day.clinic.book(day.slot) for _ in range(5)]
    day.serve(tokens[0], 0, 7)
    day.serve(tokens[1], 3)
    day.cancel(tokens[2])
    day.clinic.wait(day.slot)
    again = day.clinic.replayed()
    again.time += 30 * ONE_DAY
    live, recomputed = daily_report(day.clinic, DAY), daily_report(again, DAY)
    assert recomputed == live
    assert recomputed.totals.tokens == 5


def test_a_report_costs_a_look_per_slot_and_doctor_and_none_per_token(day: Day):
    for _ in range(50):
        day.clinic.book(day.slot)
    day.clinic.asked.clear()
    daily_report(day.clinic, DAY)
    assert sum(day.clinic.asked.values()) <= 6


def test_a_report_reads_back_as_it_was_written_but_for_names(day: Day):
    day.clinic.book(day.slot)
    report = daily_report(day.clinic, DAY)
    written = msgspec.json.encode(report, enc_hook=lambda name: name.text)
    assert msgspec.json.decode(written)["totals"]["utilisation"] == 0.1
    assert isinstance(report, Report)
