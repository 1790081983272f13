"""What the ledger asks of a database. Both of them turn whatever their driver raises into a BookError."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from fusion.ledger.chain import Finding
from fusion.ledger.rows import Row, Value


class BookError(Exception):
    """A ledger that cannot be opened or read, or rows it refuses; one line that names it."""


class Contradiction(BookError):
    """Rows that say something else than what the ledger holds already."""


class Database(Protocol):
    """An open database with the tables of one ledger. Queries mark parameters with `?`."""

    @property
    def place(self) -> str:
        """The file, or the URL without its password: what messages name."""

    def read(self, query: str, parameters: Sequence[Value] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""

    def scan(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Return the rows of a query one by one, however many; inside a snapshot."""

    def write(self, query: str, rows: Sequence[Row]) -> None:
        """Run a query once for each row."""

    def transaction(self) -> AbstractContextManager[None]:
        """Let one writer at a time write: all of it is durable at the end, or nothing where anything is raised."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Let several queries see one state."""

    def faults(self) -> Iterator[Finding]:
        """Return what is wrong with the database itself: its pages, its references, its rules."""

    def close(self) -> None:
        """Close; twice does no harm."""
