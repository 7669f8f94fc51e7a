"""The limits of the gateway, by name and unit."""

from __future__ import annotations

import msgspec

KIB = 1024
MIB = 1024 * KIB


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one request may cost; over it, it is refused with a code of its own."""

    deadline_seconds: float = 10.0
    body_bytes: int = 1 * MIB
    batch_bytes: int = 8 * MIB
    batch_commands: int = 1_000
    json_depth: int = 32
