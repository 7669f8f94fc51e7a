"""The documentation page at ``/api/docs``: Swagger UI out of an installed package, and nothing from outside.

Without that package the page is plain and links the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path

import trio
from starlette.responses import Response

from gateway.call import Call, Endpoint
from gateway.endpoints import Page
from gateway.headers import unchanged
from gateway.problems import NOT_MODIFIED

PACKAGE = "flask_swagger_ui"  # only its files are read; it is not imported, and neither is Flask
SCRIPT, STYLE, IMAGE = "text/javascript; charset=utf-8", "text/css; charset=utf-8", "image/png"
FROM_PACKAGE = {"swagger-ui-bundle.js": SCRIPT, "swagger-ui.css": STYLE, "favicon-32x32.png": IMAGE}

# Swagger UI sets style attributes; scripts come from files of ours only, and nothing else may be loaded or sent.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}


def endpoints(package: str = PACKAGE) -> Mapping[str, Endpoint]:
    """The page and its files, by path."""
    ours = files("gateway") / "static"
    theirs = folder(package)
    if theirs is None:
        return {"/api/docs": page("/api/docs", ours / "docs_plain.html", "text/html; charset=utf-8")}
    made: dict[str, Endpoint] = {
        "/api/docs": page("/api/docs", ours / "docs.html", "text/html; charset=utf-8"),
        "/api/docs/docs.js": page("/api/docs/docs.js", ours / "docs.js", SCRIPT),
    }
    for name, kind in FROM_PACKAGE.items():
        made[f"/api/docs/{name}"] = page(f"/api/docs/{name}", theirs / name, kind)
    return made


def folder(package: str) -> Traversable | None:
    """Where the package keeps Swagger UI; ``None`` when it is not installed."""
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        return None
    dist = Path(found.submodule_search_locations[0]) / "dist"
    return dist if all((dist / name).is_file() for name in FROM_PACKAGE) else None


def page(label: str, file: Traversable, kind: str, policy: Mapping[str, str] = PAGE_HEADERS) -> Page:
    """A page that sends one file, and not again to who has it."""

    kept: tuple[bytes, str] | None = None

    async def send(call: Call) -> Response:
        nonlocal kept
        if kept is None:
            body = await trio.to_thread.run_sync(file.read_bytes)
            kept = body, f'"{sha256(body).hexdigest()[:16]}"'
        body, tag = kept
        headers = {**policy, "ETag": tag, "Cache-Control": "no-cache"}
        if unchanged(call.headers, tag):
            return Response(None, NOT_MODIFIED, headers)
        return Response(body, headers=headers, media_type=kind)

    return Page(label, send)
