"""Log lines as JSON: the access log, one line per request, and whatever else the process has to say.

No personal data: of a request no query string, no body, and no id out of its path. Each line has ``time``, ``level``,
``logger`` and ``message``; where it belongs to a request also ``request_id``, ``trace_id`` and ``span_id``.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from gateway.auth import HOSPITAL_NAME, WHOLE_NETWORK, Caller
from gateway.call import Call
from gateway.observing.access_file import AccessFile
from gateway.observing.faults import told
from gateway.observing.settings import LogSettings
from gateway.observing.trace import current
from gateway.tally import METHODS, OTHER

log = logging.getLogger("matron.request")


class AccessLine(msgspec.Struct, kw_only=True):
    """What is said of one request; of a stream, once it is over. ``code``: of the problem it was answered with."""

    time: datetime
    level: str = "info"
    logger: str = log.name
    message: str = "request"
    request_id: str
    trace_id: str
    span_id: str
    method: str
    route: str | None
    status: int
    ms: float
    bytes: int
    principal: str | None
    hospital: str | None
    address: str | None
    code: str | None


_encoder = msgspec.json.Encoder()

_ALIKE = logging.LogRecord(log.name, logging.INFO, "", 0, "", None, None).__dict__
"""What is the same in the record of every line."""


class RequestLog:
    """The access log: to a file of its own, or through the standard library's logging, at level INFO."""

    def __init__(self, file: AccessFile | None = None, *, addresses: bool = True) -> None:
        self.file = file
        self._addresses = addresses

    def write(self, call: Call, label: str, status: int, seconds: float, size: int = 0) -> None:
        """Say what was asked, by whom, what was answered with how many bytes, and how long that took."""
        if self.file is None and not log.isEnabledFor(logging.INFO):
            return
        caller, trace = call.caller, call.trace
        line = AccessLine(
            time=datetime.now(UTC),
            request_id=call.request_id,
            trace_id=trace.trace_id,
            span_id=trace.span_id,
            method=method if (method := call.scope["method"]) in METHODS else OTHER,
            route=label or None,
            status=status,
            ms=round(seconds * 1000, 2),
            bytes=size,
            principal=caller.name if caller is not None else None,
            hospital=_hospital_of(call, caller) if caller is not None else None,
            address=(call.source or None) if self._addresses else None,  # as the guard believes it, behind a proxy too
            code=call.code or None,
        )
        text = _encoder.encode(line)
        if self.file is not None:
            self.file.write(text + b"\n")
            return
        # What ``log.info`` does, but for looking up the stack, the thread and the process: most of the cost.
        record = logging.LogRecord.__new__(logging.LogRecord)
        record.__dict__.update(_ALIKE)
        record.msg, record.created = text.decode(), line.time.timestamp()
        log.handle(record)

    def reopen(self) -> None:
        """Take up the file anew: whoever turns logs over has moved it away."""
        if self.file is not None:
            self.file.reopen()


def access_log(settings: LogSettings, *, wanted: bool = True) -> RequestLog | None:
    """The access log as it is configured; ``LogsUnusable`` when its file cannot be written."""
    if not wanted or settings.access == "off":
        return None
    file = None if settings.access == "stderr" else AccessFile(Path(settings.access))
    return RequestLog(file, addresses=settings.addresses)


def _hospital_of(call: Call, caller: Caller) -> str:
    """The hospital of a request; of a caller of the whole network the one that is named, if it can be one."""
    if caller.hospital != WHOLE_NETWORK:
        return caller.hospital
    named = call.headers.get(b"hospital-id", b"").decode("latin-1")
    return named if HOSPITAL_NAME.fullmatch(named) else caller.fallback or WHOLE_NETWORK


class JsonLines(logging.Formatter):
    """Every record as one line of JSON; a request's line already is one.

    A record may bring members of its own as ``fields``, and its ``request_id`` where it is not written in the task of
    the request that it belongs to.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        if record.name == log.name:
            return record.getMessage()
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= _request_of(record)
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            line["traceback"] = told(record.exc_info[1])
        return msgspec.json.encode(line, enc_hook=str).decode()


def _request_of(record: logging.LogRecord) -> dict[str, str]:
    """The request that a record belongs to: the one that it names, else the one in whose task it was written.

    A task that a request has started outlives it, and may be at work for another one: what is named goes first.
    """
    named, request = getattr(record, "request_id", None), current.get()
    if request is None or named not in (None, request.request_id):
        return {} if named is None else {"request_id": named}
    trace = request.trace
    return {"request_id": request.request_id, "trace_id": trace.trace_id, "span_id": trace.span_id}


def log_to_stderr(level: str) -> None:
    """Send the log of the whole process to standard error, from this level on."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
