"""What the engine needs to keep the alerts: invariants, next instant, snapshot, and how they are found."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import msgspec

from engine.actors.alerts.events import AlertClosed, AlertOpened, AlertsEvent
from engine.actors.alerts.figures import FIGURES, over_at
from engine.actors.alerts.state import KEPT, Alerts


def freeze(state: Alerts) -> Alerts:
    """The snapshot of a state: the same without its indexes."""
    return msgspec.structs.replace(state, by_subject={}, passing={})


def thaw(stored: Alerts) -> Alerts:
    """The state of a snapshot, its indexes rebuilt."""
    stored.by_subject = _by_subject(stored)
    stored.passing = _passing(stored)
    return stored


def check(state: Alerts) -> None:
    """What always holds."""
    assert state.by_subject == _by_subject(state), "the index of subjects is wrong"
    assert state.passing == _passing(state), "the index of what is over by itself is wrong"
    assert len(state.by_subject) == len(state.open), "R1: two alerts of a kind and subject are open"
    assert not state.open.keys() & state.closed.keys(), "R2: an alert is open and over"
    assert len(state.closed) <= KEPT, "R4: too many that are over are kept"
    assert all(id == alert.id and not alert.closed_at for id, alert in state.open.items()), "R2: an open one is over"
    assert all(id == alert.id and alert.closed_at for id, alert in state.closed.items()), "R2: one is over and open"
    assert all(one.at <= next.at for one, next in pairwise(state.slices)), "slices are out of order"


def due(state: Alerts) -> int | None:
    """R5, R7: when the first of the alerts is over by itself, if nothing more is measured (µs)."""
    by_figures = [over_at(state, kind) for kind in FIGURES if (kind, "") in state.by_subject]
    return min((*by_figures, *state.passing.values()), default=None)


def files(state: Alerts) -> Iterable[tuple[str, str]]:
    """All ids by which they are found now."""
    for id in (*state.open, *state.closed):
        yield "alerts", id


def filed(event: AlertsEvent) -> Iterable[tuple[str, str, bool]]:
    """How one event changed that."""
    if isinstance(event, AlertOpened):
        yield "alerts", event.alert.id, True
    elif isinstance(event, AlertClosed) and event.forgotten:
        yield "alerts", event.forgotten, False


def _by_subject(state: Alerts) -> dict[tuple[str, str], str]:
    return {(alert.kind, alert.subject): id for id, alert in state.open.items()}


def _passing(state: Alerts) -> dict[str, int]:
    return {id: alert.until for id, alert in state.open.items() if alert.until}
