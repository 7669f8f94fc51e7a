"""A kind of things of a hospital as a table or as JSON Lines: what would have to be said to make each of them again.

Beside the columns of the kind stands ``id``, what it is called here. Other things are named where a name is enough.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from gateway.bulk.cells import cell
from gateway.bulk.kinds import Kind
from gateway.bulk.naming import Names, named, needed
from gateway.bulk.reading import ID, Format
from gateway.client import GatewayClient


async def items(gateway: GatewayClient, kind: Kind, **where: str) -> AsyncIterator[dict[str, Any]]:
    """What is there of a kind, as its list shows it, in the list's order."""
    for place in kind.lists:
        async for page in gateway.rows(place, **where):
            for item in page:
                if kind.holds(item):
                    yield item


async def names_of(gateway: GatewayClient, kinds: list[Kind]) -> dict[str, Names]:
    """What these kinds refer to, by what it may be called."""
    found = {}
    for kind in needed(kinds):
        names = found[kind.name] = Names(kind)
        async for item in items(gateway, kind):
            names.add(item[ID], item)
    return found


async def written(gateway: GatewayClient, kind: Kind, form: Format, **where: str) -> AsyncIterator[tuple[str, int]]:
    """The text, in pieces, and how many things each piece holds."""
    names = await names_of(gateway, [kind])
    columns = [ID, *kind.columns]
    if form == "csv":
        yield _table([columns]), 0
    async for item in items(gateway, kind, **where):
        values = {ID: item[ID], **named(kind, kind.given(item), names)}
        yield _line(values, columns, form), 1


def _line(values: Mapping[str, Any], columns: list[str], form: Format) -> str:
    if form == "jsonl":
        return msgspec.json.encode(values).decode() + "\n"
    return _table([[cell(values.get(name)) for name in columns]])


def _table(rows: list[list[str]]) -> str:
    made = io.StringIO(newline="")
    csv.writer(made).writerows(rows)
    return made.getvalue()
