"""An export, from the first entry to the manifest: entries go by one after the other, and no more are in memory.

People's texts stay sealed unless they are asked for; of who was erased no text can be had at all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, cast

import msgspec

from engine.errors import Invalid
from engine.eventlog.checkpoint import LocalSigner, Note
from engine.eventlog.directory import BESIDE
from engine.eventlog.entry import Codec, checked
from engine.eventlog.keys import DESTROYED, Keyring
from engine.eventlog.tree import grown
from engine.recovery import EVENTS
from replay.erased import erased_subjects
from replay.exporting.fhir import audit_event
from replay.exporting.files import FileTold, OneFile, tell
from replay.exporting.manifest import MANIFEST, Manifest, Stretch, Texts, proven, write_manifest
from replay.exporting.parquet import duckdb, write_parquet
from replay.exporting.rows import csv_head, csv_lines, json_line
from replay.moments import time_of
from replay.segments.writing import SegmentWriter
from replay.showing import Showing, rfc3339
from replay.walking import READ, Source
from replay.witnessing.proofs import newest

Form = Literal["jsonl", "csv", "parquet", "fhir", "segments"]

_NAMES: Final = {"jsonl": "entries.jsonl", "csv": "events.csv", "parquet": "events.parquet", "fhir": "audit.ndjson"}
_CHECKPOINTS: Final = 1_000

Advance = Callable[[int], None]


class Export:
    """One log's entries ``first`` to ``last`` on their way into a folder. ``advance`` hears how many went by."""

    def __init__(
        self, source: Source, log: str, first: int, last: int, folder: Path, *, opened: bool = False,
        advance: Advance = lambda _: None,
    ) -> None:  # fmt: skip
        self._source = source
        self._log = log
        self._first = first
        self._last = last
        self._folder = folder
        self._opened = opened
        self._advance = advance

    async def run(self, form: Form, signer: LocalSigner | None = None) -> Manifest:
        """Write the files and the manifest; ``Invalid`` where the folder has one already, or nothing is to be had."""
        if not 1 <= self._first <= self._last:
            raise Invalid(f"the log of {self._log} has no entries from there to there", field="from")
        if form == "parquet":
            duckdb()
        self._folder.mkdir(parents=True, exist_ok=True)
        if (self._folder / MANIFEST).exists():
            raise Invalid(f"{self._folder} holds an export already: name another folder", field="to")
        entries = await self._stretch()
        files = await self._segments() if form == "segments" else await self._rows(form)
        manifest = Manifest(
            log=self._log,
            form=form,
            texts=self._texts(form),
            entries=entries,
            proof=await proven(self._source, self._log, self._first, self._last),
            files=files,
            signed=signer is not None,
        )
        write_manifest(self._folder, manifest, await self._origin(), signer)
        return manifest

    def _texts(self, form: Form) -> Texts:
        if form == "fhir":
            return "none"
        return "opened" if self._opened and form != "segments" else "sealed"

    async def _stretch(self) -> Stretch:
        [first, last] = await self._source.read_at(self._log, [self._first, self._last])
        count = self._last - self._first + 1
        return Stretch(self._first, self._last, count, rfc3339(time_of(first)), rfc3339(time_of(last)))

    async def _origin(self) -> str:
        signed = await newest(self._source, self._log)
        return f"matron.local/{self._log}" if signed is None else Note.parse(signed.note).head().origin

    async def _records(self) -> AsyncIterator[list[tuple[int, bytes]]]:
        position = self._first
        while position <= self._last:
            records = await self._source.read(self._log, position, min(READ, self._last - position + 1))
            if not records:
                raise Invalid(f"the log of {self._log} ends before position {position}", field="to")
            yield records
            position += len(records)
            self._advance(len(records))

    async def _rows(self, form: Form) -> list[FileTold]:
        hospital = self._log.removesuffix(BESIDE)
        keys = Keyring(hospital, _no_entropy)
        codec = Codec(EVENTS, keys)
        # Of a source it asks for keys alone.
        source = cast("Source", _Keys(self._source, opened=self._opened))
        showing = Showing(source, hospital, keys, frozenset(await erased_subjects(self._source, hospital)))
        written = "csv" if form == "parquet" else form
        with OneFile(self._folder, _NAMES[written]) as file:
            if written == "csv":
                file.write(csv_head())
            async for records in self._records():
                lines: list[bytes] = []
                for _, record in records:
                    shown = await showing.entry(codec.decode(checked(record)))
                    lines.append(_line(written, shown, record))
                file.write(b"".join(lines))
        if form == "parquet":
            return [_as_parquet(self._folder)]
        assert file.told is not None
        return [file.told]

    async def _segments(self) -> list[FileTold]:
        before, _ = await grown(b"", self._first - 1, partial(self._source.hashes, self._log))
        writer = SegmentWriter(self._folder, self._log, tree=before)
        try:
            notes = await self._source.checkpoints(self._log, self._first - 1, _CHECKPOINTS)
            async for records in self._records():
                for position, record in records:
                    writer.entry(position, record)
                    while notes and notes[0].size <= position:
                        writer.checkpoint(notes.pop(0).note)
                        if not notes:
                            notes = await self._source.checkpoints(self._log, position, _CHECKPOINTS)
                writer.flush()
        finally:
            writer.close()
        return [tell(path, self._folder) for path in sorted((self._folder / self._log).glob("*.segment"))]


class _Keys:
    """Keys for showing: none unless texts are to be opened, and none of those that were destroyed."""

    def __init__(self, source: Source, *, opened: bool) -> None:
        self._source = source
        self._opened = opened

    async def read_keys(self, subjects: Sequence[bytes]) -> dict[bytes, bytes]:
        """Those that may be used."""
        found = await self._source.read_keys(subjects) if self._opened else {}
        return {name: key for name, key in found.items() if key != DESTROYED}


def _line(form: str, shown: dict[str, Any], record: bytes) -> bytes:
    match form:
        case "jsonl":
            return json_line({**shown, "leaf_hash": record[:32].hex()})
        case "csv":
            return csv_lines(shown)
        case _:
            return msgspec.json.encode(audit_event(shown, record)) + b"\n"


def _as_parquet(folder: Path) -> FileTold:
    lines, target = folder / _NAMES["csv"], folder / _NAMES["parquet"]
    try:
        write_parquet(lines, target)
    except BaseException:
        with suppress(OSError):
            target.unlink(missing_ok=True)
        raise
    finally:
        lines.unlink()
    return tell(target, folder)


def _no_entropy(count: int) -> bytes:
    raise AssertionError("reading draws nothing")
