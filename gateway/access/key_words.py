"""Word of what was done to the keys file where no server was asked: left beside it, and written down by one that runs.

The file of words is JSON Lines. A server takes it by renaming it, so that of several processes one has it.
"""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path
from typing import Final, Protocol

import msgspec
import trio

from engine.calendar import moment
from engine.clock import Clock
from engine.eventlog.entry import Principal
from gateway.access.names import WHOLE_NETWORK
from gateway.access.notes import What

LOOK: Final = 5.0
"""Seconds between two looks for words."""
MOST: Final = 10_000
"""Words that are taken at once; a file that was never taken holds no more that counts."""
OPERATOR: Final = Principal("matron", "system")
"""Who did it: whoever has the file. Nobody here knows more."""

log = logging.getLogger("matron.auth")


class Word(msgspec.Struct, frozen=True):
    """One thing that was done."""

    at: int
    what: What
    hospital: str
    key: str
    roles: list[str]


class Says(Protocol):
    """Whoever writes down what happens at the door."""

    def say(self, hospital: str, who: Principal, what: What, **facts: str) -> None:
        """Note what happened."""


def leave_word(keys: Path, clock: Clock, what: What, hospital: str, key: str, roles: list[str]) -> None:
    """Leave word beside the keys file; ``OSError`` when that cannot be."""
    line = msgspec.json.encode(Word(clock.wall(), what, hospital, key, roles)) + b"\n"
    handle = os.open(_beside(keys), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(handle, "ab") as file:
        if keys.exists():  # root leaves it for the account that serves
            owner = keys.stat()
            os.fchown(handle, owner.st_uid, owner.st_gid)
        file.write(line)


def take_words(keys: Path, mark: str) -> list[Word]:
    """What was left, once; ``mark``: another one for each process."""
    taken = _beside(keys).with_suffix(f".{mark}")
    try:
        _beside(keys).rename(taken)
    except FileNotFoundError:
        return []
    lines = taken.read_bytes().splitlines()[-MOST:]
    taken.unlink()
    words: list[Word] = []
    for line in lines:
        try:
            words.append(msgspec.json.decode(line, type=Word))
        except (msgspec.ValidationError, msgspec.DecodeError):
            log.error("a word beside the keys file cannot be read, and is passed over")
    return words


async def write_down(keys: Path, notes: Says, shutdown: trio.Event) -> None:
    """Have what was left written down, until the end begins."""
    while True:
        try:
            found = take_words(keys, str(os.getpid()))
        except OSError as error:
            log.error("what was done to the keys file is not written down: %s", error)
            found = []
        for word in found:
            hospital = "" if word.hospital == WHOLE_NETWORK else word.hospital
            facts = {"key": word.key, "roles": "+".join(sorted(word.roles)), "at": moment(word.at).isoformat()}
            notes.say(hospital, OPERATOR, word.what, by="matron keys", **facts)
        if shutdown.is_set():
            return
        with trio.move_on_after(LOOK):
            await shutdown.wait()


def _beside(keys: Path) -> Path:
    keys = Path(os.path.realpath(keys))
    return keys.with_name(f".{keys.name}.untold")
