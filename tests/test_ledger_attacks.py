"""What somebody who owns the database changes, removes or adds is found, and the record named."""

from pathlib import Path

import psycopg
import pytest
from conftest import empty_database
from hypothesis import given
from hypothesis import strategies as st
from ledger_closed import COUNT, ENTRIES, ONE_SERVER, RECORDS, TRANSFERS, Place, attack, checked, closed, told
from ledger_records import Raw, opened, pick, raw_connection, slip

from fusion.checkout.records import Issue, Transfer
from fusion.ledger import rows
from fusion.ledger.chain import extend, leaf_of
from fusion.ledger.closing import close_book
from fusion.ledger.verify import verify


@pytest.fixture
def place(closed_place: Place) -> Place:
    """A closed ledger of either kind; its seal is in the test's folder."""
    return closed_place


# Records


def changed(raw: Raw, table: str, column: str, key: str, value: object) -> tuple:
    """Return a statement that changes one value to another of its type."""
    ((old,),) = raw.rows(f"SELECT {column} FROM {table} WHERE {key}", value)
    if isinstance(old, bytes):
        new: object = bytes([old[0] ^ 1]) + old[1:]
    elif isinstance(old, str):
        new = {"posted": "pending", "pending": "posted", "voided": "posted"}.get(old, old + "x")
    else:
        new = old + 1
    return f"UPDATE {table} SET {column} = ? WHERE {key}", new, value


@ONE_SERVER
@given(st.data())
@pytest.mark.parametrize("kind", ["file", "server"])
def test_a_changed_value_is_found_and_its_record_named(
    kind: str, server: str, pristine: Path, tmp_path: Path, data: st.DataObject
) -> None:
    place: Place = tmp_path / "ledger.db" if kind == "file" else server
    if kind == "file":
        (tmp_path / "ledger.db").write_bytes((pristine / "ledger.db").read_bytes())
        (tmp_path / "ledger.db.seal").write_bytes((pristine / "ledger.db.seal").read_bytes())
    else:
        empty_database(server)
        closed(server, tmp_path)
    at = data.draw(st.integers(0, len(RECORDS) - 1))
    record, record_id = RECORDS[at], rows.id_of(RECORDS[at])
    if isinstance(record, Transfer):
        columns = ["t_ns", "sku", "quantity", "source", "target", "evidence"]
        table, key = "transfers", "transfer_id = ?"
    elif isinstance(record, Issue):
        columns = ["t_ns", "trip", "memo", "line"]
        table, key = "receipts", "receipt_id = ?"
    else:
        columns = ["t_ns", "trip", "memo"]
        table, key = "entries", "entry_id = ?"
        if data.draw(st.booleans()):
            columns, table, key = ["account", "amount_cents"], "legs", "position = 0 AND entry_id = ?"
    if data.draw(st.booleans()):
        columns, table, key = ["leaf", "link"], "chain", "record_id = ?"
    with raw_connection(place) as raw:
        statement = changed(raw, table, data.draw(st.sampled_from(columns)), key, record_id)
    attack(place, statement)
    report = checked(place, tmp_path)
    named = [str(finding) for finding in report.findings if finding.place.startswith("record ")]
    assert len(named) == 1 and named[0].startswith(f"record {at + 1} ({rows.kind_of(record)} {record_id.hex()}): ")
    assert not [finding for finding in report.findings if finding.place.startswith(("table", "trigger", "function"))]


def test_a_removed_record_is_found(place: Place, tmp_path: Path) -> None:
    record_id = TRANSFERS[7].transfer_id
    attack(place, ("DELETE FROM transfers WHERE transfer_id = ?", record_id))
    assert f"record 8 (transfer {record_id.hex()}): expected the record of this link, received none" in told(
        checked(place, tmp_path)
    )


def test_a_record_removed_with_its_link_is_found(place: Place, tmp_path: Path) -> None:
    record_id = TRANSFERS[7].transfer_id
    attack(
        place,
        ("DELETE FROM transfers WHERE transfer_id = ?", record_id),
        ("DELETE FROM chain WHERE record_id = ?", record_id),
    )
    assert "record 8: expected the next link of the chain, received link 9" in told(checked(place, tmp_path))


