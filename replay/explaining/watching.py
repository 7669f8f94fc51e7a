"""A decision watched while it is taken again: which rules were asked, and what the choices among many looked at.

The rule books say in the docstring of a function which rules it holds, so the functions that ran are the rules that
decided. Where one of them chooses among candidates, a ``Sight`` looks at its arguments the moment it returns: the very
values it chose from, with all that the decision had planned by then, and not a guess made afterwards.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import CodeType, FrameType, TracebackType
from typing import Any, Self

from engine.decider import NotInMemory
from engine.errors import LogCorrupt
from replay.explaining.rulebook import RuleText, cited, is_rule_book, rule_text

Sight = Callable[[Mapping[str, Any], Any], None]
"""Sees a function's local values and what it gives. A generator also gives its steps: they are to be passed by."""


class Watch:
    """A context in which a decision runs. ``sights``: makes anew, for each time it runs, what looks at which code."""

    def __init__(self, sights: Callable[[], Mapping[CodeType, Sight]] = dict) -> None:
        self._make = sights
        self._sights: Mapping[CodeType, Sight] = {}
        self._seen: dict[CodeType, tuple[RuleText, ...]] = {}
        self._others: Any = None
        self.blind: list[str] = []
        """Choices that could not be looked at: a fault of ours, and none of the decision."""

    @property
    def rules(self) -> list[RuleText]:
        """The rules of all functions that ran, in the order in which they first did."""
        return list(dict.fromkeys(rule for rules in self._seen.values() for rule in rules))

    def __enter__(self) -> Self:
        self._seen, self.blind = {}, []
        self._sights = self._make()
        self._others = sys.getprofile()
        sys.setprofile(self._look)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.setprofile(self._others)

    def _look(self, frame: FrameType, event: str, given: Any) -> None:
        code = frame.f_code
        if event == "call":
            if code not in self._seen:
                self._seen[code] = _rules(code, frame.f_globals.get("__name__", ""))
        elif event == "return":
            sight = self._sights.get(code)
            if sight is not None:
                try:
                    sight(frame.f_locals, given)
                except (NotInMemory, LogCorrupt):
                    raise
                except Exception as fault:  # it must not become the decision's
                    self.blind.append(f"{code.co_qualname} could not be looked at: {type(fault).__name__}: {fault}")


def _rules(code: CodeType, module: str) -> tuple[RuleText, ...]:
    doc = code.co_consts[0] if code.co_consts else None
    if not isinstance(doc, str) or not is_rule_book(module):
        return ()
    return tuple(rule_text(module, rule) for rule in cited(doc.strip()))
