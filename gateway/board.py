"""The pages: a service's board for the waiting room, a ticket with its QR code, the day board of a clinic's rooms, the
bed board of a ward, the alert panel, and the audit explorer.

All are shells without anybody's data: their scripts ask the interface for what is shown, so that a page needs no
engine and a credential is asked of nobody. Knows templates, files and addresses; no rule, and no state.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
import segno
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import Response

from gateway.call import Call, Endpoint
from gateway.endpoints import Page
from gateway.languages import Catalogue, catalogues, chosen
from gateway.pages import SCRIPT, STYLE, page
from gateway.problems import FAMILIES

MAIN = "main"  # the hospital of an address that names none
THEMES = {"light": "not all", "dark": "all"}  # the media for which dark.css holds; any other: as the device likes it
HTML, SVG = "text/html; charset=utf-8", "image/svg+xml"
KINDS = {"js": SCRIPT, "css": STYLE, "svg": SVG}

# Nothing inline, nothing from outside, and no script may turn a text into markup.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}  # a ticket's address is its key

SERVICE = CLINIC = WARD = re.compile(r"[0-9A-Za-z_-]{1,64}")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
LINK = re.compile(r"[0-9a-f-]{36}\.[0-9a-f]{32}")
HOSPITAL = re.compile(r"[0-9A-Za-z_-]{1,64}")
HOST = re.compile(r"[0-9A-Za-z.-]{1,253}(:\d{1,5})?|\[[0-9a-fA-F:.]{2,45}\](:\d{1,5})?")

# For those who stand in front of a printer: QR level M survives a crease.
QR_LEVEL, QR_BORDER = "m", 4


def endpoints() -> Mapping[str, Endpoint]:
    """The pages and their files, by path."""
    shown = pages()
    made: dict[str, Endpoint] = {
        "/board/{service}": Page("/board/{service}", shown.board),
        "/clinics/{clinic}/board": Page("/clinics/{clinic}/board", shown.day_board),
        "/wards/{ward}/board": Page("/wards/{ward}/board", shown.ward_board),
        "/alerts": Page("/alerts", shown.alert_panel),
        "/audit": Page("/audit", shown.audit),
        "/t/{link}": Page("/t/{link}", shown.ticket),
        "/t/{link}/qr.svg": Page("/t/{link}/qr.svg", shown.qr_code),
    }
    for file in (files("gateway") / "static" / "board").iterdir():
        path = f"/static/board/{file.name}"
        made[path] = page(path, file, KINDS[file.name.rpartition(".")[2]], HEADERS)
    return made


@cache
def pages() -> Pages:
    """The templates of this process; reading them takes 60 ms, and tests make hundreds of applications."""
    return Pages()


class Pages:
    """The templates and the catalogues, read once."""

    def __init__(self) -> None:
        self._catalogues = catalogues()
        environment = Environment(
            loader=PackageLoader("gateway"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._board = environment.get_template("board.html").render
        self._day_board = environment.get_template("day_board.html").render
        self._ward_board = environment.get_template("ward_board.html").render
        self._alert_panel = environment.get_template("alert_panel.html").render
        self._audit = environment.get_template("audit.html").render
        self._ticket = environment.get_template("ticket.html").render
        self._lost = environment.get_template("lost.html").render

    async def board(self, call: Call) -> Response:
        """The board of a service; whether there is one, its script finds out."""
        if not SERVICE.fullmatch(call.ids["service"]):
            return self._page(call, self._lost, FAMILIES["not_found"], what="board")
        return self._page(call, self._board, service=call.ids["service"])

    async def day_board(self, call: Call) -> Response:
        """A clinic's rooms on the day of the address, else on whatever day it is while the page is shown."""
        if not CLINIC.fullmatch(call.ids["clinic"]):
            return self._page(call, self._lost, FAMILIES["not_found"], what="board")
        return self._page(call, self._day_board, clinic=call.ids["clinic"], date=day(query(call)))

    async def ward_board(self, call: Call) -> Response:
        """A ward's beds, without names until its script is shown a key."""
        if not WARD.fullmatch(call.ids["ward"]):
            return self._page(call, self._lost, FAMILIES["not_found"], what="board")
        return self._page(call, self._ward_board, ward=call.ids["ward"])

    async def alert_panel(self, call: Call) -> Response:
        """The alerts that are open, for whoever has a key that may see them."""
        return self._page(call, self._alert_panel)

    async def audit(self, call: Call) -> Response:
        """The audit explorer, for whoever has a key with the role auditor."""
        return self._page(call, self._audit)

    async def ticket(self, call: Call) -> Response:
        """The page of a ticket, for whoever has its link."""
        if not LINK.fullmatch(call.ids["link"]):
            return self._page(call, self._lost, FAMILIES["not_found"], what="ticket")
        code = Markup(qr_code(address(call)).decode())  # noqa: S704 - a path of squares: no text of anybody's is in it
        return self._page(call, self._ticket, link=call.ids["link"], qr_code=code)

    async def qr_code(self, call: Call) -> Response:
        """The address of a ticket's page as a picture, to be printed or shown."""
        if not LINK.fullmatch(call.ids["link"]):
            return self._page(call, self._lost, FAMILIES["not_found"], what="ticket")
        return Response(qr_code(address(call), alone=True), headers=HEADERS, media_type=SVG)

    def _page(self, call: Call, render: Callable[..., str], status: int = 200, **more: Any) -> Response:
        asked = query(call)
        accept = call.headers.get(b"accept-language", b"").decode("latin-1")
        codes = chosen(self._catalogues, asked.get("lang", ""), accept)
        text = render(
            first=codes[0],
            catalogue=self._catalogues[codes[0]],
            words=words_of(self._catalogues, codes),
            languages={code: found.name for code, found in self._catalogues.items()},
            hospital=hospital(asked),
            kept=urlencode([(name, asked[name]) for name in ("hospital", "theme") if name in asked]),
            dark_for=THEMES.get(asked.get("theme", ""), "(prefers-color-scheme: dark)"),
            sound=asked.get("sound") != "off",
            **more,
        )
        return Response(text, status, HEADERS | {"Vary": "Accept-Language"}, HTML)


