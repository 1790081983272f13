"""The ledger's schema in SQLite's words; pure.

A plain BEFORE DELETE trigger would not see the rows that INSERT OR REPLACE pushes out, so further triggers refuse
whatever is already there, and no table has a hidden rowid to collide on.
"""

from typing import Final

from fusion.ledger import rules

APPLICATION_ID: Final = 0x41495331  # PRAGMA application_id: "AIS1"

_TYPES = {"bytes": "BLOB", "whole": "INTEGER", "real": "REAL"}
_KEYS = {  # what a row may not share with one that is there
    "chain": ("position = NEW.position", "record_id = NEW.record_id"),
    "transfers": ("transfer_id = NEW.transfer_id", "reverses = NEW.reverses"),
    "entries": ("entry_id = NEW.entry_id", "resolves = NEW.resolves"),
    "legs": ("entry_id = NEW.entry_id AND position = NEW.position",),
    "receipts": ("receipt_id = NEW.receipt_id", "replaces = NEW.replaces"),
    "heads": ("records = NEW.records AND public_key = NEW.public_key",),
}


def statements() -> tuple[str, ...]:
    """Return the statements that make an empty file a ledger, in order."""
    tables = (
        f"CREATE TABLE {name} ({columns.format(**_TYPES)}) STRICT, WITHOUT ROWID"
        for name, columns in rules.TABLES.items()
    )
    keeps = (
        f"CREATE TRIGGER {name}_no_{verb.lower()} BEFORE {verb} ON {name} "
        f"BEGIN SELECT RAISE(ABORT, 'rows of {name} are never changed or removed'); END"
        for name in rules.TABLES
        for verb in ("UPDATE", "DELETE")
    )
    once = (
        rules.Rule(
            f"{name}_once",
            name,
            " OR ".join(f"EXISTS (SELECT 1 FROM {name} WHERE {key})" for key in keys),
            f"this row of {name} is already in the ledger",
        )
        for name, keys in _KEYS.items()
    )
    refusals = (
        f"CREATE TRIGGER {rule.name} BEFORE INSERT ON {rule.table} WHEN {rule.condition} "
        f"BEGIN SELECT RAISE(ABORT, '{rule.refusal}'); END"
        for rule in (*once, *rules.RULES)
    )
    identity = (f"PRAGMA user_version = {rules.VERSION}", f"PRAGMA application_id = {APPLICATION_ID}")
    return (*tables, *keeps, *refusals, *rules.VIEWS, *identity)
