"""What clients were told of their writes, as the senders wrote it down, by hospital."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import msgspec

from perf.load.order import Answer


class Told:
    """Of one hospital, by the command's id. ``refused``: told that nothing happened; ``unknown``: told nothing.

    ``not_applied`` are those of the refused whose refusal said so in as many words.
    """

    def __init__(self) -> None:
        self.acknowledged: dict[bytes, Answer] = {}
        self.refused: dict[bytes, Answer] = {}
        self.not_applied: dict[bytes, Answer] = {}
        self.unknown: dict[bytes, Answer] = {}


def read_answers(files: Iterable[Path], who: str) -> dict[str, Told]:
    """All that was told, ``who`` being the principal that the requests were of."""
    decode = msgspec.json.Decoder(Answer).decode
    by_hospital: dict[str, Told] = {}
    for file in files:
        with file.open("rb") as lines:
            for line in lines:
                answer = decode(line)
                told = by_hospital.setdefault(answer.hospital, Told())
                id = command_id(answer.hospital, who, answer.key)
                if 200 <= answer.status < 300:
                    told.acknowledged[id] = answer
                elif answer.status == 0 or answer.outcome == "unknown" or answer.status == 500:
                    told.unknown[id] = answer
                elif answer.outcome == "not_applied":
                    told.not_applied[id] = answer
                else:
                    told.refused[id] = answer
    return by_hospital


def command_id(hospital: str, who: str, key: str) -> bytes:
    """What the engine calls the command of this idempotency key; ``engine.answers`` makes it."""
    return sha256(f"{hospital}|{who}|{key}".encode()).digest()[:16]
