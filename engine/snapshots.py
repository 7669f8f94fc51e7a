"""Snapshots: a cache that makes starting fast, never truth.

A round holds the states that changed since the round before; with all rounds loaded, replay begins behind the
newest. States are kept in pages of many, so that a million of them load with few decodings and stay frozen until
somebody touches them. A page that is not exactly what this program wrote is no reason to stop: all rounds are
set aside and the log is folded from its first entry.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import trio

import engine.actors
import engine.decider
import engine.needs
import engine.rules
from engine.decider import NotInMemory
from engine.eventlog.keys import Keyring
from engine.eventlog.log import Log
from engine.eventlog.pages import Page, PageUnusable, decode_page, encode_page
from engine.eventlog.store import Round, Store
from engine.partition import Partition
from engine.process import uncollected
from engine.recovery import ARCHIVED, Archived, Book, Cell

PAGE: Final = 2_000
PAGE_BYTES: Final = 1 << 20
"""Actors of one page, and bytes of their states: a page is one commit, and bookings wait behind it."""

_SLICE: Final = 100
_SLICE_BYTES: Final = 64 << 10
"""Actors, and bytes of them, that are frozen before the others run."""

_REST: Final = 4
"""How much longer than a slice took a round rests behind it: under load it would else take half of the processor."""

_SHARE: Final = 2
_MOST: Final = 5
"""By how many times what the last round took the log grows before the next: states that grow with the day are written
whole each time they change, and would else make each round longer than the one before. But a start is to be short, too:
after so many times the usual entries a round is due whatever it takes."""

_READ: Final = 2_000
"""Entries that are read at once."""

_log = logging.getLogger("matron.engine")


def code_hash() -> str:
    """What the snapshots' form depends on: the rule books' sources. Another program's snapshots do not count."""
    total = sha256()
    words = [*sorted(Path(engine.rules.__file__).parent.rglob("*.py")), Path(engine.needs.__file__)]
    books = sorted(Path(engine.actors.__file__).parent.rglob("*.py"))
    for file in [*books, *words, Path(engine.decider.__file__), Path(__file__)]:
        total.update(file.read_bytes())
    return total.hexdigest()


_CODE: Final = code_hash()


async def load_book(
    store: Store, hospital: str, entropy: Callable[[int], bytes], progress: dict[str, Any] | None = None
) -> Book:
    """A hospital's book as of the end of its log, from snapshots and the entries behind them."""
    keys = Keyring(hospital, entropy)
    keys.adopt(await store.read_keys([keys.store_name("")]))
    book = Book(hospital, keys)
    with uncollected():
        try:
            await _load_rounds(store, book)
        except PageUnusable as reason:
            _log.warning("snapshots of %s are set aside: %s", hospital, reason)
            book = Book(hospital, keys)
        book.snapshot = book.head
        head = await store.head(hospital)
        while book.head < head:
            if progress is not None:
                progress.update(hospital=hospital, position=book.head, head=head)
            await _fold(store, book, await store.read(hospital, book.head + 1, _READ))
            await trio.lowlevel.checkpoint()
    return book


async def _fold(store: Store, book: Book, records: Sequence[tuple[int, bytes]]) -> None:
    first = book.head + 1
    while book.head < first + len(records) - 1:
        try:
            deque(book.folded(records[book.head + 1 - first :]), maxlen=0)
        except NotInMemory as missing:  # an archived actor has changed since
            for key, state in (await store.read_archive(book.hospital, [missing.name])).items():
                book.restore(key, state)


async def _load_rounds(store: Store, book: Book) -> None:
    rounds = await store.rounds(book.hospital)
    kept = 0
    commands: list[tuple[list[bytes], list[int]]] = []
    for made in reversed(rounds):
        newest = made is rounds[-1]
        first = 0
        while first < made.pages:
            for data in await store.read_pages(book.hospital, made.number, first, 8):
                page = decode_page(data, _CODE)
                _take_page(book, page, newest)
                commands.append((page.commands, page.positions))
                kept += len(page.keys)
                book.time = max(book.time, page.time)
                first += 1
            await trio.lowlevel.checkpoint()
    for ids, positions in reversed(commands):
        book.commands.update(zip(ids, positions, strict=True))
    if rounds:
        book.head = rounds[-1].position
        book.commands_since = book.time
        book.directory.finish_loading()
        book.arm_all()
    book.snapshot_kept = kept


