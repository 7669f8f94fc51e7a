"""The daily report as a table: one line per doctor and one of totals, for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

# A cell that begins so is run as a formula by spreadsheets; an apostrophe in front makes it text.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
LEADING = ("date", "doctor_id", "name", "specialization")


def csv_of(report: Mapping[str, Any]) -> str:
    """The report's figures; nested ones as columns such as ``by_status.CONFIRMED``. Slots are left to the JSON."""
    lines = [{"date": report["date"], **flat(doctor)} for doctor in report["doctors"]]
    totals = flat(report["totals"]) | flat(report["appointments"], "appointments.")
    lines.append({"date": report["date"], "doctor_id": "total", **totals})
    names = dict.fromkeys([*LEADING, *(name for line in lines for name in line)])
    made = io.StringIO()
    writer = csv.DictWriter(made, list(names), restval="")
    writer.writeheader()
    writer.writerows({name: cell(value) for name, value in line.items()} for line in lines)
    return made.getvalue()


def flat(figures: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested figures under dotted names; lists are left out."""
    made: dict[str, Any] = {}
    for name, value in figures.items():
        if isinstance(value, Mapping):
            made.update(flat(value, f"{prefix}{name}."))
        elif not isinstance(value, list):
            made[prefix + name] = value
    return made


def cell(value: Any) -> Any:
    """A value as a spreadsheet may safely hold it."""
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA) else value
