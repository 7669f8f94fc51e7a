"""``matron import`` and ``matron export``: master data and patients by the file, into a running hospital and out of it.

Exit codes: 0 done, 1 lines were refused, 2 what was asked for cannot be done, 4 the gateway does not answer: then some
lines may be in; the same command again doubles none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final, NoReturn, TextIO

import click
import msgspec
import trio
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.bulk.exporting import items, names_of, written
from gateway.bulk.importing import Known, Told, checked, digest_of, sent
from gateway.bulk.kinds import KINDS, Kind
from gateway.bulk.naming import Names
from gateway.bulk.reading import ID, Format, Line, Unreadable, format_of, lines_of
from gateway.client import GatewayClient, Refusal, Unanswered

REFUSED, UNUSABLE, NO_ANSWER = 1, 2, 4
SHOWN: Final = 50
"""Lines that are told on the terminal; ``--json`` tells them all."""

ALL: Final = "all"
_kind = click.argument("kind", type=click.Choice([*KINDS, ALL]))
_json = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")

Command = Callable[..., Any]


def connection(command: Command) -> Command:
    """The options that say which gateway, and who asks."""
    for option in reversed(_CONNECTION):
        command = option(command)
    return command


_CONNECTION: Final = (
    click.option(
        "--url", envvar="MATRON_URL", default="http://127.0.0.1:8000", show_default=True, help="Where the gateway is."
    ),
    click.option("--key", envvar="MATRON_KEY", help="An API key; MATRON_KEY in the environment."),
    click.option("--key-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file of the key."),
    click.option("--hospital", envvar="MATRON_HOSPITAL", help="The hospital, where the key is for the whole network."),
    click.option(
        "--ca-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Certificates (PEM) to trust."
    ),
    click.option(
        "--patience",
        type=click.FloatRange(0),
        default=60.0,
        show_default=True,
        help="Seconds in which a gateway that does not answer is asked again.",
    ),
)


def client_of(
    url: str, key: str | None, key_file: Path | None, hospital: str | None, ca_file: Path | None, patience: float
) -> closing[GatewayClient]:
    """The gateway that these options name; to be closed."""
    try:
        said = key_file.read_text().strip() if key_file is not None else key
        return closing(GatewayClient(url, said, hospital, ca_file=ca_file, patience=patience))
    except (OSError, Unanswered) as error:
        stop(UNUSABLE, str(error))


class Done(msgspec.Struct):
    """What became of a file."""

    kind: str
    file: str
    dry_run: bool
    lines: int = 0
    added: int = 0
    there: int = 0
    refused: int = 0
    errors: list[dict[str, Any]] = []
    ids: dict[str, str] = {}
    """Of what was added or was there: by the id that the file has, or else the line."""


@click.command(name="import")
@_kind
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check every line and send none.")
@click.option("--partial", is_flag=True, help="Send the lines that are right even where others are wrong.")
@click.option("--similar", is_flag=True, help="Add patients who are perhaps there under another phone number.")
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), help="[default: by the file's ending]")
@connection
@_json
def import_command(
    kind: str, file: Path, dry_run: bool, partial: bool, similar: bool, form: Format | None, as_json: bool, **where: Any
) -> None:
    """Add the things of FILE to a hospital: CSV with a header, or JSON Lines.

    Every line is checked before the first is sent. What is there already is left alone, so the same file may be
    imported again. Other things are called by their ids or by their names. With KIND "all", FILE is a folder of files
    such as `matron export all` makes.

    \b
    Example: matron import patients patients.csv --dry-run
    """
    chosen = list(KINDS.values()) if kind == ALL else [KINDS[kind]]
    with client_of(**where) as gateway:
        wanted = Wanted(dry_run, partial, similar, form)
        done = finish(_import_all, gateway, chosen, file, wanted, quiet=as_json)
    say(done, as_json)
    if any(one.refused for one in done):
        sys.exit(REFUSED)


@click.command(name="export")
@_kind
@click.option("--output", "-o", type=click.Path(path_type=Path), help="A file; with KIND all, a folder.")
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
@click.option("--where", multiple=True, metavar="NAME=VALUE", help="A filter of the list, such as doctor_id=...")
@connection
def export_command(kind: str, output: Path | None, form: Format, where: tuple[str, ...], **place: Any) -> None:
    """Write what is there of a kind, so that `matron import` makes it again elsewhere.

    \b
    Example: matron export doctors -o doctors.csv
    """
    if kind == ALL and output is None:
        stop(UNUSABLE, "With all, say a folder: --output DIR")
    filters = dict(one.partition("=")[::2] for one in where)
    with client_of(**place) as gateway:
        if kind == ALL:
            assert output is not None
            output.mkdir(parents=True, exist_ok=True)
            for one in KINDS.values():
                finish(_export, gateway, one, form, output / f"{one.name}.{form}", filters)
        else:
            finish(_export, gateway, KINDS[kind], form, output, filters)


class Wanted(msgspec.Struct, frozen=True):
    """How a file is to be imported."""

    dry_run: bool
    partial: bool
    similar: bool
    form: Format | None


async def _import_all(gateway: GatewayClient, kinds: list[Kind], file: Path, wanted: Wanted, quiet: bool) -> list[Done]:
    names = await names_of(gateway, kinds)
    if len(kinds) == 1:
        return [await _import(gateway, kinds[0], file, wanted, names, quiet)]
    done = []
    for kind in kinds:
        found = [one for one in (file / f"{kind.name}.csv", file / f"{kind.name}.jsonl") if one.exists()]
        if len(found) > 1:
            raise Unreadable(f"{file} has {kind.name} twice, as CSV and as JSON Lines")
        done += [await _import(gateway, kind, one, wanted, names, quiet) for one in found]
    if not done:
        raise Unreadable(f"{file} holds nothing that is called like a kind: doctors.csv, patients.jsonl, ...")
    return done


async def _import(
    gateway: GatewayClient, kind: Kind, file: Path, wanted: Wanted, names: dict[str, Names], quiet: bool
) -> Done:
    data, read = lines_of(file, format_of(file, wanted.form), kind.columns)
    lines = list(read)
    known = Known(kind)
    async for item in items(gateway, kind):
        known.add(kind.given(item), item[ID])
    ready, told = checked(kind, lines, names, known, digest_of(data), similar=wanted.similar)
    wrong = any(one.outcome == "refused" for one in told)
    if wanted.dry_run:
        # As if they were there by now: what comes after may refer to them.
        told += [Told(one.line.number, "added", f"00000000-0000-0000-0000-{one.line.number:012}") for one in ready]
    elif not wrong or wanted.partial:
        with progress(quiet) as bar:
            task = bar.add_task(kind.name, total=len(ready))
            async for one in sent(gateway, kind, ready, partial(bar.advance, task)):
                told.append(one)
    return counted(kind.name, file, wanted.dry_run, told, lines, names.get(kind.name))


def counted(
    kind: str, file: Path, dry_run: bool, told: list[Told], lines: list[Line], names: Names | None = None
) -> Done:
    """What became of a file, line by line; what was made is from now on known by its names."""
    done = Done(kind, str(file), dry_run, len(lines))
    by_number = {line.number: line for line in lines}
    for one in sorted(told, key=lambda one: one.line):
        line = by_number[one.line]
        match one.outcome:
            case "added":
                done.added += 1
            case "there":
                done.there += 1
            case "refused":
                done.refused += 1
        done.errors += [{"line": one.line, "field": fault.field, "message": fault.message} for fault in one.faults]
        if one.id:
            done.ids[line.id or str(one.line)] = one.id
            if names is not None:
                names.add(one.id, line.values, line.id)
    return done


async def _export(
    gateway: GatewayClient, kind: Kind, form: Format, output: Path | None, filters: dict[str, str]
) -> None:
    if output is None:
        await _write(gateway, kind, form, filters, sys.stdout)
        return
    beside = output.with_name(f".{output.name}.part")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # there are people in it
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        count = await _write(gateway, kind, form, filters, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(output)
    click.echo(f"{count} {kind.name} in {output}", err=True)


async def _write(gateway: GatewayClient, kind: Kind, form: Format, filters: dict[str, str], file: TextIO) -> int:
    count = 0
    async for text, more in written(gateway, kind, form, **filters):
        file.write(text)
        count += more
    return count


def say(done: list[Done], as_json: bool) -> None:
    """Tell what became of files, for a person or as JSON."""
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(done if len(done) > 1 else done[0])))
        return
    for one in done:
        for error in one.errors[:SHOWN]:
            field = f" {error['field']}:" if error["field"] else ""
            click.echo(f"{one.file}, line {error['line']}:{field} {error['message']}", err=True)
        if len(one.errors) > SHOWN:
            click.echo(f"... and {len(one.errors) - SHOWN} more; --json tells them all", err=True)
        untouched = one.lines - one.added - one.there - one.refused
        did = "would be added" if one.dry_run else "added"
        click.echo(
            f"{one.kind}: {one.lines} lines, {one.added} {did}, {one.there} there already, {one.refused} refused"
            + (f", {untouched} not sent because of those: correct them, or say --partial" if untouched else "")
        )


def progress(quiet: bool) -> Progress:
    """A bar on standard error, where somebody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal)


def finish(work: Callable[..., Any], *args: Any, **more: Any) -> Any:
    """Run to the end, or end the program with what stopped it."""
    try:
        return trio.run(partial(work, *args, **more))
    except Unreadable as error:
        stop(UNUSABLE, str(error))
    except Refusal as error:
        stop(UNUSABLE, str(error))
    except Unanswered as error:
        stop(NO_ANSWER, f"{error}. What was sent may be in: the same command again doubles nothing.")


def stop(code: int, why: str) -> NoReturn:
    """End with a sentence on standard error."""
    click.echo(why, err=True)
    sys.exit(code)
