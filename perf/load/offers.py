"""What a refusal offers instead: the first room among the alternatives that a problem states as a fact."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from perf.load.wires import Got

_CONFLICT: Final = 409


def offered_room(got: Got | None) -> str:
    """Its id; empty where nothing was refused, or nothing offered."""
    if got is None or got.status != _CONFLICT:
        return ""
    facts: dict[str, Any] = msgspec.json.decode(got.body).get("facts") or {}
    rooms = (facts.get("alternatives") or {}).get("rooms") or []
    return str(rooms[0]["room_id"]) if rooms else ""
