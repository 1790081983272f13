"""Terms of sale written as the optional tables of a store folder; what is loaded from them is the same terms again."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from fusion.store_terms import EVER_NS, Scale, Span, Terms
from scenarios.tables import write_csv

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def write_terms(terms: Terms, folder: Path) -> None:
    """Write each table that has rows and take away the others, which an earlier store may have left there.

    Takes no terms that stand in store.toml: the simulated stores have none of them.
    """
    assert (terms.scale, terms.snap_excluded, terms.manufacturer_taxed) == (Scale(), frozenset(), True)
    _write(folder / "prices.csv", "sku,price,valid_from,valid_to", _prices(terms))
    _write(folder / "promotions.csv", "promotion,kind,skus,qty,value,code,issuer,valid_from,valid_to", _offers(terms))
    deposits = ([sku, one.cents, one.legal_cents, one.tax_class] for sku, one in terms.deposits.items())
    _write(folder / "deposits.csv", "sku,deposit,legal,tax_class", deposits)
    _write(folder / "tares.csv", "sku,tare_g", terms.tare_g.items())
    _write(folder / "tenders.csv", "account,kind,token,limit", _tenders(terms))
    ages = ([account, age or ""] for account, age in terms.verified_age.items())
    _write(folder / "accounts.csv", "account,verified_age", ages)


def _write(path: Path, header: str, rows: Iterable[Sequence[object]]) -> None:
    found = list(rows)
    if found:
        write_csv(path, header, found)
    else:
        path.unlink(missing_ok=True)


def _prices(terms: Terms) -> Iterator[Sequence[object]]:
    for sku, tags in terms.prices.items():
        yield from ([sku, tag.price_cents, *_ends(tag.span)] for tag in tags)


def _offers(terms: Terms) -> Iterator[Sequence[object]]:
    for one in terms.promotions:
        skus, value = " ".join(one.skus), _decimal(one.value)
        yield [one.promotion, one.kind, skus, one.qty, value, one.code, one.issuer, *_ends(one.span)]


def _tenders(terms: Terms) -> Iterator[Sequence[object]]:
    for account, tenders in terms.tenders.items():
        for one in tenders:
            yield [account, one.kind, one.token, "" if one.limit_cents is None else one.limit_cents]


def _ends(span: Span) -> tuple[str, str]:
    """Return when a span begins and ends, nothing for an open end."""
    return _moment(span.from_ns), _moment(span.to_ns)


def _moment(t_ns: int) -> str:
    if abs(t_ns) >= EVER_NS:
        return ""
    assert t_ns % 1000 == 0, "tables tell microseconds"
    return (EPOCH + timedelta(microseconds=t_ns // 1000)).isoformat()


def _decimal(value: Fraction) -> str:
    """Return a number as tables hold it: exactly."""
    assert Fraction(repr(float(value))) == value, f"{value} has no short decimal"
    return f"{float(value):g}"
