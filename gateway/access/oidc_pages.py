"""The two pages of signing in elsewhere: the way out to the provider, and the way back with what it says.

The browser keeps the attempt in a cookie of its own for ten minutes, and loses it on the way back whatever comes of
it: a way back is good once. Knows cookies, accounts and sessions; what a provider's word means ``oidc.py`` knows.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Final

import trio
from starlette.responses import Response

from engine.clock import Clock
from engine.eventlog.entry import Principal
from gateway.access.accounts import Accounts
from gateway.access.cookies import Cookies
from gateway.access.oidc import Flow, NoRoles, NotAccepted, Provider, mark
from gateway.access.sessions import Sessions, drawn, hospital_of
from gateway.access.sign_in import Says, SessionDesk, named, person
from gateway.call import Call, Endpoint
from gateway.endpoints import Page
from gateway.problems import SEE_OTHER, Problem
from gateway.shapes import parameters

WAY_OUT: Final = "/sign-in/oidc"
WAY_BACK: Final = "/sign-in/oidc/callback"
HOME: Final = "/"

PATIENCE: Final = 9.0
"""Seconds for all that is asked of the provider."""

log = logging.getLogger("matron.access")


class ProviderPages:
    """Both pages."""

    def __init__(
        self, provider: Provider, desk: SessionDesk, accounts: Accounts, sessions: Sessions, cookies: Cookies,
        notes: Says, clock: Clock,
    ) -> None:  # fmt: skip
        self._provider = provider
        self._desk = desk
        self._accounts = accounts
        self._sessions = sessions
        self._cookies = cookies
        self._notes = notes
        self._clock = clock

    def endpoints(self) -> Mapping[str, Endpoint]:
        """The pages by path."""
        return {WAY_OUT: Page(WAY_OUT, self._way_out), WAY_BACK: Page(WAY_BACK, self._way_back)}

    async def _way_out(self, call: Call) -> Response:
        flow = Flow(drawn(self._clock, 32), drawn(self._clock, 32), drawn(self._clock, 48))
        try:
            with trio.fail_after(PATIENCE):
                address = await self._provider.way_in(flow)
        except (NotAccepted, trio.TooSlowError) as error:
            log.error("nobody can sign in at the provider: %s", str(error) or "it is too slow")
            return sent_to(f"{HOME}?sign_in=unavailable")
        return sent_to(address, self._cookies.flow(call, flow.text))

    async def _way_back(self, call: Call) -> Response:
        gone = self._cookies.no_flow(call)
        try:
            with trio.fail_after(PATIENCE):
                done = await self._arrived(call)
        except (NotAccepted, Problem, trio.TooSlowError) as error:
            log.warning("somebody who came back from the provider was not let in: %s", str(error) or "it is too slow")
            nobody = Principal("", source=call.source, request_id=call.request_id)
            self._notes.say("", nobody, "sign_in_failed", by="oidc")
            return sent_to(f"{HOME}?sign_in={'no_access' if isinstance(error, NoRoles) else 'failed'}", gone)
        return sent_to(HOME, gone, *done)

    async def _arrived(self, call: Call) -> tuple[tuple[bytes, bytes], ...]:
        """The cookies of whoever came back; ``NotAccepted``, or the desk's ``Problem``, for everybody else."""
        flow = Flow.of(self._cookies.flow_of(call))
        if flow is None:
            raise NotAccepted("this browser was not sent, or has come back before")
        said = await self._provider.person(flow, parameters(call.scope["query_string"]))
        arriving = partial(self._accounts.arrive, said, mark(said.issuer or "", said.subject or ""))
        account = await self._accounts.file.run(arriving)
        self._sessions.forget()
        hospital = hospital_of(account, None)
        if account.disabled or hospital is None:
            raise NotAccepted("the account is disabled")
        done = await self._desk.begin(account, hospital, call)
        self._notes.say(named(hospital), person(account.name, call), "signed_in", by="oidc")
        return done.headers


def sent_to(address: str, *headers: tuple[bytes, bytes]) -> Response:
    """A browser goes on there."""
    said = {"Location": address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    made = Response(None, SEE_OTHER, said)
    made.raw_headers.extend(headers)
    return made
