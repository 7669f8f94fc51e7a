"""``matron-replay witness``: cosigns the checkpoints of logs, and never two that contradict each other."""

from __future__ import annotations

from pathlib import Path

import click

from replay.calling import run


@click.command()
@click.option("--bind", default="127.0.0.1:7070", show_default=True, help="HOST:PORT, unix:PATH or fd://N.")
@click.option(
    "--state", required=True, type=click.Path(file_okay=False, path_type=Path),
    help="The witness's own folder: its key, and what it has seen.",
)  # fmt: skip
@click.option("--name", required=True, help="The witness's name in its signatures, such as witness.example.org/w1.")
@click.option(
    "--log", "logs", multiple=True, required=True, metavar="ORIGIN=KEY",
    help="A log to witness, repeatable; KEY as `matron-replay vkey` prints it. An ORIGIN may end in /*: all below it.",
)  # fmt: skip
@click.option("--certfile", type=click.Path(exists=True, dir_okay=False), help="TLS: the certificate (PEM), ...")
@click.option("--keyfile", type=click.Path(exists=True, dir_okay=False), help="... and its key.")
def witness(
    bind: str, state: Path, name: str, logs: tuple[str, ...], certfile: str | None, keyfile: str | None
) -> None:
    """Run a witness (C2SP tlog-witness) on a machine that is not the log's.

    A log that shows it a checkpoint gets a cosignature with the time, if the checkpoint continues all that the witness
    has seen of that log before. It keeps the newest of each log, for auditors to compare with.

    \b
    Example: matron-replay witness --state ./witness --name witness.example.org/w1 \\
               --log 'matron.local/1f2e3d4c/*=matron.local/1f2e3d4c+8a1b2c3d+AQ...'
    """
    from replay.witnessing.service import serve  # a whole front door, which no other command should wait for

    run(serve, bind, state, name, logs, certfile, keyfile)