def test_a_removed_leg_is_found_in_its_entry(place: Place, tmp_path: Path) -> None:
    record_id = ENTRIES[0].entry_id
    attack(place, ("DELETE FROM legs WHERE position = 2 AND entry_id = ?", record_id))
    report = told(checked(place, tmp_path))
    assert f"record {1 + len(TRANSFERS)} (entry {record_id.hex()}): expected content with leaf" in report
    assert f"entry {record_id.hex()}: expected a sum of 0, received 40" in report


def test_exchanged_records_are_found(place: Place, tmp_path: Path) -> None:
    """Two records change their places in the chain, leaves and ids with them."""
    a, b = TRANSFERS[4], TRANSFERS[5]
    with raw_connection(place) as raw:
        leaf = {t: raw.rows("SELECT leaf FROM chain WHERE record_id = ?", t.transfer_id)[0][0] for t in (a, b)}
    put = "UPDATE chain SET record_id = ?, leaf = ? WHERE position = ?"
    attack(place, (put, bytes(16), leaf[a], 5), (put, a.transfer_id, leaf[a], 6), (put, b.transfer_id, leaf[b], 5))
    report = told(checked(place, tmp_path))
    assert f"record 5 (transfer {b.transfer_id.hex()}): expected link" in report


def test_an_added_record_is_found(place: Place, tmp_path: Path) -> None:
    new = pick(99)
    attack(place, (rows.INSERT["transfers"], *rows.transfer_row(new)))
    assert f"transfer {new.transfer_id.hex()}: expected a link in the chain, received none" in told(
        checked(place, tmp_path)
    )


def test_an_added_receipt_is_found(place: Place, tmp_path: Path) -> None:
    new = slip(99)
    attack(place, (rows.INSERT["receipts"], *rows.receipt_row(new)))
    assert f"receipt {new.receipt_id.hex()}: expected a link in the chain, received none" in told(
        checked(place, tmp_path)
    )


def test_an_added_record_with_a_fitting_link_is_not_signed(place: Place, tmp_path: Path) -> None:
    """Anybody can compute a link, and the book itself will: a closed ledger that went on is not closed."""
    with opened(place) as book:
        book.commit([pick(99)], [])
    report = checked(place, tmp_path)
    assert f"records {COUNT} to {COUNT}: expected a signed head over them, received none" in told(report)
    assert (report.records, report.signed) == (COUNT + 1, COUNT)
    assert checked(place, tmp_path, is_open=True).findings == ()
    with opened(place) as book:
        close_book(book, book.head(), key=tmp_path / "key", seal=tmp_path / "ledger.db.seal")
    assert checked(place, tmp_path).findings == ()


def cut(place: Place, left: int, *more: tuple) -> None:
    """Take away all but the first records, with their links."""
    attack(
        place,
        *((f"DELETE FROM {table} WHERE {column} IN (SELECT record_id FROM chain WHERE position >= ?)", left)
          for table, column in (("legs", "entry_id"), ("entries", "entry_id"), ("transfers", "transfer_id"),
                                ("receipts", "receipt_id"))),
        ("DELETE FROM chain WHERE position >= ?", left),
        *more,
    )  # fmt: skip


def test_a_chain_that_was_cut_off_is_found(place: Place, tmp_path: Path) -> None:
    cut(place, 30)
    report = told(checked(place, tmp_path))
    assert f"head over {COUNT} records by" in report and "the chain was cut" in report
    assert "records 0 to 29: expected a signed head over them" in report


def test_a_chain_cut_off_with_its_head_is_told_by_the_seal(place: Place, tmp_path: Path) -> None:
    cut(place, 30, ("DELETE FROM heads",))
    seal = f"ledger.db.seal: record {COUNT - 1}: expected link"
    assert seal in told(checked(place, tmp_path)) and seal in told(checked(place, tmp_path, is_open=True))


def forged(place: Place, at: int) -> list[tuple]:
    """Return statements that write the chain anew from one record on, as its rows are now."""
    records = [("ledger", rows.ledger_id("nano", "USD"), rows.ledger_bytes("nano", "USD"))]
    records += [(rows.kind_of(record), rows.id_of(record), rows.record_bytes(record)) for record in RECORDS]
    changed_row = list(rows.transfer_row(TRANSFERS[at - 1]))
    changed_row[3] = 77
    records[at] = (*records[at][:2], rows.transfer_bytes(changed_row))
    links = extend(0, bytes(32), records)
    assert links[at].leaf == leaf_of(rows.transfer_bytes(changed_row))
    return [
        ("UPDATE transfers SET quantity = 77 WHERE transfer_id = ?", TRANSFERS[at - 1].transfer_id),
        *(("UPDATE chain SET leaf = ?, link = ? WHERE position = ?", k.leaf, k.link, k.position) for k in links[at:]),
    ]


