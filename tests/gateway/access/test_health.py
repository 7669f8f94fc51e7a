"""How the door is doing: told to those who look after it, with what failed and without whose it is."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from gateway.access.keys import add_key
from gateway.access.opening import AccessUnusable, open_access
from gateway.access.settings import AccessSettings
from gateway.app import create_app
from gateway.config import Config
from tests.gateway.access.issuer import AUDIENCE, ISSUER, jwk, pem
from tests.gateway.surface import ScriptedEngine


async def test_an_administrator_sees_how_the_keys_of_tokens_are_doing_and_a_clerk_does_not(tmp_path: Path):
    own = tmp_path / "own.pem"
    own.write_bytes(pem())
    keys = tmp_path / "keys.toml"
    admin, clerk = add_key(keys, "office", ["admin"], "main"), add_key(keys, "desk", ["clerk"], "main")
    said = AccessSettings(
        token_keys=str(own), jwks_url="https://people.example/keys", issuer=ISSUER, audience=AUDIENCE
    )  # fmt: skip
    access, engine = open_access(Config(keys=str(keys), access=said)), ScriptedEngine()
    app = create_app(engine, access.guard(engine), engine.page, access=access)  # type: ignore[arg-type]
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://matron") as client:
        shown = await client.get("/health/access", headers={"X-API-Key": admin})
        refused = [
            (await client.get("/health/access", headers=headers)).status_code for headers in ({"X-API-Key": clerk}, {})
        ]
    assert shown.json() == {
        "token_keys": {"keys": 1, "published": {"fetched_at": None, "failure": None}}, "notes_dropped": 0,
    }  # fmt: skip
    assert refused == [403, 401]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"token_keys": "own.pem"}, "access.issuer and access.audience"),
        ({"token_keys": "own.pem", "issuer": ISSUER}, "access.issuer and access.audience"),
        ({"token_keys": "nothing", "issuer": ISSUER, "audience": AUDIENCE}, "cannot be read"),
        ({"jwks_url": "https://user@people.example", "issuer": ISSUER, "audience": AUDIENCE}, "access.jwks_url"),
        ({"token_keys": "own.pem", "issuer": ISSUER, "audience": AUDIENCE, "ca_file": "nothing"}, "access.ca_file"),
    ],
)
def test_tokens_that_could_not_be_believed_do_not_start(tmp_path: Path, said: dict[str, str], why: str):
    (tmp_path / "own.pem").write_bytes(pem())
    files = {
        name: str(tmp_path / value) if name in ("token_keys", "ca_file") else value for name, value in said.items()
    }
    with pytest.raises(AccessUnusable, match=why):
        open_access(Config(access=AccessSettings(**files)))  # type: ignore[arg-type]


def test_tokens_alone_are_enough_to_start(tmp_path: Path):
    own = tmp_path / "keys.json"
    own.write_text(str(jwk()).replace("'", '"'))
    said = AccessSettings(token_keys=str(own), issuer=ISSUER, audience=AUDIENCE)
    access = open_access(Config(access=said))
    assert access.keys is None
    assert access.document()["token_keys"] == {"keys": 1}


def test_nothing_at_all_is_refused_with_what_to_do():
    with pytest.raises(AccessUnusable, match="matron keys add"):
        open_access(Config())
