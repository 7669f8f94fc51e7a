"""A hospital with a ward over HTTP: what the tests of staff, wards, admissions and alerts ask for again and again."""

from __future__ import annotations

from typing import Any

import httpx2

from gateway.routes import BASE

JSON = dict[str, Any]


class House:
    """A client that says what it expects of each answer."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client

    async def ask(self, method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        """An answer's body; ``{}`` where it has none."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        response = await self.client.request(method, f"{BASE}{path}", json=body, headers=named)
        assert response.status_code == status, f"{method} {path}: {response.text}"
        return response.json() if response.content else {}

    async def post(self, path: str, body: Any, status: int = 201, **headers: str) -> Any:
        """Send a body."""
        return await self.ask("POST", path, body, status, **headers)

    async def put(self, path: str, body: Any, status: int = 200, **headers: str) -> Any:
        """Replace."""
        return await self.ask("PUT", path, body, status, **headers)

    async def get(self, path: str, status: int = 200) -> Any:
        """Read."""
        return await self.ask("GET", path, None, status)

    async def member(self, role: str = "doctor", **more: Any) -> str:
        """One of the staff, on duty."""
        return str((await self.post("/staff", {"name": f"{role.title()} Who", "role": role, **more}))["id"])

    async def ward(self, **more: Any) -> str:
        """A ward without beds."""
        return str((await self.post("/wards", {"name": "East", **more}))["id"])

    async def bed(self, ward: str, label: str = "1", **more: Any) -> str:
        """A bed that stands alone."""
        return str((await self.post(f"/wards/{ward}/beds", {"label": label, **more}))["id"])

    async def patient(self, name: str = "Jane Doe", **more: Any) -> str:
        """Somebody registered."""
        return str((await self.post("/patients", {"name": name, **more}))["id"])

    async def admit(self, patient: str | None = None, acuity: str = "medium", **more: Any) -> JSON:
        """An admission, assigned or waiting."""
        asked = {"patient_id": patient or await self.patient(), "acuity": acuity, **more}
        made: JSON = await self.post("/admissions", asked)
        return made

    async def open(self, beds: int = 1) -> tuple[str, list[str]]:
        """A ward with beds, a doctor and a nurse."""
        ward = await self.ward()
        await self.member("doctor", max_load=50)
        await self.member("nurse", max_load=50)
        return ward, [await self.bed(ward, str(n)) for n in range(1, beds + 1)]
