"""The kind ``destination``: ``state`` says what it is, ``places`` how it is addressed, ``rules`` what it decides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.actors.destination.rules import check, decide, evolve
from engine.actors.destination.state import (
    Destination,
    DestinationAdded,
    DestinationChanged,
    DestinationEvent,
    DestinationPaused,
    DestinationRemoved,
    DestinationResumed,
    LettersRetried,
    NoticesSettled,
    SecretRenewed,
)
from engine.decider import Decider


def _files(state: Destination) -> Iterable[tuple[str, str]]:
    return () if state.removed_at else (("destinations", state.id),)


def _filed(event: DestinationEvent) -> Iterable[tuple[str, str, bool]]:
    if isinstance(event, (DestinationAdded, DestinationRemoved)):
        return (("destinations", event.id, isinstance(event, DestinationAdded)),)
    return ()


DESTINATION: Decider[Any] = Decider(
    kind="destination",
    events=(
        DestinationAdded,
        DestinationChanged,
        DestinationPaused,
        DestinationResumed,
        SecretRenewed,
        NoticesSettled,
        LettersRetried,
        DestinationRemoved,
    ),
    initial=Destination,
    decide=decide,
    evolve=evolve,
    check=check,
    state=Destination,
    files=_files,
    filed=_filed,
    groups=lambda _: ("destinations",),
)
