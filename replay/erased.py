"""Who was erased, as a log tells it: for whoever restores one, and for whoever shows one.

A backup from before an erasure still has the key; a log that is restored to a point before it does not know of it.
Both are mended with what any later log, backup or shipment says.
"""

from __future__ import annotations

from typing import Final

from engine.actors.patient import PatientErased
from engine.eventlog.entry import Codec, checked
from engine.eventlog.keys import Keyring
from engine.recovery import EVENTS
from replay.walking import READ, Source

_TAG: Final = PatientErased.__name__.encode()


async def erased_subjects(source: Source, hospital: str) -> list[str]:
    """The ids of all records that were erased, in the order in which that happened; nothing is folded for it."""
    codec = Codec(EVENTS, Keyring(hospital, _no_entropy))
    found: list[str] = []
    position = 0
    while records := await source.read(hospital, position + 1, READ):
        position = records[-1][0]
        for _, record in records:
            if _TAG in record:  # nearly none: the others are not decoded
                for change in codec.decode(checked(record)).changes:
                    found.extend(event.id for event in change.events if isinstance(event, PatientErased))
    return list(dict.fromkeys(found))


def _no_entropy(count: int) -> bytes:
    raise AssertionError("reading draws nothing")
