"""The rules by number, as the rule books themselves state them in their docstrings: one index for code and auditors.

A rule book is a module, or a folder whose own docstring (or that of its ``rules``) says which of its files holds which.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from typing import Final

import msgspec

from engine.errors import Rejected

_RULE: Final = re.compile(r"^(?P<indent>\s*)(?:(?P<file>\w+)\.py\s+)?(?P<rule>[RP]\d+)\s+(?P<text>\S.*)$")
_CITED: Final = re.compile(r"[RP]\d+(?:(?:, | and |\.\.| to )[RP]\d+)*")
_BOOKS: Final = ("engine.actors.", "engine.decisions.", "engine.rules.")


class RuleText(msgspec.Struct, frozen=True):
    """A rule: its number, the module or folder that states it, and what it says (``""``: it is stated nowhere)."""

    rule: str
    book: str
    text: str


def is_rule_book(module: str) -> bool:
    """Whether rules are in this module."""
    return module.startswith(_BOOKS)


@cache
def rule_text(module: str, rule: str) -> RuleText:
    """What a rule of this module says: by its own docstring, or by that of the folder it stands in."""
    name, file = module, ""
    while name.count(".") >= 2:
        stated = _stated(name) or _stated(f"{name}.rules")
        for key in ((file, rule), ("", rule)):
            if key in stated:
                return RuleText(rule, name, stated[key])
        anywhere = [text for (_, number), text in stated.items() if number == rule]
        if anywhere:
            return RuleText(rule, name, anywhere[0])
        name, _, file = name.rpartition(".")
    return RuleText(rule, module, "")


def cited(doc: str) -> tuple[str, ...]:
    """The rules that a function's docstring begins with: those that it holds."""
    found = _CITED.match(doc)
    if found is None:
        return ()
    numbers: list[str] = []
    for part in re.split(", | and ", found[0]):
        first, _, last = part.replace(" to ", "..").partition("..")
        end = int(last[1:]) if last else int(first[1:])
        numbers += [f"{first[0]}{number}" for number in range(int(first[1:]), end + 1)]
    return tuple(numbers)


def refusals(code: str, rule: str = "") -> list[type[Rejected]]:
    """The kinds of refusals that have this code, with this rule where there are several."""
    found = [kind for kind in _kinds(Rejected) if kind.code == code]
    return [kind for kind in found if kind.rule == rule] or found


def _kinds(kind: type[Rejected]) -> list[type[Rejected]]:
    below = [each for one in kind.__subclasses__() for each in _kinds(one)]
    return [kind, *sorted(set(below), key=lambda one: (one.__module__, one.__qualname__))]


@cache
def _stated(module: str) -> dict[tuple[str, str], str]:
    """The rules in a module's docstring, by file (``""``: its own) and number."""
    doc = sys.modules[module].__doc__ if module in sys.modules else None
    found: dict[tuple[str, str], str] = {}
    file, current = "", None
    for line in (doc or "").splitlines():
        begins = _RULE.match(line)
        if begins is not None:
            if begins["file"]:
                file = begins["file"]
            elif not begins["indent"]:
                file = ""
            current = (file, begins["rule"])
            found.setdefault(current, begins["text"].strip())
        elif current is not None and line.startswith(" ") and line.strip():
            found[current] += " " + line.strip()
        else:
            current = None
    return found
