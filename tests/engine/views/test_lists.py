"""What each list shows, how it is filtered and in which order, and what a single resource answers."""

from __future__ import annotations

import datetime as dt

import pytest

from engine.actors.doctor import DoctorRetired
from engine.actors.patient import PatientMerged
from engine.actors.patient_day import CommitmentChanged
from engine.actors.slot.events import (
    ConsultStarted,
    EntryEnded,
    EntryOffered,
    EntryPromoted,
    LatecomerWaitlisted,
    NoShowMarked,
    PatientArrived,
    SlotCancelled,
    SlotDelayed,
    TokenCalled,
    TokenCancelled,
    TokenMovedIn,
    TokenMovedOut,
)
from engine.decider import DAY as ONE_DAY
from engine.decider import HOUR, MINUTE
from engine.errors import Invalid, NotFound
from engine.views.people import GetDoctor, GetPatient, ListDoctors, ListPatients
from engine.views.report import DailyReport
from engine.views.slots import GetSlot, ListSlots, ListSlotTokens
from engine.views.tokens import GetToken, ListTokens
from engine.views.waiting import GetWaiting, ListWaiting, WaitingBySlot
from tests.engine.views.clinic import DAY, NINE, Clinic, ask, found, ids

UNKNOWN = "ffffffff-0000-7000-8000-000000000000"


def arrive(clinic: Clinic, slot: str, token: str, at: int = NINE) -> None:
    patient = clinic.states[f"slot:{slot}"].tokens[token].patient_id
    clinic.happen(f"slot:{slot}", PatientArrived(token_id=token, patient_id=patient, arrived_at=at, at=at))


def call(clinic: Clinic, slot: str, token: str, at: int = NINE) -> None:
    clinic.happen(f"slot:{slot}", TokenCalled(token_id=token, patient_id="", calls=1, at=at))


def cancel(clinic: Clinic, slot: str, token: str) -> None:
    clinic.happen(f"slot:{slot}", TokenCancelled(token_id=token, patient_id="", at=NINE))


# People


def test_doctors_are_found_by_a_part_of_their_name_or_specialization_whatever_its_case():
    clinic = Clinic()
    strauss = clinic.add_doctor("Jürgen STRAUSS", "Cardiology")
    rao = clinic.add_doctor("Asha Rao", "Paediatric cardiology")
    assert found(clinic, ListDoctors()) == [strauss, rao]
    assert found(clinic, ListDoctors(name="strauß")) == [strauss]
    assert found(clinic, ListDoctors(specialization="CARDIO")) == [strauss, rao]
    assert found(clinic, ListDoctors(specialization="cardio", name="rao")) == [rao]


def test_a_doctor_who_has_left_is_listed_on_demand_only_and_stays_readable():
    clinic = Clinic()
    doctor, gone = clinic.add_doctor(), clinic.add_doctor()
    clinic.happen(f"doctor:{gone}", DoctorRetired(time=NINE))
    assert found(clinic, ListDoctors()) == [doctor]
    assert found(clinic, ListDoctors(retired=True)) == [gone]
    answer = ask(clinic, GetDoctor(doctor_id=gone))
    assert (answer.body.retired, answer.version) == (True, 2)


def test_patients_are_found_by_name_phone_digits_and_mail():
    clinic = Clinic()
    ravi = clinic.add_patient("Ravi Iyer", "+91 98-765 43210", "Ravi@example.org")
    clinic.add_patient("Mira Nair")
    assert found(clinic, ListPatients(name="ravi i")) == [ravi]
    assert found(clinic, ListPatients(phone="987654")) == [ravi]
    assert found(clinic, ListPatients(phone="(98) 765-43210")) == [ravi]
    assert found(clinic, ListPatients(email="@EXAMPLE")) == [ravi]
    assert found(clinic, ListPatients(phone="12345")) == []


def test_a_merged_record_is_listed_on_demand_only_and_stays_readable():
    clinic = Clinic()
    one, other = clinic.add_patient(), clinic.add_patient()
    clinic.happen(f"patient:{other}", PatientMerged(into=one, time=NINE))
    assert found(clinic, ListPatients()) == [one]
    assert found(clinic, ListPatients(retired=True)) == [other]
    assert ask(clinic, GetPatient(patient_id=other)).body.merged_into == one


