"""Lists of alerts, and the figures of assignments. Live ones stand in the stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from engine.actors.alerts.state import ALERTS, Alert, Alerts, Severity
from engine.actors.alerts.view import AlertStatus, AlertView, alert_view, figures_view
from engine.actors.intake.state import INTAKE, Intake
from engine.decider import Value
from engine.errors import NotFound
from engine.views.paging import ById, ListQuery, Page, page, position
from engine.views.reader import Found, Id, Reader

Kind = Annotated[str, Meta(max_length=60)]


class ListAlerts(ListQuery, frozen=True):
    """Alerts, the newest first: the open ones, or those that closed of late."""

    status: AlertStatus = "open"
    kind: Kind | None = None
    severity: Severity | None = None


class GetAlert(Value, frozen=True):
    """One alert, also one that closed of late."""

    alert_id: Id


class GetAssignmentFigures(Value, frozen=True):
    """How assignments went in the last minutes and since the beginning, and how many wait."""


def list_alerts(reader: Reader, query: ListAlerts) -> Found:
    """A page of alerts."""
    state = alerts_of(reader)
    listed = state.open if query.status == "open" else state.closed
    after = position(query, ById)

    def rows() -> Iterator[tuple[ById, Alert | None]]:
        for id in sorted(listed, reverse=True):
            if after is None or id < after.id:
                alert = listed[id]
                fits = query.kind in (None, alert.kind) and query.severity in (None, alert.severity)
                yield ById(id), alert if fits else None

    found: Page[AlertView] = page(query, rows(), alert_view)
    return Found(found)


def get_alert(reader: Reader, query: GetAlert) -> Found:
    """An alert, or ``NotFound``."""
    state = alerts_of(reader)
    alert = state.open.get(query.alert_id) or state.closed.get(query.alert_id)
    if alert is None:
        raise NotFound("there is no such alert", alert_id=query.alert_id)
    return Found(alert_view(alert))


def get_assignment_figures(reader: Reader, query: GetAssignmentFigures) -> Found:
    """The figures, of a hospital that has none yet as well."""
    intake: Intake | None = reader.look(INTAKE)
    waiting = {reason: count for reason, count in intake.reasons.items() if count} if intake is not None else {}
    return Found(figures_view(alerts_of(reader), waiting, reader.time))


def alerts_of(reader: Reader) -> Alerts:
    """The hospital's; empty ones where nothing was ever opened."""
    state: Alerts | None = reader.look(ALERTS)
    return Alerts() if state is None else state
