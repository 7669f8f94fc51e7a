"""``matron backup`` and ``matron restore``, each a process of its own.

Exit codes: 0 done, 1 not done, 3 the log cannot be used.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
import msgspec
import trio
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from engine.clock import SystemClock
from engine.errors import LogCorrupt, Rejected, Unavailable
from engine.eventlog.directory import is_beside
from gateway.backing.backup import Advance, Backup, back_up
from gateway.backing.folders import BackingFailed
from gateway.backing.restore import Remade, Wanted, restore_into

NOT_DONE, BAD_LOG = 1, 3
MIB = 1 << 20

T = TypeVar("T")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
folder = click.Path(file_okay=False, path_type=Path)
present = click.Path(exists=True, path_type=Path)


@click.command()
@click.option("--data", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="The folder of the log; an engine may be serving it.")  # fmt: skip
@click.option("--to", required=True, type=folder, help="The backup's own folder; it must not exist, or be empty.")
@click.option("--with-keys", is_flag=True, help="Take the signing key and the master key along, readable by you only.")
@click.option("--keys-only", is_flag=True, help="Only the subject keys: soon done, and worth doing often.")
@click.option("--most-growth", type=click.IntRange(1), default=1024, show_default=True,
              help="MiB by which the log's file may grow meanwhile; beyond it the backup is broken off.")  # fmt: skip
@json_option
def backup(data: Path, to: Path, with_keys: bool, keys_only: bool, most_growth: int, as_json: bool) -> None:
    """Copy the log while it is served, look through the copy, and say what is in it.

    \b
    Example: matron backup --data ./data --to /backup/2026-11-22
    """

    async def work(begin: Callable[[str, int], Advance]) -> Backup:
        return await back_up(
            data, to, SystemClock(), begin, most=most_growth * MIB, with_keys=with_keys, keys_only=keys_only
        )

    made = _run(work, quiet=as_json)
    if as_json:
        _print_json(made)
    for line in () if as_json else _of_backup(made, to):
        click.echo(line)


@click.command()
@click.option("--from", "backup", required=True, type=present, help="A backup.")
@click.option("--segments", type=present, help="Segments that were shipped since: the log goes on with them.")
@click.option("--keys", type=present, help="A later backup whose subject keys to take, or its folder keys.")
@click.option("--data", required=True, type=folder, help="The new data folder; it must not exist, or be empty.")
@click.option("--to-position", type=click.IntRange(1), help="Up to this entry of the one hospital.")
@click.option("--to-time", help="Up to this time: 2026-11-22T10:00:00Z, or 2026-11-22T10:00 on the hospital's clocks.")
@click.option("--hospital", "hospitals", multiple=True, help="Only this hospital; may be given repeatedly.")
@click.option("--checkpoint", "notes", multiple=True, type=present,
              help="A checkpoint that is known, from a witness for one; may be given repeatedly.")  # fmt: skip
@click.option("--new-origin", is_flag=True, help="Begin a new name for the checkpoints, whatever is known of the old.")
@json_option
def restore(data: Path, as_json: bool, **given: Any) -> None:
    """Make a data folder of a backup, whole or as it was at a moment, and with what was shipped since.

    \b
    Example: matron restore --from /backup/2026-11-22 --segments /shipped --data ./data
    """
    if given["to_position"] is not None and given["to_time"] is not None:
        raise click.UsageError("Give --to-position or --to-time, not both.")
    wanted = Wanted(**given)

    async def work(begin: Callable[[str, int], Advance]) -> Remade:
        return await restore_into(wanted, data, begin)

    made = _run(work, quiet=as_json)
    if as_json:
        _print_json(made)
    for line in () if as_json else _of_restore(made, data):
        click.echo(line)


def _run(work: Callable[[Callable[[str, int], Advance]], Awaitable[T]], *, quiet: bool) -> T:
    """Do it, with bars on standard error; or end with why not, in a sentence."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=Console(stderr=True, quiet=quiet)) as progress:

            def begin(what: str, total: int) -> Advance:
                end()
                task = progress.add_task(what, total=total)
                return lambda count: progress.advance(task, count)

            def end() -> None:
                """What was begun last is over, also where it was less than was thought."""
                for task in progress.tasks:
                    progress.update(task.id, completed=task.total)

            done = trio.run(work, begin)
            end()
            return done
    except (BackingFailed, Rejected) as fault:
        _stop(NOT_DONE, str(fault))
    except (LogCorrupt, Unavailable) as fault:
        _stop(BAD_LOG, f"It was not done: {fault}.")
    except OSError as fault:
        _stop(NOT_DONE, f"It was not done: {fault}")
    except KeyboardInterrupt:
        _stop(NOT_DONE, "Broken off; nothing of it is left.")


def _of_backup(made: Backup, to: Path) -> list[str]:
    lines = [f"backup of {made.made_at} in {to}: {made.bytes:,} bytes in {made.seconds:.1f} s"]
    for name, log in made.logs.items():
        signed = f"signed up to {log.checkpoint_size:,}" if log.checkpoint_size else "not signed"
        lines.append(f"{name}: {log.entries:,} entries, {signed}, root {log.root[:16]}")
    lines.append(f"{made.subject_keys:,} subject keys; the log's file grew by {made.grown:,} bytes meanwhile")
    if made.secrets:
        lines.append(f"with {' and '.join(made.secrets)}: whoever has this folder can read and sign everything")
    return lines


def _of_restore(made: Remade, data: Path) -> list[str]:
    lines = []
    for log in made.restored.logs:
        what = "looks" if is_beside(log.log) else "entries"
        left = f", {log.left_out:,} behind the moment left out" if log.left_out else ""
        lines.append(
            f"{log.log}: {log.entries:,} {what} ({log.of_backup:,} of the backup, "
            f"{log.entries - log.of_backup:,} of the segments{left}), signed up to {log.signed:,}, root {log.root[:16]}"
        )
    for hospital, ids in made.restored.erased.items():
        if ids:
            lines.append(f"{hospital}: {len(ids):,} records were erased, and are again")
    for hospital, ids in made.keyless.items():
        lines.append(
            f"{hospital}: the keys of {len(ids):,} patients are nowhere, their names and texts are lost: "
            f"{', '.join(ids[:5])}{' …' if len(ids) > 5 else ''}. A later backup has them: give it with --keys."
        )
    for hospital, lost in made.restored.lost.items():
        lines.append(
            f"{hospital}: {lost.previous} had signed {lost.size:,} entries; its checkpoints go on under a new name, "
            "which the first start says in the log"
        )
    if made.master_key:
        lines.append(f"before the first start put the master key {made.master_key} into {data / 'master.key'}")
    return [*lines, f"restored into {data}"]


def _print_json(made: Any) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(made), indent=2).decode())


def _stop(code: int, why: str) -> NoReturn:
    click.echo(why, err=True)
    sys.exit(code)
