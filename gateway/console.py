"""The console: one shell of a page for everybody who works with a hospital, at ``/`` and everywhere below ``/console``.

The page has nobody's data in it: its scripts ask the interface, with the credential of whoever sits there, for what
they show. Knows the template, the files and the addresses; no rule, and no state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import Response

from gateway.board import HEADERS, HTML, KINDS, THEMES, query
from gateway.call import Call, Endpoint
from gateway.endpoints import Page
from gateway.languages import catalogues, chosen
from gateway.pages import page

AREAS = 4  # segments below /console that an address may have: an area, a view of it, and what it is about
KNOWN_KINDS = {**KINDS, "json": "application/json"}

# What the shell needs before it can show anything: named in the page, so that they come side by side and not one for
# the other. A view and its words come when somebody goes there.
EARLY = (
    "/static/console/app.js", "/static/console/api.js", "/static/console/areas.js", "/static/console/connection.js",
    "/static/console/dialog.js", "/static/console/dom.js", "/static/console/door.js", "/static/console/frame.js",
    "/static/console/outcome.js", "/static/console/pending.js", "/static/console/router.js",
    "/static/console/shortcuts.js", "/static/console/time.js", "/static/console/words.js", "/static/board/words.js",
)  # fmt: skip


def endpoints() -> Mapping[str, Endpoint]:
    """The page under each of its addresses, and its files, by path."""
    shell = Shell()
    made: dict[str, Endpoint] = {"/": Page("/", shell.page)}
    path = "/console"
    made[path] = Page(path, shell.page)
    for depth in range(AREAS):
        path += f"/{{part_{depth}}}"
        made[path] = Page(path, shell.page)
    for path, file in static(files("gateway") / "static" / "console", "/static/console"):
        made[path] = page(path, file, KNOWN_KINDS[file.name.rpartition(".")[2]], HEADERS)
    return made


def static(folder: Traversable, path: str) -> Iterator[tuple[str, Traversable]]:
    """Every file of a folder and of those in it, with its path."""
    for found in sorted(folder.iterdir(), key=lambda one: one.name):
        if found.is_dir():
            yield from static(found, f"{path}/{found.name}")
        else:
            yield f"{path}/{found.name}", found


class Shell:
    """The template, read once, in the language of whoever asks."""

    def __init__(self) -> None:
        self._catalogues = catalogues()
        environment = Environment(
            loader=PackageLoader("gateway"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._render = environment.get_template("console.html").render

    async def page(self, call: Call) -> Response:
        """The shell; what the rest of the address means its script finds out."""
        asked = query(call)
        accept = call.headers.get(b"accept-language", b"").decode("latin-1")
        first = chosen(self._catalogues, asked.get("lang", ""), accept)[0]
        text = self._render(
            first=first,
            catalogue=self._catalogues[first],
            languages=msgspec.json.encode({code: found.name for code, found in self._catalogues.items()}).decode(),
            theme=asked.get("theme", ""),
            dark_for=THEMES.get(asked.get("theme", ""), "(prefers-color-scheme: dark)"),
            early=EARLY,
        )
        return Response(text, headers=HEADERS | {"Vary": "Accept-Language"}, media_type=HTML)
