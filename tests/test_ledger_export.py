"""Exports of ledgers: programs of others add them up to the same sums, and refuse one of which a cent was changed."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from conftest import empty_database
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_closed import ENTRIES, TRANSFERS
from ledger_drawn import SKUS, drawn_entries, drawn_transfers, labels
from ledger_records import opened, raw_connection, unguard
from outside import JOURNALS, balances, cheated, program, refused

from fusion.checkout.records import Entry, Transfer
from fusion.cli import main
from fusion.ledger.export import beancount, hledger, names
from fusion.ledger.export.transactions import GOODS, MONEY, WAITING, Posting
from fusion.ledger.reading import reading

FORMS = sorted(JOURNALS)
OUTSIDE = settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
ACCOUNT = {"beancount": beancount.account, "hledger": hledger.account}
SKU = {"beancount": names.beancount_sku, "hledger": lambda sku: names.hledger_sku(sku).strip('"')}


def export(place: Path | str, form: str, out: Path) -> str:
    assert main(["ledger", "export", str(place), "--format", form, "--out", str(out)]) == 0
    return out.read_text(encoding="ascii")


def decimal(cents: int) -> str:
    return f"{'-' * (cents < 0)}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def held(place: Path | str, form: str) -> dict[tuple[str, str], str]:
    """What the ledger itself says, in the names of a program."""
    name, sku_name = ACCOUNT[form], SKU[form]
    with opened(place) as book:
        cents = {
            Posting(layer, account, 0): number
            for account, both in book.balances().items()
            for layer, number in zip((MONEY, WAITING), both, strict=True)
        }
    with reading(place) as database:
        pieces = database.read("SELECT account, sku, quantity FROM goods_balances")
    told = {(name(one), "USD"): decimal(number) for one, number in cents.items() if number}
    return told | {(name(Posting(GOODS, a, 0)), sku_name(sku)): str(n) for a, sku, n in pieces}


@pytest.mark.parametrize("form", FORMS)
@OUTSIDE
@given(moved=drawn_transfers(), paid=drawn_entries())
def test_others_take_an_export_and_add_it_up_to_the_same(
    form: str, moved: tuple[Transfer, ...], paid: tuple[Entry, ...]
) -> None:
    with TemporaryDirectory() as folder:
        place, out = Path(folder) / "ledger.db", Path(folder) / f"out.{JOURNALS[form]}"
        with opened(place) as book:
            book.commit(moved, paid)
        text = export(place, form, out)
        assert refused(form, out) == ""
        assert balances(form, out) == held(place, form)
        assert len(re.findall(r"^\d{4}-\d\d-\d\d [*!] (?!.*balances as)", text, re.M)) == len(moved) + len(paid)
        with opened(place) as book:
            assert len(re.findall(r"^\d{4}-\d\d-\d\d !", text, re.M)) == book.counts()["pending"]
        for one in (*moved, *paid):
            record_id = one.transfer_id if isinstance(one, Transfer) else one.entry_id
            assert len(re.findall(rf'\bid: "?{record_id.hex()}\b', text)) == 1


@pytest.mark.parametrize("form", FORMS)
@OUTSIDE
@given(paid=drawn_entries().filter(bool), data=st.data())
def test_others_refuse_a_cent_that_was_changed(form: str, paid: tuple[Entry, ...], data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        place, out = Path(folder) / "ledger.db", Path(folder) / f"out.{JOURNALS[form]}"
        with opened(place) as book:
            book.commit((), paid)
        text = export(place, form, out)
        amount = data.draw(st.sampled_from(re.findall(r"(?<=  )-?\d+\.\d\d(?= )", text)))
        out.write_text(cheated(text, amount))
        assert out.read_text() != text and refused(form, out)


@pytest.mark.parametrize("form", FORMS)
def test_others_refuse_the_export_of_a_ledger_of_which_a_cent_was_changed(form: str, tmp_path: Path) -> None:
    place, out = tmp_path / "ledger.db", tmp_path / f"out.{JOURNALS[form]}"
    with opened(place) as book:
        book.commit(TRANSFERS, ENTRIES)
    with raw_connection(place) as raw:
        unguard(raw, place)
        raw.execute(
            "UPDATE legs SET amount_cents = amount_cents + 1 WHERE entry_id = ? AND position = 0", ENTRIES[0].entry_id
        )
    export(place, form, out)
    assert "balance" in refused(form, out)


@pytest.mark.parametrize("form", FORMS)
def test_others_refuse_an_entry_that_was_changed_on_both_sides(form: str, tmp_path: Path) -> None:
    place, out = tmp_path / "ledger.db", tmp_path / f"out.{JOURNALS[form]}"
    with opened(place) as book:
        book.commit(TRANSFERS, ENTRIES)
    text = export(place, form, out)
    out.write_text(text.replace("  1.07 USD", "  1.08 USD", 1).replace("  -0.67 USD", "  -0.68 USD", 1))
    assert out.read_text() != text and "balance" in refused(form, out).lower()


@OUTSIDE
@given(labels, SKUS | st.text(min_size=1, max_size=9))
def test_names_can_be_read_back(label: str, sku: str) -> None:
    assert names.of_beancount_segment(names.beancount_segment(label)) == label
    assert names.of_hledger_segment(names.hledger_segment(label)) == label
    assert names.of_beancount_sku(names.beancount_sku(sku)) == sku
    assert names.of_hledger_sku(names.hledger_sku(sku)) == sku
    assert names.unquote(names.text(label)) == label


@OUTSIDE
@given(drawn_transfers(), drawn_entries(), st.randoms(use_true_random=False))
def test_an_export_tells_neither_the_order_of_writing_nor_the_database(
    server: str, moved: tuple[Transfer, ...], paid: tuple[Entry, ...], order: object
) -> None:
    empty_database(server)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.db"
        with opened(file) as here, opened(server) as there:
            here.commit(moved, paid)
            for entry in paid:
                there.commit((), (entry,))
            there.commit(moved, ())
        for form in FORMS:
            assert export(file, form, Path(folder) / "a") == export(server, form, Path(folder) / "b")


def test_a_bad_place_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text").write_text("no ledger")
    words = ["ledger", "export", str(tmp_path / "none.db"), "--format", "csv", "--out", str(tmp_path / "out")]
    assert main(words) == 2
    assert "none.db: expected" in (said := capsys.readouterr().err) and said.count("\n") == 1
    assert main([*words[:2], str(tmp_path / "text"), *words[3:]]) == 2
    assert "text: expected" in (said := capsys.readouterr().err) and said.count("\n") == 1
    assert main([*words[:4], "ods", *words[5:]]) == 2
    assert "choose from" in (said := capsys.readouterr().err) and said.count("\n") == 1


def test_a_folder_is_no_journal_and_a_file_no_folder(
    ledger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for form, out in (("beancount", tmp_path), ("parquet", ledger)):
        assert main(["ledger", "export", str(ledger), "--format", form, "--out", str(out)]) == 2
        assert "expected a f" in (said := capsys.readouterr().err) and said.count("\n") == 1


def test_an_export_leaves_the_ledger_untouched(ledger: Path, tmp_path: Path) -> None:
    before = ledger.read_bytes(), sorted(tmp_path.iterdir())
    export(ledger, "hledger", tmp_path / "out.journal")
    assert (ledger.read_bytes(), sorted(tmp_path.iterdir())) == (
        before[0],
        sorted([*before[1], tmp_path / "out.journal"]),
    )


def test_a_program_that_is_missing_fails_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(AssertionError, match="`make books` installs it"):
        program("hledger")
