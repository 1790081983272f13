"""The ledger on disk: once is once, all or nothing, and the database itself says no."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.checkout import goods, schema
from fusion.checkout.book import Book, BookError, open_book
from fusion.checkout.records import Entry, Leg, Transfer, derive_id

SLOW_DISK = settings(deadline=None, max_examples=25)


def opened(folder: Path | str) -> Book:
    return open_book(Path(folder) / "ledger.db", "nano", "USD")


def pick(n: int, quantity: int = 1, sku: str = "cola", trip: str = "t1") -> Transfer:
    return goods.move(
        "nano",
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


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    with opened(tmp_path) as open_ledger:
        yield open_ledger


@pytest.fixture
def raw(book: Book) -> Iterator[sqlite3.Connection]:
    """A ledger with one transfer and one entry, and somebody else's connection to it."""
    book.commit([pick(1)], [sale(1)])
    connection = sqlite3.connect(book.path, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    yield connection
    connection.close()


@SLOW_DISK
@given(transfers, entries, st.data())
def test_neither_order_nor_repetition_shows(moved: list[Transfer], paid: list[Entry], data: st.DataObject) -> None:
    with TemporaryDirectory() as here, TemporaryDirectory() as there:
        with opened(here) as one, opened(there) as other:
            one.commit(moved, paid)
            shuffled = data.draw(st.permutations(moved + moved)), data.draw(st.permutations(paid + paid))
            for transfer in shuffled[0]:
                other.commit([transfer], [])
            other.commit([], shuffled[1])
            assert one.digest() == other.digest()
            assert one.counts() == other.counts()
            assert one.counts()["transfers"] == len(moved) and one.counts()["entries"] == len(paid)
            assert one.verify_balances() == other.verify_balances() == ()
        with opened(here) as again, opened(there) as other:
            again.commit(moved, paid)
            assert (again.digest(), again.counts()) == (other.digest(), other.counts())


@SLOW_DISK
@given(transfers, entries, st.integers(0, 12))
def test_a_crash_in_the_middle_leaves_nothing(moved: list[Transfer], paid: list[Entry], written: int) -> None:
    def crash_after(records: list[Transfer] | list[Entry]) -> Iterator[Transfer | Entry]:
        """Give some records while the transaction is open, then fail."""
        yield from records[:written]
        raise KeyboardInterrupt

    with TemporaryDirectory() as folder, opened(folder) as book:
        book.commit([pick(77)], [])
        before = book.digest()
        with pytest.raises(KeyboardInterrupt):
            book.commit(moved, crash_after(paid))
        assert book.digest() == before
        book.commit(moved, paid)
        assert book.counts()["entries"] == len(paid)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (([pick(1)], []), ([replace(pick(1), quantity=2)], [])),
        (([pick(1)], []), ([replace(pick(1), t_ns=5)], [])),
        (([], [sale(1)]), ([], [sale(1, cents=600)])),
        (([], [sale(1)]), ([], [sale(1, state="pending")])),
    ],
)
def test_one_id_cannot_say_two_things(book: Book, first: tuple, second: tuple) -> None:
    book.commit(*first)
    before = book.digest()
    with pytest.raises(BookError) as refusal:
        book.commit([pick(9), *second[0]], second[1])
    for (record,) in (filter(None, first), filter(None, second)):
        assert repr(record[0]) in str(refusal.value)
    assert book.digest() == before


@pytest.mark.parametrize("table", ["ledger", "transfers", "entries", "legs"])
def test_the_database_refuses_to_change_or_remove_rows(raw: sqlite3.Connection, table: str) -> None:
    column = raw.execute(f"SELECT name FROM pragma_table_info('{table}')").fetchone()[0]
    for statement in (
        f"UPDATE {table} SET {column} = {column}",
        f"DELETE FROM {table}",
        f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
    ):
        before = raw.execute(f"SELECT * FROM {table}").fetchall()
        assert before
        with pytest.raises(sqlite3.IntegrityError):
            raw.execute(statement)
        assert raw.execute(f"SELECT * FROM {table}").fetchall() == before


NEW = "X'" + "07" * 16 + "'"


@pytest.mark.parametrize(
    "statements",
    [
        # legs that do not add up, none, or one
        [f"INSERT INTO legs VALUES ({NEW}, 0, 'a', 5), ({NEW}, 1, 'b', -4)"],
        [],
        [f"INSERT INTO legs VALUES ({NEW}, 0, 'a', 5)"],
    ],
)
def test_the_database_refuses_an_unbalanced_entry(raw: sqlite3.Connection, statements: list[str]) -> None:
    raw.execute("BEGIN")
    for statement in statements:
        raw.execute(statement)
    with pytest.raises(sqlite3.IntegrityError, match="add up to zero"):
        raw.execute(f"INSERT INTO entries VALUES ({NEW}, 1, 't', 'sale', 'posted')")


