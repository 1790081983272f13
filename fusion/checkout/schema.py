"""The ledger's tables: what the database itself refuses, whoever writes to it.

Rows are never changed or removed. A plain BEFORE DELETE trigger would not see the rows that INSERT OR
REPLACE pushes out, so a BEFORE INSERT trigger refuses an id that is already there, and no table has a
hidden rowid to collide on.

An entry is sealed by its own row. Its legs are written first, which their deferred foreign key allows; then
the entry is accepted only if they add up to zero; after that no leg can be added. So an unbalanced entry
cannot be committed.
"""

VERSION = 1  # PRAGMA user_version
APPLICATION_ID = 0x41495331  # PRAGMA application_id: "AIS1"

_TABLES = {
    "ledger": """
        only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
        store_id TEXT NOT NULL,
        currency TEXT NOT NULL""",
    "transfers": """
        transfer_id BLOB NOT NULL PRIMARY KEY CHECK (length(transfer_id) = 16),
        t_ns INTEGER NOT NULL,
        sku TEXT NOT NULL,
        quantity INTEGER NOT NULL CHECK (quantity > 0),
        grams REAL CHECK (grams >= 0),
        source TEXT NOT NULL,
        target TEXT NOT NULL,
        evidence TEXT NOT NULL,
        reverses BLOB REFERENCES transfers (transfer_id) DEFERRABLE INITIALLY DEFERRED,
        CHECK (source <> target),
        CHECK (reverses <> transfer_id)""",
    "entries": """
        entry_id BLOB NOT NULL PRIMARY KEY CHECK (length(entry_id) = 16),
        t_ns INTEGER NOT NULL,
        trip TEXT NOT NULL,
        memo TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('posted', 'pending'))""",
    "legs": """
        entry_id BLOB NOT NULL REFERENCES entries (entry_id) DEFERRABLE INITIALLY DEFERRED,
        position INTEGER NOT NULL CHECK (position >= 0),
        account TEXT NOT NULL,
        amount_cents INTEGER NOT NULL CHECK (amount_cents <> 0),
        PRIMARY KEY (entry_id, position)""",
}

_SEALS = (
    """CREATE TRIGGER ledger_once BEFORE INSERT ON ledger
    WHEN EXISTS (SELECT 1 FROM ledger)
    BEGIN SELECT RAISE(ABORT, 'a ledger belongs to one store'); END""",
    """CREATE TRIGGER transfers_once BEFORE INSERT ON transfers
    WHEN EXISTS (SELECT 1 FROM transfers WHERE transfer_id = NEW.transfer_id)
    BEGIN SELECT RAISE(ABORT, 'this transfer is already in the ledger'); END""",
    """CREATE TRIGGER entries_once BEFORE INSERT ON entries
    WHEN EXISTS (SELECT 1 FROM entries WHERE entry_id = NEW.entry_id)
    BEGIN SELECT RAISE(ABORT, 'this entry is already in the ledger'); END""",
    """CREATE TRIGGER entries_balance BEFORE INSERT ON entries
    WHEN (SELECT count(*) < 2 OR sum(amount_cents) <> 0 FROM legs WHERE entry_id = NEW.entry_id)
    BEGIN SELECT RAISE(ABORT, 'the legs of this entry do not add up to zero'); END""",
    """CREATE TRIGGER legs_sealed BEFORE INSERT ON legs
    WHEN EXISTS (SELECT 1 FROM entries WHERE entry_id = NEW.entry_id)
        OR EXISTS (SELECT 1 FROM legs WHERE entry_id = NEW.entry_id AND position = NEW.position)
    BEGIN SELECT RAISE(ABORT, 'the legs of this entry are already in the ledger'); END""",
)

_VIEWS = (
    "CREATE INDEX transfers_by_source ON transfers (source, sku, quantity)",
    "CREATE INDEX transfers_by_target ON transfers (target, sku, quantity)",
    """CREATE VIEW goods_balances (account, sku, quantity) AS
    SELECT account, sku, sum(quantity) FROM (
        SELECT target AS account, sku, quantity FROM transfers
        UNION ALL SELECT source, sku, -quantity FROM transfers)
    GROUP BY account, sku HAVING sum(quantity) <> 0""",
    """CREATE VIEW overdrawn (account, sku, quantity) AS
    SELECT account, sku, quantity FROM goods_balances
    WHERE quantity < 0 AND account <> 'supply' AND substr(account, 1, 6) <> 'plate:'""",
    """CREATE VIEW unbalanced (entry_id, sum_cents) AS
    SELECT entry_id, coalesce(sum(amount_cents), 0) FROM (
        SELECT entry_id, NULL AS amount_cents FROM entries
        UNION ALL SELECT entry_id, amount_cents FROM legs)
    GROUP BY entry_id HAVING count(amount_cents) < 2 OR sum(amount_cents) <> 0""",
)


def statements() -> tuple[str, ...]:
    """Return the statements that make an empty database a ledger, in order."""
    tables = (f"CREATE TABLE {name} ({columns}) STRICT, WITHOUT ROWID" for name, columns in _TABLES.items())
    keeps = (
        f"CREATE TRIGGER {name}_no_{verb.lower()} BEFORE {verb} ON {name} "
        f"BEGIN SELECT RAISE(ABORT, 'rows of {name} are never changed or removed'); END"
        for name in _TABLES
        for verb in ("UPDATE", "DELETE")
    )
    identity = (f"PRAGMA user_version = {VERSION}", f"PRAGMA application_id = {APPLICATION_ID}")
    return (*tables, *keeps, *_SEALS, *_VIEWS, *identity)
