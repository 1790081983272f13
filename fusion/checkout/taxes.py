"""Sales tax: what each class of a receipt is taxed on, and the tax.

Tax is rounded once per class, on the sum of its lines, a half cent upwards: rounding line by line would be off by up
to half a cent a line. Nothing is taxed that food stamps pay (USDA FNS, SNAP retailer reminder on sales tax, fees and
refunds); what a manufacturer's coupon pays is, unless the state takes such coupons for a lower price.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from fusion.checkout.money import exactly, round_half_up, spread
from fusion.checkout.receipts import DEPOSIT, DEPOSIT_TAX, GOODS, TAX, Line, Payment
from fusion.store import Products, Store
from fusion.store_terms import COUPON, SNAP

Part = tuple[str, str]  # (SKU, part of its line)
TAX_ON = {GOODS: TAX, DEPOSIT: DEPOSIT_TAX}


@dataclass(frozen=True, slots=True)
class ClassSum:
    """What one tax class adds to a receipt."""

    tax_class: str
    net_cents: int  # goods
    tax_cents: int  # on goods and on deposits that are taxed in this class


def tax_cents(net_cents: int, rate: float) -> int:
    """Return the tax on the sum of one class; the rate is the decimal as written, not its binary form."""
    return round_half_up(net_cents * exactly(rate))


def class_sums(lines: Iterable[Line], payments: Iterable[Payment], store: Store) -> tuple[ClassSum, ...]:
    """Return net and tax per tax class, sorted by class; a class without a rate is taxed at 0."""
    net: dict[str, int] = {}
    for line in lines:
        name = class_of((line.sku, GOODS), store)
        net[name] = net.get(name, 0) + line.amount_cents - line.deposit_cents
    tax = {name: tax_cents(sum(base.values()), rate_of(name, store)) for name, base in _bases(lines, payments, store)}
    return tuple(ClassSum(name, net.get(name, 0), tax.get(name, 0)) for name in sorted(net | tax))


def tax_parts(lines: Iterable[Line], payments: Iterable[Payment], store: Store) -> dict[Part, int]:
    """Return what each line is owed of the tax of its class, for its goods and for its deposit."""
    parts: dict[Part, int] = {}
    for name, base in _bases(lines, payments, store):
        shares = spread(tax_cents(sum(base.values()), rate_of(name, store)), base)
        parts |= {(sku, TAX_ON[part]): cents for (sku, part), cents in shares.items() if cents}
    return parts


def class_of(part: Part, store: Store) -> str:
    """Return the tax class of a line's goods or deposit, or of the tax on either; "" for a deposit that has none."""
    sku, what = part
    if what in (DEPOSIT, DEPOSIT_TAX):
        return store.terms.deposits[sku].tax_class
    return _tax_classes(store.products)[sku]


def rate_of(tax_class: str, store: Store) -> float:
    """Return the rate of a class; one without a rate is taxed at 0."""
    return dict(store.tax_rates).get(tax_class, 0.0)


def _bases(lines: Iterable[Line], payments: Iterable[Payment], store: Store) -> tuple[tuple[str, dict[Part, int]], ...]:
    """Return, by class, how many cents of each part of a line are taxed, sorted by class and part."""
    exempt = _exempt(payments, store)
    bases: dict[str, dict[Part, int]] = {}
    for line in lines:
        due = {GOODS: line.amount_cents - line.deposit_cents, DEPOSIT: line.deposit_cents}
        for part, cents in due.items():
            taxed = cents - exempt.get((line.sku, part), 0)
            assert taxed >= 0
            if taxed:
                bases.setdefault(class_of((line.sku, part), store), {})[line.sku, part] = taxed
    return tuple((name, dict(sorted(bases[name].items()))) for name in sorted(bases))


def _exempt(payments: Iterable[Payment], store: Store) -> dict[Part, int]:
    kinds = (SNAP,) if store.terms.manufacturer_taxed else (SNAP, COUPON)
    exempt: dict[Part, int] = {}
    for one in payments:
        if one.kind in kinds:
            exempt[one.sku, one.part] = exempt.get((one.sku, one.part), 0) + one.amount_cents
    return exempt


@lru_cache(maxsize=4)
def _tax_classes(products: Products) -> Mapping[str, str]:
    return dict(zip(products.sku, products.tax_class, strict=True))
