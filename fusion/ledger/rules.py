"""The ledger's schema as data: tables, and what the database refuses whoever writes to it. Pure.

Both databases are given the same columns, the same conditions and the same views; `sqlite` and `postgres` only
render them. Rows are never changed or removed.

A record needs a link of the chain, so the link is written first. An entry is sealed by its own row: its legs are
written before it, which their deferred foreign key allows; then the entry is accepted only if they add up to zero,
match those of the entry it resolves, and lie within those of the one it reverses; after that no leg can be added.
Several entries may each reverse a part of one: on each of its accounts all of them together move back no more than it
moved there. One that waits counts until it is voided.
"""

from typing import Final, NamedTuple

VERSION: Final = 3


class Rule(NamedTuple):
    """An insert that is refused: where `condition`, over the row NEW, is true."""

    name: str
    table: str
    condition: str
    refusal: str


# {bytes}, {whole} and {real} are the names of types; a length of bytes is spelled alike in both databases.
TABLES: Final[dict[str, str]] = {
    "ledger": """
        only_row {whole} NOT NULL PRIMARY KEY CHECK (only_row = 1),
        store_id TEXT NOT NULL,
        currency TEXT NOT NULL""",
    "chain": """
        position {whole} NOT NULL PRIMARY KEY CHECK (position >= 0),
        kind TEXT NOT NULL CHECK (kind IN ('ledger', 'transfer', 'entry', 'receipt')),
        record_id {bytes} NOT NULL UNIQUE CHECK (length(record_id) = 16),
        leaf {bytes} NOT NULL CHECK (length(leaf) = 32),
        link {bytes} NOT NULL CHECK (length(link) = 32)""",
    "transfers": """
        transfer_id {bytes} NOT NULL PRIMARY KEY REFERENCES chain (record_id),
        t_ns {whole} NOT NULL,
        sku TEXT NOT NULL,
        quantity {whole} NOT NULL CHECK (quantity > 0),
        grams {real} CHECK (grams >= 0 AND grams < 1e300),
        source TEXT NOT NULL,
        target TEXT NOT NULL,
        evidence TEXT NOT NULL,
        reverses {bytes} UNIQUE REFERENCES transfers (transfer_id),
        CHECK (source <> target)""",
    "entries": """
        entry_id {bytes} NOT NULL PRIMARY KEY REFERENCES chain (record_id),
        t_ns {whole} NOT NULL,
        trip TEXT NOT NULL,
        memo TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('posted', 'pending', 'voided')),
        resolves {bytes} UNIQUE REFERENCES entries (entry_id),
        reverses {bytes} REFERENCES entries (entry_id),
        CHECK (resolves IS NULL OR reverses IS NULL),
        CHECK (resolves IS NULL OR state <> 'pending'),
        CHECK (resolves IS NOT NULL OR state <> 'voided')""",
    "legs": """
        entry_id {bytes} NOT NULL REFERENCES entries (entry_id) DEFERRABLE INITIALLY DEFERRED,
        position {whole} NOT NULL CHECK (position >= 0),
        account TEXT NOT NULL,
        amount_cents {whole} NOT NULL CHECK (amount_cents <> 0),
        PRIMARY KEY (entry_id, position)""",
    "receipts": """
        receipt_id {bytes} NOT NULL PRIMARY KEY REFERENCES chain (record_id),
        t_ns {whole} NOT NULL,
        trip TEXT NOT NULL,
        memo TEXT NOT NULL,
        line TEXT NOT NULL,
        replaces {bytes} UNIQUE REFERENCES receipts (receipt_id)""",
    "heads": """
        records {whole} NOT NULL CHECK (records > 0),
        link {bytes} NOT NULL CHECK (length(link) = 32),
        digest TEXT NOT NULL,
        public_key {bytes} NOT NULL CHECK (length(public_key) = 32),
        signature {bytes} NOT NULL CHECK (length(signature) = 64),
        PRIMARY KEY (records, public_key)""",
}

# True where NEW follows no earlier entry of its trip that is in this state.
_FOLLOWS_NONE: Final = """NOT EXISTS (SELECT 1 FROM entries
        WHERE entry_id = NEW.{column} AND trip = NEW.trip AND state = '{state}' AND t_ns <= NEW.t_ns)"""

# True unless the legs of NEW are those of the entry it resolves.
_OTHER_LEGS: Final = """(SELECT count(*) FROM legs WHERE entry_id IN (NEW.resolves, NEW.entry_id)) <> 2 * (
        SELECT count(*) FROM legs AS a JOIN legs AS b ON a.position = b.position AND a.account = b.account
            AND a.amount_cents = b.amount_cents
        WHERE a.entry_id = NEW.resolves AND b.entry_id = NEW.entry_id)"""

