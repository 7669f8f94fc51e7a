"""Getting in line, and the service itself: R1, R2, R3, R4, R17, R18, R19."""

from __future__ import annotations

from contextlib import suppress

import pytest

from engine.actors.service import SERVICE
from engine.actors.service.commands import (
    CallNext,
    Change,
    End,
    EndDay,
    Join,
    Open,
    Prioritize,
    ReplacePatient,
    SetStatus,
    Together,
    TransferOut,
)
from engine.actors.service.refusals import AlreadyInQueue, CounterBusy, QueueClosed, QueueFull, ServiceExists
from engine.actors.service.state import Counter, Leg, ServiceSettings
from engine.decider import DAY, At
from engine.errors import Invalid, NotFound, Stale
from tests.engine.actors.service.live import NOW, TODAY, WHY, Live, two_counters


def join(name: str, patient: str = "", **more: object) -> Join:
    return Join(name, patient, **({"priority": "low", "arrived_at": NOW, "day": TODAY, "minute": 600} | more))  # type: ignore[arg-type]


def test_r1_a_service_is_opened_once_and_before_all_else() -> None:
    queue = Live()
    queue.refused(Open("s", "Again", "LAB", ServiceSettings()), ServiceExists)
    with pytest.raises(NotFound):
        SERVICE.decide(SERVICE.initial("s"), CallNext("1", "ann"), At(NOW, bytes(16), lambda: bytes(16)))


def test_r1_two_counters_never_share_a_name() -> None:
    twice = ServiceSettings(counters=(Counter(name="A"), Counter(name="A")))
    with pytest.raises(Invalid):
        Live(twice)
    assert Live().refused(Change("s", twice), Invalid) == {"field": "settings.counters"}


def test_r1_a_service_can_be_opened_and_joined_in_one_decision() -> None:
    state = SERVICE.initial("s")
    both = Together((Open("s", "Dr Rao", "RAO", ServiceSettings(), "s"), join("t", "p", code="RAO-007")))
    events = SERVICE.decide(state, both, At(NOW, bytes(16), lambda: bytes(16)))
    assert [type(event).__name__ for event in events] == ["ServiceOpened", "TicketJoined", "TicketNear"]
    assert state.version == 0


def test_r2_each_status_lets_in_whom_it_should() -> None:
    taken = {}
    for status in ("active", "paused", "inactive", "emergency", "closed"):
        for priority in ("high", "low"):
            queue = Live()
            queue.ask(SetStatus(status))
            with suppress(QueueClosed):
                queue.join("a", priority)
            taken[status, priority] = "a" in queue.state.tickets
    assert {case for case, let_in in taken.items() if not let_in} == {
        ("inactive", "high"), ("inactive", "low"), ("emergency", "low"), ("closed", "high"), ("closed", "low"),
    }  # fmt: skip


def test_r2_a_full_queue_refuses_all_but_a_check_in() -> None:
    queue = Live(capacity=1)
    queue.join("a")
    assert queue.refused(join("b"), QueueFull)["capacity"] == 1
    assert queue.join("b", bypass=True).status == "waiting"


def test_r2_nobody_joins_after_the_last_tickets_time_but_by_check_in() -> None:
    queue = Live(last_ticket_at="16:30")
    queue.minute = 16 * 60 + 30
    queue.join("a")
    queue.minute += 1
    assert queue.refused(join("b", minute=queue.minute), QueueClosed)["last_ticket_at"] == "16:30"
    queue.join("b", bypass=True)
    queue.ask(SetStatus("closed"))
    queue.refused(join("c", bypass=True), QueueClosed)


def test_r2_a_need_that_no_counter_meets_is_no_need() -> None:
    queue = Live(ServiceSettings(counters=(Counter(name="1", skills=("ecg",)), Counter(name="2", skills=("mri",)))))
    assert queue.join("a", needs=("ecg",)).needs == ("ecg",)
    assert queue.refused(join("b", needs=("ecg", "mri")), Invalid) == {"field": "needs"}


def test_r2_nobody_arrives_in_the_future() -> None:
    assert Live().refused(join("a", arrived_at=NOW + DAY), Invalid) == {"field": "occurred_at"}


def test_r3_a_patient_has_one_ticket_here_and_an_unknown_one_many() -> None:
    queue = Live()
    queue.join("a", patient_id="p")
    assert queue.refused(join("b", "p"), AlreadyInQueue) == {"ticket_id": "a", "service_id": "s"}
    queue.join("c", patient_id="")
    queue.join("d", patient_id="")
    assert queue.refused(join("a", "q"), AlreadyInQueue)["ticket_id"] == "a"
    queue.ask(End("a", "cancelled", "ann"))
    queue.join("e", patient_id="p")
    assert queue.line() == ["c", "d", "e"]


def test_r3_records_that_were_merged_keep_one_ticket_each() -> None:
    queue = Live(exclusive_group="imaging")
    queue.join("a", patient_id="p")
    queue.join("b", patient_id="q")
    queue.refused(ReplacePatient("a", "q"), AlreadyInQueue)
    assert queue.ask(ReplacePatient("a", "r")) == ["TicketPatientChanged"]
    assert queue.filed >= {("exclusive", "imaging:r"), ("exclusive", "imaging:q")}
    assert ("exclusive", "imaging:p") not in queue.filed
    assert queue.ask(ReplacePatient("a", "r")) == []
    queue.join("c", patient_id="p")


