"""Rows of clinics and of their rules."""

from __future__ import annotations

from gateway.routes.row import ADMINS, EVERYBODY, READERS, Row

OK = (200,)

ROWS = (
    Row("GET", "/clinics", "ListClinics", "List clinics", READERS),
    Row("POST", "/clinics", "AddClinic", "Add a clinic: rooms that are booked together, by rules of its own", ADMINS,
        "/clinics/{id}/"),
    Row("GET", "/clinics/{clinic_id}", "GetClinic", "One clinic and its settings", READERS),
    Row("PUT", "/clinics/{clinic_id}", "ChangeClinic", "Replace a clinic's name and settings", ADMINS),
    Row("DELETE", "/clinics/{clinic_id}", "RemoveClinic", "Retire a clinic that has no rooms", ADMINS),
    Row("GET", "/clinics/{clinic_id}/day", "GetClinicDay", "All rooms on a day, as a board shows them", EVERYBODY,
        public=True),
    Row("GET", "/clinics/{clinic_id}/rules/versions", "ListRuleVersions", "The versions of a clinic's rules", READERS),
    Row("POST", "/clinics/{clinic_id}/rules/activate", "ActivateRules",
        "Put the draft in force, or an earlier version again", ADMINS, statuses=OK),
    Row("POST", "/clinics/{clinic_id}/rules/discard", "DiscardRuleDraft", "Forget the draft", ADMINS, statuses=OK),
    Row("POST", "/clinics/{clinic_id}/rules/dry-run", "DryRunRules",
        "What the draft would have chosen on a day", READERS, asks=True, statuses=OK),
    Row("GET", "/rules", "ListRules", "The rules of a clinic", READERS),
    Row("POST", "/rules", "AddRule", "Add a rule to the clinic's draft", ADMINS, "/rules/{id}/"),
    Row("POST", "/rules/evaluate", "EvaluateRules", "Which room would be chosen, and why: nothing is booked", READERS,
        asks=True, statuses=OK),
    Row("GET", "/rules/{rule_id}", "GetRule", "One rule", READERS),
    Row("PUT", "/rules/{rule_id}", "ChangeRule", "Change a rule in the clinic's draft", ADMINS),
    Row("DELETE", "/rules/{rule_id}", "RemoveRule", "Take a rule out of the clinic's draft", ADMINS),
)  # fmt: skip
