"""What must never be is found wherever it is planted; a day as it was has nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from engine.actors.doctor_day import SlotsPlanned
from engine.actors.patient_day import CommitmentChanged, Committed
from engine.actors.service import events as queue
from engine.actors.service_day import TicketFiled
from engine.actors.slot import events as slot
from engine.eventlog.entry import Codec, checked
from engine.eventlog.keys import Keyring
from engine.recovery import EVENTS
from replay.auditing.integrity import Audit
from tests.golden.story import Corpus
from tests.golden.test_corpus import CORPORA, STORIES
from tests.replay.planting import alter, copied, found, told
from tests.simulation import clockwork
from tests.simulation.simulation import Simulation

DAY = told()


def test_a_day_as_it_was_has_nothing_that_must_not_be():
    assert found(DAY) == []


def gone(_: Any) -> None:
    """The event never happened."""


def twice(event: Any) -> tuple[Any, Any]:
    """It happened two times."""
    return event, event


def with_(**fields: Any) -> Callable[[Any], Any]:
    """It said something else."""
    return lambda event: replace(event, **fields)


def later(event: Any) -> Any:
    """The same capacity, one less."""
    return replace(event, max_capacity=event.max_capacity - 1)


def first_again(event: Any) -> Any:
    """The same numbers as the day's first slot has."""
    return replace(event, slots=tuple(replace(one, first_number=1) for one in event.slots))


def other_entry(event: Any) -> Any:
    """The walk-in who came first, instead of the follow-up."""
    [entry] = [one for told in DAY for _, events in told.changes for one in events
               if isinstance(one, slot.PatientWaitlisted)][:1]  # fmt: skip
    return replace(event, entry_id=entry.entry_id, patient_id=entry.patient_id)


def other_ticket(event: Any) -> Any:
    """The ticket that joined last."""
    joined = [one.ticket for told in DAY for _, events in told.changes for one in events
              if isinstance(one, queue.TicketJoined) and not one.ticket.token_id and not one.from_service]  # fmt: skip
    return replace(event, ticket_id=joined[-1].id, code=joined[-1].code)


PLANTED: list[tuple[str, type[Any], int, Callable[[Any], Any], str]] = [
    ("a slot smaller than what was booked", slot.SlotOpened, 0, later, "seats taken of"),
    ("a booking that nobody else knows of", slot.TokenBooked, 1, gone, "is nowhere, and to its patient's day"),
    ("a token booked twice", slot.TokenBooked, 0, twice, "is new in slot"),
    ("a ticket number given again", slot.TokenBooked, 1, with_(number=1), "gave number 1"),
    ("a ticket number left out", slot.TokenBooked, 1, with_(number=7), "gave number 7"),
    ("blocks of numbers that overlap", SlotsPlanned, 1, first_again, "was given numbers from"),
    ("a seat above the capacity for anybody", slot.TokenBooked, 0, with_(override=True), "is no emergency"),
    ("a cancellation that did not happen", slot.TokenCancelled, 0, gone, "seats taken of"),
    ("a promotion of another", slot.EntryPromoted, 0, other_entry, "before"),
    ("a promotion that did not happen", slot.EntryPromoted, 1, gone, "and to its patient's day it is active"),
    ("a token that leaves and comes nowhere", slot.TokenMovedIn, 0, gone, "and never came there"),
    ("a token that comes and never left", slot.TokenMovedOut, 0, gone, "and had not left"),
    ("a call of somebody who is served", slot.ConsultStarted, 0, twice, "ConsultStarted of token"),
    ("a consultation that never ended", slot.ConsultCompleted, 0, gone, "it is over"),
    ("a day that knows of no token", Committed, 0, gone, "to its patient's day it is over"),
    ("a day in which a token goes on", CommitmentChanged, 0, gone, "is CANCELLED in slot"),
    ("a seat held by nobody", slot.SeatHeld, 0, gone, "which has none like it"),
    ("a ticket that waits in two places", queue.TicketJoined, 2, twice, "joined service"),
    ("a ticket that never joined", queue.TicketJoined, 2, gone, "which is not in service"),
    ("a call out of turn", queue.TicketCalled, 2, other_ticket, "whose turn it was"),
    ("a call out of turn without a reason", queue.TicketCalled, 3, with_(reason=None), "whose turn it was"),
    ("a counter that serves two", queue.TicketEnded, 1, gone, " serves "),
    ("a patient served twice", queue.TicketStarted, 1, twice, "TicketStarted of ticket"),
    ("a consultation that nobody began", queue.TicketStarted, 1, gone, "was completed without a reason"),
    ("an end that nobody filed", TicketFiled, 1, gone, "is nowhere: in no service and filed by no day"),
    ("an end filed twice", TicketFiled, 1, twice, "was filed twice"),
    ("a transfer into nothing", queue.TicketJoined, 6, gone, "and never came there"),
    ("a parked ticket that was lost", queue.TicketResumed, 0, gone, "its steps make"),
    ("a place that is another's", queue.TicketJoined, 2, with_(position=1), "was told place 1"),
    ("a number left out of the series", queue.TicketJoined, 3, lambda e: replace(e, number=e.number + 1), "its next"),
    ("a day that forgets who waits", queue.TicketEnded, 3, gone, "is still"),
]