def _take_page(book: Book, page: Page, newest: bool) -> None:
    cells, keys = book.cells, page.keys
    states: list[bytes | Archived] = [*page.frozen, *[ARCHIVED] * (len(keys) - len(page.frozen))]
    # Newer rounds were loaded first: what they hold stands.
    fresh = range(len(keys)) if newest else [index for index, key in enumerate(keys) if key not in cells]
    if len(fresh) == len(keys):
        cells.update(zip(keys, states, strict=True))
        book.timers.extend([(due, key) for due, key in zip(page.dues, keys, strict=False) if due])
        book.join_groups(keys)
    else:
        cells.update([(keys[index], states[index]) for index in fresh])
        dues = page.dues
        book.timers.extend([(dues[index], keys[index]) for index in fresh if index < len(dues) and dues[index]])
        book.join_groups([keys[index] for index in fresh])
    wanted = None if newest else set(fresh)
    for table, (ids, indexes) in page.files.items():
        if wanted is None:
            book.directory.load(table, ids, [keys[index] for index in indexes])
            continue
        pairs = [
            (id, keys[index])
            for id, index in zip(ids, indexes, strict=True)
            if index in wanted and book.directory.find(table, id) is None
        ]
        book.directory.load(table, [id for id, _ in pairs], [key for _, key in pairs])


class _Quarantined(Exception):
    """An actor has no state to write down now."""


class Snapshots:
    """Writes rounds of one engine, in slices, one at a time, and only of what is durable."""

    def __init__(self, store: Store, log: Log) -> None:
        self._store = store
        self._log = log
        self._turn = trio.Lock()
        self.written: dict[str, float] = {}
        """When the last round of each hospital was written (trio's clock, s); only those of this engine's life."""
        self.hurry = False
        """Nobody else needs the processor any more: no rests."""

    async def write_if_due(self, partition: Partition, entries: int) -> None:
        """Write a round when so many entries have come since the last, and enough of them for what it will take."""
        book = partition.book
        behind, grown = book.head - book.snapshot, partition.tail.written - book.snapshot_written
        if behind >= entries and (grown >= _SHARE * book.snapshot_bytes or behind >= _MOST * entries):
            await self.write(partition)

    async def write(self, partition: Partition) -> None:
        """Write what changed since the last round; everything, when superseded states have piled up.

        Nothing while an actor is being rebuilt: a round without its state would be a round with an older one.
        """
        # Stopping writes a round too: two at once would number their rounds alike and mix their pages.
        async with self._turn:
            book = partition.book
            dirty = book.dirty
            try:
                await self._write(partition)
            except BaseException as failure:
                # Whatever stopped it: the next round, if there is one, must hold what this one did not.
                if book.dirty is not dirty:
                    book.dirty = dirty + book.dirty
                if not isinstance(failure, _Quarantined):
                    raise

    async def _write(self, partition: Partition) -> None:
        book, tail = partition.book, partition.tail
        if book.head == book.snapshot or self._log.full:
            return
        changed = set(book.dirty)
        # With nothing behind it, what other rounds there are could not be used: this one stands instead of them.
        whole = not book.snapshot or book.snapshot_kept + len(changed) > 2 * len(book.cells) + 10_000
        keys = list(book.cells) if whole else sorted(changed)
        position, time, written = tail.head, book.time, tail.written
        book.dirty = []
        book.era += 1
        commands = self._commands(book, whole)
        filed = _archived_ids(book) if whole else {}
        number = (await self._store.rounds(book.hospital) or [Round(0, 0, 0)])[-1].number + 1
        pages = 0
        closed: list[Cell] = []
        taken = size = 0
        while taken < len(keys) or not pages:
            page = Page(_CODE, time)
            if not pages:
                page.commands, page.positions = commands
            draft = _Draft(book, page, filed)
            taken = await self._fill(draft, keys, taken)
            await self._log.durable(tail, tail.head)
            if draft.closed:
                await self._store.write_archive(book.hospital, [(key, state) for key, state, _ in draft.closed])
            draft.end()
            closed.extend(cell for _, _, cell in draft.closed)
            data = encode_page(page)
            await self._store.write_pages(book.hospital, number, pages, [data])
            pages += 1
            size += len(data)
        await self._store.seal_round(book.hospital, Round(number, position, pages), whole)
        book.snapshot, book.snapshot_written = position, written
        if not whole:
            book.snapshot_bytes = size
        self.written[book.hospital] = trio.current_time()
        book.snapshot_kept = len(keys) if whole else book.snapshot_kept + len(keys)
        for cell in closed:
            if book.cells.get(cell.key) is cell and cell.noted != book.era:
                book.cells[cell.key] = ARCHIVED

    async def _fill(self, draft: _Draft, keys: list[str], taken: int) -> int:
        """Put actors from ``taken`` on into a page until it is full, in slices; where the next page begins."""
        end, pause = min(taken + PAGE, len(keys)), taken + _SLICE
        size, begun = 0, trio.current_time()
        while taken < end and draft.size < PAGE_BYTES:
            draft.add(keys[taken])
            taken += 1
            if taken >= pause or draft.size >= size + _SLICE_BYTES:
                await trio.sleep(0 if self.hurry else _REST * (trio.current_time() - begun))
                pause, size, begun = taken + _SLICE, draft.size, trio.current_time()
        return taken

    def _commands(self, book: Book, whole: bool) -> tuple[list[bytes], list[int]]:
        """The ids of commands since the last round; a day's are not walked for those of a minute."""
        since = 0 if whole else book.snapshot
        ids: list[bytes] = []
        positions: list[int] = []
        for kept in (book.commands, book.older_commands):
            for id, position in reversed(kept.items()):
                if position <= since:
                    break
                ids.append(id)
                positions.append(position)
        ids.reverse()
        positions.reverse()
        return ids, positions


