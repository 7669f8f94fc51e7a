"""The commands of ``matron-replay``: one file each, one line each here."""

from __future__ import annotations

from typing import Final

import click

from replay.commands.accesses import show_accesses
from replay.commands.check import check
from replay.commands.diff import diff
from replay.commands.explain import explain
from replay.commands.export import export
from replay.commands.history import history
from replay.commands.integrity import integrity
from replay.commands.log import log
from replay.commands.prove import prove
from replay.commands.redecide import redecide
from replay.commands.report import report
from replay.commands.security import show_security
from replay.commands.ship import ship
from replay.commands.state import state
from replay.commands.verify import verify
from replay.commands.vkey import vkey
from replay.commands.whatif import what_if
from replay.commands.witness import witness

COMMANDS: Final[tuple[click.Command, ...]] = (
    check,
    show_accesses,
    show_security,
    export,
    integrity,
    explain,
    redecide,
    report,
    ship,
    diff,
    history,
    log,
    state,
    verify,
    what_if,
    prove,
    vkey,
    witness,
)  # fmt: skip
