"""A receipt whose lines a person has put right: what it says then, and where the goods come from and go to.

A line can be lowered, raised, dropped or added; two of that are a swap. It is priced by what was in force during the
visit. Pieces that were not taken stand where they were said to come from. Pieces nobody had noticed are taken from what
is unclaimed, as far as there are any, and otherwise from the product's facing, whose stock may turn out to be wrong.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fusion.checkout import goods
from fusion.checkout.pricing import bill
from fusion.checkout.receipts import SETTLED, Item, Line, Receipt
from fusion.checkout.rulings import Recorded, Refusal
from fusion.checkout.tariff import Ware, ware, ware_again
from fusion.checkout.tenders import NOTHING_SPENT, Spent
from fusion.store import Store, product_rows

SURE = 1.0  # confidence of a line that a person has added


@dataclass(frozen=True, slots=True, eq=False)
class Adjust:
    """Charge other pieces of some products, priced anew; products that are not named stay as proposed."""

    quantities: Mapping[str, int]  # by SKU
    store: Store  # whose terms price them
    spent: Spent = field(default_factory=lambda: NOTHING_SPENT)  # of balances, what all other receipts took
    grams: Mapping[str, float] = field(default_factory=dict)  # by SKU, all pieces as somebody weighed them, wrapped
    unclaimed: Mapping[str, int] = field(default_factory=dict)  # by SKU, pieces that nobody could be charged for


def misfit(receipt: Receipt, adjust: Adjust) -> Refusal | None:
    """Say why lines cannot be put right so."""
    rows, by_weight = product_rows(adjust.store.products), adjust.store.products.by_weight
    proposed = {line.sku: line.quantity for line in receipt.lines}
    for sku, quantity in adjust.quantities.items():
        if sku not in rows:
            return Refusal(f"a product of {adjust.store.store_id}", sku)
        if quantity < 0:
            return Refusal(f"0 or more of {sku}", str(quantity))
        if sku in adjust.grams and not (by_weight[rows[sku]] and adjust.grams[sku] >= 0.0):
            return Refusal(f"grams of 0 or more, and of a product that is sold by weight, for {sku}", "others")
        if by_weight[rows[sku]] and quantity > proposed.get(sku, 0) and sku not in adjust.grams:
            return Refusal(f"the grams of {quantity} {sku}, which is sold by weight", "none")
    return None


def adjusted(receipt: Receipt, adjust: Adjust) -> Receipt:
    """Return the receipt as it stands with these lines; nothing holds it any more."""
    before = {line.sku: line for line in receipt.lines}
    wanted = {sku: line.quantity for sku, line in before.items()} | dict(adjust.quantities)
    wares = [_ware(sku, pieces, before.get(sku), receipt, adjust) for sku, pieces in sorted(wanted.items()) if pieces]
    return bill(receipt.end(), wares, receipt.confidence, SETTLED, adjust.store, adjust.spent)


def not_taken(line: Line, pieces: int, trip: str, recorded: Recorded) -> dict[str, int]:
    """Return where pieces of a line that were not taken stand: on the plates they came from, the latest first."""
    back: dict[str, int] = {}
    for one in reversed(recorded.transfers):
        if one.target == goods.cart(trip) and one.sku == line.sku and one.source.startswith("plate:"):
            here = min(pieces, one.quantity)
            back[one.source] = back.get(one.source, 0) + here
            pieces -= here
    return back | {goods.FLOOR: pieces}


def unnoticed(receipt: Receipt, decided: Receipt, adjust: Adjust) -> Iterable[tuple[Line, str, int]]:
    """Yield the pieces that a receipt has come to have: line, the account they come from, how many."""
    before = {line.sku: line.quantity for line in receipt.lines}
    for line in decided.lines:
        more = max(0, line.quantity - before.get(line.sku, 0))
        found = min(more, adjust.unclaimed.get(line.sku, 0))
        yield from ((line, goods.UNCLAIMED, found), (line, _home(line.sku, adjust.store), more - found))


def _ware(sku: str, pieces: int, line: Line | None, receipt: Receipt, adjust: Adjust) -> Ware:
    row = product_rows(adjust.store.products)[sku]
    if line is not None and pieces <= line.quantity and sku not in adjust.grams:
        return ware_again(line, pieces, row, receipt.end(), adjust.store)
    confidence, events = (SURE, ()) if line is None else (line.confidence, line.events)
    item = Item(row, pieces, adjust.grams.get(sku), confidence, events)
    return ware(item, receipt.end(), adjust.store)


def _home(sku: str, store: Store) -> str:
    """Return the first plate that the planogram has for a product, or the supply where it has none."""
    row = product_rows(store.products)[sku]
    plates = (plates for product, plates in zip(store.facings.product, store.facings.plates, strict=True)
              if product == row)  # fmt: skip
    first = next(plates, None)
    return goods.SUPPLY if first is None else goods.plate(store.plates.plate_id[first[0]])
