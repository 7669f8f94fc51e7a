"""The desk of people: who may sign in to a hospital, as its administrators see and change it.

U1  an administrator of one hospital sees and changes the people of that hospital; nobody else is there.
U2  an account that other hospitals use too is changed here in its roles here, and in nothing else.
U3  nobody gives himself or herself a role that he or she has not.
U4  only whoever has the role ``network`` gives it, or makes an account for the whole network.
U5  the roles of somebody who signs in elsewhere are those that the provider says.

What holds whoever changes an account stands in ``accounts.py`` (R1 …).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

import msgspec
from msgspec import UNSET

from engine.calendar import moment
from engine.views.paging import MAX_LIMIT
from gateway.access.accounts import Account, Accounts, Refused, in_order
from gateway.access.endpoint import Done, Handlers
from gateway.access.names import OF_PEOPLE, WHOLE_NETWORK
from gateway.access.notes import What
from gateway.access.passwords import Passwords
from gateway.access.requests import (
    AddUser,
    ChangeUser,
    GetUser,
    HospitalRoles,
    ListUsers,
    RemoveUser,
    ResetPassword,
    UnlockUser,
    Users,
    UserView,
)
from gateway.access.sessions import Sessions, drawn
from gateway.access.sign_in import Says, check_new, named
from gateway.auth import Caller
from gateway.call import Call
from gateway.problems import NO_CONTENT, SUCCESS, Problem, invalid, not_found
from gateway.routes.row import BASE, NETWORK, Role

DRAWN: Final = 15
"""Random bytes of a password that is made here: 20 characters."""

Edit = Callable[[Account], Account | None]


class UserDesk:
    """Whoever administers people over the interface."""

    def __init__(self, accounts: Accounts, sessions: Sessions, passwords: Passwords, notes: Says) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._passwords = passwords
        self._notes = notes
        self._run = accounts.file.run

    def handlers(self) -> Handlers:
        """What is answered here."""
        return {
            ListUsers: self._list,
            GetUser: self._get,
            AddUser: self._add,
            ChangeUser: self._change,
            RemoveUser: self._remove,
            ResetPassword: self._reset,
            UnlockUser: self._unlock,
        }

    async def _list(self, asked: ListUsers, call: Call) -> Done:
        scope = scope_of(call)
        if asked.limit < 1:
            raise invalid("limit", "is at least 1")
        limit = min(asked.limit, MAX_LIMIT)
        found = [
            view(account, scope, until)
            for account, until in await self._run(self._accounts.all)
            if visible(account, scope) and account.name > (asked.cursor or "")
        ]
        return Done(Users(found[:limit], found[limit - 1].name if len(found) > limit else None))

    async def _get(self, asked: GetUser, call: Call) -> Done:
        scope = scope_of(call)
        account = await self._run(partial(self._accounts.get, asked.user_name))
        if account is None or not visible(account, scope):
            raise not_found()
        return Done(await self._shown(account, scope))

    async def _add(self, asked: AddUser, call: Call) -> Done:
        caller, hospital = asker(call), one_hospital(call, asked.hospital)
        may_give(caller, asked.roles, hospital)
        if asked.password is not None:
            check_new(asked.password, asked.name, "password")
        password = asked.password or drawn(self._accounts.clock, DRAWN)
        with self._passwords.turn():
            made = await self._passwords.hashed(password)
        account = Account(name=asked.name, shown=asked.shown.strip(), grants={hospital: asked.roles}, hash=made)
        try:
            account = await self._run(partial(self._accounts.add, account))
        except Refused as refused:
            raise problem_of(refused) from None
        self._note(call, [hospital], "user_added", account.name, roles=" ".join(in_order(asked.roles)))
        shown = view(account, hospital, 0, password=None if asked.password else password)
        return Done(shown, SUCCESS["created"], ((b"location", f"{BASE}/users/{account.name}/".encode()),))

    async def _change(self, asked: ChangeUser, call: Call) -> Done:
        caller, hospital, scope = asker(call), one_hospital(call, asked.hospital), scope_of(call)

        def edit(account: Account) -> Account:
            if isinstance(asked.roles, list):
                account = with_roles(account, hospital, asked.roles, caller)
            if asked.shown is not UNSET or asked.disabled is not UNSET:
                only_here(account, caller)
            if isinstance(asked.shown, str):
                account = msgspec.structs.replace(account, shown=asked.shown.strip())
            if isinstance(asked.disabled, bool):
                account = msgspec.structs.replace(account, disabled=asked.disabled)
            return account

        after = await self._edit(asked.user_name, scope, edit)
        assert after is not None
        said: dict[str, str] = {}
        if isinstance(asked.roles, list):
            said = {"roles": " ".join(in_order(asked.roles)), "in": hospital}
        if isinstance(asked.disabled, bool):
            said["disabled"] = "yes" if asked.disabled else "no"
        self._note(call, after.grants, "user_changed", after.name, **said)
        return Done(await self._shown(after, scope))

    async def _remove(self, asked: RemoveUser, call: Call) -> Done:
        caller, scope = asker(call), scope_of(call)
        left: set[str] = set()

        def edit(account: Account) -> Account | None:
            left.update(account.grants if scope is None else {scope})
            if scope is None or set(account.grants) <= {scope}:
                not_oneself(account, caller)
                return None
            return without(account, scope)

        await self._edit(asked.user_name, scope, edit)
        self._note(call, left, "user_removed", asked.user_name)
        return Done(None, NO_CONTENT)

    async def _reset(self, asked: ResetPassword, call: Call) -> Done:
        caller, scope = asker(call), scope_of(call)
        name = asked.user_name
        if asked.password is not None:
            check_new(asked.password, name, "password")
        password = asked.password or drawn(self._accounts.clock, DRAWN)
        with self._passwords.turn():
            made = await self._passwords.hashed(password)

        def edit(account: Account) -> Account:
            only_here(account, caller)
            not_oneself(account, caller)
            if account.hash is None:
                raise Refused("no_password", "U5", "This account signs in elsewhere.")
            return msgspec.structs.replace(account, hash=made)

        after = await self._edit(name, scope, edit)
        assert after is not None
        await self._run(partial(self._accounts.unlock, name))
        self._note(call, after.grants, "password_changed", name, by="administrator")
        return Done(view(after, scope, 0, password=None if asked.password else password))

    async def _unlock(self, asked: UnlockUser, call: Call) -> Done:
        caller, scope = asker(call), scope_of(call)

        def edit(account: Account) -> Account:
            only_here(account, caller)
            return account

        after = await self._edit(asked.user_name, scope, edit)
        assert after is not None
        await self._run(partial(self._accounts.unlock, asked.user_name))
        self._note(call, after.grants, "unlocked", asked.user_name)
        return Done(view(after, scope, 0))

    async def _edit(self, name: str, scope: str | None, edit: Edit) -> Account | None:
        """Change somebody whom the caller may see (U1)."""

        def seen(account: Account) -> Account | None:
            if not visible(account, scope):
                raise LookupError
            return edit(account)

        try:
            after = await self._run(partial(self._accounts.edit, name, seen))
        except LookupError:
            raise not_found() from None
        except Refused as refused:
            raise problem_of(refused) from None
        self._sessions.forget()
        return after

    async def _shown(self, account: Account, scope: str | None) -> UserView:
        return view(account, scope, await self._run(partial(self._accounts.locked_until, account.name)))

    def _note(self, call: Call, hospitals: Iterable[str], what: What, user: str, **facts: str) -> None:
        """In the log of each hospital that it is about."""
        for hospital in sorted(hospitals):
            self._notes.say(named(hospital), call.who, what, user=user, **facts)


# -- who may do what ----------------------------------------------------------------------------------------


def asker(call: Call) -> Caller:
    """Who asks."""
    assert call.caller is not None
    return call.caller


def scope_of(call: Call) -> str | None:
    """The hospital whose people are meant; ``None``: all, for the whole network's administrator who names none."""
    caller = asker(call)
    if caller.hospital == WHOLE_NETWORK and b"hospital-id" not in call.headers:
        return None
    return call.hospital


