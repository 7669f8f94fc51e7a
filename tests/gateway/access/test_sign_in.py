"""Signing in and out over HTTP: cookies, tokens against foreign pages, locks, and one answer for every reason."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import msgspec
import pytest
import trio
from argon2 import PasswordHasher

from gateway.auth import Nobody
from gateway.routes.row import ROLES
from tests.gateway.access.people import ANA, API, BOSS, BOTH, OTHER, ROOT, SECRET, door
from tests.gateway.surface import As, ScriptedEngine, client_of

MINUTE = 60.0


async def test_whoever_signs_in_is_told_who_he_is_and_what_he_may_do(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        browser = there.browser()
        answer = await browser.sign_in("ana")
        assert answer.status_code == 201
        said = answer.json()
        assert (said["kind"], said["name"], said["shown"]) == ("session", "ana", "Ana Lopes")
        assert (said["roles"], said["hospital"]) == (["clerk", "clinician"], "main")
        assert said["hospitals"] == [{"id": "main", "roles": ["clerk", "clinician"]}]
        assert len(said["csrf"]) >= 24
        again = (await browser.ask("GET", "/session/")).json()
        assert again == said
        assert answer.headers["cache-control"] == "no-store"


async def test_the_engine_is_asked_under_the_name_of_the_person(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        browser = await there.signed_in("ana")
        assert (await browser.ask("GET", "/policy/")).status_code == 200
        hospital, _, who, _, _ = there.engine.asked[-1]
        assert (hospital, who.name, who.role) == ("main", "user:ana", "clerk+clinician")
        assert (await browser.ask("PUT", "/policy/", {})).status_code == 403


@pytest.mark.parametrize(
    ("name", "password", "more"),
    [("ana", OTHER, {}), ("nobody", SECRET, {}), ("gone", SECRET, {}), ("ana", SECRET, {"hospital": "north"}),
     ("elsewhere", SECRET, {}), ("nothing", SECRET, {})],
)  # fmt: skip
async def test_every_reason_not_to_let_somebody_in_gets_the_same_answer(tmp_path, mock_clock, name, password, more):
    gone = msgspec.structs.replace(ANA, name="gone", disabled=True)
    elsewhere = msgspec.structs.replace(ANA, name="elsewhere", issuer="https://id.example", subject="1")
    nothing = msgspec.structs.replace(ANA, name="nothing", grants={})
    async with door(tmp_path, mock_clock, ANA, BOSS, gone, elsewhere, nothing) as there:
        browser = there.browser()
        answer = await browser.sign_in(name, password, **more)
        assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_failed")
        assert answer.json()["detail"] == "Name or password is not right."
        assert "set-cookie" not in answer.headers


async def test_names_are_known_in_capitals_and_passwords_are_not(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        assert (await there.browser().sign_in(" ANA ")).status_code == 201
        assert (await there.browser().sign_in("ana", SECRET.upper())).status_code == 401


async def test_over_tls_no_other_host_and_no_other_path_can_set_the_cookie(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        said = (await there.browser().sign_in("ana")).headers["set-cookie"]
        assert said.startswith("__Host-matron_session=")
        assert said.endswith("; Path=/; HttpOnly; SameSite=Strict; Secure")
        plain = (await there.browser("http").sign_in("ana")).headers["set-cookie"]
        assert plain.startswith("matron_session=")
        assert plain.endswith("; Path=/; HttpOnly; SameSite=Strict")


@pytest.mark.parametrize(
    ("setting", "scheme", "forwarded", "secure"),
    [("auto", "http", "https", False), ("always", "http", "", True), ("never", "https", "", False)],
)
async def test_the_cookie_is_kept_to_tls_as_configured(tmp_path, mock_clock, setting, scheme, forwarded, secure):
    async with door(tmp_path, mock_clock, secure_cookie=setting) as there:
        browser = there.browser(scheme)
        answer = await browser.ask(
            "POST", "/session/", {"name": "ana", "password": SECRET}, X_Forwarded_Proto=forwarded or "http"
        )
        assert answer.headers["set-cookie"].startswith("__Host-") == secure


@pytest.mark.parametrize(
    ("proxies", "said", "secure"),
    [
        (["10.0.0.0/8"], "https", True),
        (["10.0.0.0/8"], "http", False),
        (["10.0.0.7"], "https", True),
        (["10.0.0.8", "unix"], "https", False),
    ],
)
async def test_the_word_of_a_proxy_that_is_trusted_counts_and_no_other(tmp_path, mock_clock, proxies, said, secure):
    async with door(tmp_path, mock_clock, proxies=proxies) as there:
        form = {"name": "ana", "password": SECRET}
        answer = await there.browser("http").ask("POST", "/session/", form, X_Forwarded_Proto=said)
        assert answer.headers["set-cookie"].startswith("__Host-") == secure


async def test_with_secure_cookies_always_the_plain_one_is_nobody_s(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock, secure_cookie="always") as there:
        browser = await there.signed_in("ana")
        (secret,) = browser.cookies.values()
        other = there.browser()
        other.client.cookies.set("matron_session", secret)
        assert (await other.ask("GET", "/session/")).status_code == 401
        assert (await browser.ask("GET", "/session/")).status_code == 200


class Counting(PasswordHasher):
    """Counts what it is asked, and whether the event loop had to wait for it."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.calls = 0
        self.on_the_loop = False

    def hash(self, *asked: Any, **more: Any) -> str:
        self._note()
        return super().hash(*asked, **more)

    def verify(self, *asked: Any) -> Any:
        self._note()
        return super().verify(*asked)

    def _note(self) -> None:
        self.calls += 1
        self.on_the_loop |= trio.lowlevel.in_trio_run()


