"""What a scenario is: who it needs, what it asks for and when, what must hold. One file of ``perf.scenarios`` each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import msgspec

from perf.figures import Row, Target
from perf.load.plan import Chain, Settings, Site
from perf.size import Tell

if TYPE_CHECKING:
    from perf.runs import Repeat


class Founder(Protocol):
    """Makes what a load needs: in the engine itself before the server starts, or over a server's own interface."""

    async def add(self, hospital: str, time_zone: str = "UTC") -> None:
        """A new hospital."""

    async def make(self, hospital: str, commands: list[Any], outcome: str = "created") -> list[str]:
        """Have all of these done; the ids of what they made (or, with ``outcome`` ``ok``, changed), in order."""


class Goal(msgspec.Struct, frozen=True):
    """A figure of the run that is judged, and how."""

    figure: str
    target: Target
    why: str = ""
    optional: bool = False
    """Of the server's own account, which a server elsewhere may keep to itself."""


class Figure(msgspec.Struct, frozen=True):
    """One value of one repeat."""

    name: str
    unit: str
    value: float
    note: str = ""


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """A load on Matron.

    ``prepare`` makes the hospitals that these settings need. ``plan`` gives the requests of the run, chains in rising
    order of their start, the same for the same settings. ``relative``: the rate as a multiple of the saturation,
    which is then measured first. ``figures``: what this scenario tells beyond what all do.
    """

    name: str
    objective: str
    expected: tuple[str, ...]
    defaults: Settings
    quick: Settings
    prepare: Callable[[Founder, Settings], Awaitable[list[Site]]]
    plan: Callable[[list[Site], Settings], Iterator[Chain]]
    goals: tuple[Goal, ...] = ()
    relative: float = 0.0
    figures: Callable[[Repeat, Settings], list[Figure]] | None = None
    audited: float = 0.0
    """Seconds of a turn, where an auditor follows the log every other turn."""
    weighs: bool = False
    """Whether the memory that the log's states take is measured while it is checked."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a comparison is given."""

    folder: Path
    settings: Settings
    repeats: int
    quick: bool
    tell: Tell
    any_disk: bool = False


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Several things measured beside each other in one run, which it starts, loads and judges itself."""

    name: str
    objective: str
    expected: tuple[str, ...]
    defaults: Settings
    quick: Settings
    measure: Callable[[Context], Awaitable[Compared]]


class Compared(msgspec.Struct, kw_only=True):
    """``rows``: every figure with its values; ``about``: versions and settings; ``left_out``: what, and why."""

    rows: list[Row] = []
    about: dict[str, dict[str, str]] = {}
    left_out: dict[str, str] = {}


Scenario: TypeAlias = Load | Comparison
