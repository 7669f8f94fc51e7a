"""The registry of decisions: every command that the outside world may send, and who decides it. One line each.

``DECISIONS`` is by the command's type; ``WAKE`` by kind of actor: the command with which a durable timer wakes one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.decider import Decision

_DECISIONS: tuple[Decision, ...] = (
)

DECISIONS: dict[type[Any], Decision] = {decision.command: decision for decision in _DECISIONS}

WAKE: dict[str, Callable[[str, int], Any]] = {
}
