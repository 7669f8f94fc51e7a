"""Headers of safety: on every answer, whatever it is and whatever went wrong."""

from __future__ import annotations

from trio.testing import MockClock

from gateway.access.rates import Limited, RateSettings
from tests.gateway.access.guarded import guarded
from tests.gateway.surface import As, ScriptedEngine, client_of

API = "default-src 'none'; frame-ancestors 'none'"
PROGRAMS = [
    ("GET", "/api/v1/doctors/", 200),
    ("GET", "/api/v1/nowhere", 404),
    ("POST", "/api/v1/doctors/", 422),
    ("DELETE", "/api/v1/doctors/", 405),
    ("GET", "/health/live", 200),
    ("GET", "/api/openapi.json", 200),
    ("POST", "/api/v1/batch", 415),
]
PAGES = ["/board/01890000-0000-7000-8000-000000000000", "/alerts", "/audit", "/api/docs", "/static/board/stream.js"]


async def test_what_programs_read_is_no_page_and_for_no_other_site() -> None:
    async with client_of(ScriptedEngine()) as client:
        for method, path, status in PROGRAMS:
            answer = await client.request(method, path)
            headers = answer.headers
            assert answer.status_code == status, path
            assert headers["content-security-policy"] == API
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cross-origin-resource-policy"] == "same-origin"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers.get("cache-control") == (None if method == "POST" else "no-store")
            assert "strict-transport-security" not in headers
            assert "ratelimit" not in headers
            once([name for name, _ in headers.raw])


async def test_a_page_says_what_it_loads_and_is_alone_in_its_window() -> None:
    async with client_of(ScriptedEngine()) as client:
        for path in PAGES:
            headers = (await client.get(path)).headers
            policy = headers["content-security-policy"]
            assert "script-src 'self'" in policy, path
            assert "frame-ancestors 'none'" in policy
            assert "'unsafe-inline'" not in policy.partition("style-src")[0]
            assert headers["cross-origin-opener-policy"] == "same-origin"
            assert headers["cross-origin-resource-policy"] == "same-origin"
            assert headers["permissions-policy"].startswith("camera=()")
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            once([name for name, _ in headers.raw])


def once(names: list[bytes]) -> None:
    """No header stands twice."""
    assert len(names) == len({name.lower() for name in names})


async def test_browsers_are_told_to_come_over_tls_alone_where_they_came_over_it(autojump_clock: MockClock) -> None:
    async with guarded(As("clerk"), hsts_seconds=31_536_000) as here:
        plain = await here.client.get("/health/live")
        behind = await here.client.get("/health/live", headers={"X-Forwarded-Proto": "https"})
        direct = await here.client.get("https://matron/health/live")
    assert "strict-transport-security" not in plain.headers
    assert behind.headers["strict-transport-security"] == "max-age=31536000"
    assert direct.headers["strict-transport-security"] == "max-age=31536000"


async def test_what_is_left_is_said_on_every_answer_also_on_one_that_is_refused(autojump_clock: MockClock) -> None:
    async with guarded(As("clerk"), Limited(RateSettings(principal_per_second=1, principal_burst=2))) as here:
        answers = [await here.client.get("/api/v1/doctors/"), await here.client.put("/api/v1/policy", json={})]
        answers.append(await here.client.get("/api/v1/doctors/"))
        public = await here.client.get("/health/live")
    assert [answer.status_code for answer in answers] == [200, 403, 429]
    assert [answer.headers["ratelimit"] for answer in answers] == [
        '"principal";r=1;t=1', '"principal";r=0;t=2', '"principal";r=0;t=3',
    ]  # fmt: skip
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"principal";q=2;w=2'}
    assert public.headers["ratelimit-policy"] == '"address";q=4000;w=2'


async def test_a_stream_that_is_refused_is_no_page_either() -> None:
    async with client_of(ScriptedEngine()) as client:
        answer = await client.get("/api/v1/stream")
    assert answer.status_code == 422
    assert answer.headers["content-security-policy"] == API
    assert answer.headers["x-content-type-options"] == "nosniff"
