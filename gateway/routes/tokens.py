"""Rows of tokens: booking, and each step of a visit."""

from __future__ import annotations

from gateway.routes.row import CLINIC, DESK, READERS, STAFF, Row

PLACED = (201, 202)  # a seat, or a place in the waiting list

ROWS = (
    Row("GET", "/tokens", "ListTokens", "List tokens", READERS),
    Row("POST", "/tokens", "BookToken", "Ask for a token; in a full slot, 202 and a place in its line",
        STAFF, "/tokens/{id}/", statuses=PLACED),
    Row("POST", "/tokens/emergency", "InsertEmergency", "Insert an emergency ahead of all not yet called", STAFF,
        "/tokens/{id}/"),
    Row("GET", "/tokens/{token_id}", "GetToken", "One token", READERS),
    Row("DELETE", "/tokens/{token_id}", "CancelToken", "Cancel a token; its place goes to the waiting list", STAFF,
        statuses=(200,)),
    Row("POST", "/tokens/{token_id}/check-in", "CheckIn", "The patient has arrived", STAFF, statuses=(200, 202)),
    Row("POST", "/tokens/{token_id}/call", "CallToken", "Call the patient", STAFF, statuses=(200,)),
    Row("POST", "/tokens/{token_id}/start", "StartConsult", "The consultation begins", CLINIC, statuses=(200,)),
    Row("POST", "/tokens/{token_id}/complete", "CompleteConsult", "The consultation ends", CLINIC, statuses=(200,)),
    Row("POST", "/tokens/{token_id}/no_show", "MarkNoShow", "The patient has not come", STAFF, statuses=(200,)),
    Row("POST", "/tokens/{token_id}/reschedule", "RescheduleToken", "Move a token to another slot", STAFF,
        statuses=(200,)),
    Row("POST", "/tokens/{token_id}/category", "ChangeCategory", "Change a token's category", STAFF, statuses=(200,)),
    Row("POST", "/tokens/{token_id}/undo", "UndoToken", "Take the last step back", STAFF, statuses=(200,)),
    Row("POST", "/holds", "HoldSeat", "Hold a seat while a form is filled in", DESK, statuses=(201,)),
    Row("DELETE", "/holds/{hold_id}", "ReleaseHold", "Give a held seat back", DESK),
    Row("POST", "/holds/{hold_id}/confirm", "ConfirmHold", "Turn a held seat into a token", DESK, "/tokens/{id}/",
        statuses=(201,)),
)  # fmt: skip
