"""The readings every change admits: somebody unknown moved the goods, or none were moved."""

import numpy as np

from fusion.attribution.explanations import Explanation, Mover
from fusion.attribution.picking import picks
from fusion.attribution.priors import Moved
from fusion.attribution.returning import puts
from fusion.attribution.why import MASS, PRIOR
from fusion.config import AttributionConfig
from fusion.shelf import ShelfChange
from fusion.store import Store

NOBODY_READINGS = 3


def nobody(moved: Moved, store: Store, config: AttributionConfig) -> tuple[Explanation, ...]:
    """Return the readings that are always there: somebody without a trip moved the likeliest goods.

    Their weights add up to nobody_nats at most, whatever the mass: a change that fits no product stays possible.
    """
    stranger, most = Mover("", True, 0.0), NOBODY_READINGS
    found = (
        picks(moved, (stranger,), store, config, most=most)
        if moved.change.total_g < 0
        else puts(moved, stranger, (), store, config, most=most)
    )
    found = found[:most]
    nats = np.array([e.nats for e in found])
    share = nats - nats.max() - np.log(np.exp(nats - nats.max()).sum())
    weights = (config.nobody_nats + float(s) for s in share)
    return tuple(Explanation(e.parts, w, why=((PRIOR, w),)) for e, w in zip(found, weights, strict=True))


def settling(
    change: ShelfChange,
    config: AttributionConfig,
    pressed_g: float = 0.0,
    *,
    undone: bool = False,
    hand_nats: float = 0.0,
) -> Explanation:
    """Return the reading that no goods moved: levels shift a little by creep, cross-talk and packages that settle.

    The shift is Laplace distributed: mostly small, now and then not. A hand that rests there shifts them by more, and
    did so rather where the change is undone soon, and the more, the likelier one was there: hand_nats. Of a plate that
    is pressed by so many grams it expects that it comes back.
    """
    scale = config.settling_g + float(np.sqrt(change.total_var))
    nats = _laplace_nats(change.total_g, scale)
    if pressed_g:
        # A hand that lies there presses now more, now less: it is not known to the gram what goes when it leaves.
        varies = scale + config.press_varies * abs(pressed_g)
        nats = float(np.logaddexp(nats, _laplace_nats(change.total_g + pressed_g, varies)) - np.log(2.0))
    press = config.press_p if undone else config.press_p / 4
    nats = float(
        np.logaddexp(nats, np.log(press) + max(hand_nats, 0.0) + _laplace_nats(change.total_g, config.press_g))
    )
    return Explanation((), nats, why=((MASS, nats),))


def _laplace_nats(grams: float, scale: float) -> float:
    return float(-np.log(2 * scale) - abs(grams) / scale)
