"""Leases as rows of a PostgreSQL table; the server's clock says when one has run out."""

from types import TracebackType
from typing import Final, Self

from fusion.ledger.postgres import PostgresSchema, open_plain

SCHEMA: Final = "aisle~fleet"  # no store id has a tilde
MAKE: Final = (
    f'CREATE SCHEMA IF NOT EXISTS "{SCHEMA}"',
    f'CREATE TABLE IF NOT EXISTS "{SCHEMA}".leases (store_id TEXT PRIMARY KEY, epoch BIGINT NOT NULL,'
    " holder TEXT NOT NULL, until TIMESTAMPTZ NOT NULL)",
)
_LASTING: Final = "clock_timestamp() + make_interval(secs => ?)"
_TAKE: Final = (
    f'INSERT INTO "{SCHEMA}".leases AS held VALUES (?, 1, ?, {_LASTING}) ON CONFLICT (store_id) DO UPDATE'
    " SET epoch = held.epoch + 1, holder = excluded.holder, until = excluded.until"
    " WHERE held.until < clock_timestamp() RETURNING epoch"
)
_RENEW: Final = f'UPDATE "{SCHEMA}".leases SET until = {_LASTING} WHERE store_id = ? AND epoch = ? RETURNING epoch'
_LET_GO: Final = (
    f"UPDATE \"{SCHEMA}\".leases SET until = clock_timestamp() - interval '1 s'"
    " WHERE store_id = ? AND epoch = ? RETURNING epoch"
)
# In the transaction of somebody who writes to a ledger: whoever would take the lease waits until that is over.
HOLD: Final = f'SELECT epoch FROM "{SCHEMA}".leases WHERE store_id = ? FOR SHARE'


class Rows:
    """The lease of one store; raises BookError where the server does not answer."""

    def __init__(self, url: str, store_id: str) -> None:
        self._store_id = store_id
        self._database: PostgresSchema = open_plain(url, SCHEMA, MAKE)

    def take(self, holder: str, lasts_s: float) -> int | None:
        """Take the lease if nobody holds it; return its epoch."""
        found = self._database.read(_TAKE, (self._store_id, holder, lasts_s))
        return int(found[0][0]) if found else None

    def renew(self, epoch: int, lasts_s: float) -> bool:
        """Make the lease last from now on; return whether it is still ours."""
        return bool(self._database.read(_RENEW, (lasts_s, self._store_id, epoch)))

    def let_go(self, epoch: int) -> None:
        """Let anybody take it."""
        self._database.read(_LET_GO, (self._store_id, epoch))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
