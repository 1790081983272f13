"""What tests of attribution share: people at moments, and those remembered."""

from collections.abc import Iterable

import numpy as np

from fusion.arrays import Floats, Ints
from fusion.attribution.bodies import Bodies, Past, and_then, no_past


def bodies_at(t_ns: int, track_id: Ints, head: Floats, hands: Floats, hands_cov: Floats, unseen_s: Floats) -> Bodies:
    """Return people whose hands are nobody else's."""
    n = len(track_id)
    return Bodies(t_ns, track_id, head, hands, hands_cov, unseen_s, np.full((n, 2), -1), np.zeros((n, 2)))


def past_of(moments: Iterable[Bodies]) -> Past:
    """Return some moments, in order of time, as they are remembered."""
    past = no_past()
    for one in moments:
        past = and_then(past, one, since_ns=0)
    return past
