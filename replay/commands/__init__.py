"""The commands of ``matron-replay``: one file each, one line each here."""

from __future__ import annotations

from typing import Final

import click

from replay.commands.check import check

COMMANDS: Final[tuple[click.Command, ...]] = (
    check,
)  # fmt: skip
