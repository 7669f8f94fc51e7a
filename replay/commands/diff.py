"""``matron-replay diff``: what changed between two moments, or what two logs have of their own."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec

from replay.calling import FOUND, WELL, WrongCall, must_be_whole, of_a_log, print_json, progress, run, the_one
from replay.commands.state import followed, must_be_key, plain_state
from replay.comparing_logs import Compared, compare_logs
from replay.differences import Difference, differences
from replay.moments import position_of, zone_of
from replay.showing import Showing, said
from replay.sources import open_source
from replay.walking import Source, Walk


class Changed(msgspec.Struct):
    """One actor that is not the same, and where."""

    key: str
    differences: list[Difference]


@click.command()
@click.argument("a", metavar="A", default="")
@click.argument("b", metavar="B", default="")
@of_a_log
@click.option("--key", default="", help="Of this actor only.")
@click.option(
    "--other", type=click.Path(exists=True, path_type=Path), default=None,
    help="Another log of the same hospital, to compare with up to moment A, or as far as both go.",
)  # fmt: skip
def diff(
    a: str, b: str, data: Path, only: str | None, key: str, other: Path | None, master_key: Path | None, as_json: bool
) -> None:  # fmt: skip
    """Print what is different at moment B from moment A (B: the log's end), or with --other in another log.

    Exits with 0 when nothing is different, and with 1 when something is.

    \b
    Example: matron-replay diff --data ./data 10:00 10:15 --key slot:01a0e707-30ff-709f-85bb-a11a12c3e8cf
    """
    if other is None and not a:
        raise WrongCall("Say from which moment: a position or a time; or --other PATH for another log.")
    if other is not None and (b or key):
        raise WrongCall("--other compares two logs entry by entry, up to one moment: leave out B and --key.")
    if key:
        must_be_key(key)
    if other is not None:
        run(_other, data, other, only, a, as_json)
    run(_diff, data, only, a, b, key, master_key, as_json)


async def _diff(
    data: Path, only: str | None, a: str, b: str, key: str, master_key: Path | None, as_json: bool
) -> int:  # fmt: skip
    async with open_source(data, master_key) as source:
        hospital = await the_one(source, only)
        await must_be_whole(source, hospital)
        zone = await zone_of(source, hospital)
        before = await position_of(source, hospital, a)
        after = await position_of(source, hospital, b) if b else await source.head(hospital)
        if after < before:
            raise WrongCall(f"B (position {after}) is before A (position {before}): turn them round.")
        with progress(as_json) as bar:
            task = bar.add_task("reading", total=after)
            advance = partial(bar.advance, task)
            changed = await (_one if key else _all)(source, hospital, key, before, after, advance)
    if as_json:
        print_json({"hospital": hospital, "from_position": before, "to_position": after, "changed": changed})
    else:
        click.echo(f"{hospital} from position {before} to {after}: {len(changed):,} actors changed")
        for one in changed:
            click.echo(one.key)
            for there in one.differences:
                click.echo(f"  {there.at}: {said(there.before, zone)} -> {said(there.after, zone)}")
    return FOUND if changed else WELL


async def _one(source: Source, hospital: str, key: str, before: int, after: int, advance: Any) -> list[Changed]:
    actor, showing = await followed(source, hospital, key)
    await actor.go(before, advance)
    old = await plain_state(showing, actor.cell)
    await actor.go(after, advance)
    if actor.cell is None:
        raise WrongCall(f"{key} has no events up to position {after}.")
    found = list(differences(old, await plain_state(showing, actor.cell)))
    return [Changed(key, found)] if found else []


async def _all(source: Source, hospital: str, key: str, before: int, after: int, advance: Any) -> list[Changed]:
    """Of all actors that an entry between the two has changed."""
    walk = Walk(source, hospital)
    showing = Showing(source, hospital, walk.book.keys)
    await walk.go(before, advance)
    old: dict[str, Any] = {}
    position = before
    while position < after:
        # What will change must be seen before it does, so entries are looked at one slice ahead of their folding.
        records = await source.read(hospital, position + 1, min(200, after - position))
        for _, record in records:
            for change in walk.book.codec.decode(record[32:]).changes:
                if change.actor not in old:
                    old[change.actor] = await plain_state(showing, walk.book.cell(change.actor))
        position += len(records)
        await walk.go(position, advance)
    changed = []
    for name in sorted(old):
        found = list(differences(old[name], await plain_state(showing, walk.book.cell(name))))
        if found:
            changed.append(Changed(name, found))
    return changed


async def _other(data: Path, other: Path, only: str | None, a: str, as_json: bool) -> int:
    async with open_source(data) as source, open_source(other) as second:
        hospital = await the_one(source, only)
        if hospital not in await second.hospitals():
            raise WrongCall(f"{other} has no log of {hospital}.")
        zone = await zone_of(source, hospital)
        until = await position_of(source, hospital, a) if a else 0
        with progress(as_json) as bar:
            task = bar.add_task("comparing", total=until or await source.head(hospital))
            found = await compare_logs(source, second, hospital, until, partial(bar.advance, task))
    if as_json:
        print_json({**msgspec.to_builtins(found), "same": found.same})
    else:
        _print(found, other, zone)
    return WELL if found.same else FOUND


def _print(found: Compared, other: Path, zone: str) -> None:
    if found.differs_at:
        click.echo(f"The logs of {found.hospital} part at position {found.differs_at}: up to there they are the same.")
        for there in found.differences:
            click.echo(f"  {there.at}: {said(there.before, zone)} -> {said(there.after, zone)}")
    else:
        click.echo(f"The logs of {found.hospital} are the same up to position {found.compared}.")
    if found.head != found.other_head:
        click.echo(f"One goes on to {found.head}, the other, in {other}, to {found.other_head}.")
