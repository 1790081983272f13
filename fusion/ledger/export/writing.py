"""Export files: the text of a whole ledger, written beside its place and put there when it is complete."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

from fusion.ledger import rows
from fusion.ledger.book import owner
from fusion.ledger.database import Database
from fusion.ledger.export import beancount, hledger
from fusion.ledger.export.transactions import GOODS, MONEY, WAITING, Posting, Transaction, of_entries, of_transfers
from fusion.ledger.reading import count, shown

_RESOLVED: Final = "SELECT resolves FROM entries WHERE resolves IS NOT NULL"
_MONEY: Final = "SELECT account, posted_cents, pending_cents FROM money_balances"
_GOODS: Final = "SELECT account, sku, quantity FROM goods_balances"


class Language(NamedTuple):
    """How one program wants to be told."""

    opening: Callable[[Iterable[Posting], str, int], Iterator[str]]
    transaction: Callable[[Transaction, str], str]
    assertions: Callable[[Iterable[Posting], str, int], Iterator[str]]


LANGUAGES: Final = {
    "beancount": Language(beancount.opening, beancount.transaction, beancount.assertions),
    "hledger": Language(hledger.opening, hledger.transaction, hledger.assertions),
}


def write_text(database: Database, language: Language, out: Path) -> None:
    """Write a ledger into one file; raises OSError where it cannot be written."""
    draft = out.with_name(out.name + ".part")
    with draft.open("w", encoding="ascii", newline="\n") as file:
        file.writelines(text(database, language))
    draft.replace(out)


def text(database: Database, language: Language) -> Iterator[str]:
    """Return the text of a ledger in parts: what occurs in it, every record, the balances; inside a snapshot."""
    currency = owner(database)[1]
    occurring: dict[Posting, None] = {}  # every account and commodity, with no number
    days_ns = [0, 0]
    for number, one in enumerate(transactions(database, "looking through")):
        days_ns = [min(days_ns[0], one.t_ns), max(days_ns[1], one.t_ns)] if number else [one.t_ns, one.t_ns]
        occurring.update(dict.fromkeys(posting._replace(number=0) for posting in one.postings))
    yield "".join(language.opening(occurring, currency, days_ns[0]))
    for one in transactions(database, "exporting"):
        yield language.transaction(one, currency)
    held = balances(database)
    asserted = [one._replace(number=held.get(one, 0)) for one in occurring]
    yield "".join(language.assertions(asserted, currency, days_ns[1]))


def transactions(database: Database, what: str) -> Iterator[Transaction]:
    """Return every record as a transaction, money first, each in order of time and id."""
    resolved = frozenset(bytes(row[0]) for row in database.read(_RESOLVED))
    paid = shown(database.scan(rows.ALL_ENTRIES), count(database, "legs"), f"{what} money")
    moved = shown(database.scan(rows.ALL_TRANSFERS), count(database, "transfers"), f"{what} goods")
    return chain(of_entries(paid, resolved), of_transfers(moved))


def balances(database: Database) -> dict[Posting, int]:
    """Return what the database itself says that accounts hold, by a posting of nothing to each."""
    held = {Posting(GOODS, account, 0, sku): int(number) for account, sku, number in database.read(_GOODS)}
    for account, posted, pending in database.read(_MONEY):
        held |= {Posting(MONEY, account, 0): int(posted), Posting(WAITING, account, 0): int(pending)}
    return held
