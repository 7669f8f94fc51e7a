"""Back-entry from paper: each step says when it happened, and counts from then; the log keeps both times."""

from __future__ import annotations

from typing import Any

import pytest

from engine.actors.service_day import service_day_key
from engine.calendar import moment
from engine.decider import HOUR, MINUTE
from engine.decisions.attend_appointment import (
    CheckInAppointment,
    CompleteAppointment,
    MarkAppointmentMissed,
    StartAppointment,
)
from engine.decisions.book_token import BookToken
from engine.decisions.call_next import CallTicket
from engine.decisions.cancel_appointment import CancelAppointment
from engine.decisions.cancel_token import CancelToken
from engine.decisions.check_in import CheckIn
from engine.decisions.consult import CallToken, CompleteConsult, StartConsult
from engine.decisions.join_queue import JoinQueue
from engine.decisions.no_show import MarkNoShow
from engine.decisions.serve_ticket import CancelTicket, CompleteTicket, StartTicket, TicketNoAnswer, TicketNoShow
from engine.decisions.services import AddService
from engine.decisions.undo_token import UndoToken
from engine.errors import Invalid
from tests.engine.attending import House
from tests.engine.booking import sound
from tests.engine.deciding import NINE, World, reason


def at(world: World, ago: float) -> Any:
    """So many minutes ago."""
    return moment(world.time - int(ago * MINUTE))


def morning() -> tuple[World, str, int]:
    """A slot that began at nine, at eleven; the instant of nine."""
    world = World()
    slot = world.slot(5)
    begins = world.state(slot).start
    world.time = begins + 2 * HOUR
    return world, slot, begins


def booked(world: World, slot: str, minutes: int = 20) -> str:
    """A token that was given on paper some minutes ago, or when the slot began."""
    given = moment(min(world.time - minutes * MINUTE, world.state(slot).start + 20 * MINUTE))
    asked = BookToken(slot_id=slot, patient_id=world.patient(), category="WALKIN", occurred_at=given)
    token: str = world.ask(asked).id
    return token


def on_paper(world: World, slot: str, begins: int) -> str:
    """A visit as paper has it: booked at nine, here at 9:05, called at 9:10, begun at 9:12, over at 9:30."""
    patient = world.patient()
    booked = BookToken(slot_id=slot, patient_id=patient, category="WALKIN", occurred_at=moment(begins))
    token: str = world.ask(booked).id
    for step, minutes in ((CheckIn, 5), (CallToken, 10), (StartConsult, 12), (CompleteConsult, 30)):
        world.ask(step(token_id=token, occurred_at=moment(begins + minutes * MINUTE)))
    return token


def test_a_visit_of_the_morning_stands_in_the_log_with_the_times_of_paper() -> None:
    world, slot, begins = morning()
    average = world.state(slot).average
    token = world.token(on_paper(world, slot, begins))
    happened = [
        (one - begins) // MINUTE for one in (token.arrived_at, token.called_at, token.started_at, token.ended_at)
    ]
    assert happened == [5, 10, 12, 30]
    assert token.updated_at == world.time
    (event,) = world.named("ConsultCompleted")
    assert (event.at, event.happened_at) == (world.time, begins + 30 * MINUTE)
    assert world.state(slot).average == average + (18 * MINUTE - average) // 4
    assert world.state(slot).progress_at == begins + 30 * MINUTE


def test_its_ticket_is_filed_with_the_same_times_under_the_day_on_which_it_happened() -> None:
    world, slot, begins = morning()
    token = on_paper(world, slot, begins)
    day = world.states[service_day_key(world.state(slot).doctor_id, world.state(slot).day)]
    assert day.tickets[token].ended_at == begins + 30 * MINUTE
    assert day.spans[token] == (7 * MINUTE, 18 * MINUTE)


def test_what_is_entered_the_next_day_counts_for_the_day_before() -> None:
    world, slot, begins = morning()
    world.time = begins + 26 * HOUR
    token = on_paper(world, slot, begins)
    service, day = world.state(slot).doctor_id, world.state(slot).day
    assert token in world.states[service_day_key(service, day)].tickets
    assert [key for key in world.states if key.startswith("service_day:")] == [service_day_key(service, day)]


