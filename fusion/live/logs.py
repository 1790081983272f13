"""What a service logs: lines for people, or a JSON object a line; the standard library's logging.

Accounts stand in lines that a person reads as they come, never in JSON, which is kept and sent elsewhere.
"""

import json
import logging
import sys
from typing import Final, TextIO

NAME: Final = "aisle"
SERVICE: Final = logging.getLogger(f"{NAME}.service")  # about the service itself
SAID: Final = logging.getLogger(f"{NAME}.said")  # what a run says: receipts, health, mode
# What every record has, and the line for people; anything else on one was given with extra=.
USUAL: Final = frozenset(vars(logging.LogRecord("", 0, "", 0, "", None, None))) | {
    "message",
    "asctime",
    "taskName",
    "line",
}


class JsonFormatter(logging.Formatter):
    """Writes a record as {"t", "level", "logger", "text", ...} with what was given beside its words."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line without its end; what JSON cannot say is said as text."""
        fields: dict[str, object] = {
            "t": round(record.created, 6),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": record.getMessage(),
        }
        fields |= {key: value for key, value in vars(record).items() if key not in USUAL and key not in fields}
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return json.dumps(fields, default=str)


class LineFormatter(logging.Formatter):
    """Writes what a run says as it is, and words about the service itself with its name before them."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line without its end."""
        text = getattr(record, "line", "") or record.getMessage()
        return text if record.name == SAID.name else f"aisle serve: {text}"


def log_as_json(stream: TextIO | None = None, level: int = logging.INFO) -> logging.Logger:
    """Send what the service logs to a stream (standard error), a JSON object a line; return its logger."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    return _log_to(level, handler)


def log_as_lines(level: int = logging.INFO) -> logging.Logger:
    """Send what the service logs to standard output as lines for people, warnings to standard error."""
    out, error = logging.StreamHandler(sys.stdout), logging.StreamHandler(sys.stderr)
    out.addFilter(lambda record: record.levelno < logging.WARNING)
    error.setLevel(logging.WARNING)
    for handler in (out, error):
        handler.setFormatter(LineFormatter())
    return _log_to(level, out, error)


def log_as(how: str) -> logging.Logger:
    """Log as JSON for "json", as lines for anything else."""
    return log_as_json() if how == "json" else log_as_lines()


def _log_to(level: int, *handlers: logging.Handler) -> logging.Logger:
    logger = logging.getLogger(NAME)
    logger.handlers[:] = handlers
    logger.setLevel(level)
    logger.propagate = False
    return logger
