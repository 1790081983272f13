"""The schema of a chain's ledger, and opening it."""

from collections.abc import Iterator
from typing import Final

from fusion.ledger.postgres import PostgresSchema, open_plain
from fusion.ledger.postgres_rules import function, trigger

SCHEMA: Final = "aisle~chain"  # no store id has a tilde
VERSION: Final = "aisle chain 1"
KEPT: Final[dict[str, str]] = {  # never changed or removed
    "heads": "store_id TEXT NOT NULL REFERENCES stores, records BIGINT NOT NULL, link BYTEA NOT NULL, digest TEXT,"
    " public_key BYTEA, signature BYTEA, taken TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),"
    " PRIMARY KEY (store_id, records)",
    "entries": "store_id TEXT NOT NULL REFERENCES stores, position BIGINT NOT NULL, entry_id BYTEA NOT NULL,"
    " t_ns BIGINT NOT NULL, trip TEXT NOT NULL, memo TEXT NOT NULL, state TEXT NOT NULL, resolves BYTEA,"
    " reverses BYTEA, PRIMARY KEY (store_id, entry_id)",
    "legs": "store_id TEXT NOT NULL, entry_id BYTEA NOT NULL, position BIGINT NOT NULL, account TEXT NOT NULL,"
    " amount_cents BIGINT NOT NULL, PRIMARY KEY (store_id, entry_id, position),"
    " FOREIGN KEY (store_id, entry_id) REFERENCES entries",
    "receipts": "store_id TEXT NOT NULL REFERENCES stores, position BIGINT NOT NULL, receipt_id BYTEA NOT NULL,"
    " t_ns BIGINT NOT NULL, trip TEXT NOT NULL, memo TEXT NOT NULL, line TEXT NOT NULL, replaces BYTEA,"
    " PRIMARY KEY (store_id, receipt_id)",
}
STORES: Final = (
    "store_id TEXT PRIMARY KEY, currency TEXT NOT NULL, timezone TEXT NOT NULL, place TEXT NOT NULL,"
    " public_key BYTEA, looked TIMESTAMPTZ, seen BIGINT, fault TEXT"
)
INDEXES: Final = (
    "CREATE INDEX entries_by_time ON entries (t_ns)",
    "CREATE INDEX entries_by_resolves ON entries (store_id, resolves)",
    "CREATE INDEX receipts_by_replaces ON receipts (store_id, replaces)",
)


def open_chain(url: str) -> PostgresSchema:
    """Open the ledger of a chain, made where there is none; raises BookError where that cannot be."""
    made = tuple(statements())
    # One statement that does nothing where the schema is there: who comes second finds it whole.
    whole = f"DO $made$ BEGIN IF to_regnamespace('\"{SCHEMA}\"') IS NULL THEN {'; '.join(made)}; END IF; END $made$"
    return open_plain(url, SCHEMA, (whole,))


def statements() -> Iterator[str]:
    """Return the statements that make the schema, in order."""
    yield f'CREATE SCHEMA "{SCHEMA}"'
    yield f"COMMENT ON SCHEMA \"{SCHEMA}\" IS '{VERSION}'"
    yield f"CREATE TABLE stores ({STORES})"
    for name, columns in KEPT.items():
        yield f"CREATE TABLE {name} ({columns})"
    yield function(
        SCHEMA,
        "rows_kept",
        "RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME"
        " USING ERRCODE = 'integrity_constraint_violation';",
    )
    for name in KEPT:
        yield from trigger(f"{name}_kept", name, "UPDATE OR DELETE OR TRUNCATE", "STATEMENT", "rows_kept")
    yield from INDEXES
