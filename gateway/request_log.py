"""Log lines as JSON: one per request, for operators, and whatever else the process has to say.

No personal data: of a request no query string, no body, and no id out of its path.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import msgspec

from gateway.call import Call

log = logging.getLogger("matron.request")


class RequestLog:
    """Writes the line through the standard library's logging, at level INFO."""

    def write(self, call: Call, label: str, status: int, seconds: float) -> None:
        """Say what was asked, by whom, what was answered and how long that took."""
        if not log.isEnabledFor(logging.INFO):
            return
        line = {
            "time": datetime.now(UTC),
            "request_id": call.request_id,
            "method": call.scope["method"],
            "route": label or None,
            "status": status,
            "ms": round(seconds * 1000, 2),
            "principal": call.caller.name if call.caller else None,
        }
        text = msgspec.json.encode(line).decode()
        # What ``log.info`` does, but for looking up the stack for a caller whom no line names: half of the cost.
        log.handle(logging.LogRecord(log.name, logging.INFO, "", 0, text, None, None))


class JsonLines(logging.Formatter):
    """Every record as one line of JSON; a request's line already is one."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        if record.name == log.name:
            return record.getMessage()
        line = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


def log_to_stderr(level: str) -> None:
    """Send the log of the whole process to standard error, from this level on."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
