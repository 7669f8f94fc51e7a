"""What the hash tree and the checkpoints cost a booking: with them and without, by turns, in one process.

Without is a log that no service may have: its tree stays empty, and nothing is signed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path

from engine.eventlog.checkpoint import LocalSigner
from engine.eventlog.lmdb_store import LmdbStore
from engine.eventlog.tree import Node, Tree
from engine.notary import Seal
from engine.process import settle_memory
from engine.runtime import EngineSettings, open_engine
from perf.callers import Run, ask_all
from perf.figures import Row, Target, ratios
from perf.size import Size, Tell
from perf.town import HOSPITAL, Town, bookings, found

SECTION = "tree and checkpoints"
SLOTS = 100
CALLERS = 500
PLAIN, SEALED = "plain", "sealed"


class NoTree(Tree):
    """Takes no leaf in, and leaves nothing to be kept."""

    def extend(self, leaves: Iterable[bytes]) -> list[Node]:
        """Nothing."""
        return []

    def copy(self) -> Tree:
        """Itself: it never changes."""
        return self

    def encoded(self) -> bytes:
        """Nothing to be kept."""
        return b""


async def measure(folder: Path, size: Size, tell: Tell) -> list[Row]:
    """Rows of this subject."""
    values: dict[str, list[float]] = defaultdict(list)
    seal = Seal("bench.example", LocalSigner(bytes(32)))
    settings = {PLAIN: EngineSettings(), SEALED: EngineSettings(seal=seal)}
    towns: dict[str, Town] = {}
    async with AsyncExitStack() as stack:
        for name, chosen in settings.items():
            store = LmdbStore(folder / name, allow_any_filesystem=size.any_disk)
            engine = await stack.enter_async_context(open_engine(store, settings=chosen))
            tell(f"a hospital with its patients, {name}")
            towns[name] = await found(engine, size.bookings)
            if name == PLAIN:
                engine.partitions[HOSPITAL].tail.tree = NoTree()
            await _book(towns[name])  # warm: tasks, codecs and pages exist
        settle_memory()
        for turn in range(size.rounds):
            tell(f"bookings with and without a tree, round {turn + 1} of {size.rounds}")
            for name in (PLAIN, SEALED) if turn % 2 else (SEALED, PLAIN):
                run = await _book(towns[name])
                values[name].append(run.rate)
                values[f"{name} busy"].append(run.busy / len(run.replies) * 1e6)
    values["share"] = list(ratios(values[SEALED], values[PLAIN]))
    return _rows(values)


async def _book(town: Town) -> Run:
    opened = await town.open_day(SLOTS, -(-len(town.patients) // SLOTS))
    return await ask_all(town.engine, HOSPITAL, bookings(opened, town.patients), callers=CALLERS)


def _rows(values: dict[str, list[float]]) -> list[Row]:
    def row(name: str, unit: str, key: str, note: str = "", target: Target | None = None) -> Row:
        return Row(section=SECTION, name=name, unit=unit, values=tuple(values[key]), note=note, target=target)

    return [
        row("without", "bookings/s", PLAIN, f"{SLOTS} slots, {CALLERS} callers"),
        row("  engine's thread", "µs/booking", f"{PLAIN} busy"),
        row("with", "bookings/s", SEALED, "the tree in each commit, checkpoints signed and kept"),
        row("  engine's thread", "µs/booking", f"{SEALED} busy"),
        row("with of without", "%", "share", "the cost is under a tenth", Target("least", 90)),
    ]
