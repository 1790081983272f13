"""From a posterior over what a trip carries to what it is charged.

The charge is one of the believed readings, never a mixture, so that receipt, events and goods transfers tell one
story. It is the reading with the quantities of least expected cost, or, where decision.py says that a person looks
first, the likeliest one as the proposal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from fusion.checkout.decision import CheckoutConfig, QuantityPosterior, decide
from fusion.checkout.pricing import price
from fusion.checkout.receipts import OPEN, REVIEW, Item, Receipt, TripEnd
from fusion.checkout.tenders import Spent
from fusion.store import Store

Goods = tuple[tuple[int, int, float], ...]  # (product, pieces, grams a piece)


@dataclass(frozen=True, slots=True)
class Charge:
    """The reading a trip is charged for."""

    goods: Goods
    confidence: float  # posterior of exactly this reading
    line_confidence: Mapping[int, float]  # product -> posterior of its quantity
    status: str
    loss_cents: float = 0.0  # what it is expected to cost, unseen

    def weighed(self, right: Mapping[int, float], config: CheckoutConfig) -> "Charge":
        """Return the charge with the doubt about what its goods weigh: right gives how likely their grams are right."""
        all_right = prod(right.values())
        loss_cents = self.loss_cents + config.wrong_weight_cents * self.confidence * (1.0 - all_right)
        return replace(
            self,
            confidence=self.confidence * all_right,
            line_confidence={k: p * right.get(k, 1.0) for k, p in self.line_confidence.items()},
            status=REVIEW if loss_cents > config.review_cost_cents else self.status,
            loss_cents=loss_cents,
        )

    def receipt(self, end: TripEnd, events: Mapping[int, Sequence[str]], store: Store, spent: Spent) -> Receipt:
        """Price the goods; events gives per product the event ids it rests on."""
        items = tuple(
            Item(
                product=product,
                quantity=pieces,
                grams=round(pieces * grams, 1) if store.products.by_weight[product] else None,
                confidence=round(self.line_confidence[product], 6),
                events=tuple(events.get(product, ())),
            )
            for product, pieces, grams in self.goods
        )
        status = OPEN if end.closed_ns is None else self.status
        return price(end, items, round(self.confidence, 6), status, store, spent)


def choose(
    carried: tuple[tuple[Goods, float, bool], ...], store: Store, config: CheckoutConfig, own: float = 1.0
) -> Charge:
    """Return the charge for a posterior over goods, best first and summing to 1, each with whether it is chargeable.

    own is how likely they are this person's at all.
    """
    posterior = tuple((goods, p) for goods, p, _ in carried)
    products = sorted({product for goods, _ in posterior for product, _, _ in goods})
    lines = tuple(quantity_posterior(product, posterior) for product in products)
    decision = decide(lines, store, config, own * min(1.0, posterior[0][1]))
    wanted = dict(decision.quantities)
    chargeable = [(goods, p) for goods, p, may in carried if may]
    whole = next((i for i, (goods, _) in enumerate(chargeable) if _counts(goods) == wanted), None)
    # The cheapest charge line by line may be nobody's reading of the whole trip, one that contradicts what somebody
    # else was charged, or one that is too likely wrong: then a person has to look. Whoever looks is shown the
    # likeliest reading: what it would cost to charge it unseen is no reason to propose another.
    unsure = whole is None or own * chargeable[whole][1] < config.settle_p_min
    status = REVIEW if unsure else decision.status
    goods, confidence = chargeable[0 if status == REVIEW or whole is None else whole]
    counts = _counts(goods)
    line_p = {line.product: line.p[line.quantities.index(counts.get(line.product, 0))] for line in lines}
    return Charge(goods, own * min(1.0, confidence), line_p, status, decision.expected_cost_cents)


def unclaimed(receipt: Receipt) -> Receipt:
    """Return the receipt of somebody without an account: it charges nobody, and the goods stand in the books."""
    return replace(receipt, lines=(), tax_cents=0, total_cents=0, discounts=(), payments=())


def quantity_posterior(product: int, posterior: tuple[tuple[Goods, float], ...]) -> QuantityPosterior:
    """Return the marginal of one product's count."""
    total: dict[int, float] = {}
    for goods, p in posterior:
        count = _counts(goods).get(product, 0)
        total[count] = total.get(count, 0.0) + p
    norm = sum(total.values())
    ordered = sorted(total.items())
    return QuantityPosterior(product, tuple(q for q, _ in ordered), tuple(p / norm for _, p in ordered))


def _counts(goods: Goods) -> dict[int, int]:
    return {product: pieces for product, pieces, _ in goods}
