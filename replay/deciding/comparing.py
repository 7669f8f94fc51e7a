"""What differs between two values of the log's vocabulary, said in words: where, what it was, what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any, Final

import msgspec

from engine.decider import Private

SHOWN: Final = 80
"""Characters of a value that a difference shows."""

_ABSENT: Final = object()


def differences(then: Any, now: Any, where: str = "") -> Iterator[str]:
    """Each place at which two values differ. Private text is compared in the clear and never shown."""
    if isinstance(then, Private) and isinstance(now, Private):
        if then.text != now.text:
            yield f"{where}: another text"
    elif isinstance(then, msgspec.Struct) and type(then) is type(now):
        name = type(then).__name__
        for field in then.__struct_fields__:
            yield from differences(getattr(then, field), getattr(now, field), f"{where} {name}.{field}".strip())
    elif isinstance(then, Mapping) and isinstance(now, Mapping):
        for key in {**then, **now}:
            yield from differences(then.get(key, _ABSENT), now.get(key, _ABSENT), f"{where}[{key}]")
    elif isinstance(then, list | tuple) and isinstance(now, list | tuple):
        for number, (one, other) in enumerate(zip_longest(then, now, fillvalue=_ABSENT)):
            yield from differences(one, other, f"{where}[{number}]")
    elif then is not now and then != now:
        yield f"{where}: {_shown(then)} then, {_shown(now)} now"


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "nothing"
    text = repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
