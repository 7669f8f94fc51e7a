"""Alerts: seen, closed by hand, and over because what was measured is too long ago. Others open them on their way.

R1  What somebody notes of an alert about a patient is sealed as the patient's.
R2  The timer of the alerts closes those whose figures are not too high any more; overtaken, it does nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.actors.alerts.commands import Acknowledge, Close, Observe
from engine.actors.alerts.decide import open_alert
from engine.actors.alerts.state import ALERTS, Alerts
from engine.actors.alerts.view import AlertView, alert_view
from engine.actors.hospital import Id
from engine.decider import At, Deciding, Decision, Done, FreeText, Look, Propose, Value


class AcknowledgeAlert(Value, frozen=True):
    """Somebody has seen it."""

    alert_id: Id
    note: FreeText | None = None


class CloseAlert(Value, frozen=True):
    """Somebody says that it is over."""

    alert_id: Id
    note: FreeText | None = None


class WakeAlerts(Value, frozen=True):
    """The timer of the alerts; ``due`` is the instant (µs) for which it was set."""

    due: int


def acknowledge(command: AcknowledgeAlert, at: At) -> Deciding:
    """R1."""
    return (yield from _ask(command.alert_id, Acknowledge(command.alert_id, command.note)))


def close(command: CloseAlert, at: At) -> Deciding:
    """R1."""
    return (yield from _ask(command.alert_id, Close(command.alert_id, command.note)))


def wake(command: WakeAlerts, at: At) -> Deciding:
    """R2."""
    state: Alerts | None = yield Look(ALERTS)
    if state is not None and state.open:
        yield Propose(ALERTS, Observe())
    return Done()


def _ask(alert_id: str, step: Acknowledge | Close) -> Deciding:
    state: Alerts | None = yield Look(ALERTS)
    patient_id = open_alert(state, alert_id).patient_id
    yield Propose(ALERTS, step)

    def answer(look: Callable[[str], Any]) -> AlertView:
        now: Alerts = look(ALERTS)
        return alert_view(now.open.get(alert_id) or now.closed[alert_id])

    return Done(answer, subject=patient_id)


ACKNOWLEDGE_ALERT = Decision(command=AcknowledgeAlert, run=acknowledge, home=lambda command, find: ALERTS)
CLOSE_ALERT = Decision(command=CloseAlert, run=close, home=lambda command, find: ALERTS)
WAKE_ALERTS = Decision(command=WakeAlerts, run=wake, home=lambda command, find: ALERTS)
