"""Rows of the ledger as transactions, whatever the rows hold; pure."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple

from fusion.checkout.records import PENDING, POSTED
from fusion.ledger.rows import ENTRY_COLUMNS

MONEY, WAITING, GOODS = "money", "pending", "goods"  # layers: one account name means something else in each
TRIP_ACCOUNTS: Final = ("cart", "hand", "sold", "suspense")  # kinds of goods accounts that name a trip
DAY_NS: Final = 86_400_000_000_000


class Posting(NamedTuple):
    """What one account of a layer gains: cents, or pieces of a SKU."""

    layer: str
    account: str
    number: int
    sku: str = ""  # of goods


class Transaction(NamedTuple):
    """One record of the ledger."""

    t_ns: int
    title: str
    trip: str  # "" where goods move that are nobody's
    waits: bool  # pending, and nothing has resolved it
    tags: tuple[tuple[str, str], ...]  # the record's other columns, of those that say anything
    postings: tuple[Posting, ...]


def of_transfers(rows: Iterable[Sequence[Any]]) -> Iterator[Transaction]:
    """Return each row of `transfers` as a transaction."""
    for transfer_id, t_ns, sku, quantity, grams, source, target, evidence, reverses in rows:
        tags = {
            "id": transfer_id.hex(),
            "t_ns": str(t_ns),
            "grams": "" if grams is None else repr(float(grams)),
            "evidence": evidence,
            "reverses": (reverses or b"").hex(),
        }
        postings = (Posting(GOODS, source, -quantity, sku), Posting(GOODS, target, quantity, sku))
        yield Transaction(t_ns, "goods", _trip_of(source, target), False, _said(tags), postings)


def of_entries(joined: Iterable[Sequence[Any]], resolved: frozenset[bytes]) -> Iterator[Transaction]:
    """Return each entry of rows joined with their legs as a transaction; `resolved` are ids that no longer wait."""
    for entry, legs in groupby(joined, lambda row: tuple(row[:ENTRY_COLUMNS])):
        entry_id, t_ns, trip, memo, state, resolves, reverses = entry
        tags = {
            "id": entry_id.hex(),
            "t_ns": str(t_ns),
            "trip": trip,
            "state": state,
            "resolves": (resolves or b"").hex(),
            "reverses": (reverses or b"").hex(),
        }
        amounts = [(account, cents) for *_, account, cents in legs if account is not None]
        waits = state == PENDING and entry_id not in resolved
        yield Transaction(t_ns, memo, trip, waits, _said(tags), _money(amounts, state, bool(resolves)))


def day_of(t_ns: int) -> int:
    """Return the day of an instant, counted from the Unix epoch, UTC."""
    return t_ns // DAY_NS


def _money(legs: Sequence[tuple[str, int]], state: str, resolves: bool) -> tuple[Posting, ...]:
    """Return what an entry does to the accounts that are posted and to those that wait."""
    posted = [Posting(MONEY, account, cents) for account, cents in legs if state == POSTED]
    sign = 1 if state == PENDING else -1
    waiting = [Posting(WAITING, account, sign * cents) for account, cents in legs if state == PENDING or resolves]
    return (*posted, *waiting)


def _said(tags: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in tags.items() if value)


def _trip_of(*accounts: str) -> str:
    parts = (account.partition(":") for account in accounts)
    return next((trip for kind, _, trip in parts if kind in TRIP_ACCOUNTS), "")
