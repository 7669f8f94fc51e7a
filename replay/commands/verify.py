"""``matron-replay verify``: that nothing was altered, left out or put in afterwards."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click
import msgspec

from engine.eventlog.checkpoint import Verifier
from engine.eventlog.directory import BESIDE
from replay.calling import (
    FOUND,
    WELL,
    WrongCall,
    chosen,
    data_option,
    hospital_option,
    json_option,
    print_json,
    progress,
    run,
)
from replay.sources import open_source
from replay.verifier import Wrong
from replay.verifying import PUBLIC_FILE, Demands, Verified, keys_of, verify_all
from replay.walking import Source


@click.command()
@data_option
@hospital_option
@click.option("--key", "keys", multiple=True, help="The log's verifier key, NAME+ID+KEY; may be repeated.")
@click.option("--witness", "witnesses", multiple=True, help="A witness's verifier key; may be repeated.")
@click.option("--witnesses-needed", "needed", type=click.IntRange(min=0), default=0, help="How many must have signed.")
@click.option(
    "--against", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that the log must contain: the last one that was witnessed.",
)  # fmt: skip
@click.option("--complete", is_flag=True, help="Every entry must be signed, and no file of segments cut.")
@click.option("--unsigned", is_flag=True, help="Do not ask for signatures: hashes, versions and the tree alone.")
@json_option
def verify(
    data: Path, only: str | None, keys: tuple[str, ...], witnesses: tuple[str, ...], needed: int,
    against: tuple[Path, ...], complete: bool, unsigned: bool, as_json: bool,
) -> None:  # fmt: skip
    """Verify hashes, version chains, the tree against every checkpoint, and who has signed; the access log too.

    Without --key the key that lies beside the log is used: then all is proven but whose log it is. Hand the key and
    the last witnessed checkpoint (--against) over another way to prove that too; docs/verify.md says how.

    \b
    Example: matron-replay verify --data ./data --key "$(cat hospital.vkey)" --against witnessed.note
    """
    demands = Demands((), witnesses, needed, tuple(path.read_bytes() for path in against), complete, unsigned)
    run(_verify, data, only, keys, demands, as_json)


async def _verify(data: Path, only: str | None, keys: tuple[str, ...], demands: Demands, as_json: bool) -> int:
    async with open_source(data) as source:
        hospitals = await chosen(source, only)
        beside = not keys and not demands.unsigned
        logs = [name + more for name in hospitals for more in ("", BESIDE)]
        if beside:
            given = _key_beside(data)
            found = [key for log in logs for key in await keys_of(source, log, given)]
            keys = tuple(dict.fromkeys(found))
        demands = msgspec.structs.replace(demands, keys=keys)
        total = await _entries(source, logs)
        with progress(as_json) as bar:
            task = bar.add_task("verifying", total=total)
            try:
                results = await verify_all(source, data, hospitals, demands, partial(bar.advance, task))
            except Wrong as wrong:
                raise WrongCall(str(wrong.args[-1])) from wrong
            bar.update(task, completed=total)
    sound = all(result.sound for result in results)
    if as_json:
        rows = [{**msgspec.to_builtins(result), "sound": result.sound} for result in results]
        print_json({"logs": rows, "key_beside_the_log": beside, "sound": sound})
    else:
        _print(results, beside)
    return WELL if sound else FOUND


def _key_beside(data: Path) -> list[Verifier]:
    file = data / PUBLIC_FILE
    if not file.is_file():
        raise WrongCall(
            f"Which key signs this log? There is no {PUBLIC_FILE} in {data}: say --key NAME+ID+KEY (matron-replay vkey "
            "prints it), or --unsigned to check all but signatures."
        )
    return [Verifier.parse(line) for line in file.read_text().splitlines() if line]


async def _entries(source: Source, logs: list[str]) -> int:
    return sum([await source.head(log) for log in logs])


def _print(results: list[Verified], beside: bool) -> None:
    for one in results:
        click.echo(f"{one.log}: {one.entries:,} entries, root {one.root or 'none'}")
        click.echo(
            f"  {one.checkpoints:,} checkpoints sign {one.signed:,} of them, witnesses {one.witnessed:,}; "
            f"{one.nodes:,} stored nodes of the tree"
        )
        for origin in one.origins:
            click.echo(f"  signed as {origin}")
        for remark in one.remarks:
            click.echo(f"  note: {remark}")
        for found in one.findings:
            click.echo(f"  FOUND {found.kind} at position {found.position}: {found.text}")
    if beside:
        click.echo("The key lay beside the log: this proves that the log is one with itself, not whose it is.")
    findings = sum(len(one.findings) for one in results)
    click.echo(f"NOT SOUND: {findings} findings" if findings else "sound")
