"""The daily report as a spreadsheet reads it."""

from __future__ import annotations

import csv
from typing import Any

from gateway.report_csv import csv_of

FIGURES: dict[str, Any] = {"tokens": 1, "by_status": {"CONFIRMED": 1, "NO_SHOW": 0}, "waits": {"p95": None}}


def test_a_line_per_doctor_and_one_of_totals_and_no_name_becomes_a_formula() -> None:
    doctors = [
        {"doctor_id": str(number), "name": name, "specialization": field, **FIGURES, "by_slot": [{"tokens": 1}]}
        for number, (name, field) in enumerate([("Asha Rao", "Cardiology"), ("=HYPERLINK(1)", "+Surgery"), ("@a", "-")])
    ]
    report = {"date": "2026-02-01", "doctors": doctors, "totals": FIGURES, "appointments": {"without_room": 2}}
    lines = list(csv.DictReader(csv_of(report).splitlines()))
    assert [line["doctor_id"] for line in lines] == ["0", "1", "2", "total"]
    assert [line["name"] for line in lines] == ["Asha Rao", "'=HYPERLINK(1)", "'@a", ""]
    assert [line["specialization"] for line in lines] == ["Cardiology", "'+Surgery", "'-", ""]
    assert {line["by_status.CONFIRMED"] for line in lines} == {"1"}
    assert {line["waits.p95"] for line in lines} == {""}
    assert "by_slot" not in lines[0]
    assert [line["appointments.without_room"] for line in lines] == ["", "", "", "2"]
