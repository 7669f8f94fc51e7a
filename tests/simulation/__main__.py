"""Run seeds by hand: ``python -m tests.simulation 17`` or, a range of them, ``python -m tests.simulation 0 200``."""

from __future__ import annotations

import logging
import sys
import traceback
from time import perf_counter

import click

from tests.simulation.simulation import simulate


def main() -> None:
    """One seed with all that was seen, or a range of seeds with what went wrong."""
    first, *rest = map(int, sys.argv[1:])
    logging.basicConfig(level=logging.CRITICAL if rest else logging.WARNING)
    begun = perf_counter()
    seeds = range(first, rest[0] if rest else first + 1)
    for seed in seeds:
        outcome = simulate(seed)
        if outcome.fault or not rest:
            verdict = outcome.fault or "all holds"
            click.echo(f"seed {seed}: {outcome.entries} entries, log {outcome.log}: {verdict}")
        if not rest:
            if outcome.error is not None:
                traceback.print_exception(outcome.error)
            for name, count in outcome.seen.items():
                click.echo(f"{count:6} {name}")
    click.echo(f"{len(seeds)} seeds in {perf_counter() - begun:.1f} s", err=True)


if __name__ == "__main__":
    main()
