"""Any day entered from paper in any order, mixed with what happens now: every rule book stays sound after each step."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.calendar import moment
from engine.decider import MINUTE
from engine.decisions.book_token import BookToken
from engine.decisions.call_next import CallNext, CallTicket
from engine.decisions.cancel_token import CancelToken
from engine.decisions.check_in import CheckIn
from engine.decisions.consult import CallToken, CompleteConsult, StartConsult
from engine.decisions.no_show import MarkNoShow
from engine.decisions.serve_ticket import CompleteTicket, StartTicket, TicketNoAnswer, TicketNoShow
from engine.decisions.undo_ticket import UndoTicket
from engine.decisions.undo_token import UndoToken
from engine.errors import Rejected
from tests.engine.deciding import World, reason

TOKEN_STEPS = (CheckIn, CallToken, StartConsult, CompleteConsult, CancelToken, MarkNoShow)
TICKET_STEPS = (StartTicket, CompleteTicket, TicketNoShow)
NOW = (UndoToken, UndoTicket, TicketNoAnswer)

WHICH = st.integers(0, 2)
WHEN = st.none() | st.integers(-1, 11)
"""Tenths of the way from the step before until now; a little of it before, or in the future."""

ACTS = st.one_of(
    st.tuples(st.just("book"), st.integers(0, 400)),
    st.tuples(st.just("later"), st.integers(0, 60)),
    st.tuples(st.sampled_from(TOKEN_STEPS[:4]), WHICH, WHEN, st.booleans()),
    st.tuples(st.sampled_from(TOKEN_STEPS), WHICH, WHEN, st.booleans()),
    st.tuples(st.sampled_from(TICKET_STEPS), WHICH, WHEN, st.booleans()),
    st.tuples(st.just(CallTicket), WHICH, WHEN),
    st.tuples(st.sampled_from(NOW), WHICH),
    st.tuples(st.just("next")),
)


def act(world: World, slot: str, tokens: list[str], told: Any) -> None:
    """One act; what is refused changes nothing."""
    match told:
        case ("later", minutes):
            world.later(minutes)
        case ("book", ago):
            given_at = moment(world.time - ago * MINUTE)
            booked = BookToken(slot_id=slot, patient_id=world.patient(), category="WALKIN", occurred_at=given_at)
            tokens.append(world.ask(booked).id)
        case ("next",):
            world.ask(CallNext(service_id=world.state(slot).doctor_id, counter="1"))
        case (kind, which, *rest):
            id = tokens[which % len(tokens)]
            said: dict[str, Any] = {"token_id" if kind in TOKEN_STEPS or kind is UndoToken else "ticket_id": id}
            if rest and rest[0] is not None:
                one = world.token(id)
                since = max(one.booked_at, one.arrived_at, one.called_at, one.started_at)
                said["occurred_at"] = moment(since + (world.time - since) * rest[0] // 10)
            if kind is CallTicket:
                said |= {"counter": "1", "reason": reason()}
            elif rest and rest[-1] and "force" in kind.__struct_fields__:
                said |= {"force": True, "reason": reason()}
            world.ask(kind(**said))


@settings(max_examples=80, deadline=None)
@given(st.lists(ACTS, min_size=5, max_size=40))
def test_whatever_is_entered_every_actor_stays_sound(acts: list[Any]) -> None:
    world = World()
    slot = world.slot(4)
    world.later((world.state(slot).start - world.time) // MINUTE + 10)
    tokens = [world.book(slot), world.book(slot)]
    for told in acts:
        with suppress(Rejected):
            act(world, slot, tokens, told)
    for token in tokens:
        one = world.token(token)
        passed = [time for time in (one.arrived_at, one.called_at, one.started_at) if time]
        assert passed == sorted(passed), "a step stands before the one that came before it"
        if one.status == "COMPLETED" and passed:
            assert one.ended_at >= passed[-1]
