"""``matron config``: what is set, where it was said, and what can be set. Starts nothing and reads no log.

Exit codes: 0 done, 2 the configuration is wrong.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.config import TABLES, BadConfig, Loaded, check_bind, flattened, load, masked
from gateway.settings_described import Setting, about, settings

BAD_CONFIG = 2
WIDE: Final = 240
"""Columns where nobody looks: a table that is piped into a file is not wrapped."""

Options = Callable[[Callable[..., Any]], Callable[..., Any]]


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Everything that can be set by a flag of ``matron serve``, and the file."""
    for option in reversed(SERVING):
        command = option(command)
    return command


SERVING: Final[tuple[Options, ...]] = (
    click.option(
        "--config",
        "file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A TOML file of settings.",
    ),
    click.option("--data", type=click.Path(file_okay=False), help="The folder of the log."),
    click.option("--bind", help="HOST:PORT, unix:PATH or fd://N."),
    click.option("--keys", type=click.Path(dir_okay=False), help="The file of API keys."),
    click.option("--dev", is_flag=True, default=None, help="No authentication; loopback only."),
    click.option("--workers", type=click.IntRange(0, 64), help="Gateway processes."),
    click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"])),
    click.option("--request-log/--no-request-log", default=None, help="A line of JSON per request."),
)


@click.group()
def config() -> None:
    """What is set, where it was said, and what can be set."""


@config.command()
@options
@click.option("--origin", is_flag=True, help="Where each setting was said: file and line, variable, flag, or default.")
@click.option("--set", "chosen", is_flag=True, help="Only what is not a default.")
@click.option("--json", "as_json", is_flag=True, help="A JSON array instead of a table.")
def show(file: Path | None, origin: bool, chosen: bool, as_json: bool, **flags: Any) -> None:
    """Every setting with its value, as `matron serve` would have it with the same flags.

    Files are shown by their paths, never by what they hold.

    \b
    Example: matron config show --origin --config /etc/matron/matron.toml
    """
    loaded = configured(flags, file)
    known = {setting.name: setting for setting in settings()}
    lines = [
        (known[name], masked(value), loaded.sources.get(name, "default"))
        for name, value in flattened(loaded.config)
        if name in loaded.sources or not chosen
    ]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode([_document(*line) for line in lines])))
        return
    columns = ("setting", "value", "type", *(("origin",) if origin else ()))
    _write(columns, (_row(*line)[: len(columns)] for line in lines))


@config.command()
@options
def check(file: Path | None, **flags: Any) -> None:
    """Whether the configuration can be used: known settings, right types, within their bounds."""
    loaded = configured(flags, file)
    click.echo(f"The configuration can be used; {len(loaded.sources)} settings are not defaults.")


@config.command()
def docs() -> None:
    """The page docs/settings.md, made from the program itself."""
    click.echo(page(), nl=False)


def configured(flags: dict[str, Any], file: Path | None) -> Loaded:
    """The configuration, or the end of the program with what is wrong with it."""
    try:
        loaded = load(flags, os.environ, file)
        check_bind(loaded.config.bind)
    except BadConfig as error:
        click.echo(str(error), err=True)
        sys.exit(BAD_CONFIG)
    return loaded


def page() -> str:
    """All settings as a page of documentation, table by table."""
    lines = [
        "# Settings",
        "",
        "Made by `matron config docs`; a test holds it current. A setting is said in a TOML file (`--config FILE`, or",
        "`MATRON_CONFIG`), over it in the environment, by a flag. What is not known is refused at the start, and",
        "so is a value of the wrong type or out of its bounds. In the environment a list is JSON. Secrets are files of",
        "their own: here stand their paths. `matron config show --origin` prints what is in force, and who said it.",
        "",
    ]
    everything = settings()
    for table in ("", *TABLES):
        lines += [f"## `[{table}]`" if table else "## Without a table", ""]
        if table:
            lines += [about(TABLES[table]), ""]
        lines += ["| setting | what it is | type | default | environment |", "| --- | --- | --- | --- | --- |"]
        lines += [_line(setting) for setting in everything if setting.table == table]
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"


def _line(setting: Setting) -> str:
    flag = f" Flag: `{setting.flag}`." if setting.flag else ""
    doc = (setting.doc + flag).replace("|", "\\|")
    default = "" if setting.default is None else f"`{_text(setting.default)}`"
    return f"| `{setting.name}` | {doc} | {_typed(setting)} | {default} | `{setting.variable}` |"


def _document(setting: Setting, value: object, origin: str) -> dict[str, Any]:
    return {
        "name": setting.name,
        "value": value,
        "default": setting.default,
        "origin": origin,
        "type": setting.kind,
        "unit": setting.unit or None,
        "environment": setting.variable,
        "flag": setting.flag,
        "about": setting.doc,
    }


def _row(setting: Setting, value: object, origin: str) -> tuple[str, ...]:
    return setting.name, "-" if value is None else _text(value), _typed(setting), origin


def _typed(setting: Setting) -> str:
    return f"{setting.kind} ({setting.unit})" if setting.unit else setting.kind


def _text(value: object) -> str:
    return value if isinstance(value, str) and value else msgspec.json.encode(value).decode()


def _write(columns: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> None:
    console = Console(highlight=False, soft_wrap=False, width=None if sys.stdout.isatty() else WIDE)
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)