def test_the_database_refuses_legs_without_an_entry_or_too_late(raw: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        raw.execute(f"INSERT INTO legs VALUES ({NEW}, 0, 'a', 5)")
    with pytest.raises(sqlite3.IntegrityError, match="already in the ledger"):
        raw.execute("INSERT INTO legs SELECT entry_id, 9, 'a', 5 FROM entries")


@pytest.mark.parametrize(
    "values",
    [
        f"({NEW}, 1, 'cola', 0, NULL, 'a', 'b', 'e', NULL)",
        f"({NEW}, 1, 'cola', 1.5, NULL, 'a', 'b', 'e', NULL)",
        f"({NEW}, 1, 'cola', 1, -2.0, 'a', 'b', 'e', NULL)",
        f"({NEW}, 1, 'cola', 1, NULL, 'a', 'a', 'e', NULL)",
        f"({NEW}, 1, 'cola', 1, NULL, 'a', 'b', 'e', {NEW})",
        f"({NEW}, 1, 'cola', 1, NULL, 'a', 'b', 'e', X'{'08' * 16}')",
        "(X'07', 1, 'cola', 1, NULL, 'a', 'b', 'e', NULL)",
    ],
)
def test_the_database_refuses_nonsense_transfers(raw: sqlite3.Connection, values: str) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute(f"INSERT INTO transfers VALUES {values}")


def test_a_reversal_names_what_it_reverses(book: Book) -> None:
    first = pick(1)
    back = goods.move(
        "nano",
        evidence="e1",
        t_ns=300,
        sku="cola",
        quantity=1,
        grams=None,
        source=goods.cart("t1"),
        target=goods.plate("p1"),
        revision=1,
    )
    book.commit([replace(back, reverses=first.transfer_id), first], [])
    book.commit([first], [])
    assert book.counts() == {"transfers": 2, "entries": 0, "pending": 0, "plates_below_zero": 0}


def test_an_overdrawn_cart_is_refused_and_a_plate_counted(book: Book) -> None:
    spent = replace(pick(2), source=goods.cart("t1"), target=goods.sold("t1"), quantity=3)
    with pytest.raises(BookError, match="account cart:t1: expected no less than 0 of cola, received -2"):
        book.commit([pick(1), spent], [sale(1)])
    assert book.counts()["transfers"] == book.counts()["entries"] == 0
    book.commit([pick(1, quantity=3), spent], [sale(1)])
    assert book.counts() == {"transfers": 2, "entries": 1, "pending": 0, "plates_below_zero": 1}


def test_verification_sees_what_was_forced_in(book: Book) -> None:
    """Somebody with the file in hand can drop the triggers; the sums still tell."""
    book.commit([pick(1)], [sale(1)])
    forger = sqlite3.connect(book.path, isolation_level=None)
    forger.execute("DROP TRIGGER legs_no_update")
    forger.execute("UPDATE legs SET amount_cents = 499 WHERE amount_cents = 500")
    forger.execute("INSERT INTO transfers VALUES (zeroblob(16), 1, 'cola', 2, NULL, 'cart:t1', 'floor', 'x', NULL)")
    forger.close()
    assert book.verify_balances() == (
        f"entry {sale(1).entry_id.hex()}: expected a sum of 0, received -1",
        "account cart:t1: expected no less than 0 of cola, received -1",
    )


def test_a_closed_ledger_is_one_durable_file(tmp_path: Path) -> None:
    with opened(tmp_path) as book:
        book.commit([pick(1)], [sale(1)])
        digest = book.digest()
    book.close()
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.db"]
    with opened(tmp_path) as again:
        assert again.digest() == digest


def test_the_digest_tells_stores_apart(tmp_path: Path) -> None:
    with open_book(tmp_path / "a.db", "a", "USD") as a, open_book(tmp_path / "b.db", "b", "USD") as b:
        assert a.digest() != b.digest()


def test_a_ledger_of_something_else_is_refused(tmp_path: Path) -> None:
    opened(tmp_path).close()
    path = tmp_path / "ledger.db"
    with pytest.raises(BookError, match=r"ledger\.db: store: expected other in USD, received nano in USD$"):
        open_book(path, "other", "USD")
    with pytest.raises(BookError, match="expected nano in EUR, received nano in USD"):
        open_book(path, "nano", "EUR")
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    with pytest.raises(BookError, match="schema version: expected 1, received 2"):
        opened(tmp_path)


def test_files_that_are_no_ledger_are_left_alone(tmp_path: Path) -> None:
    text, foreign = tmp_path / "notes.txt", tmp_path / "foreign.db"
    text.write_text("nothing to see here\n" * 100)
    connection = sqlite3.connect(foreign)
    connection.execute("CREATE TABLE mine (x)")
    connection.commit()
    connection.close()
    for path in (text, foreign):
        before = path.read_bytes()
        with pytest.raises(BookError, match="expected a ledger, received"):
            open_book(path, "nano", "USD")
        assert path.read_bytes() == before
    with pytest.raises(BookError, match=r"missing/ledger\.db: expected a ledger or a place for one"):
        opened(tmp_path / "missing")