# Slots


def test_slots_are_filtered_by_doctor_day_time_and_the_status_that_is_shown():
    clinic = Clinic()
    rao, nair = clinic.add_doctor(), clinic.add_doctor()
    early, late = clinic.open_slot(rao, NINE), clinic.open_slot(rao, NINE + 4 * HOUR)
    tomorrow, other = clinic.open_slot(rao, NINE + ONE_DAY), clinic.open_slot(nair, NINE)
    clinic.happen(f"slot:{late}", SlotDelayed(own_delay=20 * MINUTE, delay=20 * MINUTE, at=NINE))
    clinic.happen(f"slot:{other}", SlotCancelled(at=NINE))
    today = dt.date(2026, 9, 28)
    ten, noon = (dt.datetime(2026, 9, 28, hour, tzinfo=dt.UTC) for hour in (10, 12))
    assert found(clinic, ListSlots()) == [other, tomorrow, late, early]
    assert found(clinic, ListSlots(doctor_id=rao)) == [tomorrow, early, late]
    assert found(clinic, ListSlots(doctor_id=rao, date=today)) == [early, late]
    assert found(clinic, ListSlots(date=today)) == [early, late, other]
    assert found(clinic, ListSlots(status="DELAYED")) == [late]
    assert found(clinic, ListSlots(date=today, status="CANCELLED")) == [other]
    assert found(clinic, ListSlots(from_time=ten)) == [tomorrow, late]
    assert found(clinic, ListSlots(from_time=ten, doctor_id=rao)) == [late, tomorrow]
    assert found(clinic, ListSlots(to_time=ten)) == [other, early]
    assert found(clinic, ListSlots(from_time=ten, to_time=noon)) == []
    assert found(clinic, ListSlots(from_time=noon, to_time=ten)) == []
    clinic.time = NINE + HOUR
    assert found(clinic, ListSlots(status="CLOSED")) == [early]
    assert ask(clinic, GetSlot(slot_id=early)).body.status == "CLOSED"


def test_a_day_of_slots_is_the_hospitals_local_day():
    clinic = Clinic("Asia/Kolkata")  # UTC+05:30
    doctor = clinic.add_doctor()
    evening = clinic.open_slot(doctor, NINE + 9 * HOUR)  # 23:30 there
    night = clinic.open_slot(doctor, NINE + 10 * HOUR)  # 00:30 there, the next day
    assert found(clinic, ListSlots(date=dt.date(2026, 9, 28))) == [evening]
    assert found(clinic, ListSlots(date=dt.date(2026, 9, 29))) == [night]
    midnight = dt.datetime(2026, 9, 28, 18, 30, tzinfo=dt.UTC)
    later = midnight + dt.timedelta(days=1)
    assert found(clinic, ListSlots(doctor_id=doctor, from_time=midnight, to_time=later)) == [night]


def test_a_date_out_of_the_calendars_range_is_invalid():
    for query in (
        ListSlots(date=dt.date(9999, 12, 31)),
        ListTokens(date=dt.date(1, 1, 1)),
        DailyReport(date=dt.date.max),
    ):
        with pytest.raises(Invalid) as refusal:
            ask(Clinic(), query)
        assert refusal.value.facts == {"field": "date"}


def test_a_slots_tokens_come_by_place_and_those_that_are_over_after_them():
    clinic = Clinic()
    slot = clinic.open_slot(clinic.add_doctor())
    walkin, online, paid, seen, gone = (
        clinic.book(slot, category=category) for category in ("WALKIN", "ONLINE", "PRIORITY_PAID", "ONLINE", "FOLLOWUP")
    )
    waiting = clinic.wait(slot)
    call(clinic, slot, seen)
    cancel(clinic, slot, gone)
    page = ask(clinic, ListSlotTokens(slot_id=slot)).body
    assert ids(page.items) == [seen, paid, online, walkin, gone]
    assert [token.token_number for token in page.items] == [1, 2, 3, 4, None]
    assert found(clinic, ListSlotTokens(slot_id=slot, status="CANCELLED")) == [gone]
    assert waiting not in ids(page.items)


