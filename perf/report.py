"""How figures are shown: a table for people, JSON for machines. Nothing in either is typed by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from perf.figures import Row, Target

_PLAIN_WIDTH = 150
"""Columns of the table where no terminal says how wide it is."""


def document(environment: dict[str, Any], rows: Sequence[Row]) -> dict[str, Any]:
    """All of a run, to be encoded as JSON."""
    return {
        "format": 1,
        "environment": environment,
        "rows": [
            {
                "section": row.section,
                "name": row.name,
                "unit": row.unit,
                "median": row.median,
                "low": min(row.values),
                "high": max(row.values),
                "values": row.values,
                "note": row.note,
                "target": row.target and {row.target.bound: row.target.value},
                "verdict": row.verdict or None,
            }
            for row in rows
        ],
    }


def show(environment: dict[str, Any], rows: Sequence[Row]) -> None:
    """Print the table; aligned text without colours or lines where the output is no terminal."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_PLAIN_WIDTH)
    line = "{processor}, {cores} cores, {file_system}, Python {python}, load {load}"
    console.print(line.format(**environment), style="dim")
    table = Table(box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False)
    table.add_column("measured")
    for name in ("median", "low", "high"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("target", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("how", overflow="fold")
    section = ""
    for row in rows:
        if row.section != section:
            section = row.section
            table.add_row()
            table.add_row(section, style="bold")
        table.add_row(
            "  " + row.name,
            *(number(value) for value in (row.median, min(row.values), max(row.values))),
            row.unit,
            aim(row.target),
            {"missed": "[red]missed[/red]", "met": "[green]met[/green]", "": ""}[row.verdict],
            row.note,
        )
    console.print(table)


def aim(target: Target | None) -> str:
    """A target in a word."""
    if target is None:
        return ""
    return ("≥ " if target.bound == "least" else "≤ ") + number(target.value)


def number(value: float) -> str:
    """As many digits as mean something."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
