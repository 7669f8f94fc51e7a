"""On which line of a TOML file each setting stands. Knows no setting: any file's tables and keys."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator


def lines_of(text: str) -> dict[str, int]:
    """The first line of each key, by dotted name (``limits.json_depth``); of a key that stands twice, the first.

    No parser of TOML tells lines. A statement is the fewest lines that are TOML by themselves, read behind the header
    of their table: so texts and lists over several lines need no rule of their own.
    """
    found: dict[str, int] = {}
    for number, held in _statements(text):
        for name in _names(held):
            found.setdefault(name, number)
    return found


def _statements(text: str) -> Iterator[tuple[int, dict[str, object]]]:
    header, begun, piece = "", 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        if not piece:
            begun = number
        piece += line + "\n"
        try:
            tomllib.loads(piece)
            held = tomllib.loads(header + piece)
        except tomllib.TOMLDecodeError:
            continue
        if piece.lstrip().startswith("["):
            header = piece
        yield begun, held
        piece = ""


def _names(held: dict[str, object], prefix: str = "") -> Iterator[str]:
    for name, value in held.items():
        yield prefix + name
        if isinstance(value, dict):
            yield from _names(value, f"{prefix}{name}.")
