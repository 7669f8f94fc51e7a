"""Rows of staff: who works here, when, and who takes over whose patients."""

from __future__ import annotations

from gateway.routes.row import ADMINS, READERS, STAFF, Row

OK = (200,)
ONE = "/staff/{staff_id}"

ROWS = (
    Row("GET", "/staff", "ListStaff", "List the staff", READERS),
    Row("POST", "/staff", "AddStaff", "Add a doctor, a nurse, a technician or an administrator", ADMINS,
        "/staff/{id}/"),
    Row("GET", ONE, "GetStaff", "One member of the staff", READERS),
    Row("PUT", ONE, "ChangeStaff", "Replace what a member of the staff is", ADMINS),
    Row("DELETE", ONE, "RemoveStaff", "Retire a member of the staff who has no patients", ADMINS),
    Row("POST", f"{ONE}/approval", "ApproveStaff", "Approve a member of the staff, or take that back", ADMINS,
        statuses=OK),
    Row("POST", f"{ONE}/activity", "ActivateStaff",
        "Make a member of the staff active, or not: then all patients are handed over", ADMINS, statuses=OK),
    Row("POST", f"{ONE}/shifts", "AddShift", "Plan a shift", ADMINS),
    Row("POST", f"{ONE}/leaves", "AddLeave", "Plan a leave", ADMINS),
    Row("POST", f"{ONE}/handover", "HandOver", "Hand patients over, to somebody or to whoever has fewest", STAFF,
        statuses=OK),
    Row("GET", "/shifts", "ListShifts", "The plan of shifts, of everybody or of one", READERS),
    Row("PUT", "/shifts/{shift_id}", "ChangeShift", "Change a shift", ADMINS),
    Row("DELETE", "/shifts/{shift_id}", "RemoveShift", "Take a shift out of the plan, or end it now", ADMINS),
    Row("DELETE", "/leaves/{leave_id}", "RemoveLeave", "Take a leave back", ADMINS),
    Row("GET", "/roster", "GetRoster", "Who is on duty now, with how many patients", READERS),
)  # fmt: skip
