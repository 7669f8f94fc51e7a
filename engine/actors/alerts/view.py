"""How alerts and figures are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from engine import calendar
from engine.actors.alerts.figures import Window, percentile, timeout_rate, within_window
from engine.actors.alerts.state import WINDOW, Alert, Alerts, Severity
from engine.decider import FreeText

AlertStatus = Literal["open", "closed"]


class AlertView(msgspec.Struct, frozen=True):
    """What somebody should look at. ``subject``: the id of what it is about; null: the hospital as a whole.

    ``value`` is what was measured, ``threshold`` what is too much, both in ``unit``. ``times``: how often it would have
    opened while it was open. ``closed_by``: who said that it is over; null: it closed by itself. ``reason``: why the
    one it is about did what it tells of; only such alerts have it.
    """

    id: str
    kind: str
    severity: Severity
    subject: str | None
    patient_id: str | None
    value: float | None
    threshold: float | None
    unit: str
    status: AlertStatus
    opened_at: datetime
    closed_at: datetime | None
    times: int
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    closed_by: str | None
    note: FreeText | None
    reason: FreeText | UnsetType = UNSET


class TotalsView(msgspec.Struct, frozen=True):
    """What was counted since the hospital began."""

    assignments: int
    timeouts: int
    timeout_rate: float
    retries: int
    retry_success_rate: float | None


class FiguresView(msgspec.Struct, frozen=True):
    """Assignments of the last ``window_seconds``, from the command's arrival to its being durable; and who waits.

    Null where there was none to count. Percentiles are as exact as the buckets they are counted in, a quarter of
    themselves. ``waiting``: how many wait, by reason.
    """

    window_seconds: int
    assignments: int
    average_ms: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    slowest_ms: float | None
    timeouts: int
    timeout_rate: float
    retries: int
    retry_success_rate: float | None
    since_beginning: TotalsView
    waiting: dict[str, int]


def alert_view(alert: Alert) -> AlertView:
    """An alert as answered."""
    return AlertView(
        id=alert.id,
        kind=alert.kind,
        severity=alert.severity,
        subject=alert.subject or None,
        patient_id=alert.patient_id or None,
        value=alert.value,
        threshold=alert.threshold,
        unit=alert.unit,
        status="closed" if alert.closed_at else "open",
        opened_at=calendar.moment(alert.opened_at),
        closed_at=_moment(alert.closed_at),
        times=alert.times,
        acknowledged_at=_moment(alert.acknowledged_at),
        acknowledged_by=alert.acknowledged_by or None,
        closed_by=alert.closed_by or None,
        note=alert.note,
        reason=UNSET if alert.reason is None else alert.reason,
    )


def figures_view(state: Alerts, waiting: dict[str, int], time: int) -> FiguresView:
    """The figures as answered."""
    window = Window(within_window(state.slices, time))
    counted = window.assignments
    return FiguresView(
        window_seconds=WINDOW,
        assignments=counted,
        average_ms=_ms(window.total / counted) if counted else None,
        p50_ms=_share(window, 0.5),
        p95_ms=_share(window, 0.95),
        p99_ms=_share(window, 0.99),
        slowest_ms=_ms(window.slowest) if counted or window.timeouts else None,
        timeouts=window.timeouts,
        timeout_rate=timeout_rate(window),
        retries=window.retries,
        retry_success_rate=_rate(window.retried, window.retries),
        since_beginning=_totals(state.totals),
        waiting=waiting,
    )


def _totals(totals: dict[str, int]) -> TotalsView:
    assignments, timeouts = totals.get("assignments", 0), totals.get("timeouts", 0)
    retries = totals.get("retries", 0)
    return TotalsView(
        assignments=assignments,
        timeouts=timeouts,
        timeout_rate=_rate(timeouts, assignments + timeouts) or 0.0,
        retries=retries,
        retry_success_rate=_rate(totals.get("retried", 0), retries),
    )


def _share(window: Window, share: float) -> float | None:
    if not window.assigning:
        return None
    return _ms(min(percentile(window.assigning, share), window.slowest))


def _rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _ms(microseconds: float) -> float:
    return round(microseconds / 1_000, 3)


def _moment(time: int) -> datetime | None:
    return calendar.moment(time) if time else None
