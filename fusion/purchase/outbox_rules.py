"""The outbox's tables: requests, events and authorisations are only ever added to; `next` is what they come to.

`next` could be read from the others at any time, and is kept so that asking what is due costs nothing after years.
"""

VERSION = 1  # PRAGMA user_version
APPLICATION_ID = 0x41495332  # PRAGMA application_id: "AIS2"

_TABLES = {
    "outbox": """
        only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
        store_id TEXT NOT NULL,
        currency TEXT NOT NULL,
        is_scratch INTEGER NOT NULL""",
    "authorisations": """
        position INTEGER NOT NULL PRIMARY KEY,
        request_id BLOB NOT NULL UNIQUE CHECK (length(request_id) = 16),
        account TEXT NOT NULL,
        body TEXT NOT NULL,
        expires_ns INTEGER NOT NULL""",
    "requests": """
        position INTEGER NOT NULL PRIMARY KEY,
        request_id BLOB NOT NULL UNIQUE CHECK (length(request_id) = 16),
        trip TEXT NOT NULL,
        account TEXT NOT NULL,
        body TEXT NOT NULL,
        authorisation BLOB UNIQUE REFERENCES authorisations (request_id)""",
    "events": """
        position INTEGER NOT NULL PRIMARY KEY,
        request_id BLOB NOT NULL,
        t_ns INTEGER NOT NULL,
        outcome TEXT NOT NULL
            CHECK (outcome IN ('accepted', 'declined', 'later', 'dead', 'offset', 'retry', 'settled')),
        reason TEXT NOT NULL,
        due_ns INTEGER NOT NULL""",
}
_OTHERS = (
    "CREATE TABLE next (trip TEXT NOT NULL PRIMARY KEY, due_ns INTEGER NOT NULL) STRICT",
    "CREATE TABLE port (only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1), place TEXT NOT NULL) STRICT",
    "CREATE INDEX next_by_time ON next (due_ns)",
    "CREATE INDEX requests_by_trip ON requests (trip)",
    "CREATE INDEX requests_by_account ON requests (account)",
    "CREATE INDEX authorisations_by_account ON authorisations (account)",
    "CREATE INDEX events_by_request ON events (request_id)",
)


def statements() -> tuple[str, ...]:
    """Return the statements that make an empty database an outbox, in order."""
    tables = (f"CREATE TABLE {name} ({columns}) STRICT" for name, columns in _TABLES.items())
    keeps = (
        f"CREATE TRIGGER {name}_no_{verb.lower()} BEFORE {verb} ON {name} "
        f"BEGIN SELECT RAISE(ABORT, 'rows of {name} are never changed or removed'); END"
        for name in _TABLES
        for verb in ("UPDATE", "DELETE")
    )
    identity = (f"PRAGMA user_version = {VERSION}", f"PRAGMA application_id = {APPLICATION_ID}")
    return (*tables, *keeps, *_OTHERS, *identity)