def test_r3_a_ticket_leaves_the_group_that_it_joined() -> None:
    queue = Live(exclusive_group="imaging")
    queue.join("a", patient_id="p")
    queue.ask(Change("s", two_counters(exclusive_group="other")))
    queue.join("b", patient_id="q")
    assert queue.filed >= {("exclusive", "imaging:p"), ("exclusive", "other:q")}
    queue.ask(End("a", "cancelled", "ann"))
    assert ("exclusive", "imaging:p") not in queue.filed


def test_r4_positions_follow_priority_then_arrival_and_have_no_gap() -> None:
    queue = Live()
    for name, priority in (("a", "low"), ("b", "high"), ("c", "medium"), ("d", "high"), ("e", "low")):
        queue.join(name, priority)  # type: ignore[arg-type]
    assert queue.places() == {"b": 1, "d": 2, "c": 3, "a": 4, "e": 5}
    queue.ask(End("d", "cancelled", "ann"))
    assert queue.places() == {"b": 1, "c": 2, "a": 3, "e": 4}


def test_r4_equal_arrivals_are_served_in_order_of_joining() -> None:
    queue = Live()
    for name in ("a", "b", "c"):
        queue.join(name, arrived_at=NOW)
    queue.join("earlier", arrived_at=NOW - 1)
    assert queue.line() == ["earlier", "a", "b", "c"]


def test_r4_another_priority_keeps_the_arrival() -> None:
    queue = Live()
    queue.join("a")
    queue.join("b", "high")
    queue.join("c", "medium")
    assert queue.ask(Prioritize("a", "high", "ann", WHY))[0] == "TicketPrioritized"
    assert (queue.events[0].position, queue.line()) == (1, ["a", "b", "c"])
    assert queue.ask(Prioritize("a", "high", "ann", WHY)) == []
    queue.ask(Prioritize("a", "low", "ann", WHY))
    assert queue.line() == ["b", "c", "a"]


def test_r4_the_event_tells_the_place_that_the_ticket_gets() -> None:
    queue = Live(near_places=0)
    for name, priority in (("a", "low"), ("b", "high"), ("c", "medium"), ("d", "high")):
        queue.join(name, priority)  # type: ignore[arg-type]
        assert queue.events[0].position == queue.places()[name]
        assert queue.events[0].waiting == len(queue.line())


def test_r17_codes_are_a_series_that_begins_anew_with_the_day() -> None:
    queue = Live()
    assert [queue.join(name).code for name in ("a", "b")] == ["LAB-001", "LAB-002"]
    queue.join("visit", code="RAO-014", token_id="visit")
    queue.ask(EndDay(TODAY, 0))
    queue.day = "2026-02-03"
    assert [queue.join(name).code for name in ("c", "d")] == ["LAB-001", "LAB-002"]


def test_r17_the_series_goes_on_while_a_ticket_of_it_is_alive() -> None:
    queue = Live(carry_over=True)
    queue.join("a")
    queue.join("visit", code="RAO-014")
    queue.day = "2026-02-03"
    assert queue.join("b").code == "LAB-002"
    queue.ask(End("a", "cancelled", "ann"))
    queue.ask(End("b", "cancelled", "ann"))
    assert queue.join("c").code == "LAB-001"


def test_r11_a_transfer_brings_code_history_and_if_so_set_its_arrival() -> None:
    leg = Leg("other", NOW - 9, NOW - 1)
    for keeps in (True, False):
        queue = Live(transfer_keeps_arrival=keeps)
        queue.join("a")
        queue.join("b", code="XRA-003", legs=(leg,), from_service="other", arrived_at=NOW - 10, version=4)
        ticket = queue.state.tickets["b"]
        assert (ticket.code, ticket.legs, ticket.version) == ("XRA-003", (leg,), 4)
        assert queue.line() == (["b", "a"] if keeps else ["a", "b"])
        queue.ask(TransferOut("b", "third", "ann"))


def test_r18_a_counter_that_serves_somebody_stays() -> None:
    queue = Live()
    queue.join("a")
    queue.call("2")
    one = ServiceSettings(counters=(Counter(name="1"),))
    assert queue.refused(Change("Lab", one), CounterBusy) == {"counter": "2", "ticket_id": "a"}
    closing = ServiceSettings(counters=(Counter(name="2", open=False),))
    assert queue.ask(Change("Lab", closing)) == ["ServiceChanged"]
    assert queue.ask(Change("Lab", closing)) == []
    queue.ask(End("a", "cancelled", "ann"))
    assert queue.ask(Change("Lab", one, next_close_at=NOW + DAY)) == ["ServiceChanged"]
    assert SERVICE.due(queue.state) == NOW + DAY


def test_r18_settings_of_an_old_version_are_refused() -> None:
    queue = Live()
    queue.refused(Change("Lab", two_counters(), if_version=99), Stale)
    assert queue.ask(Change("Lab", two_counters(), if_version=queue.state.version)) == ["ServiceChanged"]


def test_r19_any_status_follows_any_other_and_the_same_is_nothing_new() -> None:
    queue = Live()
    for status in ("closed", "emergency", "inactive", "paused", "active"):
        assert queue.ask(SetStatus(status, WHY)) == ["ServiceStatusChanged"]
        assert queue.ask(SetStatus(status)) == []