def test_a_step_that_happens_now_is_written_as_ever() -> None:
    world, slot, _ = morning()
    token = booked(world, slot)
    world.ask(CallToken(token_id=token))
    assert world.named("TokenCalled")[0].happened_at == 0
    assert world.named("TicketCalled") == []


@pytest.mark.parametrize("step", [CallToken, MarkNoShow, CancelToken])
def test_nothing_is_entered_that_has_not_happened(step: Any) -> None:
    world, slot, _ = morning()
    token = booked(world, slot)
    refused = world.refusal(step(token_id=token, occurred_at=at(world, -5)))
    assert (refused.code, refused.facts["field"]) == (Invalid.code, "occurred_at")


def test_no_step_comes_before_the_one_before_it() -> None:
    world, slot, _ = morning()
    token = booked(world, slot)
    for step in (CallToken, MarkNoShow, CancelToken):
        assert world.refusal(step(token_id=token, occurred_at=at(world, 110))).facts["field"] == "occurred_at"
    world.ask(CheckIn(token_id=token, occurred_at=at(world, 10)))
    assert world.refusal(CallToken(token_id=token, occurred_at=at(world, 11))).facts["field"] == "occurred_at"
    world.ask(CallToken(token_id=token, occurred_at=at(world, 9)))
    assert world.refusal(StartConsult(token_id=token, occurred_at=at(world, 10))).facts["field"] == "occurred_at"
    world.ask(StartConsult(token_id=token, occurred_at=at(world, 8)))
    assert world.refusal(CompleteConsult(token_id=token, occurred_at=at(world, 9))).facts["field"] == "occurred_at"
    world.ask(CompleteConsult(token_id=token, occurred_at=at(world, 1)))


def test_who_did_not_come_is_marked_by_the_time_on_paper_not_by_when_it_is_typed() -> None:
    world = World()
    slot = world.slot(5)
    token = booked(world, slot)
    begins = world.state(slot).start
    world.time = begins + 10 * MINUTE
    assert world.refusal(MarkNoShow(token_id=token)).code == "too_early"
    world.time = begins + 14 * MINUTE
    early = MarkNoShow(token_id=token, occurred_at=moment(begins + 5 * MINUTE))
    assert world.refusal(early).code == "too_early"
    forced = MarkNoShow(token_id=token, occurred_at=early.occurred_at, force=True, reason=reason())
    world.ask(forced)
    assert world.token(token).ended_at == begins + 5 * MINUTE


