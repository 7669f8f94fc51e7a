"""What the alerts answer to a command: their events, or a refusal. The rules are in the package's docstring."""

from __future__ import annotations

from typing import Final, assert_never

from msgspec.structs import replace

from engine.actors.alerts.commands import Acknowledge, AlertsCommand, AlertsStep, Clear, Close, Observe, Raise, Together
from engine.actors.alerts.events import (
    AlertAcknowledged,
    AlertClosed,
    AlertOpened,
    AlertRepeated,
    AlertsEvent,
    FiguresObserved,
)
from engine.actors.alerts.figures import FIGURES, Finding, finding, over_at
from engine.actors.alerts.refusals import AlertClosedAlready, OwnBreakGlass
from engine.actors.alerts.state import BREAK_GLASS, KEPT, Alert, Alerts, Severity, Slice
from engine.decider import At, FreeText
from engine.errors import NotFound

WEIGHT: Final[dict[Severity, int]] = {"info": 0, "warning": 1, "critical": 2}

_FIRST_ID: Final = 1_000_000
"""Alerts come with decisions of others, whose own things have the ids before."""


def decide(state: Alerts, command: AlertsCommand, at: At) -> list[AlertsEvent]:
    """The events of a command to the alerts."""
    draft = _Draft(state, at)
    for step in command.do if isinstance(command, Together) else (command,):
        _take(draft, step)
    return draft.events


def open_alert(state: Alerts | None, alert_id: str) -> Alert:
    """R2: an alert that is open; ``AlertClosedAlready`` where it is over, ``NotFound`` where there is none."""
    found = None if state is None else state.open.get(alert_id)
    if found is not None:
        return found
    over = None if state is None else state.closed.get(alert_id)
    if over is not None:
        raise AlertClosedAlready("this alert is closed", alert_id=alert_id, closed_at=over.closed_at)
    raise NotFound("there is no such alert", field="alert_id", alert_id=alert_id)


class _Draft:
    """The alerts as the steps so far would leave them."""

    __slots__ = ("_oldest", "at", "changed", "closed", "events", "opened", "slices", "state")

    def __init__(self, state: Alerts, at: At) -> None:
        self.state = state
        self.at = at
        self.events: list[AlertsEvent] = []
        self.changed: dict[tuple[str, str], Alert | None] = {}
        self.slices = state.slices
        self.opened = 0
        self.closed = 0
        self._oldest = iter(state.closed)

    def standing(self, kind: str, subject: str) -> Alert | None:
        """R1: the open one of this kind and subject."""
        key = kind, subject
        if key in self.changed:
            return self.changed[key]
        id = self.state.by_subject.get(key)
        return None if id is None else self.state.open[id]

    def by_id(self, alert_id: str) -> Alert:
        """An open one as it would be, also one that these steps have opened."""
        for alert in self.changed.values():
            if alert is not None and alert.id == alert_id:
                return alert
        found = open_alert(self.state, alert_id)
        if self.changed.get((found.kind, found.subject), found) is None:
            raise AlertClosedAlready("this alert is closed", alert_id=alert_id, closed_at=self.at.time)
        return found

    def note(self, event: AlertOpened | AlertRepeated | AlertAcknowledged) -> None:
        alert = event.alert
        self.changed[alert.kind, alert.subject] = alert
        self.events.append(event)

    def open(self, alert: Alert) -> None:
        """R1, R2: another one; it has an id of its own."""
        id = self.at.new_id(_FIRST_ID + self.opened)
        self.opened += 1
        self.note(AlertOpened(alert=replace(alert, id=id, opened_at=self.at.time)))

    def close(self, alert: Alert, by: str = "", note: FreeText | None = None) -> None:
        """R2, R4."""
        over = replace(alert, closed_at=self.at.time, closed_by=by, note=note or alert.note)
        self.changed[alert.kind, alert.subject] = None
        self.events.append(AlertClosed(alert=over, by=by, forgotten=self._forgotten()))
        self.closed += 1

    def _forgotten(self) -> str:
        """R4: the oldest of those that are over, once they are as many as are kept."""
        return next(self._oldest) if len(self.state.closed) + self.closed >= KEPT else ""