class _Draft:
    """A page in the making. Closed actors are set apart: their states go to the archive."""

    def __init__(self, book: Book, page: Page, filed: dict[str, list[tuple[str, str]]]) -> None:
        self._book = book
        self._page = page
        self._filed = filed
        self._archived: list[tuple[str, list[tuple[str, str]]]] = []
        self.closed: list[tuple[str, bytes, Cell]] = []
        self.size = 0  # bytes of states taken in

    def add(self, key: str) -> None:
        """Take an actor in, as it is now."""
        book = self._book
        found = book.cells.get(key)
        if found is ARCHIVED:
            self._archived.append((key, self._filed.get(key, [])))
            return
        cell = book.cell(key)
        if cell is None:
            return
        if cell.quarantined:
            raise _Quarantined
        decider = cell.decider
        filed = list(decider.files(cell.state))
        frozen = book.freeze(cell)
        self.size += len(frozen)
        if cell.due is None and decider.closed(cell.state, book.time):
            self.closed.append((key, frozen, cell))
            self._archived.append((key, filed))
            return
        self._page.frozen.append(frozen)
        self._page.dues.append(cell.due or 0)
        self._file(key, filed)

    def end(self) -> None:
        """Put the keys of closed actors behind the others."""
        for key, filed in self._archived:
            self._file(key, filed)

    def _file(self, key: str, filed: list[tuple[str, str]]) -> None:
        index = len(self._page.keys)
        self._page.keys.append(key)
        for table, id in filed:
            ids, indexes = self._page.files.setdefault(table, ([], []))
            ids.append(id)
            indexes.append(index)


def _archived_ids(book: Book) -> dict[str, list[tuple[str, str]]]:
    """Under which ids archived actors are filed: for a whole round, which cannot ask their states."""
    filed: dict[str, list[tuple[str, str]]] = {}
    for table, id, key in book.directory.rows():
        if book.cells.get(key) is ARCHIVED:
            filed.setdefault(key, []).append((table, id))
    return filed
