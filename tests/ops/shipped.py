"""What stands under ``ops/``: its files, the expressions in them, and what a running engine really shows of itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import promql_parser
import yaml  # type: ignore[import-untyped]
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "ops" / "prometheus"
DASHBOARD = ROOT / "ops" / "grafana" / "matron.json"

OTHERS = frozenset({"up"})
"""Metrics that Prometheus itself makes."""

ADDED = frozenset({"instance", "job", "le"})
"""Labels that the scraper adds, or that stand on every histogram."""


class Rule(NamedTuple):
    """One rule of a file."""

    file: str
    name: str
    expression: str
    members: dict[str, Any]


def rules(file: str) -> list[Rule]:
    """All rules of a file."""
    held = yaml.safe_load((PROMETHEUS / file).read_text("utf-8"))
    return [
        Rule(file, rule.get("record") or rule["alert"], rule["expr"], rule)
        for group in held["groups"]
        for rule in group["rules"]
    ]


def dashboard() -> dict[str, Any]:
    """The dashboard."""
    held: dict[str, Any] = json.loads(DASHBOARD.read_text("utf-8"))
    return held


def panels(held: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Its panels, those of folded rows included."""
    for panel in held["panels"]:
        yield panel
        yield from panel.get("panels", ())


def plain(expression: str) -> str:
    """An expression of the dashboard with Grafana's variables filled in, as it is sent to Prometheus."""
    return re.sub(r"\$\w+", ".+", expression.replace("$__rate_interval", "1m"))


def asked_for(expression: str) -> list[tuple[str, set[str]]]:
    """Metrics that an expression names, each with the labels that it chooses by. ``ValueError``: it is no PromQL."""
    found: list[tuple[str, set[str]]] = []

    def look(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.append((str(node.name), {matcher.name for matcher in node.matchers.matchers}))

    promql_parser.walk(promql_parser.parse(expression), look)
    return found


def shown(text: str) -> dict[str, set[str]]:
    """What a scraper reads of a page: the names of samples, those of families without any included; their labels."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        found.setdefault(family.name, set())
        if family.type == "counter":
            found.setdefault(f"{family.name}_total", set())
        for one in family.samples:
            found.setdefault(one.name, set()).update(one.labels)
    return found
