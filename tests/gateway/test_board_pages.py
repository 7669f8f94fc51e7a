"""The patients' pages without a browser: what they are made of, in which language, and what nobody can put in."""

from __future__ import annotations

import re
from html import unescape
from importlib.resources import files

import msgspec
import pytest

from gateway import board
from gateway.languages import Catalogue, catalogues, chosen
from tests.gateway.stand_in import LINK, SERVICE
from tests.gateway.surface import ScriptedEngine, client_of

BOARD, TICKET = f"/board/{SERVICE}", f"/t/{LINK}"
# The plural forms that a language has for whole numbers (CLDR).
PLURALS = {"en": "one other", "es": "one many other", "hi": "one other", "ar": "zero one two few many other"}
# Words that are looked up by the state that they tell of.
BY_STATE = {"paused", "inactive", "emergency", "closed", "no_show", "cancelled", "expired", "transferred"}


async def get(path: str, **headers: str):
    async with client_of(ScriptedEngine()) as client:
        return await client.get(path, headers=headers)


@pytest.mark.parametrize("path", [BOARD, BOARD + "/", TICKET, TICKET + "/"])
async def test_a_page_is_open_and_what_it_loads_is_ours(path):
    page = await get(path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    loaded = re.findall(r'<(?:link|script|img)[^>]*(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) >= 4
    for path in loaded:
        assert path.startswith("/static/board/")
        assert (await get(path)).status_code == 200


@pytest.mark.parametrize("path", [BOARD, TICKET, "/t/no-link"])
async def test_nothing_in_a_page_is_inline_and_the_policy_says_so(path):
    page = await get(path)
    assert re.findall(r"<script(?![^>]*\ssrc=)|<style|\son\w+\s*=|\sstyle\s*=|javascript:", page.text) == []
    policy = page.headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["trusted-types"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert "unsafe" not in policy
    assert "http" not in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"


async def test_every_file_of_the_pages_is_served_once_to_each():
    for file in (files("gateway") / "static" / "board").iterdir():
        first = await get(f"/static/board/{file.name}")
        assert first.content == file.read_bytes()
        again = await get(f"/static/board/{file.name}", **{"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_scripts_make_no_markup_and_know_no_address_of_others():
    for file in (files("gateway") / "static" / "board").iterdir():
        text = file.read_text("utf-8")
        markup = re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function", text)
        assert markup is None, file.name
        assert not re.search(r"https?://(?!www\.w3\.org)", text), file.name
        assert len(text.splitlines()) <= 400, file.name


@pytest.mark.parametrize("path", ["/board/a.b", "/board/%3Cscript%3E", "/t/short", f"/t/{LINK}x", "/t/short/qr.svg"])
async def test_an_address_that_can_lead_nowhere_says_so_kindly(path):
    page = await get(path)
    assert page.status_code == 404
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "ask the staff" in page.text or "speak to the staff" in page.text


@pytest.mark.parametrize("evil", ['"><script>alert(1)</script>', "main' onload='alert(1)", "{{ 7*7 }}"])
@pytest.mark.parametrize("name", ["hospital", "theme", "lang", "sound"])
@pytest.mark.parametrize("path", [BOARD, TICKET])
async def test_what_stands_in_an_address_never_becomes_markup(path, name, evil):
    async with client_of(ScriptedEngine()) as client:
        page = await client.get(path, params={name: evil})
    assert page.status_code == 200
    assert evil not in page.text
    assert "<script>" not in page.text
    assert 'data-hospital="main"' in page.text


async def test_the_hospital_of_the_address_is_asked():
    assert 'data-hospital="north"' in (await get(f"{BOARD}?hospital=north")).text
    assert 'data-hospital="main"' in (await get(BOARD)).text


@pytest.mark.parametrize(
    ("theme", "media"),
    [
        ("dark", "all"),
        ("light", "not all"),
        ("", "(prefers-color-scheme: dark)"),
        ("x", "(prefers-color-scheme: dark)"),
    ],
)
async def test_the_theme_is_the_one_asked_for_else_the_devices(theme, media):
    assert f'href="/static/board/dark.css" media="{media}"' in (await get(f"{BOARD}?theme={theme}")).text


async def test_the_codes_square_holds_the_pages_own_address():
    async with client_of(ScriptedEngine()) as client:
        for asked, held in (
            ({}, f"http://matron/t/{LINK}"),
            ({"host": "queue.example:8443"}, f"http://queue.example:8443/t/{LINK}"),
            ({"host": "queue.example", "x-forwarded-proto": "https"}, f"https://queue.example/t/{LINK}"),
            ({"host": 'x"><svg/onload=alert(1)>'}, f"http://localhost/t/{LINK}"),
        ):
            alone = await client.get(f"{TICKET}/qr.svg", headers=asked)
            assert alone.headers["content-type"] == "image/svg+xml"
            assert alone.content == board.qr_code(held, alone=True)
            page = await client.get(TICKET, headers=asked)
            assert board.qr_code(held).decode() in page.text
        other = await client.get(f"{TICKET}/qr.svg?hospital=north&lang=es")
        assert other.content == board.qr_code(f"http://matron/t/{LINK}?hospital=north", alone=True)


@pytest.mark.parametrize(
    ("asked", "accept", "shown"),
    [
        ("", "", ["en"]),
        ("", "es-MX,es;q=0.9,en;q=0.8", ["es"]),
        ("", "fr-FR, ar;q=0.3, hi;q=0.7", ["hi"]),
        ("", "fr, *;q=0.1", ["en"]),
        ("", "hi;q=0, ar;q=x, es;q=0.1", ["es"]),
        ("hi", "es", ["hi"]),
        ("ar,EN-gb,ar,xx, hi", "", ["ar", "en", "hi"]),
        ("xx,yy", "es", ["es"]),
    ],
)
def test_the_languages_are_those_asked_for_else_the_browsers(asked, accept, shown):
    assert chosen(catalogues(), asked, accept) == shown


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("es", "ltr"), ("hi", "ltr"), ("ar", "rtl")])
async def test_a_page_begins_in_its_first_language_and_direction(language, direction):
    for path in (BOARD, TICKET):
        page = await get(f"{path}?lang={language},en")
        assert f'<html lang="{language}" dir="{direction}">' in page.text
        title = "waiting_room" if path == BOARD else "your_ticket"
        assert f"<title>{catalogues()[language].words[title]}</title>" in page.text


async def test_a_page_carries_the_words_of_its_languages_and_of_no_other():
    page = await get(f"{BOARD}?lang=es,ar")
    carried = re.search(r'data-words="([^"]*)"', page.text)
    assert carried is not None
    words = msgspec.json.decode(unescape(carried[1]), type=dict[str, Catalogue])
    assert list(words) == ["es", "ar"]
    assert words["ar"] == catalogues()["ar"]


@pytest.mark.parametrize("language", sorted(catalogues()))
def test_a_catalogue_says_all_that_english_says_with_the_same_places(language):
    english, other = catalogues()["en"].words, catalogues()[language].words
    assert list(other) == list(english)
    for key, word in other.items():
        meant = english[key]
        assert isinstance(word, str) == isinstance(meant, str), key
        forms = {"": word} if isinstance(word, str) else dict(word)
        if not isinstance(word, str):
            assert " ".join(forms) == PLURALS[language], key
        allowed = places(meant if isinstance(meant, str) else meant["other"])
        for form, text in forms.items():
            assert text.strip() == text != "", key
            assert not re.search(r"[<>&]", text), key
            # Arabic says "one person" and "two persons" without a number.
            assert places(text) == allowed or (form in ("zero", "one", "two") and places(text) < allowed), (key, form)


def places(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_every_word_is_said_somewhere_and_nothing_else_is():
    said = set(BY_STATE)
    for folder in ("static/board", "templates"):
        for file in (files("gateway") / folder).iterdir():
            text = file.read_text("utf-8")
            said |= set(re.findall(r'(?:\bsay|\bword)\("(\w+)"', text)) | set(re.findall(r"words\.(\w+)", text))
    said -= {"js"}  # the file of that name
    assert said == set(catalogues()["en"].words)
