"""The ledger, in a file and in a server: once is once, all or nothing, and the database itself says no."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import psycopg
import pytest
from conftest import empty_database
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_records import REFUSALS, Raw, entries, issues, opened, pick, raw_connection, sale, slip, transfers

from fusion.checkout import goods
from fusion.checkout.postings import give_back, post, reverse, void
from fusion.checkout.records import Entry, Issue, Leg, Transfer, derive_id
from fusion.checkout.rulings import Recorded
from fusion.ledger import rules
from fusion.ledger.book import Book, BookError, open_book

SLOW_DISK = settings(deadline=None, max_examples=25)
ONE_SERVER = settings(
    deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
NEW = bytes([7]) * 16
LINK = "INSERT INTO chain SELECT max(position) + 1, 'entry', ?, ?, ? FROM chain"


@pytest.fixture(params=["file", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """An empty place for a ledger, of either kind."""
    if request.param == "file":
        return tmp_path / "ledger.db"
    url: str = request.getfixturevalue("database")
    return url


@pytest.fixture
def book(place: Path | str) -> Iterator[Book]:
    with opened(place) as open_ledger:
        yield open_ledger


@pytest.fixture
def raw(book: Book, place: Path | str) -> Iterator[Raw]:
    """A ledger with a transfer, an entry and a link for a new record, and somebody else's connection to it."""
    book.commit([pick(1)], [sale(1)], [slip(1)])
    with raw_connection(place) as connection:
        connection.execute(LINK, NEW, bytes(32), bytes(32))
        connection.execute(
            "INSERT INTO heads SELECT position + 1, link, 'd', ?, ? FROM chain WHERE position = 0", bytes(32), bytes(64)
        )
        yield connection


def check_order_and_repetition(
    here: Path | str,
    there: Path | str,
    records: tuple[list[Transfer], list[Entry], list[Issue]],
    data: st.DataObject,
) -> None:
    moved, paid, issued = records
    with opened(here) as one, opened(there) as other:
        one.commit(*records)
        shuffled = [data.draw(st.permutations(several + several)) for several in records]
        for transfer in shuffled[0]:
            other.commit([transfer], [])
        other.commit([], [], shuffled[2])
        other.commit([], shuffled[1])
        assert sorted(other.receipts(), key=lambda one: one.trip) == sorted(issued, key=lambda one: one.trip)
        assert one.digest() == other.digest()
        assert one.counts() == other.counts()
        assert one.counts()["transfers"] == len(moved) and one.counts()["entries"] == len(paid)
        assert one.verify_balances() == other.verify_balances() == ()
        head = one.head()
        assert head.records == 1 + len(moved) + len(paid) + len(issued)
    with opened(here) as again, opened(there) as other:
        again.commit(*records)
        assert (again.head(), again.counts()) == (head, other.counts())


@SLOW_DISK
@given(st.tuples(transfers, entries, issues), st.data())
def test_neither_order_nor_repetition_shows(records: tuple, data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        check_order_and_repetition(Path(folder) / "a.db", Path(folder) / "b.db", records, data)


@ONE_SERVER
@given(st.tuples(transfers, entries, issues), st.data())
def test_nor_does_it_show_which_database_it_is(server: str, records: tuple, data: st.DataObject) -> None:
    empty_database(server)
    with TemporaryDirectory() as folder:
        check_order_and_repetition(Path(folder) / "a.db", server, records, data)
    empty_database(server)
    with TemporaryDirectory() as folder:
        check_order_and_repetition(server, Path(folder) / "b.db", records, data)


@SLOW_DISK
@given(transfers, entries, st.integers(1, 4))
def test_the_chain_does_not_tell_how_records_were_grouped(moved: list[Transfer], paid: list[Entry], size: int) -> None:
    with TemporaryDirectory() as folder, opened(Path(folder) / "a.db") as one, opened(Path(folder) / "b.db") as other:
        one.commit(moved, paid)
        for start in range(0, len(moved), size):
            other.commit(moved[start : start + size], [])
        for entry in paid:
            other.commit([], [entry])
        assert one.head() == other.head()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (([pick(1)], []), ([replace(pick(1), quantity=2)], [])),
        (([pick(1)], []), ([replace(pick(1), t_ns=5)], [])),
        (([], [sale(1)]), ([], [sale(1, cents=600)])),
        (([], [sale(1)]), ([], [sale(1, state="pending")])),
        (([], [], [slip(1)]), ([], [], [slip(1, memo="approve kim")])),
    ],
)
def test_one_id_cannot_say_two_things(book: Book, first: tuple, second: tuple) -> None:
    book.commit(*first)
    before = book.head()
    with pytest.raises(BookError) as refusal:
        book.commit([pick(9), *second[0]], *second[1:])
    for (record,) in (filter(None, first), filter(None, second)):
        assert repr(record[0]) in str(refusal.value)
    with pytest.raises(BookError):
        book.commit(*([*one, *other] for one, other in zip(first, second, strict=True)))
    assert book.head() == before


