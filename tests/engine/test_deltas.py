"""What an entry's events are told as: to staff, on boards, to the holder of a ticket, and in the list of services."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from engine.actors.service import events as service
from engine.actors.service.state import Counter, ServiceSettings, Ticket
from engine.actors.slot import events as slot
from engine.decider import Event, FreeText
from engine.deltas import Delta, deltas
from engine.eventlog.entry import Codec
from engine.eventlog.keys import Keyring

AT = 1_800_000_000_000_000
SERVICE, TICKET, PATIENT = "the-service", "the-ticket", "the-patient"
SECRET = FreeText("He shouts", "")
SETTINGS = ServiceSettings(location="Ground floor", counters=(Counter(name="1"), Counter(name="2", open=False)))


def ticket(**more: Any) -> Ticket:
    made: dict[str, Any] = {
        "id": TICKET, "code": "CAR-007", "patient_id": PATIENT, "priority": "high", "status": "waiting",
        "order": (10, AT, 1, 0), "arrived_at": AT, "joined_at": AT, "updated_at": AT,
    }  # fmt: skip
    return Ticket(**{**made, **more})


OF: dict[str, Any] = {"ticket_id": TICKET, "code": "CAR-007", "at": AT}
ORDER: dict[str, Any] = {"order": (10, AT, 1, 0)}
SAMPLES: tuple[Event, ...] = (
    service.ServiceOpened(id=SERVICE, name="Lab", prefix="L", settings=SETTINGS, at=AT),
    service.ServiceChanged(name="Laboratory", settings=SETTINGS, at=AT),
    service.ServiceStatusChanged(status="paused", at=AT, reason=SECRET),
    service.ServiceDayEnded(day="2027-01-15", at=AT),
    service.TicketJoined(ticket=ticket(), number=7, day="2027-01-15", position=3, waiting=9, at=AT),
    service.TicketNear(**OF, position=3),
    service.TicketCalled(**OF, counter="1", calls=1, waiting=8, by="desk", reason=SECRET),
    service.TicketRecalled(**OF, counter="1", calls=2, by="desk"),
    service.TicketUnanswered(**OF, **ORDER, not_before=AT, position=4, waiting=9, by="desk"),
    service.TicketStarted(**OF, counter="1", alert_at=AT, by="desk"),
    service.TicketParked(**OF, alert_at=AT, waiting=7, by="desk", reason=SECRET),
    service.TicketResumed(**OF, **ORDER, position=1, waiting=8, by="desk"),
    service.TicketPrioritized(**OF, **ORDER, priority="low", lift_at=0, position=5, by="desk", reason=SECRET),
    service.TicketLifted(**OF, **ORDER, position=2),
    service.TicketEnded(**OF, status="completed", waiting=8, by="desk", reason=SECRET, patient_id=PATIENT, counter="1"),
    service.TicketTransferred(**OF, to_service="x-ray", waiting=8, by="desk", reason=SECRET, patient_id=PATIENT),
    service.TicketStepUndone(ticket=ticket(), step="call", position=1, waiting=9, at=AT, by="desk"),
    service.TicketPatientChanged(ticket_id=TICKET, patient_id=PATIENT, at=AT),
    service.TicketStale(**OF, counter="1", status="consulting", since=AT - 60_000_000, again_at=AT, alerts=2),
)


def told(*events: Any, key: str = f"service:{SERVICE}", position: int = 41) -> list[Delta]:
    return deltas(position, AT, [(key, events)])


def by_topic(*events: Any, **more: Any) -> dict[str, dict[str, Any]]:
    """Each topic's only message, without what all have."""
    found = {delta.topic: {"type": delta.type, **delta.fields} for delta in told(*events, **more)}
    assert len(found) == len(told(*events, **more))
    return found


def test_every_event_of_a_service_is_told():
    assert {type(sample) for sample in SAMPLES} == set(get_args(service.ServiceEvent))
    assert all(told(sample) for sample in SAMPLES)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample).__name__)
def test_an_event_is_told_to_staff_once_and_to_boards_without_ids_of_anybody(sample: Event):
    made = told(sample)
    assert [delta.topic for delta in made if delta.staff] == [f"service:{SERVICE}"]
    for delta in made:
        text = msgspec.json.encode(delta.document()).decode()
        assert "shouts" not in text
        assert "desk" not in text
        assert delta.id == "41.1"
        if delta.topic in (f"board:{SERVICE}", f"ticket:{TICKET}", "services"):
            assert PATIENT not in text
            assert TICKET not in text.replace(f"ticket:{TICKET}", "")


def test_events_read_back_from_the_log_are_told_alike():
    codec = Codec([type(sample) for sample in SAMPLES], Keyring("main", bytes))
    codec._keys.create("")
    kept = [codec.decoder((type(sample),)).decode(codec.freeze((sample,)))[0] for sample in SAMPLES]
    assert told(*kept) == told(*SAMPLES)


