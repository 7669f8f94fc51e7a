"""One cell of a table and the value that it stands for, there and back.

A cell that a spreadsheet would run as a formula gets an apostrophe in front, and loses it again; a list of words is
words with semicolons between; what has a structure of its own is JSON. An empty cell says nothing.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, get_args, get_origin

import msgspec

from gateway.shapes import atoms, private

FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
"""How a text begins that a spreadsheet does not take for a text, apostrophes in front or not."""

BETWEEN: Final = "; "
_PLAIN: Final = re.compile(r"[^;\[\]{}\"\s](?:[^;]*[^;\s])?")


def cell(value: Any) -> str:
    """A value as a cell."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            return "'" + value if FORMULA.match(value) else value
        case list() if value and all(isinstance(one, str) and _PLAIN.fullmatch(one) for one in value):
            return cell(BETWEEN.join(value))
        case list() | dict():
            return json.dumps(value, ensure_ascii=False) if value else ""
        case _:
            raise AssertionError(f"no answer holds a {type(value).__name__}")


def value_of(text: str, hint: Any) -> Any:
    """What a cell stands for, where its column has this type; text that does not fit it stays text, to be refused."""
    if text.startswith("'") and FORMULA.match(text):
        text = text[1:]
    if is_structured(hint):
        begun = text.lstrip()[:1]
        if begun in ("[", "{"):
            try:
                return json.loads(text)
            except ValueError:
                return text
        return [one.strip() for one in text.split(";") if one.strip()] if is_list(hint) else text
    if {int, float, bool}.isdisjoint(atoms(hint)):
        return text
    try:
        return msgspec.convert(text.strip(), hint, strict=False, dec_hook=private)
    except msgspec.ValidationError:
        return text


def is_list(hint: Any) -> bool:
    """Whether a type holds several of something."""
    return any((get_origin(one) or one) in (list, tuple, set, frozenset) for one in atoms(hint))


def is_structured(hint: Any) -> bool:
    """Whether a type holds more than one plain value."""
    return any(
        (get_origin(one) or one) in (list, tuple, set, frozenset, dict)
        or (isinstance(one, type) and issubclass(one, msgspec.Struct))
        for one in atoms(hint)
    ) or any(is_structured(inner) for inner in get_args(hint) if get_origin(hint) is not None and inner is not ...)
