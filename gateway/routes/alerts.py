"""Rows of alerts: what somebody should look at."""

from __future__ import annotations

from gateway.routes.row import ADMINS, READERS, STAFF, Row

OK = (200,)

ROWS = (
    Row("GET", "/alerts", "ListAlerts", "List alerts, the open ones unless asked otherwise", READERS),
    Row("GET", "/alerts/{alert_id}", "GetAlert", "One alert", READERS),
    Row("POST", "/alerts/{alert_id}/acknowledge", "AcknowledgeAlert", "Somebody has seen an alert", STAFF, statuses=OK),
    Row("POST", "/alerts/{alert_id}/close", "CloseAlert", "Somebody says that it is over", ADMINS, statuses=OK),
)  # fmt: skip
