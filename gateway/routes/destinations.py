"""Rows of destinations: where notices go outside the house, and what could not be delivered there."""

from __future__ import annotations

from gateway.routes.row import ADMIN, ADMINS, AUDITOR, INTEGRATION, NETWORK, Row

WATCHERS = frozenset({ADMIN, AUDITOR, INTEGRATION, NETWORK})
ONE = "/destinations/{destination_id}"

ROWS = (
    Row("GET", "/destinations", "ListDestinations", "List destinations of notices", WATCHERS),
    Row("POST", "/destinations", "AddDestination", "Add a webhook or a mailbox; its secret is told this once", ADMINS,
        "/destinations/{id}/"),
    Row("GET", ONE, "GetDestination", "One destination", WATCHERS),
    Row("PUT", ONE, "ChangeDestination", "Change, pause or resume a destination", ADMINS),
    Row("DELETE", ONE, "RemoveDestination", "Send nothing there any more", ADMINS),
    Row("POST", f"{ONE}/secret", "RotateSecret", "Make a new secret; the old one is used for another day", ADMINS,
        statuses=(200,)),
    Row("GET", f"{ONE}/dead-letters", "ListDeadLetters", "Notices that were given up", WATCHERS),
    Row("POST", f"{ONE}/dead-letters/retry", "RetryDeadLetters", "Send again what was given up", ADMINS,
        statuses=(200,)),
    Row("POST", f"{ONE}/dead-letters/{{letter_id}}/retry", "RetryDeadLetter", "Send one of them again", ADMINS,
        statuses=(200,)),
)  # fmt: skip
