"""Rows of the waiting lists of slots."""

from __future__ import annotations

from gateway.routes.row import DESK, READERS, Row

ROWS = (
    Row("GET", "/waiting-list", "ListWaiting", "List waiting entries", READERS),
    Row("GET", "/waiting-list/by_slot", "WaitingBySlot", "The waiting list of one slot, in order", READERS),
    Row("GET", "/waiting-list/{entry_id}", "GetWaiting", "One waiting entry", READERS),
    Row("DELETE", "/waiting-list/{entry_id}", "LeaveWaitingList", "Leave the waiting list", DESK, statuses=(200,)),
    Row("POST", "/waiting-list/{entry_id}/accept", "AcceptOffer", "Accept the seat on offer", DESK, statuses=(200,)),
    Row("POST", "/waiting-list/{entry_id}/decline", "DeclineOffer", "Decline the seat on offer", DESK, statuses=(200,)),
)
