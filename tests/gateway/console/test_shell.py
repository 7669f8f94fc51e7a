"""The console's page and files without a browser: what they are made of, where they are, and in which languages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Formatter
from typing import Any

import msgspec
import pytest

from gateway.console import static
from gateway.languages import Catalogue, catalogues
from tests.gateway.surface import ScriptedEngine, client_of

CONSOLE = files("gateway") / "static" / "console"
FILES = dict(static(CONSOLE, "/static/console"))
CODES = tuple(catalogues())
SAID = re.compile(r'\bsay\(\s*"(\w+)"|\bword: "(\w+)"|button\(app, "(\w+)"|hint: "(\w+)"')
AREAS = sorted({path.rpartition("/")[2].partition(".")[0] for path in FILES if "/words/" in path})
# The plural forms that a language has for whole numbers (CLDR).
PLURALS = {"en": "one other", "es": "one many other", "hi": "one other", "ar": "zero one two few many other"}


def scripts() -> Iterator[tuple[str, Traversable]]:
    return ((path, file) for path, file in FILES.items() if path.endswith(".js"))


async def test_the_shell_is_open_everywhere_below_the_console_and_holds_nobody_s_data():
    async with client_of(ScriptedEngine()) as client:
        paths = ["/", "/console", "/console/", "/console/desk/patients", "/console/a/b/c/d/"]
        pages = [await client.get(path) for path in paths]
        assert {page.status_code for page in pages} == {200}
        assert {page.headers["content-type"] for page in pages} == {"text/html; charset=utf-8"}
        assert len({page.text for page in pages}) == 1
        loaded = re.findall(r'<(?:link|script)[^>]*(?:src|href)="([^"]+)"', pages[0].text)
        assert len(loaded) > 10
        for found in loaded:
            assert found.startswith("/static/")
            assert (await client.get(found)).status_code == 200
        assert (await client.get("/console/a/b/c/d/e")).status_code == 404


async def test_nothing_in_the_shell_is_inline_and_the_policy_says_so():
    async with client_of(ScriptedEngine()) as client:
        page = await client.get("/")
    assert re.findall(r"<script(?![^>]*\ssrc=)|<style|\son\w+\s*=|\sstyle\s*=|javascript:", page.text) == []
    policy = page.headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["trusted-types"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert "unsafe" not in policy


async def test_every_file_is_served_once_to_each():
    async with client_of(ScriptedEngine()) as client:
        for path, file in FILES.items():
            first = await client.get(path)
            assert first.content == file.read_bytes()
            again = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")


def test_scripts_make_no_markup_and_know_no_address_of_others():
    for path, file in scripts():
        text = file.read_text("utf-8")
        markup = re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", text)
        assert markup is None, path
        assert not re.search(r"https?://(?!www\.w3\.org)", text), path
        assert len(text.splitlines()) <= 400, path


def test_every_script_and_sheet_that_is_named_is_there():
    for path, file in scripts():
        text = file.read_text("utf-8")
        for named in re.findall(r'(?:from|import\(|sheet\()\s*"([./][^"]+)"', text):
            found = named if named.startswith("/") else resolved(path, named)
            board = found.removeprefix("/static/board/")
            assert found in FILES or (files("gateway") / "static" / "board" / board).is_file(), f"{path} names {named}"


def resolved(path: str, named: str) -> str:
    parts = path.split("/")[:-1]
    for step in named.split("/"):
        if step == "..":
            parts.pop()
        elif step != ".":
            parts.append(step)
    return "/".join(parts)


def words(area: str, code: str) -> Catalogue:
    return msgspec.json.decode((CONSOLE / "words" / f"{area}.{code}.json").read_bytes(), type=Catalogue)


@pytest.mark.parametrize("area", AREAS)
def test_every_language_says_the_same_words_with_the_same_places(area):
    first = words(area, "en")
    for code in CODES:
        other = words(area, code)
        assert other.direction == catalogues()[code].direction
        assert list(other.words) == list(first.words), f"{area}.{code}"
        for key, word in other.words.items():
            said = first.words[key]
            assert isinstance(word, str) == isinstance(said, str), f"{area}.{code}: {key}"
            assert places(word) == places(said), f"{area}.{code}: {key}"
            if not isinstance(word, str):
                assert set(word) == set(PLURALS[code].split()), f"{area}.{code}: {key}"


def places(word: str | Mapping[Any, str]) -> set[str]:
    texts = [word] if isinstance(word, str) else word.values()
    return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize(
    ("area", "also"),
    [
        ("desk", ()),
        ("clinic", ("desk",)),
        ("rooms", ()),
        ("ward", ()),
        ("reports", ()),
        ("alerts", ()),
        ("home", ()),
        ("shell", ()),
    ],
)
def test_every_word_that_a_view_says_is_in_its_catalogue(area, also):
    known = set().union(*(words(one, "en").words for one in ("shell", area, *also)))
    folder = "/static/console/" if area == "shell" else f"/static/console/{area}/"
    for path, file in scripts():
        if path.startswith(folder) and (area != "shell" or path.count("/") == 3):
            said = re.findall(
                r'\bsay\(\s*"(\w+)"|\bword: "(\w+)"|button\(app, "(\w+)"|hint: "(\w+)"', file.read_text("utf-8")
            )
            missing = {word for found in said for word in found if word} - known
            if path.endswith("/areas.js"):
                missing = {word for word in missing if word.startswith("area_")}
            assert not missing, path
