"""What the commands of ``matron-replay`` have in common: options, whose log is meant, progress, errors, exit codes.

Exit codes: 0 all is well, 1 something is not (a violation, a difference, a damaged log), 2 the call was wrong or there
is no log that can be read. Results go to stdout, everything else to stderr.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, NoReturn

import click
import msgspec
import trio
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from engine.errors import LogCorrupt, Rejected, Unavailable
from replay.moments import first_of
from replay.sources import NoLog
from replay.walking import Source

WELL: Final = 0
FOUND: Final = 1
WRONG: Final = 2

data_option = click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="A data folder (live or stopped), a backup, or segments (a folder or one file).",
)
hospital_option = click.option("--hospital", "only", default=None, help="Whose log; may be left out where it is one.")
master_option = click.option(
    "--master-key", envvar="MATRON_MASTER_KEY", default=None,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What the patients' keys are wrapped by, where it is not in the data folder; else texts stay sealed.",
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


def of_a_log(command: Callable[..., None]) -> Callable[..., None]:
    """The options of all that show a log: where it is, whose, what opens its texts, and how it is printed."""
    for option in (json_option, master_option, hospital_option, data_option):
        command = option(command)
    return command


class WrongCall(click.ClickException):
    """The call makes no sense; the message says what to do instead."""

    exit_code = WRONG


def run(work: Callable[..., Awaitable[int]], *args: Any) -> NoReturn:
    """Run a command to its exit code. What goes wrong on the way is told in one line, without a traceback."""
    gc.set_threshold(100_000, 50, 100)  # a log of millions makes much that stays, and nothing that goes in rings
    try:
        code = _code(work, *args)
        sys.stdout.flush()
    except NoLog as error:
        raise WrongCall(str(error)) from error
    except Rejected as error:
        raise WrongCall(error.detail) from error
    except LogCorrupt as error:
        click.echo(f"Error: the log is damaged: {error}. matron-replay verify says where.", err=True)
        code = FOUND
    except BrokenPipeError:  # whoever read has seen enough, as ``head`` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = WELL
    except (Unavailable, OSError) as error:
        raise WrongCall(f"the log cannot be read: {error}") from error
    sys.exit(code)


def _code(work: Callable[..., Awaitable[int]], *args: Any) -> int:
    """Run it; what went wrong in a nursery is raised as itself."""
    try:
        return trio.run(work, *args)
    except BaseExceptionGroup as group:
        only: BaseException = group
        while isinstance(only, BaseExceptionGroup) and len(only.exceptions) == 1:
            only = only.exceptions[0]
        raise only from None


async def chosen(source: Source, only: str | None) -> list[str]:
    """The hospitals that are meant: this one, or all that have a log here."""
    names = await source.hospitals()
    if only is not None and only not in names:
        raise WrongCall(f"There is no log of hospital {only!r} here; there is one of: {', '.join(names) or 'nobody'}.")
    return names if only is None else [only]


async def the_one(source: Source, only: str | None) -> str:
    """The hospital that is meant, where it must be one."""
    found = await chosen(source, only)
    if not found:
        raise WrongCall("There is no log here yet: no hospital has been added.")
    if len(found) > 1:
        raise WrongCall(f"Here are the logs of several hospitals; say --hospital NAME, one of: {', '.join(found)}.")
    return found[0]


async def must_be_whole(source: Source, hospital: str) -> None:
    """Raise ``WrongCall`` where the log's beginning is not here, and so nothing can be folded."""
    first = await first_of(source, hospital)
    if first > 1:
        raise WrongCall(f"These segments begin at position {first}: this needs the log from its first entry on.")


def progress(quiet: bool = False) -> Progress:
    """A bar on stderr; nothing where ``quiet``."""
    console = Console(stderr=True, quiet=quiet)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


def console() -> Console:
    """For tables on stdout; where that is no terminal, wide enough that nothing is cut off."""
    return Console() if sys.stdout.isatty() else Console(width=200)


def print_json(value: Any, *, line: bool = False) -> None:
    """One JSON document, or one line of JSON Lines."""
    plain = msgspec.to_builtins(value, str_keys=True)
    click.echo(json.dumps(plain, indent=None if line else 2, ensure_ascii=False))