def test_a_chain_computed_anew_does_not_fit_its_head(place: Place, tmp_path: Path) -> None:
    attack(place, *forged(place, 9))
    report = told(checked(place, tmp_path))
    assert f"head over {COUNT} records by" in report and f"at record {COUNT - 1}" in report


def test_a_ledger_signed_anew_by_somebody_else_is_told_by_the_key(place: Place, tmp_path: Path) -> None:
    ours = checked(place, tmp_path).keys[0]
    attack(place, *forged(place, 9), ("DELETE FROM heads",))
    with opened(place) as book:
        close_book(book, book.head(), key=tmp_path / "another", seal=tmp_path / "ledger.db.seal")
    assert checked(place, tmp_path).findings == ()
    report = told(checked(place, tmp_path, key=ours))
    assert f"ledger.db.seal: expected the key {ours.hex()}" in report
    assert f"head over {COUNT} records by" in report and "expected a signed head over them" in report


@pytest.mark.parametrize("column", ["records", "link", "digest", "public_key", "signature"])
def test_a_changed_head_is_found(place: Place, tmp_path: Path, column: str) -> None:
    with raw_connection(place) as raw:
        statement = changed(raw, "heads", column, "records = ?", COUNT)
    attack(place, statement)
    assert "head over" in told(checked(place, tmp_path))


def test_another_currency_is_another_ledger(place: Place, tmp_path: Path) -> None:
    attack(place, ("UPDATE ledger SET currency = 'EUR'",))
    assert "record 0 (ledger" in told(checked(place, tmp_path))


# The rules themselves


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("DROP TRIGGER legs_no_update", "trigger legs_no_update: expected CREATE TRIGGER"),
        ("DROP INDEX transfers_by_source", "index transfers_by_source"),
        ("CREATE TRIGGER quiet BEFORE INSERT ON legs BEGIN SELECT RAISE(IGNORE); END", "trigger quiet: expected none"),
        ("CREATE TABLE more (x)", "table more: expected none"),
        ("PRAGMA user_version = 9", "bytes 0 to 4095"),
    ],
)
def test_other_rules_of_a_file_are_found(ledger: Path, statement: str, named: str) -> None:
    with raw_connection(ledger) as raw:
        raw.execute(statement)
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert named in told(verify(ledger))


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("ALTER TABLE legs DISABLE TRIGGER legs_kept", "trigger legs.legs_kept: expected CREATE TRIGGER"),
        ("ALTER TABLE legs ENABLE TRIGGER legs_kept", "trigger legs.legs_kept: expected CREATE TRIGGER"),
        ("ALTER TABLE legs DISABLE TRIGGER ALL", "references legs"),
        ("DROP TRIGGER legs_sealed ON legs", "trigger legs.legs_sealed: expected CREATE TRIGGER"),
        ("DROP INDEX transfers_by_source", "index transfers_by_source"),
        ("ALTER TABLE legs DROP CONSTRAINT legs_amount_cents_check", "constraint legs.legs_amount_cents_check"),
        ("CREATE RULE quiet AS ON INSERT TO legs DO INSTEAD NOTHING", "rule legs.quiet: expected none"),
        ("CREATE TABLE more () INHERITS (legs)", "relation more: expected none"),
        ("ALTER TABLE legs ENABLE ROW LEVEL SECURITY", "relation legs"),
        ("ALTER TABLE legs ADD COLUMN x INTEGER", "column legs.x: expected none"),
        ("CREATE OR REPLACE VIEW overdrawn AS SELECT account, sku, quantity FROM goods_balances", "rule overdrawn"),
        ("CREATE OR REPLACE FUNCTION rows_kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
         "function rows_kept"),
    ],
)  # fmt: skip
def test_other_rules_of_a_server_are_found(database: str, tmp_path: Path, statement: str, named: str) -> None:
    closed(database, tmp_path)
    with raw_connection(database) as raw:
        raw.execute(statement)
    assert named in told(checked(database, tmp_path))


def test_verification_leaves_a_server_as_it_was(database: str, tmp_path: Path) -> None:
    closed(database, tmp_path)
    checked(database, tmp_path)
    with psycopg.connect(database) as connection:
        names = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'aisle%'").fetchall()
    assert names == [("aisle_nano",)]
