"""Verification: whatever is changed, removed or added in a closed ledger is found, and where it is."""

import json
import sqlite3
from pathlib import Path

import psycopg
import pytest
from conftest import empty_database
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_records import Raw, guard, opened, pick, raw_connection, sale, unguard

from fusion.checkout.postings import post, reverse, void
from fusion.checkout.records import Entry, Transfer
from fusion.cli import main
from fusion.ledger import rows
from fusion.ledger.book import BookError, is_url
from fusion.ledger.chain import extend, leaf_of
from fusion.ledger.closing import close_book, seal_beside
from fusion.ledger.heads import sign_head
from fusion.ledger.keys import public_key, signing_key
from fusion.ledger.seal import PAGE_BYTES, parse_seal
from fusion.ledger.verify import Report, verify

Place = Path | str
Capture = pytest.CaptureFixture[str]
TRANSFERS = tuple(pick(n, quantity=1 + n % 3, sku=f"sku-{n % 5}", trip=f"trip-{n}") for n in range(40))
HELD = tuple(sale(n, state="pending") for n in range(20, 26))
ENTRIES = (
    *(sale(n, cents=100 + n) for n in range(12)),
    *HELD,
    *(post(entry, 300) for entry in HELD[:2]),
    *(void(entry, 300) for entry in HELD[2:4]),
    reverse(sale(3, cents=103), 400, "refund"),
)
RECORDS: tuple[Transfer | Entry, ...] = (*TRANSFERS, *ENTRIES)
COUNT = 1 + len(RECORDS)  # the ledger itself is the first
SHARED_FOLDER = settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
ONE_SERVER = settings(SHARED_FOLDER, max_examples=15)


def closed(place: Place, folder: Path) -> Path:
    """Write every record, close the ledger, and return where its seal is."""
    seal = folder / "ledger.db.seal"
    with opened(place) as book:
        book.commit(TRANSFERS, ENTRIES)
        close_book(book, book.head(), key=folder / "key", seal=seal)
    return seal


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a closed ledger that nobody may touch."""
    folder = tmp_path_factory.mktemp("pristine")
    closed(folder / "ledger.db", folder)
    return folder


@pytest.fixture
def ledger(pristine: Path, tmp_path: Path) -> Path:
    """A copy of a closed ledger, its seal beside it."""
    for name in ("ledger.db", "ledger.db.seal", "key"):
        (tmp_path / name).write_bytes((pristine / name).read_bytes())
        (tmp_path / name).chmod(0o600)
    return tmp_path / "ledger.db"


@pytest.fixture(params=["file", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A closed ledger of either kind; its seal is in the folder."""
    found: Place = tmp_path / "ledger.db" if request.param == "file" else request.getfixturevalue("database")
    closed(found, tmp_path)
    return found


def checked(place: Place, folder: Path, **flags: object) -> Report:
    return verify(place, seal=folder / "ledger.db.seal", **flags)


def told(report: Report) -> str:
    return "\n".join(map(str, report.findings))


def attack(place: Place, *statements: tuple) -> None:
    """Do what somebody who owns the database can do, and leave its rules as they were."""
    with raw_connection(place) as raw:
        unguard(raw, place)
        for statement, *parameters in statements:
            raw.execute(statement, *parameters)
        guard(raw, place)
        if not is_url(place):
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def test_nothing_is_found_in_a_ledger_as_it_was_closed(place: Place, tmp_path: Path) -> None:
    report = checked(place, tmp_path)
    assert report.findings == ()
    assert (report.records, report.signed, len(report.keys)) == (COUNT, COUNT, 1)
    assert checked(place, tmp_path, key=report.keys[0]).findings == ()
    with opened(place) as book:
        assert book.digest() == report.digest


# Bytes of the file


