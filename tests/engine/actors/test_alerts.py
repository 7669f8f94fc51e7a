"""The alerts by themselves: opened once, closed once, counted in between, and found while they are listed."""

from __future__ import annotations

from typing import Any

import pytest

from engine.actors.alerts import ALERTS_DECIDER
from engine.actors.alerts import state as states
from engine.actors.alerts.commands import Acknowledge, Clear, Close, Observe, Raise, Together
from engine.actors.alerts.events import AlertClosed, AlertOpened, AlertRepeated
from engine.actors.alerts.refusals import AlertClosedAlready, OwnBreakGlass
from engine.actors.alerts.state import BREAK_GLASS, KEPT, WINDOW, Alert, Slice
from engine.decider import DAY, SECOND, At, FreeText
from engine.errors import NotFound
from tests.engine.actors.asked import Actor


class Alerts(Actor):
    """The alerts of a hospital, under a clock that the test moves."""

    def __init__(self) -> None:
        super().__init__(ALERTS_DECIDER, "self")

    def opened(self, kind: str = "shift_over", **more: Any) -> Alert:
        """What a decision opens."""
        self.ask(Raise(**{"kind": kind, "severity": "warning", **more}))
        return self.open[-1]

    def observe(self, after: float = 0, **figures: Any) -> list[Any]:
        """What follows from figures of one instant, so many seconds later."""
        self.time += round(after * SECOND)
        return [
            event
            for event in self.ask(Observe((Slice(at=self.time, **figures),)))
            if type(event).__name__ != "FiguresObserved"
        ]

    def wake(self) -> list[Any]:
        """What happens when the time of its timer has come."""
        due = ALERTS_DECIDER.due(self.state)
        assert due is not None
        self.time = max(self.time, due)
        return self.ask(Observe())

    @property
    def open(self) -> list[Alert]:
        """Those that are open."""
        return list(self.state.open.values())


@pytest.fixture
def alerts() -> Alerts:
    return Alerts()


# -- R1 -----------------------------------------------------------------------------------------------------


def test_r1_the_same_of_another_subject_is_another_alert(alerts: Alerts):
    first, second = alerts.opened(subject="s1"), alerts.opened(subject="s2")
    assert first.id != second.id
    assert [one.subject for one in alerts.open] == ["s1", "s2"]


def test_r1_what_would_open_it_again_is_counted(alerts: Alerts):
    first = alerts.opened(subject="s1", value=3.0)
    [event] = alerts.ask(Raise(kind="shift_over", severity="info", subject="s1", value=1.0))
    assert type(event) is AlertRepeated
    [alert] = alerts.open
    assert (alert.id, alert.times, alert.severity, alert.value) == (first.id, 2, "warning", 3.0)
    assert alert.opened_at == first.opened_at


def test_r1_what_is_worse_than_what_was_seen_must_be_seen_anew(alerts: Alerts):
    first = alerts.opened(value=3.0)
    alerts.ask(Acknowledge(first.id))
    alerts.ask(Raise(kind="shift_over", severity="warning"))
    assert alerts.open[0].acknowledged_at
    alerts.ask(Raise(kind="shift_over", severity="critical", value=9.0))
    [alert] = alerts.open
    assert (alert.severity, alert.value, alert.times, alert.acknowledged_at) == ("critical", 9.0, 3, 0)


def test_r1_several_steps_see_each_other(alerts: Alerts):
    step = Raise(kind="k", severity="warning", subject="a")
    events = alerts.ask(Together((step, step, Clear(kind="k", subject="a"), Clear(kind="k", subject="a"), step)))
    assert [type(event) for event in events] == [AlertOpened, AlertRepeated, AlertClosed, AlertOpened]
    [alert] = alerts.open
    assert (alert.times, len(alerts.state.closed)) == (1, 1)


# -- R2, R3 -------------------------------------------------------------------------------------------------


