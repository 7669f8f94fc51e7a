"""Rows of slots and of the weekly templates that make them."""

from __future__ import annotations

from gateway.routes.row import CLINIC, EVERYBODY, PLANNING, READERS, Row

ROWS = (
    Row("GET", "/slots", "ListSlots", "List slots", EVERYBODY),
    Row("POST", "/slots", "OpenSlot", "Open a slot of a doctor", PLANNING, "/slots/{id}/"),
    Row("GET", "/slots/{slot_id}", "GetSlot", "One slot", EVERYBODY),
    Row("PUT", "/slots/{slot_id}", "ChangeSlot", "Change a slot's capacity, or pause it", PLANNING | CLINIC),
    Row("PUT", "/slots/{slot_id}/delay", "DelaySlot", "Set a slot's own delay; 0 ends it", PLANNING | CLINIC),
    Row("GET", "/slots/{slot_id}/tokens", "ListSlotTokens", "A slot's tokens in order of their place", READERS),
    Row(
        "POST", "/slots/{slot_id}/cancel", "CancelSlot",
        "Plan, or apply, the cancellation of a slot", PLANNING | CLINIC, statuses=(200,),
    ),
    Row("GET", "/slot-templates", "ListTemplates", "List weekly templates", READERS),
    Row("POST", "/slot-templates", "AddSlotTemplate", "Add a weekly template", PLANNING, "/slot-templates/{id}/"),
    Row("GET", "/slot-templates/{template_id}", "GetTemplate", "One weekly template", READERS),
    Row("PUT", "/slot-templates/{template_id}", "ChangeSlotTemplate", "Change a weekly template", PLANNING),
    Row("DELETE", "/slot-templates/{template_id}", "RemoveSlotTemplate", "Remove a weekly template", PLANNING),
    Row(
        "POST", "/slot-templates/{template_id}/generate", "GenerateSlots",
        "Open the slots of a range of days; those with tokens are left alone", PLANNING, statuses=(200, 201),
    ),
)  # fmt: skip
