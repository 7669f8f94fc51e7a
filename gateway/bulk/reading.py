"""The lines of a file: CSV or JSON Lines, whatever is in it. Knows columns and cells; knows no hospital.

A fault belongs to a line and does not keep the others from being read, except where it hides where the next begins.
"""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from gateway import wire
from gateway.bulk.cells import value_of
from gateway.problems import Fault, Problem
from gateway.shapes import clip

Format = Literal["csv", "jsonl"]

LARGEST_FILE: Final = 512 * 1024 * 1024
"""Bytes. More than any hospital's patients; a file that is larger was not meant."""

LARGEST_CELL: Final = 256 * 1024
"""Characters of one cell: what is longer is a quotation mark that was never closed."""

DEPTH: Final = 16
"""How deep the JSON of a line may be nested."""

ID: Final = "id"
"""A column that may stand beside those of the kind: what it is called where it comes from."""

_ENDINGS: Final[dict[str, Format]] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}


class Unreadable(Exception):
    """The file as a whole cannot be read; the message says why, and what to do."""


class Line(msgspec.Struct, frozen=True):
    """One line: what it says, or what is wrong with it. ``number`` counts from 1, the header included."""

    number: int
    values: dict[str, Any] = {}
    id: str = ""
    faults: tuple[Fault, ...] = ()


def format_of(file: Path, said: Format | None) -> Format:
    """The format that was said, else that of the file's ending."""
    found = said or _ENDINGS.get(file.suffix.lower())
    if found is None:
        raise Unreadable(f"{file}: neither .csv nor .jsonl; say --format csv or --format jsonl")
    return found


def lines_of(file: Path, form: Format, columns: Mapping[str, Any]) -> tuple[bytes, Iterator[Line]]:
    """The file's bytes, and its lines; ``columns`` are the names that it may have, with their types."""
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise Unreadable(f"{file} is larger than {LARGEST_FILE >> 20} MiB: divide it")
        data = file.read_bytes()
    except OSError as error:
        raise Unreadable(f"{file} cannot be read: {error.strerror}") from error
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Unreadable(f"{file} is UTF-16: save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"{file}, line {number}: not UTF-8; save it as UTF-8") from None
    if (zero := text.find("\0")) >= 0:
        raise Unreadable(f"{file}, line {text.count(chr(10), 0, zero) + 1}: a NUL byte; this is no text file")
    read: Callable[[str, Mapping[str, Any]], Iterator[Line]] = _csv if form == "csv" else _jsonl
    return data, read(text, columns)


def _csv(text: str, columns: Mapping[str, Any]) -> Iterator[Line]:
    csv.field_size_limit(LARGEST_CELL)
    head = text.split("\n", 1)[0]
    between = max(",;\t", key=head.count)  # what a spreadsheet writes depends on where it stands
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True)
    begun = 0
    try:
        header = [name.strip() for name in next(rows, [])]
        _check_header(header, columns)
        begun = rows.line_num
        for row in rows:
            number, begun = begun + 1, rows.line_num
            if any(row):
                yield _line(number, header, row, columns)
    except csv.Error as error:
        why = "a cell that never ends: is a quotation mark missing?" if "field larger" in str(error) else str(error)
        yield Line(begun + 1, faults=(Fault("", f"{why}; from here on the file cannot be read"),))


def _line(number: int, header: list[str], row: list[str], columns: Mapping[str, Any]) -> Line:
    if len(row) != len(header):
        return Line(number, faults=(Fault("", f"{len(row)} cells, but the header has {len(header)}"),))
    said = {name: cell for name, cell in zip(header, row, strict=True) if cell}
    values = {name: value_of(cell, columns[name]) for name, cell in said.items() if name != ID}
    return Line(number, values, said.get(ID, ""))


def _check_header(header: list[str], columns: Mapping[str, Any]) -> None:
    if not any(header):
        raise Unreadable("the file has no header: its first line names the columns")
    for name in header:
        if name not in columns and name != ID:
            near = difflib.get_close_matches(name, columns, 1)
            meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(columns)}"
            raise Unreadable(f"line 1: there is no column {clip(name)!r}; {meant}")
        if header.count(name) > 1:
            raise Unreadable(f"line 1: the column {name!r} stands there twice")


def _jsonl(text: str, columns: Mapping[str, Any]) -> Iterator[Line]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = wire.decode(line.encode(), DEPTH)
        except Problem as problem:
            faults = tuple(problem.errors) or (Fault("", problem.detail),)
            yield Line(number, faults=faults)
            continue
        if not isinstance(value, dict):
            yield Line(number, faults=(Fault("", "not a JSON object"),))
            continue
        id = value.pop(ID, "")
        yield Line(number, value, id if isinstance(id, str) else "")
