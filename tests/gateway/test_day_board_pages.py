"""The day board's page without a browser: what it is made of, in which language, and what nobody can put in."""

from __future__ import annotations

import re
from html import unescape

import msgspec
import pytest

from gateway.languages import Catalogue, catalogues
from tests.gateway.day_views import CLINIC
from tests.gateway.surface import ScriptedEngine, client_of

PATH = f"/clinics/{CLINIC}/board"


async def get(path: str, **headers: str):
    async with client_of(ScriptedEngine()) as client:
        return await client.get(path, headers=headers)


@pytest.mark.parametrize("path", [PATH, PATH + "/"])
async def test_the_page_is_open_and_what_it_loads_is_ours(path):
    page = await get(path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    loaded = re.findall(r'<(?:link|script|img)[^>]*(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) >= 7
    for file in loaded:
        assert file.startswith("/static/board/")
        assert (await get(file)).status_code == 200


async def test_nothing_in_the_page_is_inline_and_the_policy_says_so():
    page = await get(PATH)
    assert re.findall(r"<script(?![^>]*\ssrc=)|<style|\son\w+\s*=|\sstyle\s*=|javascript:", page.text) == []
    policy = page.headers["content-security-policy"]
    assert "script-src 'self'; style-src 'self';" in policy
    assert "unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"


async def test_the_page_itself_asks_the_engine_for_nothing():
    engine = ScriptedEngine()
    async with client_of(engine) as client:
        await client.get(f"{PATH}?date=2030-02-01")
    assert engine.asked == []


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("", ""),
        ("?date=2030-02-01", "2030-02-01"),
        ("?date=2028-02-29", "2028-02-29"),
        ("?date=2030-02-29", ""),
        ("?date=20300201", ""),
        ("?date=2030-W05-5", ""),
        ("?date=0000-01-01", ""),
        ("?date=tomorrow", ""),
        ("?date=2030-02-01&date=x", ""),
    ],
)
async def test_the_day_is_the_addresses_where_there_is_such_a_day(asked, shown):
    assert f'data-date="{shown}"' in (await get(PATH + asked)).text


async def test_the_hospital_and_the_clinic_of_the_address_are_asked():
    text = (await get(f"{PATH}?hospital=north")).text
    assert f'data-clinic="{CLINIC}"' in text
    assert 'data-hospital="north"' in text
    assert 'data-hospital="main"' in (await get(PATH)).text


@pytest.mark.parametrize("path", ["/clinics/a.b/board", "/clinics/%3Cscript%3E/board/", f"/clinics/{'a' * 65}/board"])
async def test_an_address_that_can_lead_nowhere_says_so_kindly(path):
    page = await get(path)
    assert page.status_code == 404
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "speak to the staff" in page.text


@pytest.mark.parametrize("evil", ['"><script>alert(1)</script>', "x' onload='alert(1)", "{{ 7*7 }}"])
@pytest.mark.parametrize("name", ["hospital", "theme", "lang", "date", "view"])
async def test_what_stands_in_an_address_never_becomes_markup(name, evil):
    async with client_of(ScriptedEngine()) as client:
        page = await client.get(PATH, params={name: evil})
    assert page.status_code == 200
    assert evil not in page.text
    assert "<script>" not in page.text


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("es", "ltr"), ("hi", "ltr"), ("ar", "rtl")])
async def test_the_page_is_in_the_language_asked_for_and_carries_its_words(language, direction):
    page = await get(f"{PATH}?lang={language}")
    assert f'<html lang="{language}" dir="{direction}">' in page.text
    assert f"<title>{catalogues()[language].words['rooms']}</title>" in page.text
    carried = re.search(r'data-words="([^"]*)"', page.text)
    assert carried is not None
    words = msgspec.json.decode(unescape(carried[1]), type=dict[str, Catalogue])
    assert words == {language: catalogues()[language]}


async def test_without_scripts_the_page_says_what_it_lacks_and_nothing_of_a_queue():
    text = (await get(PATH)).text
    assert "This page needs JavaScript." in text
    assert "place in line" not in re.sub(r'data-words="[^"]*"', "", text)


async def test_paper_has_a_sheet_of_its_own_behind_all_others():
    styles = re.findall(r'<link rel="stylesheet" href="[^"]*/([^"/]+)"', (await get(f"{PATH}?theme=dark")).text)
    assert styles[-1] == "day_print.css"
    assert styles.index("dark.css") < len(styles) - 1
