"""``matron keys``: make, list, revoke and rotate API keys, in the file that the server reads.

A running server takes a change in within seconds; it need not be told. What was done is left beside the file, for a
server to write down in the access log.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from engine.calendar import moment
from engine.clock import SystemClock
from gateway.access.key_words import leave_word
from gateway.access.keys import Key, KeysUnusable, add_key, read_keys, revoke_key, rotate_key
from gateway.access.tables import aligned
from gateway.routes.row import ROLES, Role

BAD_CONFIG = 2
ONCE = "Kept as a hash in {file}; this is the only time that the key is shown."

file_option = click.option(
    "--file", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file of API keys."
)
hospital_option = click.option(
    "--hospital", required=True, help="The hospital that the key is for; '*' for the whole network."
)
json_option = click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")


@click.group()
def keys() -> None:
    """API keys of programs, boards and desks: who has one, what it opens, until when."""


@keys.command()
@click.argument("name")
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help="May be given repeatedly."
)
@hospital_option
@file_option
@click.option("--expires", help="When it ends, as RFC 3339 has it: 2027-01-31T18:00:00Z.")
@click.option("--days", type=click.IntRange(1, 3_650), help="Or after how many days.")
@click.option("--note", default="", help="Who has it, and what for. No personal data.")
@json_option
def add(
    name: str, roles: tuple[Role, ...], hospital: str, file: Path, expires: str | None, days: int | None, note: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Make an API key: it is printed once, and only its hash is kept.

    \b
    Example: matron keys add front-desk --role clerk --hospital main --file keys.toml
    """
    clock = SystemClock()
    with _told():
        until = _until(expires, days, moment(clock.wall()))
        made = list(dict.fromkeys(roles))
        secret = add_key(file, name, made, hospital, expires=until, note=note, clock=clock)
        leave_word(file, clock, "key_added", hospital, name, list(made))
    _show_secret(secret, {"name": name, "hospital": hospital, "roles": made, "expires": until}, file, as_json=as_json)


@keys.command("list")
@file_option
@click.option("--hospital", help="Only the keys of this hospital; '*': of the whole network.")
@json_option
def list_(file: Path, hospital: str | None, as_json: bool) -> None:
    """List the keys: never the keys themselves, which nobody has kept.

    \b
    Example: matron keys list --file keys.toml
    """
    with _told():
        found = [key for key in read_keys(file) if hospital in (None, key.hospital)]
    now = moment(SystemClock().wall())
    found.sort(key=lambda key: (key.hospital, key.name))
    if as_json:
        click.echo(json.dumps([_plain(key, now) for key in found], default=_rfc3339))
        return
    rows = [
        (key.name, key.hospital, "+".join(sorted(key.roles)), _day(key.added), _ending(key, now), key.note)
        for key in found
    ]
    click.echo(aligned(("NAME", "HOSPITAL", "ROLES", "ADDED", "EXPIRES", "NOTE"), rows))


@keys.command()
@click.argument("name")
@hospital_option
@file_option
def revoke(name: str, hospital: str, file: Path) -> None:
    """Revoke a key: it opens nothing any more, seconds from now.

    \b
    Example: matron keys revoke front-desk --hospital main --file keys.toml
    """
    with _told():
        key = revoke_key(file, hospital, name)
        leave_word(file, SystemClock(), "key_revoked", hospital, name, list(key.roles))
    click.echo(f"{name} revoked", err=True)


@keys.command()
@click.argument("name")
@hospital_option
@file_option
@click.option(
    "--keep-minutes", type=click.IntRange(0, 10_080), default=0, show_default=True,
    help="How long the key until now goes on beside the new one.",
)  # fmt: skip
@json_option
def rotate(name: str, hospital: str, file: Path, keep_minutes: int, as_json: bool) -> None:
    """Make another secret for a key; name, roles and end stay.

    \b
    Example: matron keys rotate laboratory --hospital main --file keys.toml --keep-minutes 60
    """
    with _told():
        key, secret = rotate_key(file, hospital, name, keep=timedelta(minutes=keep_minutes))
        leave_word(file, SystemClock(), "key_rotated", hospital, name, list(key.roles))
    kept = {"old_until": key.old_until} if key.old_until is not None else {}
    _show_secret(secret, {"name": name, "hospital": hospital, **kept}, file, as_json=as_json)


def _show_secret(secret: str, facts: dict[str, Any], file: Path, *, as_json: bool) -> None:
    click.echo(json.dumps({**facts, "key": secret}, default=_rfc3339) if as_json else secret)
    click.echo(ONCE.format(file=file), err=True)


def _until(expires: str | None, days: int | None, now: datetime) -> datetime | None:
    if expires is None:
        return None if days is None else now.replace(microsecond=0) + timedelta(days=days)
    if days is not None:
        raise KeysUnusable("give --expires or --days, not both")
    try:
        until = datetime.fromisoformat(expires)
    except ValueError:
        until = None
    if until is None or until.tzinfo is None:
        raise KeysUnusable(f"{expires!r} is no time with its zone, such as 2027-01-31T18:00:00Z")
    if until <= now:
        raise KeysUnusable(f"{expires} is over already")
    return until


def _plain(key: Key, now: datetime) -> dict[str, Any]:
    return {
        "name": key.name,
        "hospital": key.hospital,
        "roles": sorted(key.roles),
        "added": key.added,
        "expires": key.expires,
        "expired": key.expired(now),
        "note": key.note,
    }


def _ending(key: Key, now: datetime) -> str:
    if key.expires is None:
        return "never"
    return f"{_day(key.expires)}{' (over)' if key.expired(now) else ''}"


def _day(when: datetime | None) -> str:
    return "-" if when is None else when.astimezone(UTC).strftime("%Y-%m-%d %H:%MZ")


def _rfc3339(value: object) -> str:
    assert isinstance(value, datetime)
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


@contextmanager
def _told(say: Callable[..., None] = click.echo) -> Iterator[None]:
    """What is wrong with the file, as a sentence and an exit code."""
    try:
        yield
    except KeysUnusable as error:
        say(str(error), err=True)
        sys.exit(BAD_CONFIG)
    except OSError as error:  # it is done by now, and the secret is not to be lost
        say(f"No word of it could be left for the audit log: {error}", err=True)
