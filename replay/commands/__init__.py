"""The commands of ``matron-replay``: one file each, one line each here."""

from __future__ import annotations

from typing import Final

import click

from replay.commands.check import check
from replay.commands.redecide import redecide
from replay.commands.ship import ship

COMMANDS: Final[tuple[click.Command, ...]] = (
    check,
    ship,
)  # fmt: skip
    redecide,
