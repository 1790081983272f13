"""Exports of ledgers as parquet and csv: what is read back is what the ledger holds."""

from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from ledger_drawn import drawn_entries, drawn_transfers
from ledger_records import opened

from fusion.checkout import goods
from fusion.checkout.records import Entry, Transfer
from fusion.cli import main
from fusion.ledger import rows

READ = {"parquet": pl.read_parquet, "csv": lambda path: pl.read_csv(path, schema_overrides=TYPES)}
TYPES = {
    **dict.fromkeys(("transfer_id", "entry_id", "sku", "source", "target", "evidence", "account"), pl.String),
    **dict.fromkeys(("trip", "memo", "state", "resolves", "reverses"), pl.String),
    **dict.fromkeys(("t_ns", "quantity", "position", "amount_cents"), pl.Int64),
    "grams": pl.Float64,
}
TABLES = settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))


def export(place: Path, form: str, out: Path) -> dict[str, pl.DataFrame]:
    assert main(["ledger", "export", str(place), "--format", form, "--out", str(out)]) == 0
    return {path.stem: READ[form](path) for path in sorted(out.iterdir())}


def ids(record: tuple[rows.Value, ...]) -> tuple[object, ...]:
    return tuple(value.hex() if isinstance(value, bytes) else value for value in record)


@pytest.mark.parametrize("form", sorted(READ))
@TABLES
@given(moved=drawn_transfers(), paid=drawn_entries())
def test_what_is_read_back_is_what_the_ledger_holds(
    form: str, moved: tuple[Transfer, ...], paid: tuple[Entry, ...]
) -> None:
    with TemporaryDirectory() as folder:
        place = Path(folder) / "ledger.db"
        with opened(place) as book:
            book.commit(moved, paid)
            cents = book.balances()
        tables = export(place, form, Path(folder) / "out")
    assert set(tables) >= {"ledger", "transfers", "entries", "legs"}
    assert set(tables["transfers"].rows()) == {ids(rows.transfer_row(one)) for one in moved}
    assert set(tables["entries"].rows()) == {ids(rows.entry_row(one)) for one in paid}
    assert set(tables["legs"].rows()) == {ids(row) for one in paid for row in rows.leg_rows(one)}
    assert {account: posted for account, (posted, _) in cents.items() if posted} == posted_of(tables)
    assert goods.balances(moved) == units_of(tables["transfers"])


def posted_of(tables: dict[str, pl.DataFrame]) -> dict[str, int]:
    """Return what is posted, reckoned from the files."""
    posted = tables["legs"].join(tables["entries"].filter(state="posted"), on="entry_id")
    sums = posted.group_by("account").agg(pl.col("amount_cents").sum()).filter(pl.col("amount_cents") != 0)
    return dict(sums.iter_rows())


def units_of(transfers: pl.DataFrame) -> dict[tuple[str, str], int]:
    """Return what every account holds, reckoned from the file."""
    here = transfers.select("target", "sku", "quantity").rename({"target": "account"})
    gone = transfers.select(pl.col("source").alias("account"), "sku", -pl.col("quantity"))
    sums = pl.concat([here, gone]).group_by("account", "sku").agg(pl.col("quantity").sum())
    return {(account, sku): units for account, sku, units in sums.iter_rows() if units}


@pytest.mark.parametrize("form", sorted(READ))
def test_the_same_ledger_gives_the_same_bytes(form: str, ledger: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        export(ledger, form, tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert [(tmp_path / "a" / name).read_bytes() for name in files] == [
        (tmp_path / "b" / name).read_bytes() for name in files
    ]