@pytest.mark.parametrize(("what", "kind", "number", "change", "said"), PLANTED, ids=[one[0] for one in PLANTED])
def test_what_is_planted_is_found_where_it_is(what: str, kind: type[Any], number: int, change: Any, said: str):
    entries = copied(DAY)
    position = alter(entries, kind, number, change)
    findings = found(entries)
    assert any(said in one.what for one in findings), (what, findings[:5])
    assert findings[0].position >= position


BLIND = {
    "TicketNear", "TicketStale", "TicketTransferCounted", "ServiceDayEnded", "ServiceChanged", "ServiceStatusChanged",
    "SlotPaused", "SlotResumed", "PatientLifted", "EntryPassedOver",
}  # fmt: skip
"""Events after which everything else may be as it is without them: messages, alerts, and what was allowed or not."""


@pytest.mark.parametrize("kind", ["slot", "service", "patient_day", "service_day", "doctor_day"])
def test_every_event_that_has_consequences_is_missed_when_it_is_left_out(kind: str):
    unseen = []
    for number, entry in enumerate(DAY):
        for place, (actor, events) in enumerate(entry.changes):
            for index, event in enumerate(events):
                if actor.partition(":")[0] == kind and type(event).__name__ not in BLIND:
                    entries = copied(DAY)
                    entries[number].changes[place] = (actor, (*events[:index], *events[index + 1 :]))
                    if not found(entries):
                        unseen.append(f"{type(event).__name__} at position {entry.position}")
    assert unseen == []


@pytest.mark.parametrize("corpus", CORPORA, ids=[told.CORPUS.stem for told in STORIES])
def test_the_logs_of_every_version_have_nothing_that_must_not_be(corpus: Corpus):
    codec, audit = Codec(EVENTS, Keyring("main", bytes)), Audit("main")
    for position, record in enumerate(corpus.records, 1):
        audit.entry(position, codec.decode(checked(record)))
    assert audit.done().findings == []


def test_an_entry_left_out_or_told_twice_breaks_the_chains():
    corpus = CORPORA[0]
    codec = Codec(EVENTS, Keyring("main", bytes))
    entries = [codec.decode(checked(record)) for record in corpus.records]
    for wrong in (entries[:30] + entries[31:], entries[:30] + entries[29:]):
        audit = Audit("main")
        for position, entry in enumerate(wrong, 1):
            audit.entry(position, entry)
        first = audit.done().findings[0]
        assert (first.position, first.check) == (31, "chain")


def hold(seeds: range) -> None:
    """What chance made of a morning, power cuts included, has nothing that must not be."""
    for seed in seeds:
        simulation = Simulation(seed)
        clockwork.run(seed, simulation.run)
        records = simulation.machine.disk.entries["main"]
        codec, audit = Codec(EVENTS, Keyring("main", bytes)), Audit("main")
        for position, record in enumerate(records, 1):
            audit.entry(position, codec.decode(checked(record)))
        assert audit.done().findings == [], f"seed {seed}"


def test_mornings_under_chance_have_nothing_that_must_not_be():
    hold(range(7_000, 7_001))


@pytest.mark.long
@pytest.mark.parametrize("first", range(7_100, 7_600, 20))
def test_many_more_mornings_have_nothing_that_must_not_be(first: int):
    hold(range(first, first + 20))
