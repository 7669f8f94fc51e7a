"""``matron-replay export``: a stretch of a log in a form that others read, with a manifest that proves what it is."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import get_args

import click

from engine.eventlog.directory import BESIDE
from engine.eventlog.keys import Keyring
from replay.calling import (
    WELL,
    WrongCall,
    data_option,
    hospital_option,
    json_option,
    print_json,
    progress,
    run,
    the_one,
)
from replay.exporting.exporting import Export, Form
from replay.exporting.manifest import MANIFEST, NOTE, key_in
from replay.moments import position_of
from replay.sources import open_source
from replay.walking import Source


@click.command()
@data_option
@hospital_option
@click.option("--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="A new folder.")
@click.option("--format", "form", type=click.Choice(get_args(Form)), default="jsonl", show_default=True)
@click.option("--from", "begin", default="1", show_default=True, help="The first position, or behind this moment.")
@click.option("--until", default=None, help="The last position, or up to this moment; without it, to the end.")
@click.option("--access", is_flag=True, help="The log of who looked at whom, instead.")
@click.option("--open", "opened", is_flag=True, help="Write people's texts readably, which needs their keys.")
@click.option(
    "--master-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What the keys are wrapped by, where it is not in the data folder.",
)
@click.option(
    "--signing-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The log's private key (PEM), to sign the manifest.",
)
@json_option
def export(
    data: Path, only: str | None, folder: Path, form: Form, begin: str, until: str | None, access: bool, opened: bool,
    master_key: Path | None, signing_key: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Write entries of a log into a folder: JSON Lines, CSV, Parquet, FHIR AuditEvents, or segments for the verifier.

    People's texts stay sealed unless --open is given; FHIR has none of them, segments have them sealed always. The
    manifest says which entries these are, proves it by the tree, and has the hash of every file.

    \b
    Examples: matron-replay export --data ./data --to ./may --from 2026-05-01 --until 2026-06-01 --format csv
              matron-replay export --data ./data --to ./proof --format segments --signing-key ./data/signing.key
    """
    run(_export, data, only, folder, form, begin, until, access, opened, master_key, signing_key, as_json)


async def _export(
    data: Path, only: str | None, folder: Path, form: Form, begin: str, until: str | None, access: bool, opened: bool,
    master_key: Path | None, signing_key: Path | None, as_json: bool,
) -> int:  # fmt: skip
    signer = key_in(signing_key) if signing_key is not None else None
    async with open_source(data, master_key) as source:
        hospital = await the_one(source, only)
        log = hospital + BESIDE if access else hospital
        if opened:
            await _keys_are_here(source, hospital)
        first, last = await _range(source, log, begin, until)
        with progress(as_json) as bar:
            task = bar.add_task(f"exporting {log}", total=max(0, last - first + 1))
            made = Export(source, log, first, last, folder, opened=opened, advance=partial(bar.advance, task))
            manifest = await made.run(form, signer)
    if as_json:
        print_json(manifest)
        return WELL
    for file in manifest.files:
        click.echo(f"{folder / file.name}  {file.bytes:,} bytes")
    click.echo(f"{folder / MANIFEST}  {manifest.entries.count:,} entries of {log}, texts {manifest.texts}")
    click.echo(f"{folder / NOTE} signs it" if signer else "The manifest is not signed: give --signing-key to sign it.")
    if manifest.texts == "opened":
        click.echo(
            "These files name people: whoever is erased later stays readable in them. Keep them short.", err=True
        )
    return WELL


async def _range(source: Source, log: str, begin: str, until: str | None) -> tuple[int, int]:
    """Positions as they are named; a moment is what lies behind it, or up to it."""
    first = await position_of(source, log, begin)
    if not begin.strip().isdigit():
        first += 1
    last = await source.head(log) if until is None else await position_of(source, log, until)
    return max(first, 1), last


async def _keys_are_here(source: Source, hospital: str) -> None:
    name = Keyring(hospital, bytes).store_name("")
    if not await source.read_keys([name]):
        raise WrongCall(
            f"The keys of {hospital} are not here, or are wrapped by another master key: give --master-key FILE, or "
            "export without --open."
        )
