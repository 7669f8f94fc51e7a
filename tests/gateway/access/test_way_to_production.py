"""From an empty folder to people at work: the first account by command, the rest over HTTP, with two processes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import trio
from click.testing import CliRunner

from gateway.__main__ import main
from gateway.access.sessions import RECHECK
from tests.serving import serving

FIRST, SECOND = "a tram to the sea", "four lamps at dusk"
SETTINGS = """
[access]
accounts = {accounts}
"""


class Person:
    """Somebody with a browser; each request goes over a connection of its own, to whichever process takes it."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/api/v1"
        self.cookies: dict[str, str] = {}
        self.csrf = ""

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        said = {"X-CSRF-Token": self.csrf, **{name.replace("_", "-"): value for name, value in headers.items()}}
        with httpx2.Client(cookies=self.cookies) as client:
            answer = client.request(method, f"{self.url}{path}", json=body, headers=said, timeout=15)
            self.cookies.update(dict(answer.cookies))
        if path == "/session/" and answer.status_code == 201:
            self.csrf = answer.json()["csrf"]
        return answer

    def sign_in(self, name: str, password: str) -> int:
        return self.ask("POST", "/session/", {"name": name, "password": password}).status_code


async def test_the_first_administrator_lets_the_others_in_and_out_again(tmp_path: Path):
    accounts, password, config = tmp_path / "accounts.db", tmp_path / "password", tmp_path / "matron.toml"
    password.write_text(FIRST)
    config.write_text(SETTINGS.format(accounts=json.dumps(str(accounts))))
    words = ["users", "add", "root", "--role", "network", "--hospital", "*", "--accounts", str(accounts)]
    added = CliRunner().invoke(main, [*words, "--password-file", str(password)])
    assert added.exit_code == 0, added.output

    with serving(tmp_path / "data", "--config", str(config), "--workers", "2", dev=False) as server:
        root, ana = Person(server.url), Person(server.url)
        assert root.ask("GET", "/policy/").status_code == 401
        assert root.sign_in("root", SECOND) == 401
        assert root.sign_in("root", FIRST) == 201
        north = {"hospital_id": "north", "name": "North", "time_zone": "UTC"}
        assert root.ask("POST", "/hospitals/", north).status_code == 201
        boss = {"name": "ana", "roles": ["admin"], "hospital": "north", "password": SECOND}
        assert root.ask("POST", "/users/", boss).status_code == 201
        other = {"name": "rui", "roles": ["admin"], "hospital": "north", "password": SECOND}
        assert root.ask("POST", "/users/", other).status_code == 201
        assert ana.sign_in("ana", SECOND) == 201
        assert ana.ask("POST", "/doctors/", {"name": "Dr. Rao", "specialization": "Cardiology"}).status_code == 201
        assert {ana.ask("GET", "/doctors/").status_code for _ in range(8)} == {200}  # whichever process it was

        assert root.ask("PUT", "/users/ana/", {"disabled": True}, Hospital_Id="north").status_code == 200
        await trio.sleep(RECHECK)
        assert {ana.ask("GET", "/doctors/").status_code for _ in range(8)} == {401}
        assert ana.sign_in("ana", SECOND) == 401
        assert server.stop() == 0
    assert FIRST not in server_log(tmp_path)
    assert SECOND not in server_log(tmp_path)


def server_log(folder: Path) -> str:
    """Everything that the processes wrote."""
    return (folder / "data.log").read_text()
