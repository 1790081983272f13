"""Two people busy at one place at one moment: one puts something back, the other takes something or puts back as well.

The plates show the sum. Where each of the two left its mark on plates of its own, the marks tell more than the sum:
what went down on some plates is one's, what left others is the other's. Or both lay on the same plate, and only the sum
tells.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np

from fusion.arrays import Floats
from fusion.attribution.explanations import PICK, PUT, Explanation, Goods, Mover, Part, ranked
from fusion.attribution.normal import log_normal
from fusion.attribution.picking import MIXED_NATS, spread_nats, two_people
from fusion.attribution.priors import Moved, either_nats
from fusion.attribution.why import COUNT, HELD, MASS, PLANOGRAM, PRIOR
from fusion.config import AttributionConfig
from fusion.frozen import record
from fusion.store import Store

COUNTS = (1, 2)  # pieces taken by one hand while another's puts something down beside it
MARK_SDS = 4.0  # a plate that changed by so many standard deviations says which way


@record()
class Move:
    """What one person may have done with their hand."""

    mover: Mover
    kind: str
    product: int
    qty: int
    grams: float  # that the shelf gains
    var: float  # g2
    planogram: float  # nats
    count: float
    carries: float = 0.0  # what speaks against it: who carries goods has them in the hand anyway

    @property
    def kept(self) -> float:
        """What speaks against it: goods that were in the hand on the other side of the moment as well, in nats."""
        return self.mover.seen(PICK if self.kind == PUT else PUT).kept(self.product)

    @property
    def nats(self) -> float:
        """All that speaks for it but the mass: who was there may as well have done nothing."""
        seen = self.mover.seen(self.kind).of(self.product) - self.kept + self.carries
        return self.planogram + self.count + self.mover.nats + seen

    def part(self) -> Part:
        """Return the move as a part of a reading."""
        return Part(self.mover.trip, self.kind, self.product, self.qty, abs(self.grams))


def crossings(
    moved: Moved, who: tuple[Mover, ...], goods: Mapping[str, Goods], store: Store, config: AttributionConfig
) -> tuple[Explanation, ...]:
    """Return the readings of two people at once of whom one puts back, best first."""
    likely = [m for m in who if m.nats > 0.0]
    down = {m.trip: _put_back(moved, m, goods.get(m.trip, ()), config) for m in likely}
    if len(likely) < 2 or not any(down.values()):
        return ()
    up = {m.trip: _taken(moved, m) for m in likely}
    out = []
    for a, b in two_people(combinations(likely, 2)):
        (a_down, a_up), (b_down, b_up) = (
            (down[m.trip], up[m.trip])
            if any(m is one for one in likely)  # else less is known of them beside the other
            else (_put_back(moved, m, goods.get(m.trip, ()), config), _taken(moved, m))
            for m in (a, b)
        )
        for ones, others in ((a_down, b_up), (b_down, a_up), (a_down, b_down)):
            out += list(_pairs(moved, ones, others, config))
    return tuple(ranked(out)[: config.explanations_max])


def _put_back(moved: Moved, mover: Mover, carried: Goods, config: AttributionConfig) -> list[Move]:
    """Return what a mover may have put back: what is carried; for staff what stands here, any number of it."""
    if mover.is_staff:
        return [_of_here(moved, mover, PUT, k, n) for k in sorted(moved.here) for n in range(1, config.qty_max + 1)]
    rare = -float(np.log(max(len(carried), 1)))
    return [
        Move(mover, PUT, k, 1, g, 2.0**2 + (0.004 * g) ** 2, rare, 0.0, mover.carries_nats(k, config))
        for k, _, g in carried
    ]


def _taken(moved: Moved, mover: Mover) -> list[Move]:
    return [_of_here(moved, mover, PICK, k, n) for k in sorted(moved.here) for n in COUNTS]


def _of_here(moved: Moved, mover: Mover, kind: str, product: int, n: int) -> Move:
    masses = moved.masses
    sign = 1.0 if kind == PUT else -1.0
    var = n * float(masses.sd_g[product]) ** 2 + (n * float(masses.bias_sd_g[product])) ** 2
    count = 0.0 if mover.is_staff else float(moved.count[product, n - 1])
    grams = sign * n * float(masses.mean_g[product])
    return Move(mover, kind, product, n, grams, var, float(moved.prior[product]), count)


def _pairs(moved: Moved, ones: list[Move], others: list[Move], config: AttributionConfig) -> Iterator[Explanation]:
    """Give the readings of one move each whose mass fits about as well as that of any reading of one move."""
    if not ones or not others:
        return
    mass = _mass_nats(moved, ones, others, config)
    rare = float(np.log(config.shared_p))
    for i, j in np.argwhere(mass > moved.mass.max() - MIXED_NATS).tolist():
        a, b = ones[i], others[j]
        if a.product == b.product and a.kind != b.kind:
            continue  # nobody can tell that from a hand-over
        nats = float(mass[i, j])
        own = (
            (MASS, nats),
            (PLANOGRAM, a.planogram + b.planogram),
            (COUNT, a.count + b.count),
            (HELD, a.carries + b.carries - a.kept - b.kept),
            (PRIOR, rare),
        )
        why = (*own, *a.mover.whole_why(a.kind, a.product), *b.mover.whole_why(b.kind, b.product))
        yield Explanation((a.part(), b.part()), nats + rare + a.nats + b.nats, (*a.mover.claims, *b.mover.claims), why)


def _mass_nats(moved: Moved, ones: list[Move], others: list[Move], config: AttributionConfig) -> Floats:
    """Return the log density (i, j) of the change if these two moves made it.

    A share of either's goods may lie on plates that do not show it clearly.
    """
    shown, apart = _sum_nats(moved, ones, others, config), _marks_nats(moved, ones, others)
    return shown if apart is None else np.asarray(np.logaddexp(shown, apart) - np.log(2.0))


def _marks_nats(moved: Moved, ones: list[Move], others: list[Move]) -> Floats | None:
    """Return the same (i, j) where each left its mark on plates of its own; None where no marks say so."""
    change = moved.change
    delta, var = np.array(change.delta_g), np.array(change.var)
    gains, losses = delta > MARK_SDS * np.sqrt(var), delta < -MARK_SDS * np.sqrt(var)
    a, b = (np.array([m.grams for m in moves]) for moves in (ones, others))
    a_var, b_var = (np.array([m.var for m in moves]) for moves in (ones, others))
    if ones[0].kind == others[0].kind or not gains.any() or not losses.any():
        return None
    up = gains | (~losses & (delta > 0))
    each = [
        log_normal(float(delta[at].sum()) - grams, float(var[at].sum()) + spread)
        for at, grams, spread in ((up, a, a_var), (~up, b, b_var))
    ]
    shares = spread_nats(float(delta[up].sum()), int(up.sum())) + spread_nats(
        -float(delta[~up].sum()), int((~up).sum())
    )
    return np.asarray(each[0][:, None] + each[1] + shares - spread_nats(abs(change.total_g), len(delta)))


def _sum_nats(moved: Moved, ones: list[Move], others: list[Move], config: AttributionConfig) -> Floats:
    """Return the same (i, j) by the sum alone."""
    change = moved.change
    a, b = (np.array([m.grams for m in moves]) for moves in (ones, others))
    a_var, b_var = (np.array([m.var for m in moves]) for moves in (ones, others))
    total, total_var = change.total_g - a[:, None] - b, change.total_var + a_var[:, None] + b_var
    shown = log_normal(total, total_var)
    if not moved.hidden:
        return shown
    a_hidden, b_hidden = (
        np.array([moved.hidden.get(m.product, (0.0, 0.0)) for m in moves]) for moves in (ones, others)
    )
    hidden = a_hidden[:, None] + b_hidden
    return either_nats(shown, log_normal(total + hidden[..., 0], total_var + hidden[..., 1]), config)
