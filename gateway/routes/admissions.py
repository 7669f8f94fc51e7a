"""Rows of admissions: a doctor, a nurse and a bed for each patient, and who waits for them."""

from __future__ import annotations

from gateway.routes.row import ADMINS, READERS, STAFF, Row

OK = (200,)
ONE = "/admissions/{admission_id}"

ROWS = (
    Row("GET", "/admissions", "ListAdmissions", "List admissions", READERS),
    Row("POST", "/admissions", "AdmitPatient",
        "Admit a patient: a doctor, a nurse and a bed at once, or a place in the line", STAFF, "/admissions/{id}/"),
    Row("POST", "/admissions/swap-beds", "SwapBeds", "Two patients swap their beds", STAFF, statuses=OK),
    Row("GET", ONE, "GetAdmission", "One admission, with how its people and its bed were chosen", READERS),
    Row("PUT", ONE, "ChangeAdmission", "Change how urgent an admission is, or what it needs", STAFF),
    Row("POST", f"{ONE}/assign", "AssignAdmission", "Try now to give a patient who waits all that is needed", STAFF,
        statuses=OK),
    Row("POST", f"{ONE}/assign-manually", "AssignManually", "Name who and what a patient gets, for a reason", ADMINS,
        statuses=OK),
    Row("POST", f"{ONE}/reassign", "ReassignCarer", "Give a patient another doctor or nurse", STAFF, statuses=OK),
    Row("POST", f"{ONE}/acknowledge", "AcknowledgeHandover", "Who took a patient over says so", STAFF, statuses=OK),
    Row("POST", f"{ONE}/transfer", "TransferPatient", "Move a patient to another bed", STAFF, statuses=OK),
    Row("POST", f"{ONE}/discharge", "DischargePatient", "The patient leaves; all is given back", STAFF, statuses=OK),
    Row("POST", f"{ONE}/cancel", "CancelAdmission", "The admission was never to be", STAFF, statuses=OK),
    Row("GET", "/backlog", "GetBacklog", "Who waits, in the order in which they are served", READERS),
    Row("GET", "/assignments/figures", "GetAssignmentFigures", "How fast patients are assigned, and how many wait",
        READERS),
)  # fmt: skip
