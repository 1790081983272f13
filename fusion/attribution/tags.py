"""RFID tags at the exit as a witness of what a trip carries out.

Nobody guarantees that a portal hears every tag, and it also hears the next lane: reads are evidence, never a bill. Each
tag heard is shared out over the people who left at about that moment, by gate, time and strength, and over somebody
unknown. What a reading of the trip says it carries is then weighed by how likely it is that so many tags were heard:
those carried are heard at a rate that the store's own clear trips teach, and a few more come from elsewhere.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np

from fusion.arrays import Floats
from fusion.attribution.normal import normal_nats
from fusion.config import SECOND_NS, TagConfig
from fusion.frozen import record
from fusion.messages import Portal
from fusion.store import Products, Store


@record()
class TagRead:
    """A tag of a product heard once."""

    epc: str
    product: int
    gate: int  # row in the store's gates, of the portal
    t_ns: int
    dbm: float


@record()
class Exit:
    """Somebody of a trip went out."""

    trip: str
    t_ns: int
    gate: int  # row, -1 where no gate saw it
    charged: frozenset[int] | None = None  # products that its trip was charged, once closed


def tags_of(message: Portal, store: Store) -> tuple[TagRead, ...]:
    """Return the reads of a portal's message that are of the store's products; other tags are nobody's business."""
    gate = dict(store.portals).get(message.portal, "")
    row = store.gates.gate_id.index(gate) if gate in store.gates.gate_id else -1
    found = ((epc, product_of(epc, store.products), dbm) for epc, dbm in message.tags)
    return tuple(TagRead(epc, product, row, message.t_ns, dbm) for epc, product, dbm in found if product >= 0)


def product_of(epc: str, products: Products) -> int:
    """Return the product whose prefix is the longest that fits, -1 for none."""
    known = _prefixes(products)
    return max(((len(p), row) for p, row in known.items() if epc.upper().startswith(p)), default=(0, -1))[1]


@lru_cache(maxsize=8)
def _prefixes(products: Products) -> Mapping[str, int]:
    return {prefix.upper(): row for row, prefix in enumerate(products.epc_prefix) if prefix}


def shares(
    trip: str,
    reads: tuple[TagRead, ...],
    exits: tuple[Exit, ...],
    config: TagConfig,
    carries: Callable[[str, int], float] = lambda trip, product: 1.0,
) -> dict[int, tuple[float, ...]]:
    """Return per product how likely each of its tags that were heard went out with a trip, if it carries that many.

    carries gives how likely another trip carries a product: who does not have it takes out no tag of it.
    """
    tags: dict[str, list[TagRead]] = {}
    for read in reads:
        tags.setdefault(read.epc, []).append(read)
    out: dict[int, list[float]] = {}
    for _, heard in sorted(tags.items()):
        best = max(heard, key=lambda read: (read.dbm, -read.t_ns))
        at_ns = int(np.mean([read.t_ns for read in heard if read.gate == best.gate]))
        nats = [_nats_of(one, best, at_ns, config) for one in exits]
        for row, one in enumerate(exits):
            if one.trip != trip and nats[row] > -np.inf:  # few of all exits were at that moment
                nats[row] += float(np.log(max(carries(one.trip, best.product), 1e-9)))
        weights = np.exp([*nats, config.stranger_nats + normal_nats(best.dbm, config.far_dbm, config.far_sd_db**2)])
        mine = sum(w for w, one in zip(weights, exits, strict=False) if one.trip == trip) / weights.sum()
        if mine > config.share_min:
            out.setdefault(best.product, []).append(float(mine))
    return {product: tuple(found) for product, found in sorted(out.items())}


def _nats_of(one: Exit, best: TagRead, at_ns: int, config: TagConfig) -> float:
    """Return how well an exit fits a tag."""
    late_s = abs(one.t_ns - at_ns) / SECOND_NS
    if late_s > config.passing_s:
        return -np.inf
    near = one.gate == best.gate
    level = (config.near_dbm, config.near_sd_db) if near else (config.far_dbm, config.far_sd_db)
    return -late_s / config.passing_sd_s + normal_nats(best.dbm, level[0], level[1] ** 2) - (0.0 if near else 1.0)


def heard_nats(mine: tuple[float, ...], most: int, rate: float, config: TagConfig) -> Floats:
    """Return log p of the tags of one product that were heard, if the trip carries 0 .. most of it, (most + 1,).

    mine are the chances of each tag heard to have gone out with the trip; their number is Poisson binomial.
    """
    number = np.array([1.0])
    for p in mine:
        number = np.convolve(number, [1.0 - p, p])
    out = np.zeros(most + 1)
    for carried in range(most + 1):
        own = np.array([1.0])
        for _ in range(carried):
            own = np.convolve(own, [1.0 - rate, rate])
        strays = config.stray_rate ** np.arange(len(number))  # a geometric tail serves for so few
        both = np.convolve(own, strays)[: len(number)]
        out[carried] = float((number[: len(both)] * both).sum())
    return np.asarray(np.log(np.maximum(out, np.finfo(float).tiny)))
