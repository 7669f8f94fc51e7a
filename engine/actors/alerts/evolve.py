"""What events do to the alerts. Decides nothing and never refuses."""

from __future__ import annotations

from typing import Final, assert_never

from engine.actors.alerts.events import (
    AlertAcknowledged,
    AlertClosed,
    AlertOpened,
    AlertRepeated,
    AlertsEvent,
    FiguresObserved,
)
from engine.actors.alerts.figures import FIGURES, within_window
from engine.actors.alerts.state import Alert, Alerts, Slice

COUNTED: Final = ("assignments", "timeouts", "retries", "retried")


def evolve(state: Alerts, event: AlertsEvent) -> None:
    """The state after an event."""
    state.version += 1
    match event:
        case AlertOpened():
            alert = event.alert
            state.open[alert.id] = alert
            state.by_subject[alert.kind, alert.subject] = alert.id
            _pass(state, alert)
        case AlertRepeated() | AlertAcknowledged():
            state.open[event.alert.id] = event.alert
            _pass(state, event.alert)
        case AlertClosed():
            _close(state, event)
        case FiguresObserved():
            _observe(state, event.slice)
        case _:
            assert_never(event)


def _pass(state: Alerts, alert: Alert) -> None:
    if alert.until:
        state.passing[alert.id] = alert.until


def _close(state: Alerts, event: AlertClosed) -> None:
    alert = event.alert
    del state.open[alert.id]
    del state.by_subject[alert.kind, alert.subject]
    state.passing.pop(alert.id, None)
    state.closed[alert.id] = alert
    if event.forgotten:
        del state.closed[event.forgotten]
    if event.by and alert.kind in FIGURES and not alert.subject:
        state.dismissed[alert.kind] = alert.closed_at


def _observe(state: Alerts, one: Slice) -> None:
    for name in COUNTED:
        count = getattr(one, name)
        if count:
            state.totals[name] = state.totals.get(name, 0) + count
    state.slices.append(one)
    if len(state.slices) > 1 and state.slices[-2].at > one.at:  # the clock was set back
        state.slices.sort(key=_at)
    state.slices = within_window(state.slices, state.slices[-1].at)


def _at(one: Slice) -> int:
    return one.at