@SHARED_FOLDER
@given(st.data())
def test_any_flipped_byte_is_found_and_located(ledger: Path, pristine: Path, data: st.DataObject) -> None:
    content = bytearray((pristine / "ledger.db").read_bytes())
    at, bits = data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(1, 255))
    content[at] ^= bits
    ledger.write_bytes(content)
    first = at // PAGE_BYTES * PAGE_BYTES
    assert f"bytes {first} to {first + PAGE_BYTES - 1}: expected what was sealed" in told(verify(ledger))


@settings(SHARED_FOLDER, max_examples=200)
@given(st.data())
def test_without_its_seal_a_flip_is_found_or_changes_no_record(
    ledger: Path, pristine: Path, data: st.DataObject
) -> None:
    """What is proven by the content alone: the seal is gone, only the records, their chain and the head are left."""
    content = bytearray((pristine / "ledger.db").read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    ledger.write_bytes(content)
    seal_beside(ledger).unlink(missing_ok=True)
    assert "ledger.db.seal: expected the seal made at closing time, received no such file" in told(verify(ledger))
    report = verify(ledger, is_open=True)
    if not report.findings:
        assert report.digest == parse_seal((pristine / "ledger.db.seal").read_bytes()).head.digest


@SHARED_FOLDER
@given(st.binary(min_size=1, max_size=9000), st.booleans())
def test_bytes_added_or_cut_off_are_found(ledger: Path, pristine: Path, more: bytes, cut: bool) -> None:
    content = (pristine / "ledger.db").read_bytes()
    ledger.write_bytes(content[: -len(more)] if cut else content + more)
    report = told(verify(ledger))
    assert f"file: expected {len(content)} bytes as sealed, received {ledger.stat().st_size}" in report


@SHARED_FOLDER
@given(st.data())
def test_any_change_of_the_seal_is_found(ledger: Path, pristine: Path, data: st.DataObject) -> None:
    content = bytearray((pristine / "ledger.db.seal").read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[at] ^= data.draw(st.integers(1, 255))
    else:
        content[at:at] = data.draw(st.binary(min_size=1, max_size=3))
    seal_beside(ledger).write_bytes(content)
    if content != (pristine / "ledger.db.seal").read_bytes():
        assert "ledger.db.seal" in told(verify(ledger))


def test_a_log_laid_beside_a_closed_ledger_is_found(ledger: Path) -> None:
    ledger.with_name("ledger.db-wal").write_bytes(bytes(32))
    assert told(verify(ledger)) == "ledger.db-wal: expected no log beside a closed ledger, received 32 bytes"


# Records, by somebody who owns the database


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
    what = "transfer" if isinstance(record, Transfer) else "entry"
    assert len(named) == 1 and named[0].startswith(f"record {at + 1} ({what} {record_id.hex()}): ")
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
          for table, column in (("legs", "entry_id"), ("entries", "entry_id"), ("transfers", "transfer_id"))),
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
    for record in RECORDS:
        kind = "transfer" if isinstance(record, Transfer) else "entry"
        records.append((kind, rows.id_of(record), rows.record_bytes(record)))
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


# Keys and closing


def test_closing_twice_gives_the_same_bytes(ledger: Path) -> None:
    before = ledger.read_bytes(), seal_beside(ledger).read_bytes()
    with opened(ledger) as book:
        close_book(book, book.head(), key=ledger.with_name("key"))
    assert (ledger.read_bytes(), seal_beside(ledger).read_bytes()) == before


def test_a_file_that_is_in_use_is_not_sealed(ledger: Path) -> None:
    with opened(ledger) as other, opened(ledger) as book:
        other.commit([pick(99)], [])
        with pytest.raises(BookError, match="expected nobody else to have the ledger open"):
            close_book(book, book.head(), key=ledger.with_name("key"))


def test_a_key_is_made_for_its_owner_only(tmp_path: Path) -> None:
    made = signing_key(tmp_path / "key")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert signing_key(tmp_path / "key").private_bytes_raw() == made.private_bytes_raw()
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(BookError, match=r"key: expected a key .* \(0600\), received mode 0640"):
        signing_key(tmp_path / "key")
    for text in (b"", b"-----BEGIN", b"nonsense"):
        (tmp_path / "key").write_bytes(text)
        (tmp_path / "key").chmod(0o600)
        with pytest.raises(BookError, match="expected an Ed25519 key in PEM"):
            signing_key(tmp_path / "key")


def test_a_public_key_is_hexadecimal_digits_there_or_in_a_file(tmp_path: Path) -> None:
    digits = "0f" * 32
    (tmp_path / "store.pub").write_text(digits + "\n")
    assert public_key(digits) == public_key(str(tmp_path / "store.pub")) == bytes.fromhex(digits)
    (tmp_path / "store.pub").write_text("0f")
    with pytest.raises(BookError, match="expected a public key of 64 hexadecimal digits, received '0f'"):
        public_key(str(tmp_path / "store.pub"))


def test_a_signature_is_over_a_whole_head(ledger: Path) -> None:
    with opened(ledger) as book:
        head = book.head()
    key = signing_key(ledger.with_name("key"))
    assert sign_head(head, key) == sign_head(head, key)  # Ed25519: the same bytes
    assert json.loads(head.statement())[1:] == ["nano", "USD", COUNT, head.link.hex(), head.digest]


# The command


def test_the_command_says_what_it_found(ledger: Path, capsys: Capture) -> None:
    assert main(["ledger", "verify", str(ledger)]) == 0
    assert f"{ledger}: {COUNT} records, {COUNT} signed by" in capsys.readouterr().out
    assert main(["ledger", "verify", str(ledger), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["records"], said["findings"]) == (COUNT, [])
    assert main(["ledger", "verify", str(ledger), "--public-key", said["public_keys"][0]]) == 0
    assert main(["ledger", "verify", str(ledger), "--public-key", "00" * 32]) == 1
    capsys.readouterr()
    attack(ledger, ("UPDATE legs SET amount_cents = 499 WHERE amount_cents = 500 AND entry_id = ?", HELD[0].entry_id))
    assert main(["ledger", "verify", str(ledger)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith(f"{ledger}: record ") and HELD[0].entry_id.hex() in line for line in lines)
    assert main(["ledger", "close", str(ledger), "--key", str(ledger.with_name("key"))]) == 1  # not to be made good


@pytest.mark.parametrize(
    "words",
    [
        ["verify", "missing.db"],
        ["verify"],
        ["close", "missing.db"],
        ["close", "postgresql://localhost/x"],
        ["verify", "postgresql://me@/x?host=/nowhere"],
        ["verify", "{ledger}", "--public-key", "abc"],
    ],
)
def test_bad_arguments_cost_one_line(ledger: Path, words: list[str], capsys: Capture) -> None:
    assert main(["ledger", *(word.format(ledger=ledger) for word in words)]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1


def test_a_ledger_in_a_server_is_closed_and_verified_by_its_url(database: str, tmp_path: Path, capsys: Capture) -> None:
    with opened(database) as book:
        book.commit(TRANSFERS, ENTRIES)
    assert main(["ledger", "verify", database]) == 1
    assert main(["ledger", "close", database, "--key", str(tmp_path / "key"), "--seal", str(tmp_path / "s")]) == 0
    assert main(["ledger", "verify", database, "--seal", str(tmp_path / "s")]) == 0
    assert main(["ledger", "verify", database + "#nano"]) == 0
    capsys.readouterr()
    assert main(["ledger", "verify", database + "#other"]) == 2
    assert "schema version: expected aisle ledger 2, received no such schema" in capsys.readouterr().err
    empty_database(database)
    assert main(["ledger", "verify", database]) == 2
    assert "expected #STORE or a database of one ledger, received none" in capsys.readouterr().err


def test_what_is_no_ledger_is_a_finding(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "notes.txt").write_text("nothing to see here\n" * 100)
    sqlite3.connect(tmp_path / "empty.db").close()
    for name in ("notes.txt", "empty.db"):
        assert main(["ledger", "verify", str(tmp_path / name)]) == 1
        assert f"{name}: ledger: expected what can be read to its end" in capsys.readouterr().out