def test_r2_nothing_is_closed_that_is_not_open(alerts: Alerts):
    alerts.opened(subject="a")
    assert alerts.ask(Clear(kind="shift_over", subject="b")) == []
    [event] = alerts.ask(Clear(kind="shift_over", subject="a"))
    assert isinstance(event, AlertClosed)
    assert (event.by, event.alert.closed_at) == ("", alerts.time)
    assert alerts.ask(Clear(kind="shift_over", subject="a")) == []


def test_r2_what_is_over_stays_over_and_the_next_is_another(alerts: Alerts):
    first = alerts.opened()
    alerts.ask(Close(first.id))
    for step in (Acknowledge(first.id), Close(first.id)):
        with pytest.raises(AlertClosedAlready) as refused:
            alerts.ask(step)
        assert refused.value.facts["closed_at"] == alerts.state.closed[first.id].closed_at
    assert alerts.opened().id != first.id
    with pytest.raises(NotFound):
        alerts.ask(Close("nobody"))


def test_r2_who_closes_it_by_hand_is_named_and_may_say_why(alerts: Alerts):
    first = alerts.opened(subject="s", patient_id="p1")
    at = At(alerts.time + 1, bytes(16), lambda: bytes(16), "ward-3")
    [event] = ALERTS_DECIDER.decide(alerts.state, Close(first.id, FreeText("a false alarm")), at)
    assert isinstance(event, AlertClosed)
    assert event.alert.note is not None
    assert (event.by, event.alert.closed_by) == ("ward-3", "ward-3")
    assert (event.alert.note.text, event.alert.note.subject) == ("a false alarm", "p1")


def test_r3_the_first_who_acknowledges_has_seen_it_and_a_note_may_follow(alerts: Alerts):
    first = alerts.opened()
    alerts.ask(Acknowledge(first.id))
    seen_at = alerts.time
    assert alerts.ask(Acknowledge(first.id)) == []
    alerts.ask(Acknowledge(first.id, FreeText("called")))
    [alert] = alerts.open
    assert alert.acknowledged_at == seen_at
    assert alert.note is not None
    assert (alert.note.text, alert.note.subject) == ("called", "")


# -- R4 -----------------------------------------------------------------------------------------------------


def test_r4_the_oldest_that_are_over_are_forgotten_also_several_at_once(alerts: Alerts):
    ids = [alerts.opened(subject=str(number)).id for number in range(KEPT + 3)]
    for number in range(KEPT):
        alerts.ask(Clear(kind="shift_over", subject=str(number)))
    assert list(alerts.state.closed) == ids[:KEPT]
    events = alerts.ask(Together(tuple(Clear(kind="shift_over", subject=str(KEPT + number)) for number in range(3))))
    assert [event.forgotten for event in events] == ids[:3]  # type: ignore[attr-defined]
    assert list(alerts.state.closed) == ids[3:]


# -- R5, R6 -------------------------------------------------------------------------------------------------

SLOW = {"assignments": 1, "assigning_total": 6 * SECOND, "assigning_slowest": 6 * SECOND}
FAST = {"assignments": 1, "assigning_total": 1_000, "assigning_slowest": 1_000}


def kinds(events: list[Any]) -> list[tuple[str, str, str]]:
    return [(type(event).__name__, event.alert.kind, event.alert.severity) for event in events]


def test_r5_slow_ones_warn_and_too_slow_ones_are_critical(alerts: Alerts):
    assert kinds(alerts.observe(**{**FAST, "assigning_slowest": 5 * SECOND})) == []
    opened = alerts.observe(**{**FAST, "assigning_slowest": 6 * SECOND})
    assert kinds(opened) == [("AlertOpened", "assignment_slow", "warning")]
    assert (opened[0].alert.value, opened[0].alert.threshold, opened[0].alert.unit) == (6.0, 5.0, "s")
    assert kinds(alerts.observe(1, **{**FAST, "assigning_slowest": 7 * SECOND})) == []
    worse = alerts.observe(1, **{**FAST, "assigning_slowest": 11 * SECOND})
    assert kinds(worse) == [("AlertRepeated", "assignment_slow", "critical")]
    assert (worse[0].alert.value, worse[0].alert.threshold) == (11.0, 10.0)


