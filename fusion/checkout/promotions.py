"""What promotions take off.

Promotions for everybody come first, in the order of promotions.csv, then the account's coupons of the store, then
those of manufacturers; each layer sees what the one before left. Within a layer a piece takes part in one promotion
only. A multi-buy groups the dearest pieces first and a coupon is used once. A percentage is rounded a half cent
upwards, to the shopper; a group's reduction is spread over its lines in proportion to their price.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from fusion.checkout.money import round_half_up, spread
from fusion.checkout.receipts import Discount
from fusion.checkout.tariff import Ware
from fusion.store_terms import MULTIBUY, PERCENT, Promotion

Cents = Mapping[str, int]  # by SKU


@dataclass(frozen=True, slots=True)
class Layer:
    """Lines while one layer of promotions is applied, by SKU."""

    start_cents: Cents  # of each line before the layer: what its pieces that are still free cost
    left_cents: Cents
    free: Mapping[str, int]  # pieces that no promotion of this layer has taken
    discounts: tuple[Discount, ...] = ()


def reduce(wares: Iterable[Ware], left_cents: Cents, promotions: Iterable[Promotion]) -> Layer:
    """Apply one layer of promotions, in order, to lines of which so much is left."""
    wares = tuple(wares)
    layer = Layer(left_cents, left_cents, {ware.sku: ware.quantity for ware in wares})
    for promotion in promotions:
        apply = _percent if promotion.kind == PERCENT else _groups
        layer = apply(layer, promotion, tuple(ware for ware in wares if ware.sku in promotion.skus))
    assert all(cents >= 0 for cents in layer.left_cents.values())
    return layer


def _percent(layer: Layer, promotion: Promotion, wares: tuple[Ware, ...]) -> Layer:
    free = {ware.sku: layer.free[ware.sku] for ware in wares}
    if sum(free.values()) < promotion.qty:
        return layer
    off = {
        ware.sku: round_half_up(
            Fraction(layer.start_cents[ware.sku] * free[ware.sku], ware.quantity) * promotion.value / 100
        )
        for ware in wares
    }
    return _take(layer, promotion, off, free)


def _groups(layer: Layer, promotion: Promotion, wares: tuple[Ware, ...]) -> Layer:
    """Take so many pieces at a time, dearest first, as long as that lowers what they cost."""
    # Whole cents of what a piece costs: no reduction is more than that.
    worth = {ware.sku: layer.start_cents[ware.sku] // ware.quantity for ware in wares}
    dearest = sorted(worth, key=lambda sku: (-worth[sku], sku))
    pieces = [sku for sku in dearest for _ in range(layer.free[sku])]
    groups = [pieces[i : i + promotion.qty] for i in range(0, len(pieces) - promotion.qty + 1, promotion.qty)]
    for group in groups[:1] if promotion.code else groups:
        count = {sku: group.count(sku) for sku in dict.fromkeys(group)}
        costs = {sku: number * worth[sku] for sku, number in count.items()}
        off_cents = _group_off(promotion, sum(costs.values()))
        if off_cents > 0:
            layer = _take(layer, promotion, spread(off_cents, costs), count)
    return layer


def _group_off(promotion: Promotion, cost_cents: int) -> int:
    value_cents = int(promotion.value)
    return cost_cents - value_cents if promotion.kind == MULTIBUY else min(value_cents, cost_cents)


def _take(layer: Layer, promotion: Promotion, off_cents: Cents, pieces: Mapping[str, int]) -> Layer:
    off = {sku: cents for sku, cents in off_cents.items() if cents}
    return Layer(
        layer.start_cents,
        {sku: cents - off.get(sku, 0) for sku, cents in layer.left_cents.items()},
        {sku: free - pieces.get(sku, 0) for sku, free in layer.free.items()},
        _joined((*layer.discounts, *(Discount(promotion.promotion, sku, off[sku], promotion.code) for sku in off))),
    )


def _joined(discounts: Iterable[Discount]) -> tuple[Discount, ...]:
    """Add up what a promotion takes off one line in several groups."""
    total: dict[tuple[str, str, str], int] = {}
    for one in discounts:
        key = (one.promotion, one.sku, one.code)
        total[key] = total.get(key, 0) + one.amount_cents
    return tuple(Discount(promotion, sku, cents, code) for (promotion, sku, code), cents in total.items())
