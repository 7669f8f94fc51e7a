"""One notice: what is told outside of one thing that happened. It carries no name and no contact of anybody."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from engine.deltas import Delta

FIELDS: Final = (
    "change", "near", "code", "ticket_id", "token_id", "service_id", "slot_id", "position", "waiting", "counter",
    "calls", "status", "priority", "category", "alert", "alerts", "since", "step", "to_service", "to_slot",
    "delay_minutes", "day", "open_counters",
)  # fmt: skip
"""All that may leave the house. Who a ticket's patient is the receiver looks up, with a credential of its own."""


class Notice(NamedTuple):
    """``id`` is ``position.ordinal``; ``subject`` orders notices; ``service``: its id, or empty; ``at`` in µs."""

    id: str
    position: int
    type: str
    subject: str
    service: str
    at: int
    data: dict[str, Any]


def notices_of(position: int, messages: list[Delta]) -> list[Notice]:
    """The notices of one entry: one for each thing that staff would see, less what is said of one call twice."""
    made: list[Notice] = []
    called = {
        delta.fields.get("ticket_id")
        for delta in messages
        if delta.staff and delta.type == "patient_called" and delta.topic.startswith("service:")
    }
    for delta in messages:
        if not delta.staff:
            continue
        kind, _, id = delta.topic.partition(":")
        fields = {f"{kind}_id": id, **delta.fields} if kind in ("service", "slot") else delta.fields
        data = {name: fields[name] for name in FIELDS if fields.get(name) is not None}
        # A token's call is its ticket's: the doctor's queue and his slot both tell of it.
        if delta.type == "patient_called" and kind == "slot" and data.get("token_id") in called:
            continue
        made.append(
            Notice(
                delta.id,
                position,
                "ticket_near" if data.get("near") else delta.type,
                str(data.get("ticket_id") or data.get("token_id") or delta.topic),
                id if kind == "service" else "",
                delta.at,
                data,
            )
        )
    return made
