"""What can be set of who may come in: the table ``[access]``. Secrets are files here, never values."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class AccessSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table ``[access]``. Paths are files; what a file holds is never printed."""

    accounts: str | None = None
    """The file of people's accounts and their sessions; without it nobody signs in with a password."""
    session_minutes: Annotated[int, Meta(ge=1, le=10_080)] = 720
    """How long a session lasts, however busy."""
    idle_minutes: Annotated[int, Meta(ge=1, le=10_080)] = 60
    """How long a session lasts without a request."""
