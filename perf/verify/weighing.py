"""What the states of a log take of memory, told by a process that has nothing else in it.

``python -m perf.verify.weighing FOLDER`` reads, as a line of JSON, the positions up to which the load's hospitals were
there before it began, folds every log of the folder, and prints the ``Weight``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import click
import msgspec
import trio

from engine.eventlog.keys import Keyring
from engine.eventlog.lmdb_reader import LmdbReader
from engine.recovery import Book
from perf.machine import anonymous_memory
from perf.runs import Weight
from replay.check import READ


async def weigh(data: Path, heads: Mapping[str, int]) -> Weight:
    """Have a child process fold this log. ``heads``: where the load began, by hospital."""
    command = [sys.executable, "-m", "perf.verify.weighing", str(data)]
    done = await trio.run_process(command, stdin=msgspec.json.encode(heads), capture_stdout=True)
    return msgspec.json.decode(done.stdout, type=Weight)


async def _weigh(data: Path, heads: Mapping[str, int]) -> Weight:
    start = anonymous_memory()
    async with LmdbReader(data) as reader:
        ends = {hospital: await reader.head(hospital) for hospital in await reader.hospitals()}
        books = {hospital: Book(hospital, Keyring(hospital, _no_entropy)) for hospital in ends}
        weights = []
        for until in ({name: min(heads.get(name, 0), end) for name, end in ends.items()}, ends):
            for name, book in books.items():
                while book.head < until[name]:
                    for position, record in await reader.read(name, book.head + 1, min(READ, until[name] - book.head)):
                        book.fold(position, record)
            weights.append(anonymous_memory() - start)
    return Weight(*weights)


def _no_entropy(count: int) -> bytes:
    raise AssertionError("reading draws nothing")


if __name__ == "__main__":
    held = trio.run(_weigh, Path(sys.argv[1]), msgspec.json.decode(sys.stdin.buffer.read(), type=dict[str, int]))
    click.echo(msgspec.json.encode(held))
