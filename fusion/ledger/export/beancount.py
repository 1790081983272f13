"""Transactions as beancount's text; pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from fusion.checkout.money import decimal
from fusion.ledger.export import names
from fusion.ledger.export.transactions import GOODS, MONEY, WAITING, Posting, Transaction, day_of

ROOTS: Final = {"sales": "Income", "tax": "Liabilities", "deposits": "Liabilities"}  # all else is owed to the store
LAYERS: Final = {WAITING: "Equity:Pending", GOODS: "Equity:Goods"}
_EPOCH: Final = date(1970, 1, 1).toordinal()
_LINK: Final = re.compile(r"[A-Za-z0-9_/.-]+")


def account(posting: Posting) -> str:
    """Return the account of a posting under one of beancount's five roots."""
    kind = posting.account.partition(":")[0]
    root = ROOTS.get(kind, "Assets") if posting.layer == MONEY else LAYERS[posting.layer]
    return f"{root}:{names.account(posting.account, names.beancount_segment)}"


def opening(postings: Iterable[Posting], currency: str, first_ns: int) -> Iterator[str]:
    """Open every account that occurs in the postings, on the day of the first."""
    yield f'option "operating_currency" "{names.beancount_currency(currency)}"\n'
    for name in sorted(set(map(account, postings))):
        yield f"{_day(first_ns)} open {name}\n"


def transaction(one: Transaction, currency: str) -> str:
    """Return one transaction, a blank line before it."""
    link = f" ^{one.trip}" if _LINK.fullmatch(one.trip) else ""
    head = f'\n{_day(one.t_ns)} {"!" if one.waits else "*"} "{names.text(one.title)}"{link}\n'
    tags = "".join(f'  {name}: "{names.text(value)}"\n' for name, value in one.tags)
    return head + tags + "".join(f"  {account(p)}  {amount(p, currency)}\n" for p in one.postings)


def assertions(balances: Iterable[Posting], currency: str, last_ns: int) -> Iterator[str]:
    """Assert, on the day after the last transaction, what every account holds; accounts include those below them."""
    total: Counter[tuple[str, str, bool]] = Counter()
    names_asserted = set()
    for one in balances:
        name, is_goods = account(one), one.layer == GOODS
        names_asserted.add((name, one.sku, is_goods))
        for end in [match.start() for match in re.finditer(":", name)] + [len(name)]:
            total[name[:end], one.sku, is_goods] += one.number
    yield "\n"
    for name, sku, is_goods in sorted(names_asserted):
        number = Posting(GOODS if is_goods else MONEY, "", total[name, sku, is_goods], sku)
        yield f"{_day(last_ns, 1)} balance {name}  {amount(number, currency, ' ~ 0')}\n"


def amount(posting: Posting, currency: str, tolerance: str = "") -> str:
    """Return a number and its commodity, exact: cents with two decimals, pieces with none."""
    if posting.layer == GOODS:
        return f"{posting.number}{tolerance} {names.beancount_sku(posting.sku)}"
    return f"{decimal(posting.number)}{tolerance} {names.beancount_currency(currency)}"


def _day(t_ns: int, later: int = 0) -> str:
    return date.fromordinal(_EPOCH + day_of(t_ns) + later).isoformat()
