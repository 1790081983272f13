"""Records to put into ledgers, and somebody else's connection to one."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from hypothesis import strategies as st

from fusion.checkout import goods
from fusion.checkout.records import Entry, Issue, Leg, Transfer, derive_id
from fusion.ledger.book import Book, is_url, open_book

STORE_ID = "nano"
REFUSALS = (sqlite3.IntegrityError, psycopg.errors.IntegrityError)


def opened(place: Path | str) -> Book:
    return open_book(place, STORE_ID, "USD")


def pick(n: int, quantity: int = 1, sku: str = "cola", trip: str = "t1") -> Transfer:
    return goods.move(
        STORE_ID,
        evidence=f"e{n}",
        t_ns=100 - n,
        sku=sku,
        quantity=quantity,
        grams=None if n % 2 else n + 0.1,
        source=goods.plate("p1"),
        target=goods.cart(trip),
    )


def sale(n: int, cents: int = 500, state: str = "posted") -> Entry:
    legs = (Leg("receivable:acct", cents), Leg("sales:general", 40 - cents), Leg("tax:general", -40))
    return Entry(derive_id("entry", str(n)), 200 - n, f"t{n}", "sale", state, legs)


def slip(n: int, memo: str = "close") -> Issue:
    return Issue(derive_id("receipt", str(n)), 200 - n, f"t{n}", memo, f'{{"trip": "t{n}", "status": "review"}}')


transfers = st.lists(
    st.builds(
        pick,
        st.integers(0, 50),
        st.integers(1, 9),
        st.sampled_from(["cola", "soap"]),
        st.sampled_from(["a", "b"]),
    ),
    max_size=8,
    unique_by=lambda transfer: transfer.transfer_id,
)
entries = st.lists(
    st.builds(sale, st.integers(0, 50), st.integers(41, 9999), st.sampled_from(["posted", "pending"])),
    max_size=5,
    unique_by=lambda entry: entry.entry_id,
)

issues = st.lists(st.builds(slip, st.integers(0, 50)), max_size=4, unique_by=lambda issue: issue.receipt_id)


class Raw:
    """A connection of somebody who goes round the book; queries mark parameters with `?`."""

    def __init__(self, connection: Any, mark: str) -> None:
        self._connection = connection
        self._mark = mark

    def execute(self, query: str, *parameters: Any) -> Any:
        return self._connection.execute(query.replace("?", self._mark), parameters)

    def rows(self, query: str, *parameters: Any) -> list[tuple]:
        return [tuple(row) for row in self.execute(query, *parameters).fetchall()]


@contextmanager
def raw_connection(place: Path | str) -> Iterator[Raw]:
    if is_url(place):
        with psycopg.connect(str(place), autocommit=True) as connection:
            connection.execute(f"SET search_path = aisle_{STORE_ID}")
            yield Raw(connection, "%s")
    else:
        with closing(sqlite3.connect(place, isolation_level=None)) as file:
            file.execute("PRAGMA foreign_keys = ON")
            yield Raw(file, "?")


def unguard(raw: Raw, place: Path | str) -> None:
    """Do away with every trigger, as somebody who owns the database can."""
    if is_url(place):
        for (table,) in raw.rows("SELECT tablename FROM pg_tables WHERE schemaname = ?", f"aisle_{STORE_ID}"):
            raw.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    else:
        raw.execute("PRAGMA foreign_keys = OFF")
        for (trigger,) in raw.rows("SELECT name FROM sqlite_schema WHERE type = 'trigger'"):
            raw.execute(f"DROP TRIGGER {trigger}")


def guard(raw: Raw, place: Path | str) -> None:
    """Put the triggers back as if nothing had been."""
    if is_url(place):
        ours = "SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE NOT tgisinternal"
        for table, _ in raw.rows(ours):
            raw.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
        for table, name in raw.rows(ours):
            raw.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
    else:
        from fusion.ledger.sqlite import statements

        for statement in statements():
            if statement.startswith("CREATE TRIGGER"):
                raw.execute(statement)