# Tokens


def test_tokens_are_filtered_by_every_field_a_person_would_ask_for():
    clinic = Clinic()
    rao, nair = clinic.add_doctor(), clinic.add_doctor()
    today, tomorrow = clinic.open_slot(rao, NINE), clinic.open_slot(rao, NINE + ONE_DAY)
    other = clinic.open_slot(nair, NINE)
    ravi = clinic.add_patient("Ravi Iyer")
    first, second = clinic.book(today, ravi), clinic.book(tomorrow, ravi, "WALKIN")
    third = clinic.book(other, category="WALKIN")
    arrive(clinic, today, first)
    cancel(clinic, other, third)
    day = dt.date(2026, 9, 28)
    code = ask(clinic, GetToken(token_id=second)).body.ticket_code
    for query, expected in (
        (ListTokens(), [third, second, first]),
        (ListTokens(slot_id=today), [first]),
        (ListTokens(patient_id=ravi), [second, first]),
        (ListTokens(patient_id=ravi, date=day), [first]),
        (ListTokens(patient_id=ravi, doctor_id=nair), []),
        (ListTokens(doctor_id=rao), [second, first]),
        (ListTokens(doctor_id=rao, date=day), [first]),
        (ListTokens(date=day), [first, third]),
        (ListTokens(status="CANCELLED"), [third]),
        (ListTokens(category="WALKIN"), [third, second]),
        (ListTokens(phase="ARRIVED"), [first]),
        (ListTokens(phase="BOOKED"), [second]),
        (ListTokens(ticket_code=code.lower()), [second]),
        (ListTokens(ticket_code=code, date=day), []),
        (ListTokens(ticket_code="NIL-001"), []),
        (ListTokens(slot_id=UNKNOWN), []),
        (ListTokens(patient_id=UNKNOWN), []),
        (ListTokens(doctor_id=UNKNOWN), []),
    ):
        assert found(clinic, query) == expected, query


def test_a_token_that_moved_to_another_day_is_listed_once_and_where_it_is():
    clinic = Clinic()
    doctor = clinic.add_doctor()
    old, new = clinic.open_slot(doctor, NINE), clinic.open_slot(doctor, NINE + ONE_DAY)
    patient = clinic.add_patient()
    token = clinic.book(old, patient)
    number = clinic.states[f"slot:{new}"].next_number
    clinic.happen(f"slot:{old}", TokenMovedOut(token_id=token, patient_id=patient, to_slot=new, at=NINE))
    clinic.happen(
        f"slot:{new}",
        TokenMovedIn(token_id=token, patient_id=patient, from_slot=old, category="ONLINE", booked_at=NINE,
            rank_at=NINE, number=number, version=2, at=NINE),
    )  # fmt: skip
    clinic.happen(f"patient_day:{patient}:{DAY}", CommitmentChanged(token_id=token, state="over"))
    clinic.commit(new, patient, token, "active")
    for query in (ListTokens(), ListTokens(patient_id=patient), ListTokens(doctor_id=doctor), ListTokens(slot_id=new)):
        assert found(clinic, query) == [token]
    assert found(clinic, ListTokens(date=dt.date(2026, 9, 28))) == []
    assert ask(clinic, GetToken(token_id=token)).body.slot_id == new


def test_one_token_is_answered_with_its_link_and_its_version_and_a_list_shows_no_link():
    clinic = Clinic()
    slot = clinic.open_slot(clinic.add_doctor())
    token = clinic.book(slot)
    arrive(clinic, slot, token)
    answer = ask(clinic, GetToken(token_id=token))
    assert answer.body.link is not None
    assert answer.version == answer.body.version == 2
    assert ask(clinic, ListTokens()).body.items[0].link is None


