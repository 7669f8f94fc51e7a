"""``matron-replay history``: all that happened to one patient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Any

import click

from replay.calling import WELL, WrongCall, must_be_whole, of_a_log, print_json, progress, run, the_one
from replay.histories import history as happened_to
from replay.histories import shown as shown_of
from replay.moments import zone_of
from replay.selecting import Reading, checked_id
from replay.showing import Showing, heading, told
from replay.sources import open_source


@click.command()
@click.argument("patient")
@of_a_log
def history(patient: str, data: Path, only: str | None, master_key: Path | None, as_json: bool) -> None:
    """Tell all that happened to PATIENT (an id) over all actors, in order, who did it and why.

    Refused commands too, and what belongs to records that were merged. Texts are opened where the keys are.

    \b
    Example: matron-replay history --data ./data 01a0e707-30ff-709f-85bb-a11a12c3e8cf
    """
    run(_history, patient, data, only, master_key, as_json)


async def _history(patient: str, data: Path, only: str | None, master_key: Path | None, as_json: bool) -> int:
    patient = checked_id(patient, "a patient")
    async with open_source(data, master_key) as source:
        hospital = await the_one(source, only)
        await must_be_whole(source, hospital)
        zone, head = await zone_of(source, hospital), await source.head(hospital)
        reading = Reading(source, hospital)
        showing = Showing(source, hospital, reading.keys)
        with progress(as_json) as bar:
            task = bar.add_task("reading", total=2 * head)
            async with aclosing(happened_to(reading, patient, head, partial(bar.advance, task))) as all_of_it:
                found = [await shown_of(showing, one) async for one in all_of_it]
    if not found:
        raise WrongCall(f"Nothing in the log of {hospital} names a patient {patient}.")
    if as_json:
        print_json({"hospital": hospital, "patient_id": patient, "entries": found})
    else:
        for shown in found:
            for line in _lines(shown, zone):
                click.echo(line)
    return WELL


def _lines(shown: Mapping[str, Any], zone: str) -> Iterator[str]:
    yield heading(shown, zone)
    for one in shown["events"]:
        yield f"{'':11}{one['event']['type']} in {one['actor']} {told(one['event'], zone)}".rstrip()
    if shown.get("refusal") and shown["command"]:
        yield f"{'':11}asked: {told(shown['command'], zone)}"
