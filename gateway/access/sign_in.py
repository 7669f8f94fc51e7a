"""The desk of sessions: who asks, signing in and out, another hospital, another password.

One answer for every reason why somebody is not let in, and one time for it, so that nobody learns which names there
are. Knows accounts, sessions and cookies; how passwords are hashed and how callers are recognised others know.
"""

from __future__ import annotations

from functools import partial
from typing import Final, Protocol

from engine.calendar import moment
from engine.eventlog.entry import Principal
from gateway.access.accounts import SECOND, Account, Accounts, Attempt, in_order
from gateway.access.cookies import Cookies
from gateway.access.endpoint import Done, Handlers
from gateway.access.guard import Guard
from gateway.access.names import OF_PEOPLE, WHOLE_NETWORK
from gateway.access.notes import What
from gateway.access.passwords import Passwords, WeakPassword, check_password
from gateway.access.requests import (
    ChangePassword,
    GetSession,
    GetSignInWays,
    HospitalRoles,
    ProviderWay,
    SessionView,
    SignIn,
    SignInWays,
    SignOut,
    SwitchHospital,
)
from gateway.access.sessions import Changed, Known, Session, Sessions, hospital_of
from gateway.auth import Caller, unauthenticated
from gateway.call import Call
from gateway.problems import NO_CONTENT, SUCCESS, Problem, invalid, not_found

OF_OUR_PAGES: Final = (b"same-origin", b"none")


class Says(Protocol):
    """Whoever writes down what happens at the door."""

    def say(self, hospital: str, who: Principal, what: What, **facts: str) -> None:
        """Note what happened."""


class Recognition:
    """``GET /session`` and the ways in: there is something to say of these with any configuration."""

    def __init__(self, guard: Guard, *, password: bool = False, provider: ProviderWay | None = None) -> None:
        self._guard = guard
        self._ways = SignInWays(password, provider)

    def handlers(self) -> Handlers:
        """What is answered here."""
        return {GetSession: self._who, GetSignInWays: self._how}

    async def _who(self, asked: GetSession, call: Call) -> Done:
        caller = self._guard.recognise(call)
        if caller is None:
            raise unauthenticated("Nobody is signed in.")
        return Done(self.view(caller, call))

    async def _how(self, asked: GetSignInWays, call: Call) -> Done:
        return Done(self._ways)

    def view(self, caller: Caller, call: Call) -> SessionView:
        """Who asks, where no session says more."""
        hospital = caller.fallback or caller.hospital
        if caller.hospital == WHOLE_NETWORK and b"hospital-id" in call.headers:
            hospital = caller.hospital_of(call.headers)
        roles = in_order(caller.roles)
        return SessionView(
            kind="key" if caller.kind == "visitor" else caller.kind,
            name=caller.name.removeprefix(OF_PEOPLE) if caller.kind == "session" else caller.name,
            shown=caller.shown or caller.name,
            roles=roles,
            hospital=hospital,
            hospitals=[HospitalRoles(hospital, roles)],
            csrf=caller.csrf,
        )


