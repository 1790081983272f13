"""A store with nothing but goods and terms of sale, and one visit to it: what tests of checkout price."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from fusion.checkout.pricing import price
from fusion.checkout.receipts import Item, Receipt, TripEnd
from fusion.store import Cameras, Facings, Gates, Plates, Products, Store
from fusion.store_terms import ALWAYS, Deposit, Promotion, Tender, Terms

EMPTY = np.zeros(0)
END = TripEnd("t1", "ann", 1, 10, 20, 30)


@dataclass(frozen=True)
class Goods:
    """One product, and how many pieces of it are taken."""

    sku: str
    cents: int
    tax_class: str = "untaxed"
    snap: bool = False
    qty: int = 1
    grams: float | None = None  # sold by weight
    min_age: int = 0


def store_of(goods: Iterable[Goods], rates: dict[str, float], terms: Terms | None = None) -> Store:
    """Return a store that sells these goods; the parts checkout never reads are empty."""
    goods = tuple(goods)
    sku, none = tuple(one.sku for one in goods), ("",) * len(goods)
    products = Products(
        sku=sku,
        name=sku,
        price_cents=np.array([one.cents for one in goods], np.int64),
        by_weight=np.array([one.grams is not None for one in goods]),
        mass_g=np.ones(len(goods)),
        mass_sd_g=np.ones(len(goods)),
        category=none,
        tax_class=tuple(one.tax_class for one in goods),
        snap=np.array([one.snap for one in goods]),
        min_age=np.array([one.min_age for one in goods], np.int64),
        epc_prefix=none,
    )
    plates = Plates((), (), (), (), EMPTY, EMPTY, EMPTY, EMPTY, EMPTY)
    cameras = Cameras((), EMPTY.astype(bool), EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY)
    facings = Facings((), EMPTY.astype(int), (), EMPTY.astype(int))
    of = Store(
        "till", "USD", "UTC", "holder", EMPTY, (), Gates((), (), EMPTY), cameras, (), (), tuple(sorted(rates.items())),
        plates, products, facings,
    )  # fmt: skip
    return replace(of, terms=terms or Terms())


def items_of(goods: Iterable[Goods]) -> tuple[Item, ...]:
    """Return the goods as taken."""
    return tuple(Item(row, one.qty, one.grams, 1.0, (f"e{row}",)) for row, one in enumerate(goods))


def ring(
    goods: Iterable[Goods],
    rates: dict[str, float] | None = None,
    tenders: Iterable[Tender] = (),
    promotions: Iterable[Promotion] = (),
    deposits: dict[str, Deposit] | None = None,
    **terms: object,
) -> Receipt:
    """Return ann's receipt for some goods."""
    goods = tuple(goods)
    said = Terms(
        tenders={"ann": tuple(tenders)} if tenders else {},
        promotions=tuple(promotions),
        deposits=deposits or {},
        **terms,  # type: ignore[arg-type]
    )
    return price(END, items_of(goods), 1.0, "settled", store_of(goods, rates or {}, said))


def coupon(code: str, cents: int, *skus: str, issuer: str = "manufacturer") -> Promotion:
    """Return a coupon that takes some cents off one piece."""
    return Promotion(code, "amount", skus, 1, cents, code, issuer, ALWAYS)  # type: ignore[arg-type]


def paid(receipt: Receipt) -> dict[str, int]:
    """Return what each kind of tender pays."""
    total: dict[str, int] = {}
    for one in receipt.payments:
        total[one.kind] = total.get(one.kind, 0) + one.amount_cents
    return total
