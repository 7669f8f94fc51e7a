"""The rules and alerts for Prometheus: they can be read, and ask for what there is."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import AsyncIterator

import pytest

from gateway.routes import BASE
from tests.gateway.test_metrics import place
from tests.ops.shipped import ADDED, OTHERS, PROMETHEUS, ROOT, Rule, asked_for, dashboard, panels, plain, rules, shown

RECORDED = rules("matron_rules.yml")
ALERTS = rules("matron_alerts.yml")
SEVERITIES = {"page", "ticket", "info"}


@pytest.fixture
async def metrics() -> AsyncIterator[dict[str, set[str]]]:
    async with place() as here:
        await here.client.post(f"{BASE}/patients/", json={"name": "Asha Rao"})
        await here.client.get(f"{BASE}/patients/")
        await here.client.get("/metrics")
        yield shown((await here.client.get("/metrics")).text)


def faults(name: str, expression: str, metrics: dict[str, set[str]]) -> list[str]:
    """Metrics that nobody shows, and labels that they do not have."""
    recorded = {rule.name for rule in RECORDED}
    made = []
    for metric, labels in asked_for(expression):
        if metric in recorded or metric in OTHERS:
            continue
        if metric not in metrics:
            made.append(f"{name}: there is no metric {metric}")
        elif metrics[metric] and not labels <= metrics[metric] | ADDED:
            made.append(f"{name}: {metric} has no label {', '.join(labels - metrics[metric] - ADDED)}")
    return made


async def test_every_metric_of_rules_and_alerts_is_in_the_real_page(metrics):
    assert [fault for rule in (*RECORDED, *ALERTS) for fault in faults(rule.name, rule.expression, metrics)] == []


async def test_every_metric_of_the_dashboard_is_in_the_real_page(metrics):
    asked = [
        (panel["title"], plain(target["expr"])) for panel in panels(dashboard()) for target in panel.get("targets", ())
    ]
    assert len(asked) > 70
    assert [fault for title, expression in asked for fault in faults(title, expression, metrics)] == []


async def test_a_metric_or_a_label_that_is_not_there_is_found(metrics):
    assert faults("a", "rate(matron_nothing_total[5m])", metrics) == ["a: there is no metric matron_nothing_total"]
    assert faults("b", 'matron_beds{patient="x"} > matron_actors{patient="x"}', metrics) == [
        "b: matron_actors has no label patient"
    ]
    with pytest.raises(ValueError):
        asked_for("sum by (rate(")


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule.name)
def test_an_alert_says_how_bad_it_is_and_what_to_do(rule: Rule):
    assert rule.name.startswith("Matron")
    assert rule.members["labels"]["severity"] in SEVERITIES
    assert {"summary", "description", "runbook_url"} <= set(rule.members["annotations"])
    assert re.fullmatch(r"docs/operations\.md#alert-[a-z-]+", rule.members["annotations"]["runbook_url"])


def test_for_each_alert_it_is_written_down_what_to_do_and_for_nothing_else():
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    headings = {f"alert-{name.replace(' ', '-')}" for name in re.findall(r"^### Alert: ([a-z ]+)$", page, re.MULTILINE)}
    assert {rule.members["annotations"]["runbook_url"].partition("#")[2] for rule in ALERTS} == headings


def test_no_two_rules_have_one_name():
    names = [rule.name for rule in (*RECORDED, *ALERTS)]
    assert len(set(names)) == len(names)


def test_prometheus_own_checker_finds_nothing_where_it_is_installed():
    """Where it is not, the parser above has read every expression; it comes with a hundred megabytes."""
    checker = shutil.which("promtool")
    files = [str(PROMETHEUS / name) for name in ("matron_rules.yml", "matron_alerts.yml")]
    wanted = [] if checker is None else [[checker, "check", "rules", "--lint=none", *files]]
    wanted += [] if checker is None else [[checker, "test", "rules", str(ROOT / "tests" / "ops" / "alerts_tested.yml")]]
    assert [command for command in wanted if subprocess.run(command, check=False, capture_output=True).returncode] == []


async def test_the_documentation_names_every_metric_and_no_other(metrics):
    page = (ROOT / "docs" / "metrics.md").read_text("utf-8")
    told = set(re.findall(r"`(matron_[a-z_]+)`", page))
    begun = "matron_assignment_window_"
    short = {begun + name for name in re.findall(r"`…_([a-z_]+)`", page)}
    there = {re.sub(r"_(bucket|count|sum|created)$", "", name) for name in metrics if name.startswith("matron_")}
    there -= {name.removesuffix("_total") for name in there if name.endswith("_total")} | {"matron_assignment_window"}
    assert there - told - short - {"matron_assignment_window_count"} == set()
    assert told - there == set()
