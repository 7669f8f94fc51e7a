"""Keys for reading a log of which some texts cannot be opened any more: erased patients, or no keys at hand.

A decision mostly does not depend on what a text says. So that it can be taken again all the same, a text whose key is
known to be nowhere may be read as ``VEILED``, while ``veiling`` says so; ``met`` tells that this was done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from engine.decider import GONE, NotInMemory
from engine.eventlog.keys import Keyring, payload_subject

VEILED: Final = "sealed"

# A sealed text in MessagePack: extension of 45 bytes and more, type 1, then its version and the subject.
_SEALED: Final = re.compile(rb"(?:\xc7.|\xc8..|\xc9....)\x01(\x01.{16})", re.DOTALL)


class VeilingKeys(Keyring):
    """A hospital's keys. ``nowhere``: subjects whose keys were looked for in vain; ``met``: such a text was read."""

    def __init__(self, hospital: str, entropy: Callable[[int], bytes]) -> None:
        super().__init__(hospital, entropy)
        self.nowhere: set[str] = set()
        self.veiling = False
        self.met = False

    @property
    def closed(self) -> set[str]:
        """Whose texts cannot be opened: keys that are nowhere, and those that were destroyed."""
        return self.nowhere | {payload_subject(GONE + name) for name in self.destroyed}

    def open(self, payload: bytes) -> str:
        """As a keyring does; with ``veiling`` a text that nobody can open is ``VEILED``."""
        if payload[1:17] in self.destroyed and payload[:1] != GONE:
            self.met = True  # it says ``erased`` now, and did not when it was decided
        try:
            return super().open(payload)
        except NotInMemory as missing:
            if self.veiling and missing.name in self.nowhere:
                self.met = True
                return VEILED
            raise


def sealed_subjects(records: Iterable[bytes]) -> set[str]:
    """Whose texts stand in these stored bytes; chance may add a few that are nobody."""
    return {payload_subject(found) for record in records for found in _SEALED.findall(record)}
