"""Questions to a chain's ledger, each one query over all stores."""

from typing import Any, Final

from fusion.ledger.postgres import PostgresSchema

_DAY: Final = "(to_timestamp(e.t_ns / 1000000000) AT TIME ZONE s.timezone)::date"
_SALES: Final = f"""
SELECT e.store_id, {_DAY}::text AS day, s.currency, count(DISTINCT e.trip) AS trips,
    (-sum(CASE WHEN split_part(l.account, ':', 1) = 'sales' THEN l.amount_cents ELSE 0 END))::bigint AS sales_cents,
    (-sum(CASE WHEN split_part(l.account, ':', 1) = 'tax' THEN l.amount_cents ELSE 0 END))::bigint AS tax_cents
FROM entries AS e JOIN stores AS s USING (store_id) JOIN legs AS l USING (store_id, entry_id)
WHERE e.state = 'posted' AND (split_part(l.account, ':', 1) = 'sales' OR split_part(l.account, ':', 1) = 'tax')
    AND {_DAY} >= coalesce(?::date, '-infinity') AND {_DAY} < coalesce(?::date, 'infinity')
GROUP BY e.store_id, day, s.currency ORDER BY day, e.store_id
"""
_REVIEWS: Final = """
SELECT r.store_id, r.trip, r.t_ns, r.line::json ->> 'account' AS account,
    (r.line::json ->> 'total')::bigint AS total_cents, s.currency
FROM receipts AS r JOIN stores AS s USING (store_id)
WHERE r.line::json ->> 'status' = 'review'
    AND NOT EXISTS (SELECT 1 FROM receipts AS later WHERE later.store_id = r.store_id AND later.replaces = r.receipt_id)
ORDER BY r.t_ns, r.store_id, r.trip
"""
_HEADS: Final = """
SELECT s.store_id, coalesce(h.records, 0) AS records, encode(h.link, 'hex') AS link, h.signature IS NOT NULL AS signed,
    to_char(h.taken AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS taken,
    CASE WHEN s.fault IS NOT NULL THEN 'does not verify: ' || s.fault
        WHEN h.records IS NULL THEN 'behind: nothing was taken yet'
        WHEN s.looked < clock_timestamp() - make_interval(secs => ?) THEN 'behind: looked at last on '
            || to_char(s.looked AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')
        ELSE 'verified' END AS state
FROM stores AS s LEFT JOIN LATERAL
    (SELECT * FROM heads WHERE heads.store_id = s.store_id ORDER BY records DESC LIMIT 1) AS h ON true
ORDER BY s.store_id
"""
SALES: Final = ("store", "day", "currency", "trips", "sales_cents", "tax_cents")
REVIEWS: Final = ("store", "trip", "t_ns", "account", "total_cents", "currency")
HEADS: Final = ("store", "records", "link", "signed", "taken", "state")
VERIFIED: Final = "verified"

Rows = list[dict[str, Any]]


def sales(chain: PostgresSchema, since: str | None = None, until: str | None = None) -> Rows:
    """Return posted sales and tax by store and day of its own time zone, from one date to before another."""
    return _rows(chain, SALES, _SALES, (since, until))


def reviews(chain: PostgresSchema) -> Rows:
    """Return the receipts that wait for a person, the oldest first."""
    return _rows(chain, REVIEWS, _REVIEWS, ())


def heads(chain: PostgresSchema, older_s: float) -> Rows:
    """Return each store's last head and how it stands; one looked at longer ago than that is behind."""
    return _rows(chain, HEADS, _HEADS, (older_s,))


def _rows(chain: PostgresSchema, names: tuple[str, ...], query: str, parameters: tuple[Any, ...]) -> Rows:
    return [dict(zip(names, row, strict=True)) for row in chain.read(query, parameters)]