@pytest.mark.parametrize(
    ("kind", "severity", "below", "above"),
    [
        ("timeout_rate", "critical", {"assignments": 99, "timeouts": 1}, {"assignments": 98, "timeouts": 1}),
        ("assignment_average", "warning", {"assignments": 2, "assigning_total": 2 * SECOND},
         {"assignments": 2, "assigning_total": 2 * SECOND + 1}),
        ("room_p95", "warning", {"rooms": ((43, 100),), "rooms_slow": 5}, {"rooms": ((43, 100),), "rooms_slow": 6}),
        ("room_p95", "warning", {"rooms": ((43, 19),), "rooms_slow": 19}, {"rooms": ((43, 20),), "rooms_slow": 20}),
        ("error_rate", "critical", {"requests": 100, "errors": 1}, {"requests": 99, "errors": 1}),
        ("error_rate", "critical", {"requests": 19, "errors": 19}, {"requests": 20, "errors": 20}),
    ],
)  # fmt: skip
def test_r5_each_figure_opens_its_alert_beyond_its_limit(kind: str, severity: str, below: Any, above: Any):
    assert kinds(Alerts().observe(**below)) == []
    assert kinds(Alerts().observe(**above)) == [("AlertOpened", kind, severity)]


def test_r5_the_value_of_a_slow_room_is_never_below_what_is_too_much(alerts: Alerts):
    [opened] = alerts.observe(rooms=((41, 90), (42, 10)), rooms_slow=8)
    assert opened.alert.value >= opened.alert.threshold == 150.0


def test_r5_it_is_opened_once_and_closed_once_by_what_is_measured(alerts: Alerts):
    assert kinds(alerts.observe(assignments=1, timeouts=1)) == [("AlertOpened", "timeout_rate", "critical")]
    assert alerts.observe(5, assignments=10, timeouts=1) == []
    closed = alerts.observe(5, assignments=200)
    assert kinds(closed) == [("AlertClosed", "timeout_rate", "critical")]
    assert alerts.observe(5, assignments=1) == []


def test_r5_it_closes_by_itself_when_what_was_measured_is_too_long_ago(alerts: Alerts):
    alerts.observe(**SLOW)
    last = alerts.state.slices[-1].at
    alerts.observe(60, **FAST)  # the average is still too high, by the slow one
    assert {alert.kind for alert in alerts.open} == {"assignment_slow", "assignment_average"}
    assert ALERTS_DECIDER.due(alerts.state) == last + WINDOW * SECOND
    assert {event.alert.kind for event in alerts.wake()} == {"assignment_slow", "assignment_average"}
    assert ALERTS_DECIDER.due(alerts.state) is None


def test_r5_a_timer_that_was_overtaken_closes_nothing(alerts: Alerts):
    alerts.observe(**SLOW)
    alerts.time += 200 * SECOND
    assert alerts.ask(Observe()) == []
    assert len(alerts.open) == 2


def test_r5_time_alone_opens_nothing(alerts: Alerts):
    alerts.observe(assignments=1_000)
    alerts.observe(100, assignments=1, timeouts=5)
    assert alerts.open == []
    alerts.time += 250 * SECOND
    assert alerts.ask(Observe()) == []


def test_r5_what_was_measured_before_the_window_does_not_count(alerts: Alerts):
    alerts.observe(**SLOW)
    closed = alerts.observe(WINDOW, **FAST)
    assert {event.alert.kind for event in closed} == {"assignment_slow", "assignment_average"}
    assert [one.at for one in alerts.state.slices] == [alerts.time - 1]
    assert alerts.state.totals == {"assignments": 2}


