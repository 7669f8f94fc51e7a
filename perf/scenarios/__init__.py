"""The scenarios: each module of this package is one, its docstring the description, its ``SCENARIO`` the rest.

Adding a scenario is adding a file.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from types import ModuleType
from typing import cast

from perf.load.scenario import Comparison, Load, Scenario


@cache
def scenarios() -> dict[str, Scenario]:
    """All of them by name, in order of name."""
    found: dict[str, Scenario] = {}
    for module in pkgutil.iter_modules(__path__):
        scenario = cast("ModuleType", pkgutil.resolve_name(f"{__name__}.{module.name}")).SCENARIO
        assert scenario.name == module.name.replace("_", "-"), "a scenario is called as its file is"
        found[scenario.name] = scenario
    return found


def loads() -> dict[str, Load]:
    """Those that are one load on Matron."""
    return {name: one for name, one in scenarios().items() if isinstance(one, Load)}


def comparisons() -> dict[str, Comparison]:
    """Those that measure several things beside each other."""
    return {name: one for name, one in scenarios().items() if isinstance(one, Comparison)}


def described(name: str) -> str:
    """A scenario's description: the docstring of its file, a paragraph a line."""
    module = pkgutil.resolve_name(f"{__name__}.{name.replace('-', '_')}")
    paragraphs = str(module.__doc__ or "").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