def _take(draft: _Draft, step: AlertsStep) -> None:
    match step:
        case Raise():
            _raise(draft, step)
        case Clear():
            standing = draft.standing(step.kind, step.subject)
            if standing is not None:
                draft.close(standing)
        case Acknowledge():
            _acknowledge(draft, step)
        case Close():
            alert = _seen_by_others(draft, draft.by_id(step.alert_id))
            draft.close(alert, draft.at.who, _sealed(step.note, alert))
        case Observe():
            _observe(draft, step.slices)
        case _:
            assert_never(step)


def _raise(draft: _Draft, step: Raise) -> None:
    """R1."""
    standing = draft.standing(step.kind, step.subject)
    if standing is not None:
        if step.reason is not None:
            return _again(draft, standing, step)
        return _repeat(draft, standing, step.severity, step.value, step.threshold, step.unit)
    alert = Alert(
        id="",
        kind=step.kind,
        severity=step.severity,
        subject=step.subject,
        patient_id=step.patient_id,
        value=step.value,
        threshold=step.threshold,
        unit=step.unit,
        reason=_of(step),
        until=_until(draft, step),
    )
    return draft.open(alert)


def _again(draft: _Draft, alert: Alert, step: Raise) -> None:
    """R7: done again, and for a reason of its own."""
    unseen = replace(alert, times=alert.times + 1, acknowledged_at=0, acknowledged_by="")
    draft.note(AlertRepeated(alert=replace(unseen, reason=_of(step), until=_until(draft, step))))


def _of(step: Raise) -> FreeText | None:
    return None if step.reason is None else step.reason.about(step.patient_id)


def _until(draft: _Draft, step: Raise) -> int:
    return draft.at.time + step.lasting if step.lasting else 0


def _seen_by_others(draft: _Draft, alert: Alert) -> Alert:
    """R7."""
    if alert.kind == BREAK_GLASS and alert.subject == draft.at.who:
        raise OwnBreakGlass("who broke the glass does not see to it himself: an administrator does", alert_id=alert.id)
    return alert


def _repeat(
    draft: _Draft, alert: Alert, severity: Severity, value: float | None, threshold: float | None, unit: str
) -> None:
    """R1: counted; what is worse than what somebody has seen must be seen anew."""
    again = replace(alert, times=alert.times + 1)
    if WEIGHT[severity] > WEIGHT[alert.severity]:
        again = replace(
            again, severity=severity, value=value, threshold=threshold, unit=unit,
            acknowledged_at=0, acknowledged_by="",
        )  # fmt: skip
    draft.note(AlertRepeated(alert=again))


def _acknowledge(draft: _Draft, step: Acknowledge) -> None:
    """R3."""
    alert = _seen_by_others(draft, draft.by_id(step.alert_id))
    note = _sealed(step.note, alert)
    if alert.acknowledged_at and note is None:
        return
    seen = alert
    if not alert.acknowledged_at:
        seen = replace(alert, acknowledged_at=draft.at.time, acknowledged_by=draft.at.who)
    draft.note(AlertAcknowledged(alert=replace(seen, note=note or alert.note)))


def _observe(draft: _Draft, slices: tuple[Slice, ...]) -> None:
    """R5: what was measured opens and closes; time alone only closes (R7 too)."""
    time = draft.at.time
    if not slices:
        for kind in FIGURES:
            standing = draft.standing(kind, "")
            if standing is not None and over_at(draft.state, kind) <= time:
                draft.close(standing)
        for id in draft.state.passing:
            passing = draft.state.open[id]
            now = draft.standing(passing.kind, passing.subject)
            if now is not None and now.id == id and now.until <= time:
                draft.close(now)
        return
    measured = [one if one.at <= time else replace(one, at=time) for one in slices]
    draft.events.extend(FiguresObserved(slice=one) for one in measured)
    draft.slices = [*draft.slices, *measured]
    for kind in FIGURES:
        _weigh(draft, kind, finding(draft.state, kind, draft.slices, time))


def _weigh(draft: _Draft, kind: str, found: Finding | None) -> None:
    standing = draft.standing(kind, "")
    if found is None:
        if standing is not None:
            draft.close(standing)
    elif standing is None:
        draft.open(Alert(id="", kind=kind, **found._asdict()))
    elif WEIGHT[found.severity] > WEIGHT[standing.severity]:
        _repeat(draft, standing, *found)


def _sealed(note: FreeText | None, alert: Alert) -> FreeText | None:
    """What somebody notes is the patient's, where the alert is about one."""
    return None if note is None else note.about(alert.patient_id)
