"""Figures of the window, held to what anybody would count by hand."""

from __future__ import annotations

from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from engine.actors.alerts.figures import FIGURES, Window, finding, over_at, percentile, worth_telling
from engine.actors.alerts.state import WINDOW, Alert, Alerts, Slice
from engine.decider import SECOND
from engine.gauges import Histogram
from tests.engine.actors.asked import NOW

COUNTS = st.integers(0, 40)


@st.composite
def slices(draw: st.DrawFn) -> list[Slice]:
    """Up to an hour of slices, in order of time; some of one instant."""
    made, at = [], NOW
    for _ in range(draw(st.integers(1, 12))):
        at += draw(st.sampled_from((0, 1, 5, 60, 200))) * SECOND
        slowest = draw(st.sampled_from((0, SECOND, 6 * SECOND, 11 * SECOND)))
        requests, rooms = draw(COUNTS), draw(COUNTS)
        made.append(
            Slice(
                at=at,
                assignments=draw(COUNTS),
                assigning_total=draw(st.integers(0, 40)) * SECOND,
                assigning_slowest=slowest,
                timeouts=draw(st.integers(0, 2)),
                rooms=((43, rooms),) if rooms else (),
                rooms_slow=draw(st.integers(0, rooms)),
                requests=requests,
                errors=draw(st.integers(0, requests)),
            )
        )
    return made


@given(slices())
def test_a_figure_is_over_at_the_first_instant_at_which_nothing_too_high_is_left(measured: list[Slice]) -> None:
    state = Alerts(slices=measured)
    now = measured[-1].at
    for kind in FIGURES:
        if finding(state, kind, measured, now) is None:
            continue
        instants = sorted({one.at + WINDOW * SECOND for one in measured if one.at + WINDOW * SECOND > now})
        first = next(at for at in instants if finding(state, kind, measured, at) is None)
        state.slices = [one for one in measured if one.at > now - WINDOW * SECOND]
        assert over_at(state, kind) == first
        state.slices = measured


@given(st.lists(st.floats(1.1e-5, 9.0), min_size=1, max_size=200), st.sampled_from((0.5, 0.95, 0.99)))
def test_a_percentile_is_in_the_bucket_of_the_one_that_it_is(seconds: list[float], share: float) -> None:
    histogram = Histogram()
    for one in seconds:
        histogram.note(one)
    buckets = {place: count for place, count in enumerate(histogram.counts) if count}
    found = percentile(buckets, share) / SECOND
    exact = sorted(seconds)[ceil(share * len(seconds) - 1e-9) - 1]
    assert exact / 1.27 <= found <= exact * 1.27


def test_a_percentile_of_nothing_is_nothing() -> None:
    assert percentile({}, 0.95) == 0.0
    assert percentile({61: 3}, 0.5) == 10 * SECOND


def test_slices_add_up() -> None:
    one = Slice(at=1, assignments=2, assigning=((3, 1), (4, 1)), rooms=((1, 5),))
    window = Window((one, one))
    assert (window.assignments, window.assigning, window.rooms) == (4, {3: 2, 4: 2}, {1: 10})


def test_nobody_need_hear_of_a_busy_day_where_all_is_well() -> None:
    fine = [Slice(at=NOW, requests=1_000, rooms=((20, 400),), errors=5)]
    assert not worth_telling(None, fine, NOW)
    assert worth_telling(None, [*fine, Slice(at=NOW, assignments=1)], NOW)
    assert worth_telling(None, [*fine, Slice(at=NOW, timeouts=1)], NOW)
    assert worth_telling(None, [*fine, Slice(at=NOW, requests=1, errors=10)], NOW)
    assert worth_telling(None, [Slice(at=NOW, rooms=((43, 20),), rooms_slow=2)], NOW)


def test_while_an_alert_about_the_day_is_open_all_of_it_is_heard() -> None:
    alert = Alert(id="a", kind="error_rate", severity="critical")
    state = Alerts(open={"a": alert}, by_subject={("error_rate", ""): "a"})
    assert worth_telling(state, [Slice(at=NOW, requests=1)], NOW)


def test_what_was_told_counts_with_what_comes() -> None:
    told = Alerts(slices=[Slice(at=NOW, requests=15, errors=1)])
    assert not worth_telling(None, [Slice(at=NOW, requests=15)], NOW)
    assert worth_telling(told, [Slice(at=NOW, requests=15)], NOW)
