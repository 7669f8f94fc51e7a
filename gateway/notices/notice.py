"""One notice: what is told outside of one thing that happened. It carries no name and no contact of anybody."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from engine.deltas import Delta

FIELDS: Final = (
    "change", "near", "code", "ticket_id", "token_id", "service_id", "slot_id", "position", "waiting", "counter",
    "calls", "status", "priority", "category", "alert", "alerts", "since", "step", "to_service", "to_slot",
    "delay_minutes", "day", "open_counters", "clinic_id", "appointment_id", "room_id", "start_time", "end_time",
    "deadline", "reason", "closure_id", "kind", "recurs", "until", "rule_id", "rule_version", "rooms", "error",
    "ward_id", "bed_id", "label", "room", "bed_type", "isolation", "state", "admission_id", "acuity", "how", "why",
    "referral_id", "reference", "referral_test_id", "test_status", "branch_id", "from_branch_id", "practitioner_id",
    "was", "critical", "retry_at", "alert_id", "severity", "value", "threshold", "unit", "times",
)  # fmt: skip
"""All that may leave the house. Whose a ticket or an appointment is the receiver looks up, with its own credential."""

ALERT: Final = "admin_alert"

_SEEN: Final = frozenset({"repeated", "acknowledged"})
"""Changes of an alert that is open already: they are for who looks at it, and no news to anybody else."""


_SUBJECTS: Final = ("ticket_id", "token_id", "appointment_id", "admission_id", "referral_id", "bed_id", "alert_id")
"""What a notice is about: the first of these that it names."""


class Notice(NamedTuple):
    """``id`` is ``position.ordinal``; ``subject`` orders notices; ``service``: its id, or empty; ``at`` in µs.

    ``also``: of an alert, the type as which the same thing would be told if it were none.
    """

    id: str
    position: int
    type: str
    subject: str
    service: str
    at: int
    data: dict[str, Any]
    also: str = ""


def notices_of(position: int, messages: list[Delta]) -> list[Notice]:
    """The notices of one entry: one for each thing that staff would see, less what is said of one call twice."""
    made: list[Notice] = []
    alerts = {delta.id: delta for delta in messages if delta.type == ALERT}
    called = {
        delta.fields.get("ticket_id")
        for delta in messages
        if delta.staff and delta.type == "patient_called" and delta.topic.startswith("service:")
    }
    for delta in messages:
        if not delta.staff or (delta.type == ALERT and delta.fields.get("change") in _SEEN):
            continue
        kind, _, id = delta.topic.partition(":")
        fields = {f"{kind}_id": id, **delta.fields} if kind in ("service", "slot", "clinic") else delta.fields
        alert = delta if delta.type == ALERT else alerts.get(delta.id, delta)
        if alert is not delta:  # what staff see and are alerted of besides is told once
            fields = {**fields, **alert.fields}
        data = {name: fields[name] for name in FIELDS if fields.get(name) is not None}
        # A token's call is its ticket's: the doctor's queue and his slot both tell of it.
        if delta.type == "patient_called" and kind == "slot" and data.get("token_id") in called:
            continue
        made.append(
            Notice(
                delta.id,
                position,
                "ticket_near" if data.get("near") else alert.type,
                str(next((data[name] for name in _SUBJECTS if data.get(name)), delta.topic)),
                id if kind == "service" else "",
                delta.at,
                data,
                delta.type if alert is not delta else "",
            )
        )
    return made
