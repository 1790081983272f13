"""Verification of a closed ledger: every byte of its file, its keys, the command."""

import json
import sqlite3
from pathlib import Path

import pytest
from conftest import empty_database
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_closed import COUNT, ENTRIES, HELD, RECEIPTS, SHARED_FOLDER, TRANSFERS, Place, attack, checked, told
from ledger_records import opened, pick

from fusion.cli import main
from fusion.ledger import rules
from fusion.ledger.book import BookError
from fusion.ledger.closing import close_book, seal_beside
from fusion.ledger.heads import sign_head
from fusion.ledger.keys import public_key, signing_key
from fusion.ledger.seal import PAGE_BYTES, parse_seal
from fusion.ledger.verify import verify

Capture = pytest.CaptureFixture[str]


def test_nothing_is_found_in_a_ledger_as_it_was_closed(closed_place: Place, tmp_path: Path) -> None:
    report = checked(closed_place, tmp_path)
    assert report.findings == ()
    assert (report.records, report.signed, len(report.keys)) == (COUNT, COUNT, 1)
    assert checked(closed_place, tmp_path, key=report.keys[0]).findings == ()
    with opened(closed_place) as book:
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
        book.commit(TRANSFERS, ENTRIES, RECEIPTS)
    assert main(["ledger", "verify", database]) == 1
    assert main(["ledger", "close", database, "--key", str(tmp_path / "key"), "--seal", str(tmp_path / "s")]) == 0
    assert main(["ledger", "verify", database, "--seal", str(tmp_path / "s")]) == 0
    assert main(["ledger", "verify", database + "#nano"]) == 0
    capsys.readouterr()
    assert main(["ledger", "verify", database + "#other"]) == 2
    assert f"schema version: expected aisle ledger {rules.VERSION}, received no such schema" in capsys.readouterr().err
    empty_database(database)
    assert main(["ledger", "verify", database]) == 2
    assert "expected #STORE or a database of one ledger, received none" in capsys.readouterr().err


def test_what_is_no_ledger_is_a_finding(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "notes.txt").write_text("nothing to see here\n" * 100)
    sqlite3.connect(tmp_path / "empty.db").close()
    for name in ("notes.txt", "empty.db"):
        assert main(["ledger", "verify", str(tmp_path / name)]) == 1
        assert f"{name}: ledger: expected what can be read to its end" in capsys.readouterr().out