# True where on some account NEW, and all that reverses the same entry and was not voided, move back more than that
# entry moved there.
_PAST_WHAT_IT_MOVED: Final = """EXISTS (SELECT 1 FROM legs AS mine WHERE mine.entry_id = NEW.entry_id AND (
        SELECT sum(abs(amount_cents)) FROM legs
        WHERE account = mine.account AND (amount_cents > 0) = (mine.amount_cents > 0) AND entry_id IN (
            SELECT NEW.entry_id UNION ALL SELECT entry_id FROM entries AS other WHERE reverses = NEW.reverses
                AND NOT EXISTS (SELECT 1 FROM entries WHERE resolves = other.entry_id AND state = 'voided'))
        ) > (SELECT coalesce(sum(abs(amount_cents)), 0) FROM legs
        WHERE account = mine.account AND (amount_cents > 0) <> (mine.amount_cents > 0) AND entry_id = NEW.reverses))"""


RULES: Final = (
    Rule("ledger_once", "ledger", "EXISTS (SELECT 1 FROM ledger)", "a ledger belongs to one store"),
    Rule(
        "chain_grows",
        "chain",
        "NEW.position <> (SELECT coalesce(max(position) + 1, 0) FROM chain)",
        "a link is added at the end of the chain",
    ),
    Rule(
        "transfers_mirror",
        "transfers",
        """NEW.reverses IS NOT NULL AND NOT EXISTS (SELECT 1 FROM transfers
            WHERE transfer_id = NEW.reverses AND sku = NEW.sku AND quantity = NEW.quantity
                AND source = NEW.target AND target = NEW.source AND t_ns <= NEW.t_ns)""",
        "this transfer does not mirror the one it reverses",
    ),
    Rule(
        "entries_balance",
        "entries",
        "(SELECT count(*) < 2 OR sum(amount_cents) <> 0 FROM legs WHERE entry_id = NEW.entry_id)",
        "the legs of this entry do not add up to zero",
    ),
    Rule(
        "entries_resolve",
        "entries",
        f"NEW.resolves IS NOT NULL AND ({_FOLLOWS_NONE.format(column='resolves', state='pending')} OR {_OTHER_LEGS})",
        "this entry does not resolve a pending one with the same legs",
    ),
    Rule(
        "entries_reverse",
        "entries",
        f"NEW.reverses IS NOT NULL AND ({_FOLLOWS_NONE.format(column='reverses', state='posted')}"
        f" OR {_PAST_WHAT_IT_MOVED})",
        "this entry does not mirror the posted one it reverses, or what is left of it",
    ),
    Rule(
        "legs_sealed",
        "legs",
        "EXISTS (SELECT 1 FROM entries WHERE entry_id = NEW.entry_id)",
        "the legs of this entry are already in the ledger",
    ),
    Rule(
        "receipts_first",
        "receipts",
        "NEW.replaces IS NULL AND EXISTS (SELECT 1 FROM receipts WHERE trip = NEW.trip)",
        "this trip has a receipt that this one does not replace",
    ),
    Rule(
        "receipts_follow",
        "receipts",
        """NEW.replaces IS NOT NULL AND NOT EXISTS (SELECT 1 FROM receipts
            WHERE receipt_id = NEW.replaces AND trip = NEW.trip AND t_ns <= NEW.t_ns)""",
        "this receipt does not replace an earlier one of its trip",
    ),
    Rule(
        "heads_fit",
        "heads",
        "NOT EXISTS (SELECT 1 FROM chain WHERE position = NEW.records - 1 AND link = NEW.link)",
        "this head is not of this chain",
    ),
)

VIEWS: Final = (
    "CREATE INDEX transfers_by_source ON transfers (source, sku, quantity)",
    "CREATE INDEX transfers_by_target ON transfers (target, sku, quantity)",
    "CREATE INDEX entries_by_reverses ON entries (reverses)",
    "CREATE INDEX entries_by_trip ON entries (trip)",
    "CREATE INDEX receipts_by_trip ON receipts (trip)",
    """CREATE VIEW goods_balances (account, sku, quantity) AS
    SELECT account, sku, sum(quantity) FROM (
        SELECT target AS account, sku, quantity FROM transfers
        UNION ALL SELECT source, sku, -quantity FROM transfers) AS moved
    GROUP BY account, sku HAVING sum(quantity) <> 0""",
    """CREATE VIEW money_balances (account, posted_cents, pending_cents) AS
    SELECT account,
        sum(CASE WHEN state = 'posted' THEN amount_cents ELSE 0 END),
        sum(CASE WHEN state = 'pending' AND later IS NULL THEN amount_cents ELSE 0 END)
    FROM (SELECT legs.account, legs.amount_cents, entries.state, resolution.entry_id AS later
        FROM legs JOIN entries ON entries.entry_id = legs.entry_id
        LEFT JOIN entries AS resolution ON resolution.resolves = entries.entry_id) AS paid
    GROUP BY account""",
    """CREATE VIEW overdrawn (account, sku, quantity) AS
    SELECT account, sku, quantity FROM goods_balances
    WHERE quantity < 0 AND account <> 'supply' AND substr(account, 1, 6) <> 'plate:'""",
    """CREATE VIEW unbalanced (entry_id, sum_cents) AS
    SELECT entry_id, coalesce(sum(amount_cents), 0) FROM (
        SELECT entry_id, NULL AS amount_cents FROM entries
        UNION ALL SELECT entry_id, amount_cents FROM legs) AS paid
    GROUP BY entry_id HAVING count(amount_cents) < 2 OR sum(amount_cents) <> 0""",
)
