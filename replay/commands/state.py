"""``matron-replay state``: an actor as it was at a moment."""

from __future__ import annotations

from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

import click

from engine.actors import KINDS
from engine.recovery import Cell
from replay.actors import Actor
from replay.calling import WELL, WrongCall, must_be_whole, of_a_log, print_json, progress, run, the_one
from replay.moments import position_of, time_at, zone_of
from replay.selecting import Reading
from replay.showing import Showing, clock, rfc3339, said
from replay.sources import open_source
from replay.walking import Source


@click.command()
@click.argument("key")
@of_a_log
@click.option("--at", default="", metavar="MOMENT", help="A position or a time.  [default: the log's end]")
def state(key: str, data: Path, only: str | None, at: str, master_key: Path | None, as_json: bool) -> None:
    """Print the state of the actor KEY just after a moment.

    A key is a kind and an id: slot:01a0…, service:01a0…, patient_day:01a0…:2026-11-22, hospital:self.

    \b
    Example: matron-replay state --data ./data slot:01a0e707-30ff-709f-85bb-a11a12c3e8cf --at 10:15
    """
    run(_state, key, data, only, at, master_key, as_json)


async def _state(key: str, data: Path, only: str | None, at: str, master_key: Path | None, as_json: bool) -> int:
    must_be_key(key)
    async with open_source(data, master_key) as source:
        hospital = await the_one(source, only)
        await must_be_whole(source, hospital)
        zone = await zone_of(source, hospital)
        position = await position_of(source, hospital, at) if at else await source.head(hospital)
        actor, showing = await followed(source, hospital, key)
        with progress(as_json) as bar:
            task = bar.add_task("reading", total=position)
            await actor.go(position, partial(bar.advance, task))
        if actor.cell is None:
            raise WrongCall(
                f"{key} has no events up to position {position}: matron-replay log --actor {key} says when."
            )
        time = await time_at(source, hospital, actor.cell.position)
        plain = await plain_state(showing, actor.cell)
    if as_json:
        print_json(
            {
                "hospital": hospital,
                "key": key,
                "at_position": position,
                "version": actor.cell.version,
                "changed_at_position": actor.cell.position,
                "changed_at": rfc3339(time),
                "state": plain,
            }
        )
    else:
        click.echo(f"{key} at position {position}: version {actor.cell.version}")
        click.echo(f"last changed at position {actor.cell.position}, {clock(time, zone)}")
        for line in outlined(plain, zone):
            click.echo(line)
    return WELL


def must_be_key(key: str) -> None:
    """Raise ``WrongCall`` where no actor could have this key."""
    kind, colon, id = key.partition(":")
    if kind not in KINDS or not colon or not id:
        near = get_close_matches(kind, KINDS, 1) or sorted(KINDS)
        raise WrongCall(f"{key!r} is no key: it is KIND:ID, with one of the kinds {', '.join(near)}.")


async def followed(source: Source, hospital: str, key: str) -> tuple[Actor, Showing]:
    """An actor to be followed through a log, and what shows its states."""
    reading = Reading(source, hospital)
    return Actor(reading, key), Showing(source, hospital, reading.keys)


async def plain_state(showing: Showing, cell: Cell | None) -> Any:
    """A state as a plain value; an empty one where there is none."""
    return {} if cell is None else await showing.value(cell.decider.freeze(cell.state))


def outlined(value: Any, zone: str, depth: int = 1) -> list[str]:
    """A plain map, one field a line, what is in it indented."""
    if not isinstance(value, dict):
        return [f"{'  ' * depth}{said(value, zone)}"]
    lines = []
    for name, item in value.items():
        deep = isinstance(item, dict | list) and item and len(said(item, zone)) > 80
        if not deep:
            lines.append(f"{'  ' * depth}{name}: {said(item, zone)}")
            continue
        lines.append(f"{'  ' * depth}{name}:")
        items = item.values() if isinstance(item, dict) else item
        if isinstance(item, dict):
            lines += outlined(item, zone, depth + 1)
        else:
            lines += [f"{'  ' * (depth + 1)}{said(one, zone)}" for one in items]
    return lines
