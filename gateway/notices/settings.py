"""The table ``notices`` of the configuration: where notices may go, and how long one may take."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Seconds = Annotated[float, Meta(gt=0, le=300)]


class NoticeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How notices leave the house. Secrets stand in files of their own, never here."""

    allow: str = ""
    """Internal hosts and networks that webhooks may go to, over plain HTTP too: ``10.1.0.0/16 sms.internal``."""
    ca_file: str | None = None
    """Certificates (PEM) to trust for webhooks beside the system's own."""
    timeout_seconds: Seconds = 10.0
    """One try, from the look-up of the name to the last byte of the answer."""
    concurrency: Annotated[int, Meta(ge=1, le=64)] = 4
    """Notices under way to one destination at a time."""
    smtp_host: str | None = None
    """The mail server; without one there are no mailboxes."""
    smtp_port: Annotated[int, Meta(ge=1, le=65_535)] = 587
    """The mail server's port."""
    smtp_tls: Literal["starttls", "optional", "implicit", "never"] = "starttls"
    """``starttls``: no mail without it; ``optional``: where offered; ``implicit``: from the first byte (port 465)."""
    smtp_from: str = ""
    """The sender's address."""
    smtp_username: str = ""
    """Who signs in at the mail server; empty: nobody does."""
    smtp_password_file: str | None = None
    """The file of the password for it."""
    smtp_ca_file: str | None = None
    """Certificates (PEM) to trust for the mail server beside the system's own."""
    smtp_hello: str = "matron.localdomain"
    """What Matron calls itself to the mail server."""
