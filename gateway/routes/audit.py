"""Rows of the audit explorer: the log of the hospital, for its auditors. An administrator is none by himself."""

from __future__ import annotations

from gateway.routes.row import AUDITORS, Row

ROWS = (
    Row("GET", "/audit/days", "ListAuditDays", "Days that have entries in the log", AUDITORS),
    Row("GET", "/audit/day", "GetAuditDay", "A day of the log: entries per minute, and what there was", AUDITORS),
    Row("GET", "/audit/state", "GetAuditState", "A slot, a queue or a room as it was at a moment", AUDITORS),
    Row("GET", "/audit/entries", "ListAuditEntries", "Entries of the log", AUDITORS),
    Row("GET", "/audit/entries/{position}", "GetAuditEntry", "One entry, and why it was decided so", AUDITORS),
    Row("GET", "/audit/patients/{patient_id}/history", "ListPatientHistory", "All that names a patient", AUDITORS),
    Row("GET", "/patients/{patient_id}/accesses", "ListAccesses", "Who looked at a patient, and why", AUDITORS),
)
