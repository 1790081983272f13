"""Reading a ledger without touching it: what exports and reports are made of."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from fusion.ledger.book import Book, is_url, owner
from fusion.ledger.database import BookError, Database
from fusion.ledger.sqlite_rules import APPLICATION_ID

LOGS: Final = ("-wal", "-journal")
Row = TypeVar("Row")


@contextmanager
def reading(place: Path | str) -> Iterator[Database]:
    """Open a ledger that is there, a file or `URL#STORE`, all queries seeing one state.

    Raises OSError where there is no such file, BookError where there is no such ledger.
    """
    database = _opened(place)
    try:
        with database.snapshot():
            yield database
    finally:
        database.close()


@contextmanager
def reading_book(place: Path | str) -> Iterator[Book]:
    """Open a ledger that is there as a book that nobody writes to; raises as `reading`."""
    database = _opened(place)
    try:
        yield Book(database, *owner(database))
    finally:
        database.close()


def shown(rows: Iterable[Row], total: int, what: str) -> Iterator[Row]:
    """Hand rows on, showing on a terminal how many of them have gone by."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        for count, row in enumerate(rows):
            if count % 1000 == 0:
                progress.update(task, completed=count)
            yield row


def count(database: Database, table: str) -> int:
    """Return how many rows a table has."""
    return int(database.read(f"SELECT count(*) FROM {table}")[0][0])


def _opened(place: Path | str) -> Database:
    # Only the driver that is asked for is imported.
    if is_url(place):
        from fusion.ledger import postgres

        return postgres.open_existing(str(place))
    from fusion.ledger import sqlite

    path = Path(place)
    sqlite.expect_a_ledger(path)
    # A file that nobody writes to is read as it is; beside one in use, its log is read too.
    database = sqlite.open_read_only(path, is_open=any(path.with_name(path.name + log).exists() for log in LOGS))
    try:
        found = database.read("PRAGMA application_id")
        if found != [(APPLICATION_ID,)]:
            raise BookError(f"{path}: expected a ledger, received another kind of SQLite file")
    except BookError:
        database.close()
        raise
    return database
