"""The limits of the gateway, by name and unit."""

from __future__ import annotations

import msgspec

KIB = 1024
MIB = 1024 * KIB


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one request may cost; over it, it is refused with a code of its own."""

    deadline_seconds: float = 10.0
    """How long a request may take, from its first byte in the application to its answer; then 504."""
    body_bytes: int = 1 * MIB
    """Bytes of a request's body; over it 413."""
    batch_bytes: int = 8 * MIB
    """Bytes of a batch's body."""
    batch_commands: int = 1_000
    """Commands of one batch."""
    json_depth: int = 32
    """How deep JSON may be nested; deeper is 422."""
