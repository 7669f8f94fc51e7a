"""Signing in at a provider (OpenID Connect), over real sockets, and everything with which it can be fooled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import msgspec
import pytest

from gateway.access.accounts import Account
from gateway.access.oidc import grants_of
from gateway.access.opening import AccessUnusable, open_access
from gateway.access.settings import AccessSettings
from gateway.config import Config
from tests.gateway.access.issuer import jwk, private
from tests.gateway.access.people import BOSS, Browser, Door, Mocked, door
from tests.gateway.access.provider import CLIENT, CLIENT_SECRET, REDIRECT, Provider, providing

OUT, BACK = "/sign-in/oidc", "/sign-in/oidc/callback"


@asynccontextmanager
async def house(tmp_path: Path, mock_clock: Any, *people: Account, **more: Any) -> AsyncIterator[tuple[Door, Provider]]:
    """A gateway, and a provider whom it trusts."""
    secret = tmp_path / "secret"
    secret.write_text(CLIENT_SECRET + "\n")
    secret.chmod(0o600)
    (tmp_path / "certificates").mkdir()
    provider = Provider(lambda: Mocked(mock_clock).wall() // 1_000_000)
    async with providing(tmp_path / "certificates", provider):
        settings = {
            "oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_client_secret_file": str(secret),
            "oidc_redirect": REDIRECT, "oidc_label": "Hospital login", "ca_file": provider.trusted, **more,
        }  # fmt: skip
        async with door(tmp_path, mock_clock, *(people or (BOSS,)), **settings) as there:
            yield there, provider


async def went_out(browser: Browser) -> str:
    """The address of the provider to which a browser is sent."""
    answer = await browser.client.get(OUT)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def came_back(browser: Browser, said: dict[str, str]) -> httpx2.Response:
    return await browser.client.get(f"{BACK}?{urlencode(said)}")


async def through(there: Door, provider: Provider) -> tuple[Browser, httpx2.Response]:
    """All of it: out, signed in there, and back."""
    browser = there.browser()
    return browser, await came_back(browser, provider.sign_in(await went_out(browser)))


def refused(answer: httpx2.Response, why: str = "failed") -> bool:
    """Whether the browser was sent home without a session."""
    assert (answer.status_code, answer.headers["location"]) == (303, f"/?sign_in={why}")
    return not any("matron_session" in cookie for cookie in answer.headers.get_list("set-cookie"))


async def test_whoever_the_provider_knows_has_the_same_session_as_everybody(tmp_path, mock_clock):
    async with house(tmp_path, mock_clock) as (there, provider):
        assert (await there.browser().ask("GET", "/session/ways/")).json() == {
            "password": True, "oidc": {"label": "Hospital login", "path": OUT},
        }  # fmt: skip
        browser, answer = await through(there, provider)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        said = (await browser.ask("GET", "/session/")).json()
        assert (said["name"], said["shown"]) == ("eva.reis", "Eva Reis")
        assert (said["roles"], said["hospital"], said["kind"]) == (["clerk"], "main", "session")
        await browser.ask("GET", "/policy/")
        assert there.engine.asked[-1][2].name == "user:eva.reis"
        assert list(browser.cookies) == ["__Host-matron_session"]
        assert there.heard.notes == [("main", "user:eva.reis", "signed_in", {"by": "oidc"})]


async def test_the_cookie_of_an_attempt_comes_back_by_a_link_and_is_no_script_s(tmp_path, mock_clock):
    async with house(tmp_path, mock_clock) as (there, _):
        said = (await there.browser().client.get(OUT)).headers["set-cookie"]
        assert said.startswith("__Host-matron_flow=")
        assert said.endswith("; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=600")


async def test_the_provider_s_word_counts_each_time(tmp_path, mock_clock):
    async with house(tmp_path, mock_clock) as (there, provider):
        first, _ = await through(there, provider)
        provider.claims.update(roles={"main": ["clinician"], "north": ["auditor", "network"]}, name="Eva R.")
        browser, _ = await through(there, provider)
        said = (await browser.ask("GET", "/session/")).json()
        assert (said["name"], said["shown"], said["roles"]) == ("eva.reis", "Eva R.", ["clinician"])
        assert said["hospitals"][1] == {"id": "north", "roles": ["auditor"]}
        assert (await first.ask("GET", "/session/")).status_code == 401  # it had other roles


async def test_another_person_with_a_name_that_is_taken_gets_another_name(tmp_path, mock_clock):
    local = msgspec.structs.replace(BOSS, name="eva.reis")
    async with house(tmp_path, mock_clock, local) as (there, provider):
        browser, _ = await through(there, provider)
        said = (await browser.ask("GET", "/session/")).json()
        assert said["name"].startswith("eva.reis.")
        assert said["roles"] == ["clerk"]
        provider.claims["preferred_username"] = "Eva Reis of the desk"  # no name of ours
        provider.claims["sub"] = "another"
        other, _ = await through(there, provider)
        assert (await other.ask("GET", "/session/")).json()["name"].startswith("oidc-")


async def test_whoever_may_do_nothing_here_or_not_sign_in_any_more_is_told_so(tmp_path, mock_clock):
    async with house(tmp_path, mock_clock) as (there, provider):
        boss = await there.signed_in("boss")
        await through(there, provider)
        assert (await boss.ask("PUT", "/users/eva.reis/", {"disabled": True})).status_code == 200
        assert refused((await through(there, provider))[1])
        for claims in ({"roles": ["player"]}, {"hospital": "No Name"}, {"roles": None}, {"roles": ["network"]}):
            provider.claims.update({"sub": "other", "roles": ["clerk"], "hospital": "main", **claims})
            assert refused((await through(there, provider))[1], "no_access")


@pytest.mark.parametrize(
    "lies",
    [
        {"nonce": "another"}, {"nonce": None}, {"aud": "somebody else"}, {"aud": None}, {"iss": "https://other.example"},
        {"exp": 1}, {"exp": None}, {"sub": None}, {"sub": ""}, {"azp": "somebody else"},
        {"aud": [CLIENT, "somebody else"]}, {"nbf": 4_000_000_000},
    ],
)  # fmt: skip
async def test_a_token_that_is_not_for_this_attempt_lets_nobody_in(tmp_path, mock_clock, lies):
    async with house(tmp_path, mock_clock) as (there, provider):
        provider.lies = lies
        _, answer = await through(there, provider)
        assert refused(answer)
        assert there.heard.whats == ["sign_in_failed"]


async def test_a_token_of_another_key_lets_nobody_in_and_a_new_key_is_looked_for(tmp_path, mock_clock):
    async with house(tmp_path, mock_clock) as (there, provider):
        await through(there, provider)
        provider.key, provider.kid = private("Ed25519", 7), "b"
        assert refused((await through(there, provider))[1])  # keys were fetched less than a minute ago
        provider.published.append(jwk("Ed25519", 7, kid="b"))
        mock_clock.jump(61)
        assert (await through(there, provider))[1].headers["location"] == "/"
        provider.kid = "a"
        assert refused((await through(there, provider))[1])


async def test_a_way_back_that_this_browser_was_not_sent_on_leads_nowhere(tmp_path, mock_clock):
    async with house(tmp_path, mock_clock) as (there, provider):
        mine, theirs = there.browser(), there.browser()
        said = provider.sign_in(await went_out(mine))
        assert refused(await came_back(theirs, said))  # no attempt of its own
        await went_out(theirs)
        assert refused(await came_back(theirs, said))  # the state of another
        assert refused(await came_back(mine, {**said, "state": "x" * 43}))
        assert provider.asked.count("/token") == 0  # nothing was asked of the provider for any of them


async def test_a_code_is_good_once(tmp_path, mock_clock):
    async with house(tmp_path, mock_clock) as (there, provider):
        browser = there.browser()
        said = provider.sign_in(await went_out(browser))
        kept = dict(browser.client.cookies)
        assert (await came_back(browser, said)).headers["location"] == "/"
        again = there.browser()
        assert refused(await came_back(again, said))  # the cookie went with the first time
        again.client.cookies.update(kept)
        assert refused(await came_back(again, said))  # and the provider knows its codes


async def test_a_code_of_another_attempt_does_not_fit_the_verifier(tmp_path, mock_clock):
    async with house(tmp_path, mock_clock) as (there, provider):
        mine, theirs = there.browser(), there.browser()
        stolen = provider.sign_in(await went_out(mine))
        own = provider.sign_in(await went_out(theirs))
        assert refused(await came_back(theirs, {**own, "code": stolen["code"]}))


@pytest.mark.parametrize(
    "change", [{"iss": "https://other.example"}, {"error": "access_denied"}, {"code": ""}, {"more": "x" * 20_000}]
)
async def test_what_else_comes_back_lets_nobody_in(tmp_path, mock_clock, change):
    async with house(tmp_path, mock_clock) as (there, provider):
        browser = there.browser()
        said = provider.sign_in(await went_out(browser))
        if "more" not in change:
            assert refused(await came_back(browser, {**said, **change}))
        else:
            answer = await browser.client.get(f"{BACK}?code=a&code=b&{urlencode(said)}")
            assert refused(answer)


@pytest.mark.parametrize(
    "discovered",
    [{"issuer": "https://other.example"}, {"token_endpoint": "http://localhost/token"}, {"jwks_uri": None}],
)
async def test_a_provider_that_says_what_cannot_be_is_not_used(tmp_path, mock_clock, discovered):
    async with house(tmp_path, mock_clock) as (there, provider):
        provider.discovered = discovered
        answer = await there.browser().client.get(OUT)
        assert refused(answer, "unavailable")


async def test_a_provider_whose_certificate_nobody_vouches_for_is_not_used(tmp_path, mock_clock):
    async with house(tmp_path, mock_clock, ca_file=None) as (there, provider):
        assert refused(await there.browser().client.get(OUT), "unavailable")
        assert provider.asked == []


@pytest.mark.parametrize(
    ("roles", "hospitals", "grants"),
    [
        (["clerk", "clerk"], "main", {"main": ["clerk"]}),
        ("clerk auditor", ["main", "north", 7], {"main": ["auditor", "clerk"], "north": ["auditor", "clerk"]}),
        (["network"], "*", {"*": ["network"]}),
        (["network", "clerk"], "main", {"main": ["clerk"]}),
        ({"main": "clerk", "Bad Name": ["clerk"], "north": 7}, None, {"main": ["clerk"]}),
        (None, "main", {}),
        (["clerk"], {"main": True}, {}),
    ],
)
def test_claims_are_roles_by_hospital(roles, hospitals, grants):
    assert grants_of(roles, hospitals) == grants


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"oidc_client_id": ""}, "oidc_client_id"),
        ({"oidc_redirect": "http://matron/sign-in/oidc/callback"}, "https"),
        ({"oidc_client_secret_file": "nowhere"}, "nowhere"),
        ({"accounts": None}, "access.accounts"),
    ],
)
def test_what_is_half_configured_is_said_before_anybody_is_let_in(tmp_path, settings, said):
    whole: dict[str, Any] = {
        "accounts": str(tmp_path / "accounts.db"), "oidc_issuer": "https://id.example", "oidc_client_id": CLIENT,
        "oidc_redirect": REDIRECT,
    }  # fmt: skip
    assert open_access(Config(access=AccessSettings(**whole))).people is not None
    with pytest.raises(AccessUnusable, match=said):
        open_access(Config(keys=None, access=AccessSettings(**{**whole, **settings})))
