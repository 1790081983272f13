"""Who is asked: anything that takes a request's id and body and answers; found by its place."""

from pathlib import Path
from typing import Protocol

from fusion.purchase.answers import Answer

FILE = "purchases.jsonl"  # beside the outbox, where no other place is named
SCHEMES = ("http://", "https://")


class PortError(Exception):
    """A place that requests cannot go to; one line that names it."""


class Port(Protocol):
    """Where requests go."""

    def ask(self, request_id: bytes, body: str) -> Answer:
        """Ask once and return the answer; the same id again is the same request. Never raises for what is said."""

    def close(self) -> None:
        """Close; twice does no harm."""


def is_url(place: str) -> bool:
    """Tell a webhook's address from a file's name."""
    return place.lower().startswith(SCHEMES)


def open_port(place: str, out: Path) -> Port:
    """Return the port at a place; raises PortError or OSError. A webhook's secret lies in the folder `out`."""
    if is_url(place):
        from fusion.purchase.webhook import open_webhook

        return open_webhook(place, out)
    from fusion.purchase.file_port import FilePort

    return FilePort(Path(place))
