"""What can be set of logs and of traces: the tables ``[logs]`` and ``[tracing]``."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class LogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table ``[logs]``. Lines are JSON; none holds personal data."""

    access: Annotated[str, Meta(min_length=1)] = "stderr"
    """Where the line of each request goes: ``stderr``, ``off``, or the path of a file. It is opened anew on SIGHUP, and
    when it was moved away."""
    addresses: bool = True
    """Whether that line says the client's address."""
    slow_ms: Annotated[float, Meta(ge=0)] = 50.0
    """Milliseconds from which on a command or a query is written to the log of slow ones; 0: none is."""


class TracingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table ``[tracing]``: OpenTelemetry, which the extra ``otel`` installs. Off without an endpoint."""

    endpoint: str | None = None
    """Where spans go, by OTLP over HTTP: a URL such as ``http://127.0.0.1:4318/v1/traces``."""
    sample: Annotated[float, Meta(ge=0, le=1)] = 0.1
    """The share of requests that are traced; a caller's own decision, in ``traceparent``, goes before it."""
    service: Annotated[str, Meta(min_length=1)] = "matron"
    """The name of this service in the traces."""
    headers_file: str | None = None
    """A file of headers for the endpoint, ``name: value`` on each line: a secret stands in files only."""
    timeout_seconds: Annotated[float, Meta(gt=0)] = 10.0
    """Seconds for one sending of spans."""
