"""What the tests of administration share: a server that asks who comes, with a hospital and its administrator's key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx2
from playwright.sync_api import Browser, expect

from gateway.access.keys import add_key
from tests.gateway.browser import DESK, Visit, visit
from tests.serving import Server, serving


class Office:
    """A hospital ``main`` behind keys and accounts."""

    def __init__(self, server: Server, keys: Path, office: str, admin: str) -> None:
        self.server = server
        self.keys = keys
        self.admin = admin
        self.client = httpx2.Client(base_url=f"{server.url}/api/v1", headers={"X-API-Key": admin}, timeout=15)
        made = {"hospital_id": "main", "name": "Main Hospital", "time_zone": "UTC"}
        answer = self.client.post("/hospitals/", json=made, headers={"X-API-Key": office})
        assert answer.status_code == 201, answer.text

    def close(self) -> None:
        self.client.close()

    def post(self, path: str, body: dict[str, Any], status: int = 201) -> Any:
        """Have something done beforehand."""
        answer = self.client.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def get(self, path: str, **asked: Any) -> Any:
        """What there is."""
        answer = self.client.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def office(folder: Path) -> Iterator[Office]:
    """The server, and its hospital."""
    keys = folder / "keys.toml"
    network, admin = add_key(keys, "office", ["network"], "*"), add_key(keys, "administrator", ["admin"], "main")
    config = folder / "matron.toml"
    config.write_text(f'keys = "{keys}"\n[access]\naccounts = "{folder / "accounts.db"}"\n')
    with (
        serving(folder / "data", "--config", str(config), dev=False) as server,
        closing(Office(server, keys, network, admin)) as made,
    ):
        yield made


@contextmanager
def administrator(
    browser: Browser, office: Office, path: str, size: tuple[int, int] = DESK, lang: str = "", **context: Any
) -> Iterator[Visit]:
    """The administrator before a page of the console, with his key in the tab."""
    with visit(browser, size, **{"timezone_id": "UTC", "locale": "en-US", **context}) as visitor:
        visitor.page.add_init_script(f"sessionStorage.setItem('matron-key', '{office.admin}')")
        visitor.page.goto(f"{office.server.url}{path}{f'?lang={lang}' if lang else ''}")
        expect(visitor.page.locator("main h1")).to_be_visible()
        yield visitor
