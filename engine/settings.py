"""What may be tuned in an engine, and how it says whether it serves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.actor import MAILBOX
from engine.eventlog.log import LogLimits
from engine.notary import Seal
from engine.timing import SlowLimit


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What may be tuned."""

    log: LogLimits = field(default_factory=LogLimits)
    snapshot_entries: int = 50_000
    """Entries after which changed states are written to a snapshot, later when those are large; 0: only at the end."""
    mailbox: int = MAILBOX
    """Messages that may wait for one actor."""
    checking: bool = False
    """Run every rule book's invariants after each decision."""
    seal: Seal | None = None
    """What checkpoints are signed with; without it none are made."""
    slow: SlowLimit = field(default_factory=SlowLimit)
    """From when on a command or a query took long, and who is told of it."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the engine serves, and why not."""

    ready: bool
    detail: dict[str, Any]
