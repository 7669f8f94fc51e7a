"""Rows of hospitals, their policy and their reports."""

from __future__ import annotations

from gateway.routes.row import ADMINS, NETWORKS, READERS, Row

ROWS = (
    Row("POST", "/hospitals", "AddHospital", "Make a hospital, with its own log", NETWORKS, statuses=(201,)),
    Row("GET", "/hospital", "GetHospital", "The hospital itself", READERS),
    Row("GET", "/policy", "GetPolicy", "The hospital's policies, defaults included", READERS),
    Row("PUT", "/policy", "ChangePolicy", "Change the hospital's policies", ADMINS),
    Row("GET", "/reports/daily", "DailyReport", "The report of a day, of all doctors or one", READERS, csv=True),
)
