"""Rows of API keys: not the engine's, they stand in a file."""

from __future__ import annotations

from gateway.routes.row import ADMINS, Row

ROWS = (
    Row("GET", "/keys", "ListKeys", "List API keys, without the keys themselves", ADMINS),
    Row("POST", "/keys", "AddKey", "Make an API key; it is told in this answer and never again", ADMINS),
    Row("DELETE", "/keys/{key_name}", "RevokeKey", "Revoke an API key", ADMINS),
    Row(
        "POST", "/keys/{key_name}/rotate", "RotateKey",
        "Give an API key's owner another secret; it is told in this answer and never again", ADMINS, statuses=(200,),
    ),
)  # fmt: skip
