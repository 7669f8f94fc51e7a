"""What the command line asks of a running gateway, over HTTP, as any other client would."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

SECONDS = 15.0


class Refused(Exception):
    """The gateway said no, or nothing; the message says which."""


def add_hospital(url: str, key: str | None, hospital: dict[str, str]) -> dict[str, Any]:
    """Make a hospital, and give it as it was answered; ``Refused`` when it was not made."""
    return _asked(url, key, None, "/hospitals/", hospital)


def erase_patient(url: str, key: str | None, hospital: str | None, patient_id: str, reason: str) -> dict[str, Any]:
    """Erase a person, and give what was answered; ``Refused`` when it was not done, or nobody knows."""
    return _asked(url, key, hospital, f"/patients/{patient_id}/erase/", {"reason": reason})


def _asked(url: str, key: str | None, hospital: str | None, path: str, body: dict[str, str]) -> dict[str, Any]:
    place = urlsplit(url)
    connect = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    if hospital:
        headers["Hospital-Id"] = hospital
    try:
        with closing(connect(place.hostname or "", place.port, timeout=SECONDS)) as connection:
            connection.request("POST", f"/api/v1{path}", json.dumps(body), headers)
            said: dict[str, Any] = json.loads(connection.getresponse().read())
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Refused(f"No answer from {url}: {error}") from error
    if "code" in said:
        raise Refused(f"{said['code']}: {said['detail']}")
    return said
