"""The languages that patients read: one catalogue a language, as files that a person can edit.

Knows the catalogues and which of them a request asks for. Does not know what the words are used for. A new
language is a new file in ``static/languages``: nothing else lists them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Literal

import msgspec

FALLBACK = "en"
MOST_ASKED = 8  # languages in one rotation: with more, nobody would wait for their own


class Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said in one language. A word is a text with ``{places}``, or one text per plural form (CLDR's names)."""

    name: str
    """In the language itself."""
    direction: Literal["ltr", "rtl"]
    words: Mapping[str, str | Mapping[Literal["zero", "one", "two", "few", "many", "other"], str]]


def catalogues() -> dict[str, Catalogue]:
    """All catalogues by language, the fallback first, then as their codes sort."""
    found = {
        file.name.removesuffix(".json"): msgspec.json.decode(file.read_bytes(), type=Catalogue)
        for file in (files("gateway") / "static" / "languages").iterdir()
        if file.name.endswith(".json")
    }
    return {code: found[code] for code in sorted(found, key=lambda code: (code != FALLBACK, code))}


def chosen(known: Sequence[str] | Mapping[str, Catalogue], asked: str, accept: str) -> list[str]:
    """The languages to show, in order: those of ``?lang=``; without any, the one that the browser likes best."""
    named = [code for code in dict.fromkeys(primary(part) for part in asked.split(",")) if code in known]
    if named:
        return named[:MOST_ASKED]
    liked = [code for code in map(primary, by_quality(accept)) if code in known]
    return liked[:1] or [FALLBACK]


def by_quality(accept: str) -> list[str]:
    """The language ranges of ``Accept-Language``, best first; what cannot be read counts for nothing."""
    ranged: list[tuple[float, str]] = []
    for part in accept.split(",")[:32]:
        name, _, quality = part.partition(";")
        try:
            weight = float(quality.strip().removeprefix("q=")) if quality else 1.0
        except ValueError:
            continue
        if 0 < weight <= 1:
            ranged.append((weight, name))
    return [name for _, name in sorted(ranged, key=lambda one: -one[0])]


def primary(tag: str) -> str:
    """``es`` of ``es-MX``."""
    return tag.strip().lower().partition("-")[0]
