"""Streams of people who have signed in: by the cookie, only for pages of ours, and over with the session."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from engine.clock import SystemClock
from gateway.access import sessions as reading
from gateway.access.account_file import AccountFile
from gateway.access.accounts import Accounts
from gateway.access.credentials import Credentials
from gateway.access.sessions import Sessions
from gateway.streaming import websocket
from tests.gateway.access.people import ANA, BOSS
from tests.gateway.live import living_gateway


async def test_a_stream_ends_with_the_session_that_opened_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for checked in (websocket, reading):
        monkeypatch.setattr(checked, "RECHECK", 0.0)  # else it takes two seconds
    accounts = Accounts(AccountFile(tmp_path / "accounts.db"), SystemClock())
    for person in (ANA, BOSS):
        accounts.add(person)
    sessions = Sessions(accounts.file, accounts.clock)
    secret, session = sessions.fresh("ana", "main")
    sessions.begin(msgspec.structs.replace(ANA), session)
    async with living_gateway(auth=Credentials(None, None, sessions)) as place:
        cookie, topic = {"cookie": f"matron_session={secret}"}, f"slot:{place.here.slot}"
        ours = {**cookie, "origin": f"http://127.0.0.1:{place.port}"}
        for origin in ("https://elsewhere.example", "null", ""):
            status, said = await place.handshake(topic, headers={**ours, "origin": origin})
            assert (status, said["code"]) == (403, "forbidden")
        async with place.socket(topic, headers={**cookie, "origin": "http://127.0.0.1"}) as talk:
            assert (await talk.hear())["type"] == "snapshot"
            accounts.edit("ana", lambda account: msgspec.structs.replace(account, disabled=True))
            await place.here.change()
            assert [said["type"] for said in await talk.hear_all()] == ["closing"]  # nothing more is shown
            assert await talk.end() == 1008
        assert (await place.handshake(topic, headers=ours))[0] == 401
    accounts.file.close()
