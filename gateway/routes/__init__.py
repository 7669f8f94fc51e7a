"""The table of routes: every path of the interface under ``/api/v1``, one row each, by area.

The router, the check of roles, the batch and the OpenAPI document all read this table and nothing else.
"""

from __future__ import annotations

from gateway.routes import (
    admissions,
    alerts,
    appointments,
    audit,
    clinics,
    destinations,
    hospital,
    keys,
    people,
    referrals,
    rooms,
    services,
    session,
    slots,
    staff,
    tokens,
    users,
    waiting,
    wards,
)
from gateway.routes.row import BASE, ROLES, Role, Row

TABLE: tuple[Row, ...] = (
    *hospital.ROWS, *people.ROWS, *slots.ROWS, *tokens.ROWS, *waiting.ROWS, *services.ROWS, *clinics.ROWS, *rooms.ROWS,
    *appointments.ROWS, *destinations.ROWS, *referrals.ROWS, *staff.ROWS, *wards.ROWS, *admissions.ROWS, *alerts.ROWS,
    *audit.ROWS, *session.ROWS, *users.ROWS, *keys.ROWS,
)  # fmt: skip

__all__ = ["BASE", "ROLES", "TABLE", "Role", "Row"]
