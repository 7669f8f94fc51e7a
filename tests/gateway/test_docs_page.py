"""The documentation page: its files are ours, and nothing comes from or goes to anywhere else."""

from __future__ import annotations

import re

import pytest
import trio

from gateway import pages
from gateway.call import Call
from tests.gateway.surface import ScriptedEngine, client_of

ABSOLUTE = re.compile(r"""(?:src|href|url)\s*[=(:]\s*["']?(?:https?:)?//""", re.IGNORECASE)


async def test_the_page_and_what_it_loads_come_from_here_and_nothing_runs_inline():
    async with client_of(ScriptedEngine()) as client:
        page = await client.get("/api/docs")
        assert page.status_code == 200
        assert not ABSOLUTE.search(page.text)
        assert re.findall(r"<script(?![^>]*\ssrc=)", page.text) == []
        assert not re.search(r"\son\w+\s*=|javascript:|<style", page.text)
        loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert all(path.startswith("/api/") for path in loaded)
        for path in loaded:
            response = await client.get(path)
            assert response.status_code == 200, path
            assert response.headers["content-length"] == str(len(response.content))


async def test_the_policy_lets_nothing_in_from_outside():
    async with client_of(ScriptedEngine()) as client:
        policy = (await client.get("/api/docs/")).headers["content-security-policy"]
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        assert rules["default-src"] == "'none'"
        assert rules["script-src"] == rules["connect-src"] == "'self'"
        assert "unsafe-eval" not in policy
        assert "http" not in policy


async def test_no_validator_is_asked():
    async with client_of(ScriptedEngine()) as client:
        assert "validatorUrl: null" in (await client.get("/api/docs/docs.js")).text


async def test_a_file_that_is_known_is_not_sent_again():
    async with client_of(ScriptedEngine()) as client:
        first = await client.get("/api/docs/swagger-ui.css")
        again = await client.get("/api/docs/swagger-ui.css", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("package", ["no_such_package", "click"])
async def test_without_the_package_the_page_is_plain_and_links_the_document(package):
    made = pages.endpoints(package)
    assert list(made) == ["/api/docs"]
    scope = {"type": "http", "method": "GET", "path": "/api/docs", "headers": [], "query_string": b""}
    response = await made["/api/docs"].answer(Call(scope, trio.sleep_forever, seconds=10))
    assert b'href="/api/openapi.json"' in bytes(response.body)
