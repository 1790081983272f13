"""What tests of attribution share: people at moments, and those remembered."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from fusion.arrays import Floats, Ints
from fusion.attribution.bodies import Bodies, no_bodies, with_bodies
from fusion.attribution.look import Looked, no_looks, with_looks
from fusion.attribution.past import Past


def bodies_at(t_ns: int, track_id: Ints, head: Floats, hands: Floats, hands_cov: Floats, unseen_s: Floats) -> Bodies:
    """Return people whose hands are nobody else's."""
    n = len(track_id)
    return Bodies(t_ns, track_id, head, hands, hands_cov, unseen_s, np.full((n, 2), -1), np.zeros((n, 2)))


class Look(NamedTuple):
    """What a classifier made of one hand in one frame; see Looked."""

    t_ns: int
    owner: int
    beliefs: tuple[tuple[int, float], ...]
    rival: int = -1
    rival_p: float = 0.0


def looks_of_hands(looks: Iterable[Look]) -> Past:
    """Return some looks, in order of time, as they are remembered."""
    t_ns, owner, beliefs, rival, rival_p = (list(column) for column in zip(*looks, strict=True))
    product, p = ([belief[k] for some in beliefs for belief in some] for k in range(2))
    return with_looks(no_looks(), Looked(t_ns, [*map(len, beliefs)], owner, rival, rival_p, product, p), since_ns=0)


def past_of(moments: Iterable[Bodies]) -> Past:
    """Return some moments, in order of time, as they are remembered."""
    past = no_bodies()
    for one in moments:
        past = with_bodies(past, one, since_ns=0)
    return past
