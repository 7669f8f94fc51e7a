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
    place = urlsplit(url)
    connect = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
    try:
        with closing(connect(place.hostname or "", place.port, timeout=SECONDS)) as connection:
            connection.request("POST", "/api/v1/hospitals/", json.dumps(hospital), headers)
            said: dict[str, Any] = json.loads(connection.getresponse().read())
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Refused(f"No answer from {url}: {error}") from error
    if "code" in said:
        raise Refused(f"{said['code']}: {said['detail']}")
    return said