def test_r6_what_was_closed_by_hand_opens_again_only_by_what_comes_then(alerts: Alerts):
    alerts.observe(requests=100, errors=50)
    [alert] = alerts.open
    by_hand = At(alerts.time + 1, bytes(16), lambda: bytes(16), "admin")
    for event in ALERTS_DECIDER.decide(alerts.state, Close(alert.id), by_hand):
        ALERTS_DECIDER.evolve(alerts.state, event)
    alerts.time += 2
    assert alerts.observe(5, requests=100) == []
    assert kinds(alerts.observe(5, requests=100, errors=50)) == [("AlertOpened", "error_rate", "critical")]


def broken(alerts: Alerts, who: str = "asha", reason: str = "the ward's only doctor is in theatre") -> Alert:
    """Somebody broke the glass."""
    alerts.ask(Raise(kind=BREAK_GLASS, severity="warning", subject=who, reason=FreeText(reason), lasting=DAY))
    return alerts.open[-1]


def by(alerts: Alerts, who: str, command: Any) -> list[Any]:
    """What follows when this principal asks it."""
    alerts.time += 1
    events = list(ALERTS_DECIDER.decide(alerts.state, command, At(alerts.time, bytes(16), lambda: bytes(16), who)))
    for event in events:
        ALERTS_DECIDER.evolve(alerts.state, event)
    ALERTS_DECIDER.check(alerts.state)
    return events


def test_r7_who_broke_the_glass_neither_acknowledges_nor_closes_it_and_somebody_else_does(alerts: Alerts):
    alert = broken(alerts)
    for own in (Acknowledge(alert.id), Close(alert.id)):
        with pytest.raises(OwnBreakGlass) as refused:
            by(alerts, "asha", own)
        assert (refused.value.code, refused.value.family, refused.value.rule) == ("own_break_glass", "forbidden", "R7")
    assert kinds(by(alerts, "bela", Acknowledge(alert.id))) == [("AlertAcknowledged", BREAK_GLASS, "warning")]
    assert kinds(by(alerts, "chief", Close(alert.id))) == [("AlertClosed", BREAK_GLASS, "warning")]
    assert alerts.state.passing == {}


def test_r7_broken_again_it_must_be_seen_anew_with_the_new_reason_and_lasts_a_day_from_then(alerts: Alerts):
    first = broken(alerts)
    by(alerts, "bela", Acknowledge(first.id))
    alerts.time += DAY // 2
    again = broken(alerts, reason="a child is choking in room 4")
    assert (again.id, again.times, again.acknowledged_at) == (first.id, 2, 0)
    assert again.reason is not None
    assert again.reason.text == "a child is choking in room 4"
    assert again.until == alerts.time + DAY


def test_r7_a_day_after_it_is_over_by_itself_and_others_stay(alerts: Alerts):
    alerts.opened(subject="ward-3")
    broken(alerts)
    alerts.time += DAY // 2
    late = broken(alerts, "bela")
    assert kinds(alerts.wake()) == [("AlertClosed", BREAK_GLASS, "warning")]
    assert [alert.id for alert in alerts.open if alert.kind == BREAK_GLASS] == [late.id]
    assert kinds(alerts.wake()) == [("AlertClosed", BREAK_GLASS, "warning")]
    assert [alert.kind for alert in alerts.open] == ["shift_over"]
    assert ALERTS_DECIDER.due(alerts.state) is None


def test_slices_of_a_clock_that_was_set_back_stand_in_order(alerts: Alerts):
    alerts.observe(**FAST)
    early = Slice(at=alerts.time - 50 * SECOND, assignments=1)
    alerts.ask(Observe((early, Slice(at=alerts.time + 10**12, assignments=1))))
    assert [one.at for one in alerts.state.slices] == sorted(one.at for one in alerts.state.slices)
    assert alerts.state.slices[-1].at <= alerts.time


def test_a_snapshot_is_the_state(alerts: Alerts):
    alerts.opened(subject="a")
    alerts.observe(**SLOW)
    broken(alerts)
    alerts.ask(Close(alerts.open[0].id))
    stored = ALERTS_DECIDER.freeze(alerts.state)
    assert stored.by_subject == stored.passing == {}
    assert ALERTS_DECIDER.thaw(stored) == alerts.state
    assert type(alerts.state) is states.Alerts
