"""``matron erase``: erase a person in a running network, over HTTP, as any administrator would."""

from __future__ import annotations

import sys
from uuid import UUID

import click

from gateway.remote import Refused, erase_patient

FAILED = 1

_UNKNOWN = ("No answer", "deadline_passed", "recovering", "commit_failed")
"""How a message begins that does not say what became of it."""


@click.command()
@click.argument("patient", type=click.UUID)
@click.option("--reason", required=True, help="Why, in up to 500 characters. It stays readable: name nobody in it.")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="Where the gateway is.")
@click.option("--key", envvar="MATRON_KEY", help="A key with the role admin; MATRON_KEY in the environment.")
@click.option("--hospital", help="The hospital, where the key is for the whole network.")
@click.confirmation_option("--yes", prompt="This cannot be taken back, not from a backup either. Erase the patient?")
def erase(patient: UUID, reason: str, url: str, key: str | None, hospital: str | None) -> None:
    """Erase a person for good: the key of all that is sealed about PATIENT is destroyed.

    The log stays whole and its proofs hold; wherever the person was named it says "erased" from now on.

    \b
    Example: matron erase 0193a1d2-7b34-7d18-9c02-1a2b3c4d5e6f --reason "Asked for in writing, case 2026-113"
    """
    try:
        said = erase_patient(url, key, hospital, str(patient), reason)
    except Refused as error:
        click.echo(error, err=True)
        if str(error).startswith(_UNKNOWN):
            click.echo("Whether it was done nobody knows. Ask again: who is erased twice is erased once.", err=True)
        sys.exit(FAILED)
    for record in said["records"]:
        click.echo(f"{record} erased")
    click.echo(
        "The key store has a new master key now: the key stores of earlier backups open nothing any more. "
        "Make a new backup, and destroy copies of the earlier master key.",
        err=True,
    )
