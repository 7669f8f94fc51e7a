"""With several gateway processes ``/metrics`` is one page: whichever is asked tells of all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.gateway.live import until
from tests.gateway.test_metrics import samples
from tests.serving import Server, serving

POSTED = "matron_http_requests_total{method=POST,route=/api/v1/patients,status=2xx}"
MADE = 12


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path / "data", "--workers", "2", "--no-request-log") as found:
        yield found


async def test_one_page_tells_of_all_processes(server: Server) -> None:
    for _ in range(MADE):  # each on a connection of its own
        assert httpx2.post(f"{server.url}/api/v1/patients/", json={"name": "Asha Rao"}).status_code == 201
    found: dict[str, float] = {}

    def told() -> bool:
        found.update(samples(httpx2.get(f"{server.url}/metrics").text))
        return found.get(POSTED) == MADE and found["matron_gateway_processes{}"] == 2

    await until(told)
    assert found["matron_commands_total{command=RegisterPatient,outcome=accepted}"] == MADE
    assert found["matron_process_resident_bytes{process=gateway}"] > 10_000_000
    assert found["matron_process_cpu_seconds_total{process=gateway}"] > 0
