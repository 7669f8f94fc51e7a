"""Bed board, alert panel and audit explorer without a browser: what they are made of, and what nobody can put in."""

from __future__ import annotations

import re

import pytest

from gateway.languages import catalogues
from tests.gateway.surface import ScriptedEngine, client_of
from tests.gateway.ward_views import WARD

BOARD = f"/wards/{WARD}/board"
PAGES = (BOARD, "/alerts", "/audit")


async def get(path: str, **headers: str):
    async with client_of(ScriptedEngine()) as client:
        return await client.get(path, headers=headers)


@pytest.mark.parametrize("path", [*PAGES, *[f"{path}/" for path in PAGES]])
async def test_the_page_is_open_and_what_it_loads_is_ours(path: str):
    page = await get(path)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    loaded = re.findall(r'<(?:link|script|img)[^>]*(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) >= 6
    for file in loaded:
        assert file.startswith("/static/board/")
        assert (await get(file)).status_code == 200


@pytest.mark.parametrize("path", PAGES)
async def test_nothing_in_the_page_is_inline_and_the_policy_says_so(path: str):
    page = await get(path)
    assert re.findall(r"<script(?![^>]*\ssrc=)|<style|\son\w+\s*=|\sstyle\s*=|javascript:", page.text) == []
    policy = page.headers["content-security-policy"]
    assert "script-src 'self'; style-src 'self';" in policy
    assert "unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", PAGES)
async def test_the_page_itself_asks_the_engine_for_nothing(path: str):
    engine = ScriptedEngine()
    async with client_of(engine) as client:
        await client.get(path)
    assert engine.asked == []


async def test_the_hospital_and_the_ward_of_the_address_are_asked():
    text = (await get(f"{BOARD}?hospital=north")).text
    assert f'data-ward="{WARD}"' in text
    assert 'data-hospital="north"' in text
    assert 'data-hospital="main"' in (await get(BOARD)).text


@pytest.mark.parametrize("path", ["/wards/a.b/board", "/wards/%3Cscript%3E/board/", f"/wards/{'a' * 65}/board"])
async def test_an_address_that_can_lead_nowhere_says_so_kindly(path: str):
    page = await get(path)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "speak to the staff" in page.text


@pytest.mark.parametrize("evil", ['"><script>alert(1)</script>', "x' onload='alert(1)", "{{ 7*7 }}"])
@pytest.mark.parametrize("name", ["hospital", "theme", "lang"])
@pytest.mark.parametrize("path", PAGES)
async def test_what_stands_in_an_address_never_becomes_markup(path: str, name: str, evil: str):
    async with client_of(ScriptedEngine()) as client:
        page = await client.get(path, params={name: evil})
    assert page.status_code == 200
    assert evil not in page.text
    assert "<script>" not in page.text


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("es", "ltr"), ("hi", "ltr"), ("ar", "rtl")])
async def test_the_pages_are_in_the_language_asked_for(language: str, direction: str):
    for path, title in ((BOARD, "beds"), ("/alerts", "alerts"), ("/audit", "audit")):
        text = (await get(f"{path}?lang={language}")).text
        assert f'<html lang="{language}" dir="{direction}">' in text
        assert f"<title>{catalogues()[language].words[title]}</title>" in text
