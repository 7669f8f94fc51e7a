"""The log's checkpoints under a new name: the engine's own command, at the start after a restore."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from engine.actors.hospital import HOSPITAL, known
from engine.actors.origin import ORIGIN, OpenOrigin
from engine.decider import At, Deciding, Decision, Done, Look, Propose, Value


class BeginOrigin(Value, frozen=True):
    """Sign checkpoints under a new name from here on."""

    origin: Annotated[str, Meta(pattern=r"^[^\s+]{1,200}$(?!\n)")]
    previous: Annotated[str, Meta(max_length=255)]
    size: Annotated[int, Meta(ge=0)]
    """Of the last checkpoint that is known under the name before."""
    root: Annotated[str, Meta(pattern=r"^(?:[0-9a-f]{64})?$(?!\n)")]
    reason: Literal["restored", "renamed"]


def begin(command: BeginOrigin, at: At) -> Deciding:
    """Begin the origin, unless it is in force."""
    known((yield Look(HOSPITAL)))
    opened = OpenOrigin(command.origin, command.previous, command.size, command.root, command.reason)
    yield Propose(ORIGIN, opened)
    return Done()


BEGIN_ORIGIN = Decision(command=BeginOrigin, run=begin)
