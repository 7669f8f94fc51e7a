"""Rows of wards and of beds, in all their states."""

from __future__ import annotations

from gateway.routes.row import ADMINS, EVERYBODY, READERS, STAFF, Row

OK = (200,)
WARD, BED = "/wards/{ward_id}", "/beds/{bed_id}"

ROWS = (
    Row("GET", "/wards", "ListWards", "List wards, with how many of their beds are free", READERS),
    Row("POST", "/wards", "AddWard", "Open a ward", ADMINS, "/wards/{id}/"),
    Row("GET", WARD, "GetWard", "One ward", READERS),
    Row("PUT", WARD, "ChangeWard", "Replace what a ward is", ADMINS),
    Row("DELETE", WARD, "RemoveWard", "Close a ward for good in which nobody lies", ADMINS),
    Row("GET", f"{WARD}/board", "GetWardBoard", "A ward as its board shows it, without anybody's name or id", EVERYBODY,
        public=True),
    Row("GET", f"{WARD}/beds", "GetWardBeds", "A ward's beds with who lies in them, and who waits", READERS),
    Row("POST", f"{WARD}/beds", "AddBed", "Add a bed to a ward", ADMINS, "/beds/{id}/"),
    Row("GET", "/beds", "ListBeds", "List beds", READERS),
    Row("GET", BED, "GetBed", "One bed", READERS),
    Row("PUT", BED, "ChangeBed", "Replace what a bed is", ADMINS),
    Row("DELETE", BED, "RemoveBed", "Remove a bed in which nobody lies", ADMINS),
    Row("POST", f"{BED}/reserve", "ReserveBed", "Keep a bed for a patient for a while", STAFF, statuses=OK),
    Row("POST", f"{BED}/release", "ReleaseBed", "Keep a bed no longer", STAFF, statuses=OK),
    Row("POST", f"{BED}/clean", "CleanBed", "The bed is clean: it goes to who waits, or is free", STAFF, statuses=OK),
    Row("POST", f"{BED}/contaminate", "ContaminateBed", "Ordinary cleaning is not enough", STAFF, statuses=OK),
    Row("POST", f"{BED}/decontaminate", "DecontaminateBed", "Back to ordinary cleaning", STAFF, statuses=OK),
    Row("POST", f"{BED}/isolate", "IsolateBed", "Keep a bed empty because of who lies near", STAFF, statuses=OK),
    Row("POST", f"{BED}/close", "CloseBed", "Take a bed out of use", ADMINS, statuses=OK),
    Row("POST", f"{BED}/reopen", "ReopenBed", "A bed is in use again: it goes to who waits, or is free", ADMINS,
        statuses=OK),
)  # fmt: skip