def test_a_token_is_told_when_its_turn_is_expected():
    clinic = Clinic()
    slot = clinic.open_slot(clinic.add_doctor(), capacity=6)  # ten minutes each
    tokens = [clinic.book(slot) for _ in range(3)]
    call(clinic, slot, tokens[0])
    clinic.happen(f"slot:{slot}", ConsultStarted(token_id=tokens[0], patient_id="", at=NINE))
    times = [token.estimated_time for token in ask(clinic, ListSlotTokens(slot_id=slot)).body.items]
    start = dt.datetime(2026, 9, 28, 9, tzinfo=dt.UTC)
    assert times == [start + dt.timedelta(minutes=10 * n) for n in range(3)]


# Waiting list


def test_a_slots_waiting_list_comes_in_the_order_in_which_places_are_given():
    clinic = Clinic()
    slot = clinic.open_slot(clinic.add_doctor())
    walkin, online, followup = (clinic.wait(slot, category=category) for category in ("WALKIN", "ONLINE", "FOLLOWUP"))
    page = ask(clinic, WaitingBySlot(slot_id=slot)).body
    assert [(entry.id, entry.position) for entry in page.items] == [(followup, 1), (online, 2), (walkin, 3)]
    assert found(clinic, ListWaiting(slot_id=slot)) == [walkin, online, followup]


def test_waiting_entries_are_filtered_and_ended_ones_are_shown_on_demand():
    clinic = Clinic()
    doctor = clinic.add_doctor()
    one, other = clinic.open_slot(doctor, NINE), clinic.open_slot(doctor, NINE + 2 * HOUR)
    patient = clinic.add_patient()
    first, second, third = clinic.wait(one, patient), clinic.wait(other, patient), clinic.wait(one)
    clinic.happen(f"slot:{one}", EntryOffered(entry_id=third, expires_at=NINE + HOUR, at=NINE))
    clinic.happen(f"slot:{other}", EntryEnded(entry_id=second, patient_id=patient, status="CANCELLED", at=NINE))
    for query, expected in (
        (ListWaiting(), [first, third]),
        (ListWaiting(status="OFFERED"), [third]),
        (ListWaiting(status="CANCELLED"), [second]),
        (ListWaiting(status="EXPIRED"), []),
        (ListWaiting(slot_id=other), []),
        (ListWaiting(slot_id=other, status="CANCELLED"), [second]),
        (ListWaiting(patient_id=patient), [first]),
        (ListWaiting(patient_id=patient, status="CANCELLED"), [second]),
        (ListWaiting(slot_id=one, patient_id=patient), [first]),
    ):
        assert found(clinic, query) == expected, query
    assert found(clinic, WaitingBySlot(slot_id=one)) == [first, third]
    assert ask(clinic, GetWaiting(entry_id=second)).body.status == "CANCELLED"


def test_a_promoted_entry_is_a_token_and_an_entry_no_more():
    clinic = Clinic()
    slot = clinic.open_slot(clinic.add_doctor())
    entry = clinic.wait(slot)
    assert found(clinic, ListTokens()) == []
    number = clinic.states[f"slot:{slot}"].next_number
    clinic.happen(f"slot:{slot}", EntryPromoted(entry_id=entry, patient_id="", number=number, at=NINE))
    assert found(clinic, ListTokens()) == [entry]
    assert found(clinic, ListWaiting()) == []
    with pytest.raises(NotFound) as refusal:
        ask(clinic, GetWaiting(entry_id=entry))
    assert refusal.value.facts == {"token_id": entry}


def test_a_latecomer_without_a_seat_waits_and_is_in_one_list_only():
    clinic = Clinic()
    slot = clinic.open_slot(clinic.add_doctor())
    token = clinic.book(slot)
    clinic.happen(f"slot:{slot}", NoShowMarked(token_id=token, patient_id="", at=NINE))
    assert found(clinic, ListTokens(status="NO_SHOW")) == [token]
    clinic.happen(f"slot:{slot}", LatecomerWaitlisted(token_id=token, arrived_at=NINE, at=NINE))
    assert found(clinic, ListTokens()) == []
    assert found(clinic, ListWaiting()) == [token]
    assert ask(clinic, GetWaiting(entry_id=token)).body.position == 1