def words_of(known: Mapping[str, Catalogue], codes: list[str]) -> str:
    """The catalogues that a page's script needs, as JSON for an attribute."""
    return msgspec.json.encode({code: known[code] for code in codes}).decode()


def query(call: Call) -> dict[str, str]:
    """What the address asks for; what is not understood is left alone: a page is for people."""
    text = call.scope["query_string"].decode("latin-1")
    return dict(parse_qsl(text, max_num_fields=32)) if text.count("&") < 32 else {}


def hospital(asked: Mapping[str, str]) -> str:
    """The hospital that the address names."""
    named = asked.get("hospital", MAIN)
    return named if HOSPITAL.fullmatch(named) else MAIN


def day(asked: Mapping[str, str]) -> str:
    """The date that the address names; ``""`` where it names none that there is."""
    named = asked.get("date", "")
    try:
        return date.fromisoformat(named).isoformat() if DAY.fullmatch(named) else ""
    except ValueError:
        return ""


def address(call: Call) -> str:
    """The full address of a ticket's page, as the one who asks reached this server.

    Behind a proxy that ends TLS, its ``X-Forwarded-Proto`` may raise http to https, and nothing more: it is told to
    the one who said it.
    """
    host = call.headers.get(b"host", b"").decode("latin-1")
    if not HOST.fullmatch(host):
        host = "localhost"
    forwarded = call.headers.get(b"x-forwarded-proto", b"").strip().lower()
    scheme = "https" if b"https" in (forwarded, call.scope.get("scheme", "http").encode()) else "http"
    named = hospital(query(call))
    suffix = "" if named == MAIN else f"?hospital={named}"
    return f"{scheme}://{host}/t/{call.ids['link']}{suffix}"


def qr_code(text: str, *, alone: bool = False) -> bytes:
    """A QR code as SVG, black on white in any theme, as wide as its place; ``alone``: as a file of its own."""
    made = BytesIO()
    segno.make_qr(text, error=QR_LEVEL).save(
        made, kind="svg", border=QR_BORDER, omitsize=True, xmldecl=alone, svgns=alone, nl=alone, dark="#000",
        light="#fff", svgclass=None if alone else "qr", lineclass=None,
    )  # fmt: skip
    return made.getvalue()
