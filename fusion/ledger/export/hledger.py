"""Transactions as hledger's journal; pure."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from fusion.checkout.money import decimal
from fusion.ledger.export import names
from fusion.ledger.export.transactions import GOODS, MONEY, WAITING, Posting, Transaction, day_of

ROOTS: Final = {"sales": "income", "tax": "liabilities", "deposits": "liabilities"}  # all else is owed to the store
LAYERS: Final = {WAITING: "equity:pending", GOODS: "equity:goods"}
_EPOCH: Final = date(1970, 1, 1).toordinal()


def account(posting: Posting) -> str:
    """Return the account of a posting under a root that hledger knows."""
    kind = posting.account.partition(":")[0]
    root = ROOTS.get(kind, "assets") if posting.layer == MONEY else LAYERS[posting.layer]
    return f"{root}:{names.account(posting.account, names.hledger_segment)}"


def opening(postings: Iterable[Posting], currency: str, first_ns: int) -> Iterator[str]:
    """Declare every commodity and account that occurs in the postings, so that a strict check passes."""
    postings = list(postings)
    yield f"; all that was recorded from {_day(first_ns)} on\ncommodity 1000.00 {names.hledger_currency(currency)}\n"
    for sku in sorted({one.sku for one in postings if one.layer == GOODS}):
        yield f"commodity 1000. {names.hledger_sku(sku)}\n"
    for name in sorted(set(map(account, postings))):
        yield f"account {name}\n"


def transaction(one: Transaction, currency: str) -> str:
    """Return one transaction, a blank line before it; its tags are a comment each."""
    # The empty code keeps a description that begins with a parenthesis from being taken for one.
    head = f"\n{_day(one.t_ns)} {'!' if one.waits else '*'} () {names.text(one.title)}\n"
    tags = "".join(f"    ; {name}: {names.text(value)}\n" for name, value in one.tags)
    return head + tags + "".join(f"    {account(p)}  {amount(p, currency)}\n" for p in one.postings)


def assertions(balances: Iterable[Posting], currency: str, last_ns: int) -> Iterator[str]:
    """Assert in one last transaction of zeros what every account holds."""
    lines = []
    for one in balances:
        nothing = amount(one._replace(number=0), currency)
        lines.append(f"    {account(one)}  {nothing} = {amount(one, currency)}\n")
    if lines:
        yield f"\n{_day(last_ns)} * () balances as the ledger has them\n"
        yield from sorted(lines)


def amount(posting: Posting, currency: str) -> str:
    """Return a number and its commodity, exact: cents with two decimals, pieces with none."""
    if posting.layer == GOODS:
        return f"{posting.number} {names.hledger_sku(posting.sku)}"
    return f"{decimal(posting.number)} {names.hledger_currency(currency)}"


def _day(t_ns: int) -> str:
    return date.fromordinal(_EPOCH + day_of(t_ns)).isoformat()