async def test_a_name_that_nobody_has_costs_as_much_work_as_one_that_somebody_has(tmp_path, mock_clock):
    gone = msgspec.structs.replace(ANA, name="gone", disabled=True)
    elsewhere = msgspec.structs.replace(ANA, name="elsewhere", issuer="https://id.example", subject="1")
    async with door(tmp_path, mock_clock, ANA, BOSS, gone, elsewhere) as there:
        counting = Counting()
        there.people.passwords._hasher = counting
        work = {}
        for name in ("ana", "nobody", "gone", "elsewhere"):
            before = counting.calls
            await there.browser().sign_in(name, OTHER)
            work[name] = counting.calls - before
        assert set(work.values()) == {1}
        assert not counting.on_the_loop


async def test_the_file_has_neither_the_cookie_nor_the_password(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        browser = await there.signed_in("ana")
        (cookie,) = browser.cookies.values()
        assert len(cookie) == 43
        held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert cookie.encode() not in held
        assert SECRET.encode() not in held
        assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())


async def test_a_write_without_the_token_is_another_page_s(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        browser = await there.signed_in("boss")
        token, browser.csrf = browser.csrf, ""
        assert (await browser.ask("PUT", "/policy/", {})).json()["code"] == "forbidden"
        assert (await browser.ask("PUT", "/policy/", {}, X_CSRF_Token="x" * 24)).status_code == 403
        assert (await browser.ask("DELETE", "/session/")).status_code == 403
        browser.csrf = token
        assert (await browser.ask("PUT", "/policy/", {}, Sec_Fetch_Site="cross-site")).status_code == 403
        assert (await browser.ask("PUT", "/policy/", {})).status_code == 200


async def test_no_foreign_page_signs_somebody_in_under_its_own_name(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        browser = there.browser()
        form = {"name": "ana", "password": SECRET}
        assert (await browser.ask("POST", "/session/", form, Sec_Fetch_Site="cross-site")).status_code == 403
        plain = await browser.client.post(f"{API}/session/", content='{"name": "ana", "password": "x"}')
        assert plain.status_code == 415  # what a form of another page could send


async def test_signing_in_again_ends_the_session_that_the_browser_had(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        browser = await there.signed_in("ana")
        before = dict(browser.client.cookies)
        assert (await browser.sign_in("boss")).json()["name"] == "boss"
        assert dict(browser.client.cookies) != before
        other = there.browser()
        other.client.cookies.update(before)
        assert (await other.ask("GET", "/session/")).status_code == 401


async def test_signing_out_ends_the_session_and_takes_the_cookie_away(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        browser = await there.signed_in("ana")
        kept = dict(browser.client.cookies)
        answer = await browser.ask("DELETE", "/session/")
        assert (answer.status_code, answer.content) == (204, b"")
        assert browser.cookies == {}
        browser.client.cookies.update(kept)
        assert (await browser.ask("GET", "/policy/")).json()["code"] == "unauthenticated"
        assert there.heard.whats == ["signed_in", "signed_out"]


async def test_a_session_ends_when_nobody_is_there_and_in_any_case(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock, idle_minutes=30, session_minutes=100) as there:
        browser, idle = await there.signed_in("ana"), await there.signed_in("ana")
        for _ in range(4):
            mock_clock.jump(24 * MINUTE)
            assert (await browser.ask("GET", "/policy/")).status_code == 200
        mock_clock.jump(4 * MINUTE)
        assert (await browser.ask("GET", "/policy/")).status_code == 401
        assert (await idle.ask("GET", "/session/")).status_code == 401


async def test_following_a_stream_is_no_sign_of_somebody_who_is_there(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock, idle_minutes=30) as there:
        browser = await there.signed_in("ana")
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items()).encode()
        for _ in range(2):
            mock_clock.jump(15 * MINUTE - 1)
            following = {b"cookie": cookie, b"accept": b"text/event-stream"}
            assert there.people.sessions.caller(following).name == "user:ana"
        mock_clock.jump(2)
        assert (await browser.ask("GET", "/policy/")).status_code == 401


async def test_five_failures_lock_a_name_whether_it_is_known_or_not(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        for name in ("ana", "nobody"):
            browser = there.browser()
            for _ in range(5):
                assert (await browser.sign_in(name, OTHER)).status_code == 401
            locked = await browser.sign_in(name)
            assert (locked.status_code, locked.json()["code"]) == (429, "too_many_attempts")
            assert 1 <= int(locked.headers["retry-after"]) <= 900
        assert there.heard.whats.count("locked_out") == 2
        mock_clock.jump(15 * MINUTE + 1)
        assert (await there.browser().sign_in("ana")).status_code == 201


async def test_failures_that_are_far_apart_lock_nobody(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        for _ in range(7):
            assert (await there.browser().sign_in("ana", OTHER)).status_code == 401
            mock_clock.jump(4 * MINUTE)
        assert (await there.browser().sign_in("ana")).status_code == 201


async def test_who_signs_in_forgets_the_failures_before(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        for _ in range(2):
            for _ in range(4):
                await there.browser().sign_in("ana", OTHER)
            assert (await there.browser().sign_in("ana")).status_code == 201


async def test_a_lock_leaves_those_who_are_in_alone(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        browser = await there.signed_in("ana")
        for _ in range(6):
            await there.browser().sign_in("ana", OTHER)
        assert (await browser.ask("GET", "/policy/")).status_code == 200


async def test_whoever_has_two_hospitals_goes_from_one_to_the_other_under_another_cookie(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        browser = await there.signed_in("both")
        before, token = dict(browser.client.cookies), browser.csrf
        answer = await browser.ask("PUT", "/session/", {"hospital": "north"})
        assert (answer.json()["hospital"], answer.json()["roles"]) == ("north", ["auditor"])
        assert {each["id"] for each in answer.json()["hospitals"]} == {"main", "north"}
        assert dict(browser.client.cookies) != before
        assert browser.csrf != token
        await browser.ask("GET", "/policy/")
        assert there.engine.asked[-1][0] == "north"
        former = there.browser()
        former.client.cookies.update(before)
        assert (await former.ask("GET", "/session/")).status_code == 401
        assert (await browser.ask("PUT", "/session/", {"hospital": "south"})).status_code == 404
        assert (await browser.ask("GET", "/policy/", None, Hospital_Id="main")).status_code == 404


async def test_a_session_begins_in_the_hospital_that_is_named(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        assert (await there.browser().sign_in("both", hospital="north")).json()["roles"] == ["auditor"]
        said = (await there.browser().sign_in("root", hospital="north")).json()
        assert (said["hospital"], said["roles"]) == ("north", ["network"])
        assert (await there.browser().sign_in("root")).json()["hospital"] == "*"


async def test_another_password_ends_all_other_sessions_of_its_owner(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        here, elsewhere, boss = [await there.signed_in(name) for name in ("ana", "ana", "boss")]
        wrong = await here.ask("POST", "/session/password/", {"old": OTHER, "new": OTHER})
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "old")
        weak = await here.ask("POST", "/session/password/", {"old": SECRET, "new": "password1234"})
        assert (weak.status_code, weak.json()["errors"][0]["field"]) == (422, "new")
        answer = await here.ask("POST", "/session/password/", {"old": SECRET, "new": OTHER})
        assert answer.status_code == 200
        assert (await here.ask("GET", "/policy/")).status_code == 200
        assert (await elsewhere.ask("GET", "/policy/")).status_code == 401
        assert (await boss.ask("GET", "/policy/")).status_code == 200
        assert (await there.browser().sign_in("ana")).status_code == 401
        assert (await there.browser().sign_in("ana", OTHER)).status_code == 201


async def test_a_key_has_no_session_to_sign_out_of(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock, ANA, BOSS, BOTH, ROOT) as there:
        browser = there.browser()
        assert (await browser.ask("GET", "/session/")).status_code == 401
        assert (await browser.ask("DELETE", "/session/")).status_code == 401
        ways = (await browser.ask("GET", "/session/ways/")).json()
        assert ways == {"password": True, "oidc": None}


@pytest.mark.parametrize(
    ("caller", "said"),
    [
        (As("clerk", "auditor", name="desk"), ("key", "desk", ["clerk", "auditor"], "main", "main")),
        (As("network", hospital="*", name="all"), ("key", "all", ["network"], "*", "*")),
        (Nobody(), ("dev", "developer", list(ROLES), "main", "main")),
    ],
)
async def test_a_key_and_nobody_at_all_are_told_who_they_are_too(caller, said):
    async with client_of(ScriptedEngine(), caller) as client:
        answer = (await client.get(f"{API}/session/")).json()
        kind, name, roles, hospital, own = said
        assert (answer["kind"], answer["name"], answer["roles"], answer["hospital"]) == (kind, name, roles, hospital)
        assert answer["hospitals"] == [{"id": own, "roles": roles}]
        assert (answer["csrf"], answer["until"], answer["break_glass"]) == ("", None, False)
        assert (await client.get(f"{API}/session/ways/")).json() == {"password": False, "oidc": None}
        refused = await client.post(f"{API}/session/", json={"name": "ana", "password": SECRET})
        assert (refused.status_code, refused.json()["code"]) == (409, "not_set_up")


async def test_a_file_that_another_holds_costs_an_answer_and_no_fault(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        browser = await there.signed_in("ana")
        there.people.file._writer.execute("PRAGMA busy_timeout = 0")
        with closing(sqlite3.connect(there.people.file.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            answer = await there.browser().sign_in("ana")
            assert (answer.status_code, answer.json()["code"]) == (503, "accounts_unreadable")
            assert answer.headers["retry-after"] == "1"
            assert (await browser.ask("GET", "/policy/")).status_code == 200  # who is in stays in
            other.execute("ROLLBACK")
        assert (await there.browser().sign_in("ana")).status_code == 201


async def test_only_so_many_sign_in_at_once(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        passwords: Any = there.people.passwords
        passwords._here = passwords._most
        answer = await there.browser().sign_in("ana")
        assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "busy", "1")
        passwords._here = 0
        assert (await there.browser().sign_in("ana")).status_code == 201
