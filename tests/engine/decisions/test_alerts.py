"""Alerts as staff see them: listed, seen, closed, over by themselves; and the figures beside them."""

from __future__ import annotations

from typing import Any

import pytest

from engine.actors.alerts.refusals import AlertClosedAlready
from engine.actors.alerts.state import WINDOW, Slice
from engine.actors.alerts.view import AlertView, FiguresView
from engine.decider import MINUTE, SECOND, FreeText
from engine.decisions.alerts import AcknowledgeAlert, CloseAlert
from engine.decisions.note_timeout import NoteAssignmentTimeout
from engine.decisions.observe import ObserveFigures
from engine.errors import NotFound
from engine.views.alerts import (
    GetAlert,
    GetAssignmentFigures,
    ListAlerts,
    get_alert,
    get_assignment_figures,
    list_alerts,
)
from tests.engine.house import House

NOBODY = "01900000-0000-7000-8000-000000000000"


class Eyes:
    """A reader of a world's states."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.time = house.time

    def look(self, key: str) -> Any:
        return self._house.states.get(key)


def listed(house: House, **query: Any) -> list[AlertView]:
    body = list_alerts(Eyes(house), ListAlerts(**query)).body  # type: ignore[arg-type]
    items: list[AlertView] = body.items
    return items


def figures(house: House) -> FiguresView:
    body: FiguresView = get_assignment_figures(Eyes(house), GetAssignmentFigures()).body  # type: ignore[arg-type]
    return body


@pytest.fixture
def house() -> House:
    return House()


def late(house: House) -> str:
    """The alert about a patient whose assignment was withdrawn."""
    house.ask(NoteAssignmentTimeout(waited_us=10 * SECOND, patient_id=house.person()))
    return listed(house, kind="assignment_timeout")[0].id


def measured(house: House, **more: Any) -> None:
    house.ask(ObserveFigures(slices=(Slice(at=house.time, **more),)))


def test_who_sees_an_alert_is_named_and_what_is_noted_is_the_patient_s(house: House):
    id = late(house)
    view = house.ask(AcknowledgeAlert(alert_id=id, note=FreeText("the night shift has been called")))
    assert (view.acknowledged_by, view.status, view.note.text) == ("desk", "open", "the night shift has been called")
    [event] = house.named("AlertAcknowledged")
    assert event.alert.note.subject == event.alert.patient_id == view.patient_id
    assert house.ask(AcknowledgeAlert(alert_id=id)) == view


def test_who_closes_an_alert_is_named_and_it_is_listed_among_those_that_are_over(house: House):
    id = late(house)
    view = house.ask(CloseAlert(alert_id=id))
    assert (view.status, view.closed_by) == ("closed", "desk")
    assert listed(house) == []
    assert listed(house, status="closed") == [view]
    assert get_alert(Eyes(house), GetAlert(alert_id=id)).body == view  # type: ignore[arg-type]
    assert type(house.refusal(CloseAlert(alert_id=id))) is AlertClosedAlready
    assert type(house.refusal(AcknowledgeAlert(alert_id=NOBODY))) is NotFound


def test_the_newest_come_first_page_by_page_and_filters_narrow(house: House):
    ids = [late(house) for _ in range(5)]
    measured(house, assignments=1, assigning_total=2 * SECOND, assigning_slowest=6 * SECOND)
    assert [one.id for one in listed(house, kind="assignment_timeout")] == ids[::-1]
    assert {one.kind for one in listed(house, severity="warning")} == {"assignment_slow", "assignment_average"}
    query, seen = ListAlerts(limit=3), []
    while True:
        page = list_alerts(Eyes(house), query).body  # type: ignore[arg-type]
        seen += [one.id for one in page.items]
        if page.next_cursor is None:
            break
        query = ListAlerts(limit=3, cursor=page.next_cursor)
    assert seen == [one.id for one in listed(house)]
    assert len(seen) == 7


def test_of_a_hospital_without_alerts_the_lists_are_empty(house: House):
    assert listed(house) == []
    with pytest.raises(NotFound):
        get_alert(Eyes(house), GetAlert(alert_id=NOBODY))  # type: ignore[arg-type]
    empty = figures(house)
    assert (empty.assignments, empty.p95_ms, empty.timeout_rate, empty.waiting) == (0, None, 0.0, {})


def test_an_alert_by_figures_is_over_by_its_timer_when_nothing_more_is_measured(house: House):
    measured(house, assignments=1, assigning_total=6 * SECOND, assigning_slowest=6 * SECOND)
    assert len(listed(house)) == 2
    house.later(WINDOW / 60 - 0.1)
    assert len(listed(house)) == 2
    house.later(0.2)
    assert listed(house) == []
    closed = [event for _, event in house.history if type(event).__name__ == "AlertClosed"]
    assert [(event.by, event.alert.times) for event in closed] == [("", 1), ("", 1)]


def test_what_was_measured_is_in_the_figures_for_the_window_and_in_the_sums_for_ever(house: House):
    measured(
        house, assignments=100, assigning_total=20 * SECOND, assigning_slowest=2 * SECOND, timeouts=1,
        assigning=((20, 90), (50, 10)), retries=4, retried=1,
    )  # fmt: skip
    seen = figures(house)
    assert (seen.assignments, seen.average_ms, seen.slowest_ms, seen.timeouts) == (100, 200.0, 2_000.0, 1)
    assert seen.p50_ms is not None
    assert 0.8 <= seen.p50_ms <= 1.0
    assert seen.p95_ms is not None
    assert seen.p99_ms is not None
    assert 790 < seen.p95_ms < seen.p99_ms <= 1_000
    assert (seen.timeout_rate, seen.retry_success_rate) == (1 / 101, 0.25)
    house.later(10)
    later = figures(house)
    assert (later.assignments, later.p50_ms, later.retries, later.retry_success_rate) == (0, None, 0, None)
    assert later.since_beginning == seen.since_beginning
    assert (later.since_beginning.assignments, later.since_beginning.timeout_rate) == (100, 1 / 101)


def test_an_alert_that_a_decision_closes_is_closed_in_its_entry(house: House):
    patient = house.person()
    house.ask(NoteAssignmentTimeout(waited_us=10 * SECOND, patient_id=patient))
    house.ward(beds=1)
    house.doctor()
    house.nurse()
    house.admit(patient)
    kinds = {type(event).__name__ for _, event in house.events}
    assert {"PatientAdmitted", "PatientAssigned", "AlertClosed"} <= kinds
    house.later(60)
    assert house.time > 60 * MINUTE
