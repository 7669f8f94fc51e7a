"""``matron users``: people who may sign in, in the file of accounts, whether a server runs over it or not.

A password comes from a prompt or from a file, never from the command line, which others can read.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click
import msgspec

from engine.calendar import moment
from engine.clock import SystemClock
from gateway.access.account_file import AccountFile, AccountsUnusable
from gateway.access.accounts import Account, Accounts, Refused, in_order
from gateway.access.names import HOSPITAL_NAME, WHOLE_NETWORK
from gateway.access.notes import What
from gateway.access.passwords import Passwords, WeakPassword, check_password
from gateway.access.requests import AddUser
from gateway.access.tables import aligned
from gateway.routes.row import ROLES, Role

FAILED, BAD_CONFIG = 1, 2

accounts_option = click.option(
    "--accounts", "path", required=True, envvar="MATRON_ACCESS_ACCOUNTS",
    type=click.Path(dir_okay=False, path_type=Path), help="The file of accounts.",
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a table.")
roles_option = click.option(
    "--role", "roles", multiple=True, type=click.Choice(ROLES), help="May be given repeatedly."
)  # fmt: skip
hospital_option = click.option("--hospital", help="Whose roles these are; '*': the whole network's.")
password_option = click.option(
    "--password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file whose first line is the password; without it you are asked.",
)  # fmt: skip


@click.group()
def users() -> None:
    """People who may sign in."""


@users.command()
@click.argument("name")
@roles_option
@hospital_option
@click.option("--shown", default="", help="The name that pages show.")
@password_option
@accounts_option
@json_option
def add(
    name: str, roles: tuple[Role, ...], hospital: str | None, shown: str, password_file: Path | None, path: Path,
    as_json: bool,
) -> None:  # fmt: skip
    """Let somebody sign in.

    \b
    Example: matron users add ana.lopes --role admin --hospital main --accounts accounts.db
    """
    if not roles or hospital is None:
        stop(BAD_CONFIG, "Say what NAME may do, and where: --role and --hospital.")
    if hospital != WHOLE_NETWORK and not HOSPITAL_NAME.fullmatch(hospital):
        stop(BAD_CONFIG, f"The hospital {hospital!r} is not a name such as 'main', nor '*'.")
    try:
        msgspec.convert({"name": name, "roles": list(roles), "shown": shown}, AddUser)
    except msgspec.ValidationError:
        stop(BAD_CONFIG, "A name has up to 64 small letters, digits and . _ @ -; what is shown up to 120 characters.")
    accounts = opened(path, make=True)
    made = Passwords().hash(password_for(name, password_file))
    account = Account(name=name, shown=shown.strip(), grants={hospital: in_order(list(roles))}, hash=made)
    show(done(accounts, "user_added", lambda: accounts.add(account)), accounts, as_json)


@users.command("list")
@accounts_option
@json_option
def list_(path: Path, as_json: bool) -> None:
    """Everybody who may sign in."""
    told = [row(account, until) for account, until in opened(path).all()]
    if as_json:
        click.echo(msgspec.json.encode({"items": told}))
        return
    if not told:
        click.echo(f"{path} holds nobody yet")
        return
    click.echo(aligned(("NAME", "SHOWN", "ROLES", "SIGNS IN BY", "CHANGED", "STATE"), map(columns, told)))


@users.command()
@click.argument("name")
@roles_option
@hospital_option
@click.option("--no-roles", is_flag=True, help="Take the roles in that hospital away.")
@click.option("--shown", help="The name that pages show.")
@accounts_option
@json_option
def change(
    name: str, roles: tuple[Role, ...], hospital: str | None, no_roles: bool, shown: str | None, path: Path,
    as_json: bool,
) -> None:  # fmt: skip
    """Give somebody other roles in a hospital, or another name on pages. With other roles, sessions end."""
    if bool(roles or no_roles) != (hospital is not None) or (roles and no_roles):
        stop(BAD_CONFIG, "Roles are those in one hospital: give --hospital, and --role or --no-roles.")

    def edit(account: Account) -> Account:
        grants = dict(account.grants)
        if hospital is not None:
            grants[hospital] = in_order(list(roles))
        grants = {where: had for where, had in grants.items() if had}
        said = account.shown if shown is None else shown.strip()[:120]
        return msgspec.structs.replace(account, grants=grants, shown=said)

    edited(path, name, edit, as_json)


@users.command()
@click.argument("name")
@password_option
@accounts_option
@json_option
def password(name: str, password_file: Path | None, path: Path, as_json: bool) -> None:
    """Give somebody another password; sessions end, and failed attempts are forgotten."""
    accounts = opened(path)
    made = Passwords().hash(password_for(name, password_file))
    edit = partial(msgspec.structs.replace, hash=made)
    done(accounts, "password_changed", lambda: accounts.edit(name, edit))
    accounts.unlock(name)
    show(accounts.get(name), accounts, as_json)


@users.command()
@click.argument("name")
@accounts_option
@json_option
def unlock(name: str, path: Path, as_json: bool) -> None:
    """Forget the failed attempts to sign in by a name."""
    accounts = opened(path)
    account = accounts.get(name)
    if account is None:
        stop(FAILED, f"There is nobody called {name!r}.")
    accounts.unlock(name)
    accounts.leave_word("unlocked", account)
    show(account, accounts, as_json)


@users.command()
@click.argument("name")
@accounts_option
@json_option
def disable(name: str, path: Path, as_json: bool) -> None:
    """Let somebody sign in no more; sessions end."""
    edited(path, name, lambda account: msgspec.structs.replace(account, disabled=True), as_json)


@users.command()
@click.argument("name")
@accounts_option
@json_option
def enable(name: str, path: Path, as_json: bool) -> None:
    """Let somebody sign in again."""
    edited(path, name, lambda account: msgspec.structs.replace(account, disabled=False), as_json)


@users.command()
@click.argument("name")
@accounts_option
@json_option
def remove(name: str, path: Path, as_json: bool) -> None:
    """Remove somebody from all hospitals; what he or she did stays in the log."""
    edited(path, name, lambda account: None, as_json)


@users.command()
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@accounts_option
def backup(target: Path, path: Path) -> None:
    """Copy the file whole into a new one, while a server runs or not; put back, it is the file of accounts again."""
    try:
        opened(path).file.copy(target)
    except AccountsUnusable as error:
        stop(FAILED, str(error))
    click.echo(f"{path} copied to {target}")


# -- what they share ----------------------------------------------------------------------------------------


def opened(path: Path, *, make: bool = False) -> Accounts:
    """The accounts of a file; only who adds somebody makes one."""
    if not make and not path.exists():
        stop(BAD_CONFIG, f"There is no {path}.")
    try:
        return Accounts(AccountFile(path), SystemClock())
    except AccountsUnusable as error:
        stop(BAD_CONFIG, str(error))


def edited(path: Path, name: str, edit: Callable[[Account], Account | None], as_json: bool) -> None:
    """Change somebody, and say how he or she is now."""
    accounts = opened(path)
    before = accounts.get(name)
    what: What = "user_removed" if before is not None and edit(before) is None else "user_changed"
    after = done(accounts, what, lambda: accounts.edit(name, edit), before)
    if after is None and not as_json:
        click.echo(f"{name} removed")
    else:
        show(after, accounts, as_json)


def done(
    accounts: Accounts, what: What, work: Callable[[], Account | None], before: Account | None = None
) -> Account | None:
    """Do it, and leave word of it for the audit log; or end with the rule that says no."""
    try:
        after = work()
    except LookupError as error:
        stop(FAILED, f"There is nobody called {error}.")
    except Refused as refused:
        stop(FAILED, refused.detail)
    except AccountsUnusable as error:
        stop(FAILED, str(error))
    about = after or before
    if about is not None:
        accounts.leave_word(what, about)
    return after


def show(account: Account | None, accounts: Accounts, as_json: bool) -> None:
    """Somebody, as it is now."""
    if as_json:
        told = None if account is None else row(account, accounts.locked_until(account.name))
        click.echo(msgspec.json.encode(told))
    elif account is not None:
        by = "; ".join(f"{hospital}: {' '.join(roles)}" for hospital, roles in account.grants.items())
        click.echo(f"{account.name}{' (disabled)' if account.disabled else ''}  {by or 'no roles'}")


def row(account: Account, locked_until: int) -> dict[str, Any]:
    """Somebody as plain values; never the hash."""
    return {
        "name": account.name,
        "shown": account.shown,
        "hospitals": account.grants,
        "signs_in_by": "password" if account.issuer is None else "oidc",
        "disabled": account.disabled,
        "locked_until": moment(locked_until).isoformat() if locked_until else None,
        "added_at": moment(account.added).isoformat(),
        "changed_at": moment(account.changed).isoformat(),
    }


def columns(told: dict[str, Any]) -> tuple[str, ...]:
    """A row as a table for people has it."""
    roles = "; ".join(f"{hospital}: {' '.join(had)}" for hospital, had in told["hospitals"].items())
    state = "disabled" if told["disabled"] else f"locked until {told['locked_until']}" if told["locked_until"] else "-"
    return told["name"], told["shown"] or "-", roles or "-", told["signs_in_by"], told["changed_at"][:10], state


def password_for(name: str, file: Path | None) -> str:
    """A password that somebody of this name may have, from the file or from whoever sits there."""
    if file is None:
        given = str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    else:
        try:
            given = file.read_text("utf-8").partition("\n")[0].rstrip("\r")
        except (OSError, ValueError) as error:
            stop(BAD_CONFIG, f"{file} cannot be read: {error}")
    try:
        check_password(given, name)
    except WeakPassword as weak:
        stop(BAD_CONFIG, f"The password {weak}.")
    return given


def stop(code: int, why: str) -> NoReturn:
    """End with a sentence on standard error."""
    click.echo(why, err=True)
    sys.exit(code)
