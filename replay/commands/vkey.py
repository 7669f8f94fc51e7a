"""``matron-replay vkey``: the keys with which checkpoints are checked, for auditors and witnesses."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from engine.eventlog.checkpoint import Verifier
from engine.eventlog.directory import BESIDE
from replay.calling import WELL, WrongCall, chosen, data_option, hospital_option, json_option, print_json, run
from replay.sources import open_source
from replay.witnessing.proofs import origins

PUBLIC_FILE: Final = "signing.key.pub"
"""The engine writes it into its data folder at every start."""


@click.command()
@data_option
@hospital_option
@click.option("--key", help="The public key, where the data folder has none: any verifier key of it.")
@json_option
def vkey(data: Path, only: str | None, key: str | None, as_json: bool) -> None:
    """Print the verifier keys of all logs: what `verify --key` and a witness's `--log` want.

    The first line is the key under the base of all names: a witness that is given `BASE/*=KEY` takes every hospital's
    log, those to come included. What an auditor checks a log with must come to him by another way than the log itself.

    \b
    Example: matron-replay vkey --data ./data
    """
    run(_vkey, data, only, key, as_json)


async def _vkey(data: Path, only: str | None, key: str | None, as_json: bool) -> int:
    base = Verifier.parse(key if key is not None else _published(data))
    async with open_source(data) as source:
        logs = [(f"{name}{beside}", beside) for name in await chosen(source, only) for beside in ("", BESIDE)]
        found = {}
        for name, beside in logs:
            names = await origins(source, name)
            if not names and not beside:
                names = [f"{base.name}/{name}"]
            if names:
                found[name] = [Verifier(origin, base.key).text() for origin in names]
    if as_json:
        print_json({"base": base.text(), "logs": found})
        return WELL
    width = max(map(len, ("*", *found)))
    click.echo(f"{'*':<{width}}  {base.text()}")
    for name, keys in found.items():
        for text in keys:
            click.echo(f"{name:<{width}}  {text}")
    return WELL


def _published(data: Path) -> str:
    folder = data if data.is_dir() else data.parent
    try:
        return (folder / PUBLIC_FILE).read_text("utf-8")
    except OSError:
        raise WrongCall(f"There is no {PUBLIC_FILE} in {folder}: give the public key with --key.") from None