def one_hospital(call: Call, named: str | None) -> str:
    """The hospital in which roles are given; only the whole network's administrator may name another (U4)."""
    caller = asker(call)
    if named is not None and caller.hospital != WHOLE_NETWORK and named != caller.hospital:
        raise not_found()
    return named or call.hospital


def visible(account: Account, scope: str | None) -> bool:
    """U1."""
    return scope is None or scope in account.grants


def only_here(account: Account, caller: Caller) -> None:
    """U2; the network's administrator is at home in all of them."""
    if caller.hospital != WHOLE_NETWORK and not set(account.grants) <= {caller.hospital}:
        raise Refused("shared_account", "U2", "Other hospitals use this account too: ask the network's administrator.")


def not_oneself(account: Account, caller: Caller) -> None:
    """Nobody removes the account that he or she is signed in with, or sets its password without the old one."""
    if caller.name == OF_PEOPLE + account.name:
        raise Refused("own_account", "U3", "This is your own account.")


def may_give(caller: Caller, roles: list[Role], hospital: str) -> None:
    """U4; R2 says that ``network`` is had everywhere or not at all."""
    if (hospital == WHOLE_NETWORK or NETWORK in roles) and NETWORK not in caller.roles:
        raise Problem("forbidden", "Only the network's administrator may give that.")


def with_roles(account: Account, hospital: str, roles: list[Role], caller: Caller) -> Account:
    """The account with other roles in a hospital (U3, U4, U5)."""
    if set(roles) == set(account.grants.get(hospital, ())):
        return account
    if account.issuer is not None:
        raise Refused("from_provider", "U5", "The roles of this account are those that its provider says.")
    may_give(caller, roles, hospital)
    if caller.name == OF_PEOPLE + account.name and not set(roles) <= set(caller.roles):
        raise Problem("forbidden", "Nobody gives himself or herself more than he or she has.", rule="U3")
    return msgspec.structs.replace(account, grants={**without(account, hospital).grants, hospital: roles})


def without(account: Account, hospital: str) -> Account:
    """The account without its roles in a hospital."""
    left = {name: roles for name, roles in account.grants.items() if name != hospital}
    return msgspec.structs.replace(account, grants=left)


def view(account: Account, scope: str | None, locked_until: int, password: str | None = None) -> UserView:
    """Somebody, with as much of other hospitals as whoever asks may see."""
    seen = {hospital: roles for hospital, roles in account.grants.items() if roles and scope in (None, hospital)}
    return UserView(
        name=account.name,
        shown=account.shown,
        roles=in_order(frozenset(role for roles in seen.values() for role in roles)),
        hospitals=[HospitalRoles(hospital, in_order(roles)) for hospital, roles in sorted(seen.items())],
        signs_in_by="password" if account.issuer is None else "oidc",
        disabled=account.disabled,
        locked_until=moment(locked_until) if locked_until else None,
        added_at=moment(account.added),
        changed_at=moment(account.changed),
        password=password,
    )


def problem_of(refused: Refused) -> Problem:
    """A rule's refusal on the wire."""
    if refused.code == "network_everywhere":
        return invalid("roles", refused.detail)
    return Problem(refused.code, refused.detail, rule=refused.rule)