# What the database refuses, whoever writes


@pytest.mark.parametrize("table", list(rules.TABLES))
def test_the_database_refuses_to_change_or_remove_rows(raw: Raw, place: Path | str, table: str) -> None:
    before = raw.rows(f"SELECT * FROM {table}")
    assert before
    column = raw.execute(f"SELECT * FROM {table}").description[0][0]
    statements = [f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"]
    if isinstance(place, Path):
        statements.append(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    else:
        keys = {"chain": "position", "legs": "entry_id, position", "heads": "records, public_key"}.get(table, column)
        over = f"ON CONFLICT ({keys}) DO UPDATE SET {column} = {table}.{column}"
        statements += [f"TRUNCATE {table} CASCADE", f"INSERT INTO {table} SELECT * FROM {table} {over}"]
    for statement in statements:
        with pytest.raises(REFUSALS):
            raw.execute(statement)
        assert raw.rows(f"SELECT * FROM {table}") == before


def test_a_session_that_poses_as_a_replica_is_refused_too(database: str) -> None:
    with opened(database) as book:
        book.commit([pick(1)], [])
    with raw_connection(database) as raw:
        raw.execute("SET session_replication_role = replica")
        for statement in ("DELETE FROM transfers", "TRUNCATE legs", "UPDATE chain SET position = position"):
            with pytest.raises(psycopg.errors.IntegrityError):
                raw.execute(statement)


def test_no_row_pushes_another_out(tmp_path: Path) -> None:
    """INSERT OR REPLACE pushes out whatever shares any key, and no DELETE trigger hears of it."""
    with opened(tmp_path / "ledger.db") as book, raw_connection(tmp_path / "ledger.db") as raw:
        book.commit([pick(1)], [])
        with pytest.raises(sqlite3.IntegrityError):
            raw.execute(
                "INSERT OR REPLACE INTO chain SELECT 2, kind, record_id, leaf, link FROM chain WHERE position = 1"
            )
        assert book.head().records == 2


@pytest.mark.parametrize("legs", [[("a", 5), ("b", -4)], [], [("a", 5)]])
def test_the_database_refuses_an_unbalanced_entry(raw: Raw, legs: list[tuple[str, int]]) -> None:
    raw.execute("BEGIN")
    for position, (account, cents) in enumerate(legs):
        raw.execute("INSERT INTO legs VALUES (?, ?, ?, ?)", NEW, position, account, cents)
    with pytest.raises(REFUSALS, match="add up to zero"):
        raw.execute("INSERT INTO entries VALUES (?, 1, 't', 'sale', 'posted', NULL, NULL)", NEW)


def test_the_database_refuses_legs_without_an_entry_or_too_late(raw: Raw) -> None:
    with pytest.raises(REFUSALS, match=r"(?i)foreign key"):
        raw.execute("INSERT INTO legs VALUES (?, 0, 'a', 5)", NEW)
    with pytest.raises(REFUSALS, match="already in the ledger"):
        raw.execute("INSERT INTO legs SELECT entry_id, 9, 'a', 5 FROM entries")


def test_the_database_refuses_a_record_without_a_link_and_a_link_elsewhere(raw: Raw) -> None:
    with pytest.raises(REFUSALS, match=r"(?i)foreign key"):
        raw.execute("INSERT INTO transfers VALUES (?, 1, 'cola', 1, NULL, 'a', 'b', 'e', NULL)", bytes(16))
    for position in (-1, 2, 9):
        with pytest.raises(REFUSALS):
            raw.execute("INSERT INTO chain VALUES (?, 'entry', ?, ?, ?)", position, bytes(16), bytes(32), bytes(32))
    with pytest.raises(REFUSALS, match="not of this chain"):
        raw.execute("INSERT INTO heads VALUES (2, ?, 'd', ?, ?)", bytes(32), bytes(32), bytes(64))


@pytest.mark.parametrize(
    "values",
    [
        "(?, 1, 'cola', 0, NULL, 'a', 'b', 'e', NULL)",
        "(?, 1, 'cola', 1, -2.0, 'a', 'b', 'e', NULL)",
        "(?, 1, 'cola', 1, 1e301, 'a', 'b', 'e', NULL)",
        "(?, 1, 'cola', 1, NULL, 'a', 'a', 'e', NULL)",
        "(?, NULL, 'cola', 1, NULL, 'a', 'b', 'e', NULL)",
        "(?, 1, 'cola', 1, NULL, 'cart:t1', 'plate:p2', 'e', (SELECT transfer_id FROM transfers))",
        "(?, 1, 'cola', 2, NULL, 'cart:t1', 'plate:p1', 'e', (SELECT transfer_id FROM transfers))",
        "(?, 1, 'cola', 1, NULL, 'cart:t1', 'plate:p1', 'e', (SELECT transfer_id FROM transfers))",  # before it
        "(?, 1, 'cola', 1, NULL, 'a', 'b', 'e', (SELECT record_id FROM chain WHERE position = 0))",
    ],
)
def test_the_database_refuses_nonsense_transfers(raw: Raw, values: str) -> None:
    with pytest.raises(REFUSALS):
        raw.execute(f"INSERT INTO transfers VALUES {values}", NEW)


def test_a_file_keeps_the_types_of_a_server(raw: Raw, place: Path | str) -> None:
    if isinstance(place, Path):
        with pytest.raises(sqlite3.IntegrityError):
            raw.execute("INSERT INTO transfers VALUES (?, 1, 'cola', 1.5, NULL, 'a', 'b', 'e', NULL)", NEW)
        return
    with pytest.raises(psycopg.errors.IntegrityError):
        raw.execute("INSERT INTO transfers VALUES (?, 1, 'cola', 1, 'NaN', 'a', 'b', 'e', NULL)", NEW)


# Corrections


def test_a_reversal_names_what_it_reverses(book: Book) -> None:
    first = pick(1)
    back = goods.reverse(first, 300)
    with pytest.raises(BookError, match="mirror"):
        book.commit([back, first], [])  # nothing to take back yet
    book.commit([first, back], [])
    book.commit([first], [])
    assert book.counts() == {"transfers": 2, "entries": 0, "pending": 0, "plates_below_zero": 0}
    twice = replace(back, transfer_id=NEW, t_ns=400)
    with pytest.raises(BookError, match=r"(?i)already|unique"):
        book.commit([pick(1, trip="t2"), replace(pick(3), target="cart:t1"), twice], [])
    assert book.counts()["transfers"] == 2


def test_a_pending_entry_is_resolved_once(book: Book) -> None:
    held = sale(1, state="pending")
    book.commit([], [held])
    assert book.balances()["receivable:acct"] == (0, 500)
    book.commit([], [post(held, 300)])
    assert book.balances()["receivable:acct"] == (500, 0)
    assert book.counts()["pending"] == 0
    for second in (void(held, 300), post(held, 301), replace(void(held, 300), entry_id=NEW)):
        with pytest.raises(BookError):
            book.commit([], [second])
    book.commit([], [reverse(post(held, 300), 400, "refund")])
    assert set(book.balances().values()) == {(0, 0)}
    with pytest.raises(BookError):
        book.commit([], [replace(reverse(post(held, 300), 400, "refund"), entry_id=NEW)])
    assert book.counts()["entries"] == 3


def part_of_sale(number: int, sales: int, tax: int = 0, state: str = "posted", account: str = "sales:general") -> Entry:
    """Return an entry that gives back some of what `sale(1)` moved: 500 cents, of them 40 of tax."""
    legs = [Leg("receivable:acct", -sales - tax), Leg(account, sales), Leg("tax:general", tax)]
    nonzero = tuple(leg for leg in legs if leg.amount_cents)
    return give_back(sale(1), nonzero, evidence=(str(number),), t_ns=300 + number, memo="refund", state=state)


def test_parts_of_an_entry_are_given_back_up_to_what_it_moved(book: Book) -> None:
    disputed = part_of_sale(2, 60, state="pending")
    book.commit([], [sale(1), part_of_sale(1, 400), disputed])
    assert book.balances() == {"receivable:acct": (100, -60), "sales:general": (-60, 60), "tax:general": (-40, 0)}
    for wrong in (
        part_of_sale(3, 1),  # the rest is disputed
        part_of_sale(3, 0, 41),
        part_of_sale(3, -10),  # takes back what was given back
        part_of_sale(3, 10, account="sales:food"),
        replace(part_of_sale(3, 0, 10), reverses=disputed.entry_id),  # nothing has been moved yet
        replace(part_of_sale(3, 0, 10), trip="t2"),
        replace(part_of_sale(3, 0, 10), t_ns=1),
        reverse(sale(1), 400, "refund"),
    ):
        with pytest.raises(BookError, match="what is left of it"):
            book.commit([], [wrong])
    book.commit([], [void(disputed, 400), part_of_sale(3, 60, 40)])
    assert book.balances() == dict.fromkeys(["receivable:acct", "sales:general", "tax:general"], (0, 0))
    for wrong in (part_of_sale(4, 0, 1), reverse(sale(1), 400, "refund")):
        with pytest.raises(BookError, match="what is left of it"):
            book.commit([], [wrong])
    book.commit([], [reverse(part_of_sale(3, 60, 40), 500, "mistake")])
    assert book.balances()["receivable:acct"] == (100, 0)


def test_a_granted_dispute_counts_once(book: Book) -> None:
    disputed = part_of_sale(1, 400, state="pending")
    book.commit([], [sale(1), disputed, post(disputed, 400), part_of_sale(2, 60, 40)])
    assert book.balances()["receivable:acct"] == (0, 0)
    with pytest.raises(BookError, match="does not resolve"):
        book.commit([], [replace(void(disputed, 400), entry_id=NEW, resolves=post(disputed, 400).entry_id)])


def test_a_voided_entry_counts_nowhere(book: Book) -> None:
    held = sale(1, state="pending")
    book.commit([], [held, void(held, 300)])
    assert set(book.balances().values()) == {(0, 0)}


@pytest.mark.parametrize(
    "wrong",
    [
        replace(post(sale(1, state="pending"), 300), legs=sale(1, cents=600).legs),
        replace(post(sale(1, state="pending"), 300), legs=sale(1).legs[::-1]),
        replace(post(sale(1, state="pending"), 300), trip="t2"),
        replace(post(sale(1, state="pending"), 300), t_ns=1),
        replace(post(sale(3, state="pending"), 300), trip="t1"),  # of an entry that is not there
        replace(reverse(sale(2), 300, "refund"), legs=sale(2).legs),
        replace(reverse(sale(2), 300, "refund"), reverses=sale(1).entry_id, trip="t1"),  # of one that is pending
        replace(post(sale(1, state="pending"), 300), resolves=sale(2).entry_id, trip="t2"),  # of one that is posted
    ],
)
def test_a_correction_must_match_what_it_corrects(book: Book, wrong: Entry) -> None:
    book.commit([], [sale(1, state="pending"), sale(2)])
    before = book.head()
    with pytest.raises(BookError, match=r"resolve|mirror|(?i:foreign key)"):
        book.commit([], [wrong])
    assert book.head() == before


def test_an_overdrawn_cart_is_refused_and_a_plate_counted(book: Book) -> None:
    spent = replace(pick(2), source=goods.cart("t1"), target=goods.sold("t1"), quantity=3)
    with pytest.raises(BookError, match="account cart:t1: expected no less than 0 of cola, received -2"):
        book.commit([pick(1), spent], [sale(1)])
    assert book.counts()["transfers"] == book.counts()["entries"] == 0
    book.commit([pick(1, quantity=3), spent], [sale(1)])
    assert book.counts() == {"transfers": 2, "entries": 1, "pending": 0, "plates_below_zero": 1}


def test_writers_wait_for_each_other(place: Path | str) -> None:
    """Eight at once, each with a connection of its own: one chain, and what two of them brought is there once."""
    opened(place).close()

    def write(first: int) -> None:
        with opened(place) as book:
            for n in range(first, first + 12):
                book.commit([pick(n)], [sale(n)])

    writers = [Thread(target=write, args=(first,)) for first in range(0, 48, 6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with opened(place) as book:
        assert book.counts()["transfers"] == book.counts()["entries"] == 54
        assert book.head().records == 1 + 2 * 54


# Receipts


def test_a_receipt_is_replaced_once_and_the_last_one_stands(book: Book) -> None:
    first = slip(1)
    decided = replace(reissue_of(first), memo="approve kim")
    book.commit([], [], [first, slip(2)])
    book.commit([], [], [decided])
    assert book.receipts() == (slip(2), decided)
    for wrong in (
        replace(slip(1), receipt_id=NEW),  # the trip has one
        replace(decided, receipt_id=NEW, memo="waive lee"),  # it has been replaced
        replace(reissue_of(slip(2)), trip="t3"),
        replace(reissue_of(slip(2)), t_ns=1),
        replace(reissue_of(slip(2)), replaces=slip(3).receipt_id),
    ):
        with pytest.raises(BookError, match=r"replace|already|unique"):
            book.commit([], [], [wrong])
    assert book.receipts() == (slip(2), decided)


def reissue_of(issue: Issue) -> Issue:
    return replace(issue, receipt_id=derive_id("next", issue.trip), t_ns=300, replaces=issue.receipt_id)


def test_what_a_trip_left_in_the_books_is_read_back_in_order(book: Book) -> None:
    moved = (pick(1, trip="t1"), pick(2, trip="t2"), replace(pick(3), source="cart:t1", target="sold:t1", t_ns=1))
    paid = (sale(2, state="pending"), sale(1, state="pending"), post(sale(1, state="pending"), 300))
    book.commit(moved, paid)
    assert book.recorded("t1") == Recorded((moved[0], moved[2]), paid[1:])
    assert book.recorded("t3") == Recorded()


# Which ledger it is


def test_a_closed_ledger_is_one_durable_file(tmp_path: Path) -> None:
    with opened(tmp_path / "ledger.db") as book:
        book.commit([pick(1)], [sale(1)])
        digest = book.digest()
    book.close()
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.db"]
    before = (tmp_path / "ledger.db").read_bytes()
    with opened(tmp_path / "ledger.db") as again:
        again.commit([pick(1)], [sale(1)])
        assert again.digest() == digest
    assert (tmp_path / "ledger.db").read_bytes() == before


def test_the_digest_tells_stores_apart(tmp_path: Path, database: str) -> None:
    with open_book(tmp_path / "a.db", "a", "USD") as a, open_book(tmp_path / "b.db", "b", "USD") as b:
        assert a.digest() != b.digest()
        with open_book(database, "a", "USD") as c, open_book(database, "b", "USD") as d:
            d.commit([pick(1)], [])
            assert (c.digest(), c.counts()["transfers"]) == (a.digest(), 0)
    long = "x" * 63
    with open_book(database, long + "1", "USD") as e, open_book(database, long + "2", "USD") as f:
        assert e.digest() != f.digest()


def test_a_ledger_of_something_else_is_refused(place: Path | str) -> None:
    opened(place).close()
    with pytest.raises(
        BookError, match=r"nano: store: expected nano in EUR|expected nano in EUR, received nano in USD"
    ):
        open_book(place, "nano", "EUR")
    with raw_connection(place) as raw:
        later = rules.VERSION + 1
        schema = isinstance(place, str)
        raw.execute(
            f"COMMENT ON SCHEMA aisle_nano IS 'aisle ledger {later}'" if schema else f"PRAGMA user_version={later}"
        )
    said = rf"schema version: expected (aisle ledger )?{rules.VERSION}, received (aisle ledger )?{later}"
    with pytest.raises(BookError, match=said):
        opened(place)


def test_a_file_of_another_store_is_refused(tmp_path: Path) -> None:
    opened(tmp_path / "ledger.db").close()
    with pytest.raises(BookError, match=r"ledger\.db: store: expected other in USD, received nano in USD$"):
        open_book(tmp_path / "ledger.db", "other", "USD")


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
        opened(tmp_path / "missing" / "ledger.db")


def test_a_server_that_is_not_there_is_named_without_its_password(database: str) -> None:
    with pytest.raises(BookError, match=r"^postgresql://me@/x\?host=/nowhere#nano: expected a server") as refusal:
        opened("postgresql://me:secret@/x?host=/nowhere")
    assert "secret" not in str(refusal.value) and "\n" not in str(refusal.value)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA aisle_nano")
    with pytest.raises(BookError, match=f"schema version: expected aisle ledger {rules.VERSION}, received None"):
        opened(database)
