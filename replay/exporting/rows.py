"""Entries as text: a line of JSON each, or a line of CSV for each event."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any, Final

import msgspec

COLUMNS: Final = (
    *("hospital", "position", "time", "command_id", "name", "by", "role", "source", "request_id", "rulebook"),
    *("outcome", "refusal", "rule", "command", "actor", "version", "event", "data"),
)
"""The columns of a line of CSV. ``command`` and ``data`` (the event's fields) are JSON; all else is plain text."""

WIDE: Final = frozenset(("position", "rulebook", "version"))
"""Those of them that are numbers."""


def json_line(shown: dict[str, Any]) -> bytes:
    """An entry, its events nested in it."""
    return msgspec.json.encode(shown) + b"\n"


def csv_head() -> bytes:
    """The names of the columns."""
    return _lines([COLUMNS])


def csv_lines(shown: dict[str, Any]) -> bytes:
    """An entry: a line for each event, one line where it has none."""
    return _lines(_rows(shown))


def _rows(shown: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    who, refusal = shown["who"], shown.get("refusal") or {}
    common = (
        *(shown["hospital"], shown["position"], shown["time"], shown["command_id"], shown["name"]),
        *(who.get("name", ""), who.get("role", ""), who.get("source", ""), who.get("request_id", "")),
        *(shown["rulebook"], shown.get("outcome", ""), refusal.get("code", ""), refusal.get("rule", "")),
        msgspec.json.encode(shown["command"]).decode(),
    )
    none = True
    for change in shown.get("changes", ()):
        for event in change["events"]:
            none = False
            fields = {name: value for name, value in event.items() if name != "type"}
            data = msgspec.json.encode(fields).decode()
            yield (*common, change["actor"], change["version"], event["type"], data)
    if none:
        yield (*common, "", "", "", "")


def _lines(rows: Any) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
