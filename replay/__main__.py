"""``matron-replay``: the auditors' tool. Reads a log, live or stopped, and changes nothing in it.

Exit codes: 0 all is well, 1 something is not, 2 the call was wrong or there is no log. ``replay/commands`` has one
file for each command.
"""

from __future__ import annotations

import click

from replay.commands import COMMANDS


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Replay a hospital's event log: read only, beside a running engine, on a stopped one, a backup or an export."""


for command in COMMANDS:
    main.add_command(command)


if __name__ == "__main__":
    main()
