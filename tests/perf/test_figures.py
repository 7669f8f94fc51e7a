"""Figures: medians, verdicts, ratios round by round, and the two ways of showing them."""

from __future__ import annotations

import msgspec
import pytest

from perf.figures import Row, Target, percentile, ratios
from perf.machine import environment
from perf.report import document, show


def row(*values: float, target: Target | None = None) -> Row:
    return Row(section="here", name="speed", unit="1/s", values=values, target=target)


def test_a_figure_is_the_median_of_its_rounds():
    assert row(3, 100, 1).median == 3


@pytest.mark.parametrize(
    ("target", "verdict"),
    [
        (Target("least", 10), "met"),
        (Target("least", 10.1), "missed"),
        (Target("most", 10), "met"),
        (Target("most", 9.9), "missed"),
        (None, ""),
    ],
)
def test_a_target_is_met_at_its_bound(target, verdict):
    assert row(10, target=target).verdict == verdict


def test_ratios_compare_what_was_measured_side_by_side():
    assert ratios([10, 30], [100, 200]) == (10, 15)


def test_ratios_of_rounds_that_do_not_pair_are_refused():
    with pytest.raises(ValueError, match="argument 2"):
        ratios([10], [100, 200])


def test_a_percentile_is_a_value_that_was_measured():
    ordered = [float(n) for n in range(100)]
    assert (percentile(ordered, 0.5), percentile(ordered, 0.99), percentile([7.0], 0.99)) == (50, 99, 7)


def test_the_document_carries_every_round_and_the_machine(tmp_path):
    about = environment(tmp_path)
    made = msgspec.json.decode(msgspec.json.encode(document(about, [row(1, 2, 9, target=Target("least", 5))])))
    assert made["environment"]["cores"] >= 1
    [figure] = made["rows"]
    assert (figure["values"], figure["median"], figure["low"], figure["high"]) == ([1, 2, 9], 2, 1, 9)
    assert (figure["target"], figure["verdict"]) == ({"least": 5}, "missed")


def test_the_table_is_plain_where_no_terminal_is(tmp_path, capsys):
    show(environment(tmp_path), [row(1234.5, target=Target("least", 5))])
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "speed" in shown
    assert "1,234" in shown
    assert "≥ 5.00" in shown
    assert "met" in shown
