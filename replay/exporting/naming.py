"""Whom an entry names: the patients that its command, its events, its actors and its sealed texts are about."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec.msgpack import Ext

from engine.eventlog.keys import SEALED, payload_subject

_OF_PATIENTS: Final = ("patient:", "patient_day:", "patient_referrals:", "agenda:patient:")
"""What the key of an actor begins with whose id begins with a patient's."""

_decoder = msgspec.msgpack.Decoder()


def patients_of(data: bytes) -> list[str]:
    """The ids of the patients in an entry's bytes, sorted; its answer is not looked at."""
    head = _decoder.decode(data)[0]
    found: set[str] = set()
    _look(head.get("command"), found)
    for change in head.get("changes", ()):
        actor = change["actor"]
        for prefix in _OF_PATIENTS:
            if actor.startswith(prefix):
                found.add(actor[len(prefix) :].partition(":")[0])
        _look(change["events"], found)
    return sorted(found)


def _look(value: Any, found: set[str]) -> None:
    match value:
        case dict():
            for name, item in value.items():
                if name == "patient_id" and isinstance(item, str) and item:
                    found.add(item)
                elif name == "patients" and isinstance(item, list):  # of a look
                    found.update(one for one in item if isinstance(one, str))
                else:
                    _look(item, found)
        case list():
            for item in value:
                _look(item, found)
        case Ext(code=code, data=payload) if code == SEALED:
            if subject := payload_subject(bytes(payload)):
                found.add(subject)
