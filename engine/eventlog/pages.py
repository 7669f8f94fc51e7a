"""The pages that snapshots are kept in: their form and their bytes.

A page holds columns of many actors, so that a million of them load with few decodings. It carries its own SHA-256
and the hash of the program that wrote it; knows nothing of what a state is.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec


class Page(msgspec.Struct, omit_defaults=True):
    """Columns of some actors, and the keyed commands since the round before.

    ``frozen`` are the actors' bytes (``[version, position, state]``), ``dues`` µs (0: none), ``files`` maps a table
    to (ids, index of their actor in ``keys``). Keys beyond the last of ``frozen`` are actors whose state is archived.
    """

    code: str
    time: int
    keys: list[str] = []
    frozen: list[bytes] = []
    dues: list[int] = []
    files: dict[str, tuple[list[str], list[int]]] = {}
    commands: list[bytes] = []
    positions: list[int] = []


class PageUnusable(Exception):
    """A page is damaged, or was written by another program; it is a cache, so nothing is lost."""


_decoder = msgspec.msgpack.Decoder(Page)


def encode_page(page: Page) -> bytes:
    """The page's SHA-256, then its MessagePack."""
    data = msgspec.msgpack.encode(page)
    return sha256(data).digest() + data


def decode_page(data: bytes, code: str | None = None) -> Page:
    """The page of these bytes; ``PageUnusable`` when damaged, or (with ``code``) of another program."""
    if sha256(data[32:]).digest() != data[:32]:
        raise PageUnusable("a page is damaged")
    try:
        page = _decoder.decode(data[32:])
    except msgspec.MsgspecError as error:
        raise PageUnusable(f"a page cannot be read: {error}") from error
    if code is not None and page.code != code:
        raise PageUnusable("the rule books have changed since")
    return page
