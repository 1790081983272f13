"""What to charge, and whether a person should look first: the choice of least expected cost.

Charging a unit that was not taken costs its price times `overcharge_weight`; missing a unit that was taken
costs its price times `undercharge_weight`. Each line is charged the quantity whose expected cost is least;
lines add up, so that is also the best charge of the whole receipt. If even that charge is expected to cost
more than a review, or the reading is too likely wrong, the receipt goes to review with these quantities as the
proposal.
"""

from dataclasses import dataclass

from fusion.checkout.receipts import REVIEW, SETTLED
from fusion.store import Store

P_TOLERANCE = 1e-6  # how far the probabilities of one posterior may miss 1


@dataclass(frozen=True, slots=True)
class CheckoutConfig:
    """Tunables of checkout."""

    overcharge_weight: float = 3.0  # cost of a cent charged wrongly
    undercharge_weight: float = 1.0  # cost of a cent missed
    settle_p_min: float = 0.8  # a receipt that is wrong oftener than one time in five waits, however cheap it is
    wrong_weight_cents: float = 300.0  # cost of a line whose weight is outside the tolerance of a scale in trade
    review_cost_cents: float = 60.0  # cost of having a person look at one receipt
    review_deadline_ns: int = 86_400_000_000_000  # a day after its trip closed, a receipt in review takes the default
    review_default: str = "waive"  # or "approve": what becomes of it then
    refund_window_ns: int = 30 * 86_400_000_000_000  # how long after its trip closed a line can be refunded or disputed

    def __post_init__(self) -> None:
        assert self.review_default in ("waive", "approve")
        assert self.review_deadline_ns >= 0 and self.refund_window_ns >= 0
        assert self.overcharge_weight > 0.0 and self.undercharge_weight > 0.0
        assert self.review_cost_cents >= 0.0


@dataclass(frozen=True, slots=True)
class QuantityPosterior:
    """How many of one product a trip took: probabilities add up to 1."""

    product: int  # row in store.products
    quantities: tuple[int, ...]  # distinct, at least 0
    p: tuple[float, ...]

    def __post_init__(self) -> None:
        assert len(self.quantities) == len(self.p) == len(set(self.quantities)) > 0
        assert min(self.quantities) >= 0 and min(self.p) >= 0.0
        assert abs(sum(self.p) - 1.0) <= P_TOLERANCE, f"product {self.product}: p adds up to {sum(self.p)}"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to charge (or to propose to the reviewer), and what this choice is expected to cost."""

    quantities: tuple[tuple[int, int], ...]  # (product, quantity > 0), in order of product
    status: str  # "settled" or "review"
    expected_cost_cents: float


def decide(
    posteriors: tuple[QuantityPosterior, ...], store: Store, config: CheckoutConfig, joint_confidence: float
) -> Decision:
    """Return the charge of least expected cost, and "review" where looking is cheaper than settling.

    Takes one posterior a product; `joint_confidence` is the probability that the whole reading is right.
    """
    assert 0.0 <= joint_confidence <= 1.0 + P_TOLERANCE
    assert len({posterior.product for posterior in posteriors}) == len(posteriors)
    loss_cents, charge_cents, line_doubt = 0.0, 0.0, 0.0
    chosen: list[tuple[int, int]] = []
    for posterior in sorted(posteriors, key=lambda posterior: posterior.product):
        unit_cents = unit_value_cents(store, posterior.product)
        quantity = best_quantity(posterior, config)
        loss_cents += unit_cents * unit_loss(posterior, quantity, config)
        charge_cents += unit_cents * quantity
        line_doubt += 1.0 - posterior.p[posterior.quantities.index(quantity)]
        if quantity:
            chosen.append((posterior.product, quantity))
    # The lines together explain at most the sum of their doubts. Doubt beyond that is about the reading of
    # the trip itself, and then all of the charge may be somebody else's.
    unexplained = max(0.0, 1.0 - joint_confidence - line_doubt)
    loss_cents += unexplained * config.overcharge_weight * charge_cents
    waits = loss_cents > config.review_cost_cents or joint_confidence < config.settle_p_min
    status = REVIEW if waits else SETTLED
    return Decision(tuple(chosen), status, loss_cents)


def unit_value_cents(store: Store, product: int) -> float:
    """Return what one piece is worth; of products sold by weight, a typical piece. Not an amount of money."""
    price_cents = float(store.products.price_cents[product])
    if store.products.by_weight[product]:
        return price_cents * float(store.products.mass_g[product]) / 1000.0
    return price_cents


def unit_loss(posterior: QuantityPosterior, charged: int, config: CheckoutConfig) -> float:
    """Return the expected cost of charging a quantity, in units of the product's price."""
    return sum(
        p * (config.overcharge_weight * max(0, charged - taken) + config.undercharge_weight * max(0, taken - charged))
        for taken, p in zip(posterior.quantities, posterior.p, strict=True)
    )


def best_quantity(posterior: QuantityPosterior, config: CheckoutConfig) -> int:
    """Return the quantity of least expected cost; of equals the smallest.

    The cost is piecewise linear with bends only at the believed quantities, so one of them is a minimum.
    """
    return min((unit_loss(posterior, quantity, config), quantity) for quantity in posterior.quantities)[1]