class SessionDesk(Recognition):
    """The same where people have accounts."""

    def __init__(
        self, guard: Guard, accounts: Accounts, sessions: Sessions, passwords: Passwords, cookies: Cookies,
        notes: Says, *, provider: ProviderWay | None = None,
    ) -> None:  # fmt: skip
        super().__init__(guard, password=True, provider=provider)
        self._accounts = accounts
        self._sessions = sessions
        self._passwords = passwords
        self._cookies = cookies
        self._notes = notes
        self._run = accounts.file.run

    def handlers(self) -> Handlers:
        """What is answered here."""
        return {
            **super().handlers(),
            SignIn: self._sign_in,
            SwitchHospital: self._switch,
            SignOut: self._sign_out,
            ChangePassword: self._change_password,
        }

    def view(self, caller: Caller, call: Call) -> SessionView:
        """Who asks; of a session, with all hospitals that it could go on in."""
        if caller.kind != "session":
            return super().view(caller, call)
        known = self._sessions.known(call.headers)
        return view_of(known.account, known.session, caller)

    async def _sign_in(self, asked: SignIn, call: Call) -> Done:
        from_our_page(call)
        with self._passwords.turn():
            account, hospital = await self._judged(asked, call)
        begun = await self.begin(account, hospital, call)
        self._guard.welcome(call)
        self._notes.say(named(hospital), person(account.name, call), "signed_in", by="password")
        return begun

    async def _judged(self, asked: SignIn, call: Call) -> tuple[Account, str]:
        """Whose name and password these are, and where the session begins; a ``Problem`` for all others."""
        attempt = await self._run(partial(self._accounts.attempt, asked.name.strip().casefold()))
        if attempt.locked_until:
            raise too_many_attempts(attempt.locked_until - self._accounts.now())
        account = attempt.account
        kept = None if account is None or account.disabled else account.hash
        right = await self._passwords.check(kept, asked.password)
        hospital = None if account is None else hospital_of(account, asked.hospital)
        if not right or account is None or hospital is None or kept is None:
            self._note_failure(attempt, asked.hospital or "", call)
            raise sign_in_failed()
        if self._passwords.outdated(kept):
            made = await self._passwords.hashed(asked.password)
            account = await self._run(partial(self._accounts.strengthen, account, made))
        return account, hospital

    async def begin(self, account: Account, hospital: str, call: Call) -> Done:
        """A session for somebody who has proved who he or she is; the one that the browser had is over."""
        secret, session = self._sessions.fresh(account.name, hospital)
        try:
            await self._run(partial(self._sessions.begin, account, session))
        except Changed:
            raise sign_in_failed() from None
        try:
            former: Session | None = self._sessions.known(call.headers).session
        except Problem:
            former = None
        if former is not None:
            await self._run(partial(self._sessions.end, former))
            self._sessions.forget_one(former.digest)
        shown = view_of(account, session, None)
        return Done(shown, SUCCESS["created"], (self._cookies.session(call, secret),))

    async def _switch(self, asked: SwitchHospital, call: Call) -> Done:
        known = self._session(call)
        if hospital_of(known.account, asked.hospital) is None:
            raise not_found()
        return await self._renewed(known.account, known.session, asked.hospital, call)

    async def _sign_out(self, asked: SignOut, call: Call) -> Done:
        known = self._session(call)
        await self._run(partial(self._sessions.end, known.session))
        self._sessions.forget_one(known.session.digest)
        who = person(known.account.name, call)
        self._notes.say(named(known.session.hospital), who, "signed_out")
        return Done(None, NO_CONTENT, self._cookies.no_session(call))

    async def _change_password(self, asked: ChangePassword, call: Call) -> Done:
        known = self._session(call)
        account = known.account
        if account.hash is None:
            raise Problem("no_password", "This account signs in elsewhere.")
        check_new(asked.new, account.name, "new")
        with self._passwords.turn():
            attempt = await self._run(partial(self._accounts.attempt, account.name))
            if attempt.locked_until:
                raise too_many_attempts(attempt.locked_until - self._accounts.now())
            if not await self._passwords.check(account.hash, asked.old):
                self._note_failure(attempt, known.session.hospital, call)
                raise invalid("old", "is not the password")
            made = await self._passwords.hashed(asked.new)
        secret, session = self._sessions.fresh(account.name, known.session.hospital, known.session)
        changing = partial(self._sessions.change_hash, known.session, session, account, made)
        try:
            account = await self._run(changing)
        except Changed:
            raise unauthenticated("This session has ended: sign in again.") from None
        self._sessions.forget()
        who = person(account.name, call)
        self._notes.say(named(session.hospital), who, "password_changed", by="oneself")
        return Done(view_of(account, session, None), headers=(self._cookies.session(call, secret),))

    async def _renewed(self, account: Account, session: Session, hospital: str, call: Call) -> Done:
        secret, renewed = self._sessions.fresh(account.name, hospital, session)
        try:
            await self._run(partial(self._sessions.renew, session, renewed))
        except Changed:
            raise unauthenticated("This session has ended: sign in again.") from None
        self._sessions.forget_one(session.digest)
        return Done(view_of(account, renewed, None), headers=(self._cookies.session(call, secret),))

    def _session(self, call: Call) -> Known:
        assert call.caller is not None
        if call.caller.kind != "session":
            raise Problem("no_session", "Whoever asks here has not signed in.")
        return self._sessions.known(call.headers)

    def _note_failure(self, attempt: Attempt, hospital: str, call: Call) -> None:
        """Under the account's name if there is one: what else was typed might have been a password."""
        account = attempt.account
        who = Principal("", source=call.source, request_id=call.request_id)
        if account is not None:
            who = person(account.name, call)
            hospital = hospital_of(account, None) or ""
        self._notes.say(named(hospital), who, "sign_in_failed")
        if attempt.last:
            self._notes.say(named(hospital), who, "locked_out")


def view_of(account: Account, session: Session, caller: Caller | None) -> SessionView:
    """A session, as its owner sees it."""
    own = sorted(account.grants)
    return SessionView(
        kind="session",
        name=account.name,
        shown=account.shown or account.name,
        roles=in_order(caller.roles if caller is not None else account.roles_in(session.hospital)),
        hospital=session.hospital,
        hospitals=[HospitalRoles(hospital, in_order(account.roles_in(hospital))) for hospital in own],
        csrf=session.csrf,
        until=moment(session.until),
    )


def from_our_page(call: Call) -> None:
    """Whether a page of ours asks, where a browser says so: another's must not sign somebody in under its own name."""
    if call.headers.get(b"sec-fetch-site", b"same-origin") not in OF_OUR_PAGES:
        raise Problem("forbidden", "This was asked by a page of elsewhere.")


def check_new(password: str, name: str, field: str) -> None:
    """A password that somebody chose, under the name of its field."""
    try:
        check_password(password, name)
    except WeakPassword as weak:
        raise invalid(field, str(weak)) from None


def person(name: str, call: Call) -> Principal:
    """Somebody with an account, as the log names people."""
    return Principal(OF_PEOPLE + name, source=call.source, request_id=call.request_id)


def named(hospital: str) -> str:
    """A hospital to stand with in the log; none for the whole network."""
    return "" if hospital == WHOLE_NETWORK else hospital


def sign_in_failed() -> Problem:
    """The one answer for every reason."""
    return Problem(
        "sign_in_failed", "Name or password is not right.", headers={"WWW-Authenticate": 'Bearer realm="matron"'}
    )


def too_many_attempts(left: int) -> Problem:
    """So many failures by this name that nobody gets in by it for a while."""
    seconds = max(1, -(-left // SECOND))
    detail = "Too many attempts by this name: wait, or have an administrator unlock it."
    return Problem("too_many_attempts", detail, headers={"Retry-After": str(seconds)})