def test_a_message_carries_its_kind_its_topic_its_id_and_its_time():
    first = told(SAMPLES[4])[0]
    assert msgspec.json.decode(msgspec.json.encode(first.document())) == {
        "type": "queue_position_update",
        "topic": f"service:{SERVICE}",
        "id": "41.1",
        "at": "2027-01-15T08:00:00Z",
        "change": "joined",
        "code": "CAR-007",
        "position": 3,
        "waiting": 9,
        "ticket_id": TICKET,
        "patient_id": PATIENT,
        "token_id": None,
        "priority": "high",
    }


def test_ids_number_the_events_of_an_entry_over_all_its_actors():
    opened, joined = SAMPLES[0], SAMPLES[4]
    made = deltas(
        7, AT, [("patient_day:x", (joined, joined)), ("service:a", (opened, joined)), ("service:b", (joined,))]
    )
    assert [(delta.topic, delta.id) for delta in made if delta.staff] == [
        ("service:a", "7.3"),
        ("service:a", "7.4"),
        ("service:b", "7.5"),
    ]


def test_a_call_is_a_patient_called_wherever_it_is_told():
    found = by_topic(SAMPLES[6])
    common = {
        "type": "patient_called", "change": "called", "code": "CAR-007", "counter": "1", "calls": 1, "waiting": 8,
        "status": "called",
    }  # fmt: skip
    assert found == {
        f"service:{SERVICE}": {**common, "ticket_id": TICKET},
        f"board:{SERVICE}": common,
        f"ticket:{TICKET}": {**common, "service_id": SERVICE},
        "services": {
            "type": "service_update",
            "service_id": SERVICE,
            "change": "called",
            "waiting": 8,
        },
    }


def test_a_call_that_begins_the_consultation_says_so():
    begun = service.TicketCalled(**OF, counter="1", calls=1, waiting=8, starts=True)
    assert by_topic(begun)[f"board:{SERVICE}"]["status"] == "consulting"


def test_that_a_turn_is_near_is_between_the_patient_and_the_staff():
    found = by_topic(SAMPLES[5])
    assert found.keys() == {f"service:{SERVICE}", f"ticket:{TICKET}"}
    assert found[f"ticket:{TICKET}"]["near"] is True


@pytest.mark.parametrize(("status", "alert"), [("consulting", "stale_consultation"), ("parked", "parked_too_long")])
def test_what_lasts_too_long_is_an_alert(status: str, alert: str):
    stale = service.TicketStale(**OF, counter="1", status=status, since=AT, again_at=AT, alerts=1)
    found = by_topic(stale)
    assert found.keys() == {f"service:{SERVICE}", "alerts"}
    assert found["alerts"]["type"] == "admin_alert"
    assert (found["alerts"]["alert"], found["alerts"]["service_id"]) == (alert, SERVICE)


def test_the_holder_of_a_ticket_that_is_transferred_hears_of_where_it_is_now():
    joined = service.TicketJoined(
        ticket=ticket(), number=0, day="2027-01-15", position=2, waiting=4, at=AT, from_service=SERVICE
    )
    for order in ((0, 1), (1, 0)):
        changes: list[Any] = [(f"service:{SERVICE}", [SAMPLES[15]]), ("service:x-ray", [joined])]
        made = deltas(1, AT, [changes[index] for index in order])
        [told] = [delta.fields for delta in made if delta.topic == f"ticket:{TICKET}"]
        assert (told["change"], told["service_id"], told["position"]) == ("transferred", "x-ray", 2)


def test_the_day_of_a_service_and_other_actors_are_no_news():
    assert told(SAMPLES[14], key=f"service_day:{SERVICE}:2027-01-15") == []
    assert told(SAMPLES[14], key="patient:x") == []


def test_a_slot_tells_what_a_display_needs():
    of: dict[str, Any] = {"token_id": "t", "patient_id": "p", "at": AT}
    found = told(
        slot.TokenBooked(**of, category="ONLINE", booked_at=AT, number=1),
        slot.PatientArrived(**of, arrived_at=AT),
        slot.TokenCalled(**of, calls=1),
        slot.ConsultStarted(**of),
        slot.ConsultCompleted(**of, average=1),
        slot.TokenCancelled(**of, reason=SECRET),
        slot.NoShowMarked(**of, reason=SECRET),
        slot.SlotDelayed(own_delay=0, delay=900_000_000, at=AT),
        slot.SeatHeld(hold_id="h", expires_at=AT, at=AT),
        slot.NumbersAdded(first=1, count=5),
        key="slot:s",
    )
    assert {delta.topic for delta in found} == {"slot:s"}
    assert all(delta.staff for delta in found)
    assert [delta.fields["change"] for delta in found] == [
        "booked", "arrived", "called", "started", "completed", "cancelled", "no_show", "delayed",
    ]  # fmt: skip
    assert found[2].type == "patient_called"
    assert found[-1].fields["delay_minutes"] == 15
    assert all({"token_id", "patient_id"} <= delta.fields.keys() for delta in found[:-1])
