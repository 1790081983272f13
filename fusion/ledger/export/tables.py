"""The tables of a ledger as files: one parquet or csv a table, cents as whole numbers, ids as hexadecimal text."""

from pathlib import Path
from typing import Final

import polars as pl

from fusion.ledger import rules
from fusion.ledger.database import Database
from fusion.ledger.reading import count, shown

ID, TEXT, WHOLE, REAL = "id", "text", "whole", "real"
_TYPES: Final = {ID: pl.String, TEXT: pl.String, WHOLE: pl.Int64, REAL: pl.Float64}
# Columns as the database has them, and the order of rows that does not depend on who wrote first.
COLUMNS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "ledger": ("store_id", {"only_row": WHOLE, "store_id": TEXT, "currency": TEXT}),
    "transfers": (
        "t_ns, transfer_id",
        {
            "transfer_id": ID,
            "t_ns": WHOLE,
            "sku": TEXT,
            "quantity": WHOLE,
            "grams": REAL,
            "source": TEXT,
            "target": TEXT,
            "evidence": TEXT,
            "reverses": ID,
        },
    ),
    "entries": (
        "t_ns, entry_id",
        {
            "entry_id": ID,
            "t_ns": WHOLE,
            "trip": TEXT,
            "memo": TEXT,
            "state": TEXT,
            "resolves": ID,
            "reverses": ID,
        },
    ),
    "legs": ("entry_id, position", {"entry_id": ID, "position": WHOLE, "account": TEXT, "amount_cents": WHOLE}),
    "receipts": (
        "t_ns, receipt_id",
        {"receipt_id": ID, "t_ns": WHOLE, "trip": TEXT, "memo": TEXT, "line": TEXT, "replaces": ID},
    ),
}
TABLES: Final = tuple(name for name in COLUMNS if name in rules.TABLES)


def read_table(database: Database, name: str) -> pl.DataFrame:
    """Return one table, rows in order of time and id; inside a snapshot."""
    order, columns = COLUMNS[name]
    query = f"SELECT {', '.join(columns)} FROM {name} ORDER BY {order}"
    found = list(shown(database.scan(query), count(database, name), f"reading {name}"))
    schema = {column: pl.Binary if kind == ID else _TYPES[kind] for column, kind in columns.items()}
    table = pl.DataFrame(found, schema=schema, orient="row")
    return table.with_columns(pl.col(pl.Binary).bin.encode("hex"))


def write_tables(database: Database, form: str, out: Path) -> None:
    """Write each table into the folder `out` as "parquet" or "csv"; raises OSError where that cannot be."""
    out.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        table = read_table(database, name)
        file, draft = out / f"{name}.{form}", out / f"{name}.{form}.part"
        if form == "parquet":
            table.write_parquet(draft)
        else:
            table.write_csv(draft, quote_style="non_numeric")  # an empty text is "", nothing at all is nothing
        draft.replace(file)
