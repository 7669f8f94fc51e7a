"""``matron-replay prove``: that an entry is in the log, or that the log only grew, for whoever has its public key."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import click

from engine.eventlog.directory import BESIDE
from replay.calling import WELL, WrongCall, data_option, hospital_option, json_option, print_json, run, the_one
from replay.sources import open_source
from replay.witnessing.proofs import Consistency, Inclusion, plain, prove_entry, prove_growth


@click.command()
@data_option
@hospital_option
@click.argument("position", type=click.IntRange(1), required=False)
@click.option("--at", type=click.IntRange(1), help="By the checkpoint of this size, instead of the newest.")
@click.option("--from", "old", type=click.IntRange(1), help="That the log of this size is the beginning ...")
@click.option("--to", "size", type=click.IntRange(1), help="... of the log of this size.")
@click.option("--access", is_flag=True, help="Of the log of who looked at whom.")
@json_option
def prove(
    data: Path, only: str | None, position: int | None, at: int | None, old: int | None, size: int | None,
    access: bool, as_json: bool,
) -> None:  # fmt: skip
    """Prove that the entry at POSITION is in the log, or (--from, --to) that the log only grew between two sizes.

    Prints text in the form of C2SP's tlog-proof, or what a witness is asked with; --json has the same in fields. Each
    proof is checked first: one that does not hold ends with exit code 1.

    \b
    Examples: matron-replay prove --data ./data --hospital main 417 > entry-417.tlog-proof
              matron-replay prove --data ./data --hospital main --from 1000 --to 2000
    """
    growth = old is not None and size is not None
    if (position is not None) == growth or (old is None) != (size is None) or (growth and at is not None):
        raise WrongCall("Say either POSITION (and maybe --at SIZE), or both --from SIZE and --to SIZE.")
    run(_prove, data, only, position, at, old, size, access, as_json)


async def _prove(
    data: Path, only: str | None, position: int | None, at: int | None, old: int | None, size: int | None,
    access: bool, as_json: bool,
) -> int:  # fmt: skip
    async with open_source(data) as source:
        log = await the_one(source, only) + (BESIDE if access else "")
        proof: Inclusion | Consistency
        if position is not None:
            proof = await prove_entry(source, log, position, at)
            told = f"Entry {position} of {log} is number {proof.index} (from 0) of the {proof.size} that were signed."
        else:
            assert old is not None
            assert size is not None
            proof = await prove_growth(source, log, old, size)
            told = f"The first {old} entries of {log} are still what they were when it had {size}."
    if as_json:
        print_json(plain(proof))
        return WELL
    click.echo(_text(proof), nl=False)
    click.echo(told, err=True)
    return WELL


def _text(proof: Inclusion | Consistency) -> str:
    lines = "".join(f"{b64encode(part).decode()}\n" for part in proof.proof)
    if isinstance(proof, Inclusion):
        return f"c2sp.org/tlog-proof@v1\nindex {proof.index}\n{lines}\n{proof.checkpoint}"
    return f"old {proof.old}\n{lines}\n{proof.checkpoint or ''}"