def test_who_was_marked_while_nobody_could_enter_anything_is_a_visit_after_all() -> None:
    """The clock marks who is not checked in; after a downtime that is everybody whom paper knows better."""
    world = World()
    slot = world.slot(2)
    tokens = [world.book(slot), world.book(slot)]
    waits = world.book(slot)
    begins = world.state(slot).start
    world.later((begins - world.time) // MINUTE + 5 * 60)
    assert [world.token(token).status for token in tokens] == ["NO_SHOW", "NO_SHOW"]
    assert world.state(slot).status == "CLOSED"
    assert world.refusal(CheckIn(token_id=tokens[0])).code == "slot_closed"
    for token in tokens:
        world.ask(CheckIn(token_id=token, occurred_at=moment(begins + MINUTE)))
        for step, minutes in ((CallToken, 2), (StartConsult, 3), (CompleteConsult, 9)):
            world.ask(step(token_id=token, occurred_at=moment(begins + minutes * MINUTE)))
    assert [world.token(token).status for token in tokens] == ["COMPLETED", "COMPLETED"]
    assert world.token(waits).status in ("NO_SHOW", "SLOT_CLOSED")


def test_a_slot_that_is_over_takes_no_more_bookings_from_paper_than_it_had_seats() -> None:
    world = World()
    slot = world.slot(1)
    world.time = world.state(slot).start + 5 * HOUR
    booked(world, slot)
    given = moment(world.state(slot).start)
    more = BookToken(slot_id=slot, patient_id=world.patient(), category="WALKIN", occurred_at=given)
    assert world.refusal(more).code == "slot_full"
    late = BookToken(slot_id=slot, patient_id=world.patient(), category="WALKIN", occurred_at=moment(world.time))
    assert world.refusal(late).code == "slot_closed"


def test_a_cancellation_on_paper_ends_the_token_then_and_its_seat_is_free_now() -> None:
    world, slot, begins = morning()
    patient = world.patient()
    token = world.ask(BookToken(slot_id=slot, patient_id=patient, category="WALKIN", occurred_at=moment(begins))).id
    world.ask(CancelToken(token_id=token, occurred_at=moment(begins + MINUTE)))
    assert world.token(token).ended_at == begins + MINUTE
    assert world.state(slot).regular == 0


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_the_last_step_that_was_entered_can_be_taken_back_as_any_other(steps: int) -> None:
    world, slot, _ = morning()
    token = booked(world, slot)
    world.ask(CheckIn(token_id=token, occurred_at=at(world, 15)))
    taken = ((CallToken, 10, "ARRIVED"), (StartConsult, 8, "CALLED"), (CompleteConsult, 2, "IN_CONSULT"))[:steps]
    for step, ago, _ in taken:
        world.ask(step(token_id=token, occurred_at=at(world, ago)))
    assert world.ask(UndoToken(token_id=token)).phase == taken[-1][2]
    (service,) = (key for key in world.states if key.startswith("service:"))
    status = {"ARRIVED": "waiting", "CALLED": "called", "IN_CONSULT": "consulting"}[taken[-1][2]]
    assert world.states[service].tickets[token].status == status


def test_a_second_call_that_was_entered_is_taken_back_to_the_line_it_came_from() -> None:
    world, slot, _ = morning()
    token = booked(world, slot)
    world.ask(CheckIn(token_id=token, occurred_at=at(world, 15)))
    world.ask(CallToken(token_id=token, occurred_at=at(world, 10)))
    world.ask(TicketNoAnswer(ticket_id=token))
    world.ask(CallToken(token_id=token, occurred_at=at(world, 3)))
    assert world.ask(UndoToken(token_id=token)).phase == "ARRIVED"


# -- tickets of a service ------------------------------------------------------------------------------------


def joined(world: World, ago: float) -> tuple[str, str]:
    service: str = world.ask(AddService(name="Pharmacy")).id
    ticket = world.ask(JoinQueue(service_id=service, patient_id=world.patient(), occurred_at=at(world, ago))).id
    return service, ticket


def test_a_ticket_on_paper_has_its_times_and_teaches_the_service_how_long_it_takes() -> None:
    world = World()
    service, ticket = joined(world, 30)
    before = world.states[f"service:{service}"].average
    world.ask(CallTicket(ticket_id=ticket, counter="1", occurred_at=at(world, 20)))
    world.ask(StartTicket(ticket_id=ticket, occurred_at=at(world, 18)))
    answer = world.ask(CompleteTicket(ticket_id=ticket, occurred_at=at(world, 8)))
    assert answer.status == "completed"
    (event,) = world.named("TicketEnded")
    assert world.time - event.happened_at == pytest.approx(8 * MINUTE, abs=10)
    took = 10 * MINUTE
    assert event.average == pytest.approx(before + (took - before) // 4, abs=10)
    (filed,) = world.named("TicketFiled")
    assert filed.wait == pytest.approx(12 * MINUTE, abs=10)
    assert filed.served == pytest.approx(took, abs=10)


@pytest.mark.parametrize(
    ("step", "more"),
    [(CancelTicket, {}), (TicketNoShow, {"force": True, "reason": reason()})],
)
def test_a_ticket_ends_when_paper_says_and_not_before_the_patient_came(step: Any, more: Any) -> None:
    world = World()
    _, ticket = joined(world, 30)
    for wrong in (-1, 31):
        assert (
            world.refusal(step(ticket_id=ticket, occurred_at=at(world, wrong), **more)).facts["field"] == "occurred_at"
        )
    world.ask(step(ticket_id=ticket, occurred_at=at(world, 10), **more))
    (filed,) = world.named("TicketFiled")
    assert world.time - filed.ticket.ended_at == pytest.approx(10 * MINUTE, abs=10)


def test_a_consultation_that_began_long_ago_is_stale_at_once() -> None:
    world = World()
    service, ticket = joined(world, 600)
    world.ask(CallTicket(ticket_id=ticket, counter="1", occurred_at=at(world, 599)))
    world.ask(StartTicket(ticket_id=ticket, occurred_at=at(world, 598)))
    world.later(0.1)
    assert world.states[f"service:{service}"].counts.alerts == 1


# -- appointments --------------------------------------------------------------------------------------------


def test_an_appointment_on_paper_has_its_times_and_its_room_is_clean_by_now() -> None:
    house = House(time=NINE)
    room = house.room(cleaning_minutes=10)
    id = house.booked(0, 30, room_id=room)
    house.time = NINE + 2 * HOUR
    house.ask(CheckInAppointment(appointment_id=id, occurred_at=moment(NINE - 5 * MINUTE)))
    house.ask(StartAppointment(appointment_id=id, occurred_at=moment(NINE + 2 * MINUTE)))
    house.ask(CompleteAppointment(appointment_id=id, occurred_at=moment(NINE + 20 * MINUTE)))
    one = house.appointment(id)
    assert [(time - NINE) // MINUTE for time in (one.checked_in_at, one.started_at, one.ended_at)] == [-5, 2, 20]
    assert one.busy_to == NINE + 30 * MINUTE
    assert one.updated_at == house.time
    sound(house.states)


@pytest.mark.parametrize("step", [CancelAppointment, MarkAppointmentMissed])
def test_an_appointment_ends_when_paper_says(step: Any) -> None:
    house = House(time=NINE)
    id = house.booked(0, 30, room_id=house.room())
    house.time = NINE + HOUR
    assert house.refusal(step(appointment_id=id, occurred_at=moment(house.time + HOUR))).facts["field"] == "occurred_at"
    house.ask(step(appointment_id=id, occurred_at=moment(NINE + 15 * MINUTE)))
    assert house.appointment(id).ended_at == NINE + 15 * MINUTE
    sound(house.states)


def test_no_step_of_an_appointment_comes_before_the_one_before_it() -> None:
    house = House(time=NINE)
    id = house.booked(0, 30, room_id=house.room())
    house.time = NINE + HOUR
    house.ask(CheckInAppointment(appointment_id=id, occurred_at=moment(NINE)))
    before = moment(NINE - MINUTE)
    assert house.refusal(StartAppointment(appointment_id=id, occurred_at=before)).facts["field"] == "occurred_at"
    house.ask(StartAppointment(appointment_id=id, occurred_at=moment(NINE + MINUTE)))
    begun = moment(NINE)
    assert house.refusal(CompleteAppointment(appointment_id=id, occurred_at=begun)).facts["field"] == "occurred_at"


def test_who_was_marked_absent_while_nobody_could_enter_it_is_seen_after_all_without_the_room() -> None:
    house = House(time=NINE)
    room = house.room()
    id = house.booked(0, 30, room_id=room)
    house.later(60)
    assert house.appointment(id).status == "no_show"
    late = CheckInAppointment(appointment_id=id, occurred_at=moment(house.time - MINUTE))
    assert house.refusal(late).code == "invalid_transition", "that was after the mark"
    assert house.refusal(CheckInAppointment(appointment_id=id)).code == "invalid_transition"
    house.ask(CheckInAppointment(appointment_id=id, occurred_at=moment(NINE - MINUTE)))
    sound(house.states)
    house.ask(StartAppointment(appointment_id=id, occurred_at=moment(NINE + MINUTE)))
    house.ask(CompleteAppointment(appointment_id=id, occurred_at=moment(NINE + 20 * MINUTE)))
    one = house.appointment(id)
    assert (one.status, one.room_id, one.before[-1][0]) == ("completed", "", room)
    assert [(time - NINE) // MINUTE for time in (one.checked_in_at, one.started_at, one.ended_at)] == [-1, 1, 20]
    sound(house.states)


def test_who_was_marked_absent_is_not_seen_at_a_time_that_the_doctor_has_given_to_another() -> None:
    house = House(time=NINE)
    doctor = house.doctor()
    id = house.booked(0, 120, room_id=house.room(), doctor=doctor)
    house.later(30)
    assert house.appointment(id).status == "no_show"
    house.booked(60, 30, room_id=house.room(), doctor=doctor)
    asked = CheckInAppointment(appointment_id=id, occurred_at=moment(NINE + MINUTE))
    assert house.refusal(asked).code == "doctor_conflict"
