"""A hospital in memory in which decisions can be taken that never were: the real rule books, no log, no keys.

It opens no sealed text: every text reads ``sealed``. It knows neither why a decision is taken nor what follows from it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Final, NamedTuple

import msgspec

from engine.decider import At, FreeText
from engine.decisions import DECISIONS
from engine.eventlog.keys import Keyring
from engine.recovery import Book, Cell
from engine.stepping import Accepted, decided

COMMANDS: Final[dict[str, type[Any]]] = {decision.name: kind for kind, decision in DECISIONS.items()}
"""Every command by the name that an entry has."""

TEXT: Final = "sealed"
"""What every text reads."""


class Veiled(Keyring):
    """A keyring without keys, in which everything that is sealed opens to the same word."""

    def __init__(self, hospital: str) -> None:
        super().__init__(hospital, _no_entropy)

    def open(self, payload: bytes) -> str:
        """The word."""
        return TEXT


class Opening(NamedTuple):
    """A book as bytes: worlds are made of it, as many as are wanted, each the same."""

    hospital: str
    cells: tuple[tuple[str, bytes], ...]
    files: tuple[tuple[str, str, str], ...]
    timers: tuple[tuple[int, str], ...]
    time: int

    @classmethod
    def of(cls, book: Book) -> Opening:
        """This book as it stands."""
        cells = tuple(book.frozen_states())
        timers = [(due, key) for key, cell in book.cells.items() if type(cell) is Cell and (due := cell.due)]
        return cls(book.hospital, cells, tuple(book.directory.rows()), tuple(sorted(timers)), book.time)


class World:
    """The states of one hospital at ``time`` (µs), going on by what is asked; veiled, unless there are ``keys``."""

    def __init__(self, opening: Opening, keys: Keyring | None = None) -> None:
        self.book = book = Book(opening.hospital, keys or Veiled(opening.hospital))
        book.cells.update(opening.cells)
        tables: dict[str, tuple[list[str], list[str]]] = {}
        for table, id, key in opening.files:
            ids, at = tables.setdefault(table, ([], []))
            ids.append(id)
            at.append(key)
        for table, (ids, at) in tables.items():
            book.directory.load(table, ids, at)
        book.directory.finish_loading()
        book.join_groups(key for key, _ in opening.cells)
        book.timers = list(opening.timers)
        book.time = opening.time
        self.drifted: set[str] = set()
        """Actors that could not follow what the log says of them; they stay as they were."""

    @property
    def time(self) -> int:
        """Now."""
        return self.book.time

    def state(self, key: str) -> Any:
        """An actor's state for reading, ``None`` when it never had an event."""
        cell = self.book.cell(key)
        return None if cell is None else cell.state

    def ask(self, command: Any, time: int, id: bytes, who: str) -> Accepted:
        """Have a command decided and applied; its refusal passes through, and then nothing has happened."""
        accepted = tried(self.book, command, time, id, who)
        book = self.book
        book.time = max(book.time, time)
        book.head += 1
        for cell, events in accepted.values():
            self._evolve(cell, events)
        return accepted

    def follow(self, changes: Iterable[Any], time: int) -> None:
        """Apply what the log says of actors that are not decided anew."""
        book = self.book
        book.time = max(book.time, time)
        book.head += 1
        for change in changes:
            if change.actor in self.drifted:
                continue
            cell = book.cell(change.actor)
            if cell is None:
                cell = book.new_cell(change.actor)
            try:
                self._evolve(cell, change.events)
            except (LookupError, ValueError, TypeError, AttributeError, AssertionError):
                self.drifted.add(change.actor)  # something it builds on was decided otherwise here

    def next_timer(self, kinds: frozenset[str]) -> tuple[int, str] | None:
        """The earliest waking of these kinds; others never come."""
        timers, cells = self.book.timers, self.book.cells
        while timers:
            due, key = timers[0]
            cell = cells.get(key)
            if (type(cell) is Cell and cell.due != due) or key.partition(":")[0] not in kinds:
                heapq.heappop(timers)
                continue
            return due, key
        return None

    def _evolve(self, cell: Cell, events: Iterable[Any]) -> None:
        evolve, state = cell.decider.evolve, cell.state
        for event in events:
            evolve(state, event)
        if not cell.version:
            self.book.cells[cell.key] = cell
        self.book.evolved(cell, events, self.book.head)


def tried(book: Book, command: Any, time: int, id: bytes, who: str) -> Accepted:
    """What would happen: the actors and their events; nothing does."""
    at = At(time, id, _secret, who)
    accepted: Accepted = {}
    decided(book, DECISIONS[type(command)].run(command, at), at, accepted)
    return accepted


class Commands:
    """Reads the commands of entries, as far as they are whole, with every text as the word."""

    def __init__(self, book: Book) -> None:
        self._codec = book.codec
        self._decoders: dict[str, Any] = {}

    def read(self, entry: Any) -> Any | None:
        """The command of an entry; ``None`` where the log has not kept enough of it."""
        kind = COMMANDS.get(entry.name)
        refusal = entry.refusal
        if kind is None or (refusal is not None and not getattr(refusal, "whole", False)):
            return None
        decoder = self._decoders.get(entry.name)
        if decoder is None:
            decoder = self._decoders[entry.name] = self._codec.decoder((kind,))
        try:
            (command,) = decoder.decode(b"\x91" + bytes(entry.command))
        except msgspec.ValidationError:
            return None
        left_out = set(getattr(refusal, "left_out", ()))
        if left_out - {"reason"}:
            return None
        fields: dict[str, Any] = {"reason": FreeText(TEXT)} if left_out else {}
        if getattr(command, "if_version", None) is not None:
            fields["if_version"] = None  # other versions here; who asked saw those of the log
        return msgspec.structs.replace(command, **fields) if fields else command


def own_id(*parts: object) -> bytes:
    """The id of a command that nobody gave: the same for the same parts."""
    return sha256("|".join(map(str, parts)).encode()).digest()[:16]


def _secret() -> bytes:
    return bytes(16)


def _no_entropy(count: int) -> bytes:
    raise AssertionError("nothing is sealed here")
