"""Carts and portals: sums of evidence that what they say never was.

Each thing they say is checked once, when what would bear it out has had time to come: it is contradicted, borne out, or
neither. A sensor that is well is contradicted now and then, one that lies mostly; the log-likelihood ratio is summed
(Page's test, 1954) and kept within bounds, so that a good name protects only so far and can be won back.
"""

from collections.abc import Mapping
from dataclasses import field

import numpy as np

from fusion.attribution.state import Attribution
from fusion.attribution.tags import TagRead
from fusion.config import SECOND_NS, CartConfig, TagConfig
from fusion.frozen import record, replace
from fusion.health.baskets import Together, beliefs_of, move_nats, together
from fusion.health.settings import HealthConfig
from fusion.store import Store
from fusion.tracking.carts import SeenMove

AGREES, CONTRADICTS = 0.0, -1.5  # nats by which a basket's weight bears a move out, or does not
AGREES_AMONG = 1.5  # and a move among others: sums of some goods may come out alike by chance
CLEAR_P = 0.9  # whose cart it is must be this clear for their goods to tell
GOOD_NAME = -3.0  # no sum goes below this
BEYOND = 2.0  # or further above the alarm than this


@record()
class Doubt:
    """What speaks against one sensor."""

    nats: float = 0.0
    on: bool = False
    began_ns: int = 0
    ended_ns: int = 0
    wrong: int = 0  # things that were contradicted since it was last well
    trips: frozenset[str] = frozenset()  # whom they were about


@record(eq=False)
class Sayings:
    """Carts and portals, and what they said that has not been checked."""

    of: Mapping[str, Doubt] = field(default_factory=dict)
    moves: tuple[SeenMove, ...] = ()
    tags: Mapping[str, tuple[str, TagRead, int]] = field(default_factory=dict)  # epc -> portal, strongest read, last ns


def doubted(
    doubt: Doubt, wrong: bool, wrong_p: tuple[float, float], alarm: float, now_ns: int, trip: str = ""
) -> Doubt:
    """Return a doubt after one thing said was contradicted, or borne out."""
    well, lies = wrong_p if wrong else (1.0 - wrong_p[0], 1.0 - wrong_p[1])
    nats = float(np.clip(doubt.nats + np.log(lies / well), GOOD_NAME, alarm + BEYOND))
    count, trips = (doubt.wrong + wrong, doubt.trips) if nats > 0.0 or doubt.on else (0, frozenset())
    trips |= {trip} if wrong and trip and not doubt.on else frozenset()
    if not doubt.on and nats >= alarm:
        return Doubt(nats, True, now_ns, doubt.ended_ns, count, trips)
    if doubt.on and nats <= 0.0:
        return Doubt(nats, False, doubt.began_ns, now_ns, 0)
    return replace(doubt, nats=nats, wrong=count, trips=trips)


def note_tags(sayings: Sayings, portal: str, reads: tuple[TagRead, ...]) -> Sayings:
    """Remember tags until those who might carry them have gone by."""
    if not reads:
        return sayings
    tags = dict(sayings.tags)
    for read in reads:
        _, best, last_ns = tags.get(read.epc, (portal, read, read.t_ns))
        tags[read.epc] = portal, max(best, read, key=lambda r: (r.dbm, -r.t_ns)), max(last_ns, read.t_ns)
    return replace(sayings, tags=tags)


def check_moves(
    sayings: Sayings,
    moves: tuple[SeenMove, ...],
    attribution: Attribution,
    now_ns: int,
    store: Store,
    cart: CartConfig,
    config: HealthConfig,
) -> Sayings:
    """Check the moves that carts saw a while ago, in order of time."""
    waiting = sorted((*sayings.moves, *moves), key=lambda one: (one.move.t_ns, one.cart, one.move.direction))
    until = now_ns - int(config.move_wait_s * SECOND_NS)
    longest = now_ns - int(config.move_wait_s_max * SECOND_NS)
    of, left = dict(sayings.of), [one for one in waiting if one.move.t_ns > until]
    seen = (*attribution.seen.moves, *waiting)
    for one in waiting[: len(waiting) - len(left)]:
        some = together(one, seen, attribution.seen.weighings, cart)
        if some.span_ns()[1] > until and one.move.t_ns > longest:
            left.append(one)
            continue
        wrong = _contradicted(one, some, attribution, store, cart)
        if wrong is not None:
            wrong_p = config.move_alone_p if wrong and _alone(one, config) else config.move_wrong_p
            old = of.get(one.cart, Doubt())
            of[one.cart] = doubted(old, wrong, wrong_p, config.lying_nats, now_ns, one.owner()[0])
    return replace(sayings, of=of, moves=tuple(left))


def _alone(one: SeenMove, config: HealthConfig) -> bool:
    """Tell whether nobody was near enough to a cart to make a move, or to wave goods over it."""
    return all(far_m > config.move_reach_m for far_m in one.near.values())


def _contradicted(
    one: SeenMove, some: Together, attribution: Attribution, store: Store, config: CartConfig
) -> bool | None:
    """Tell whether a move never was, by the basket's weight or by the goods of whose cart it is; None: who knows.

    It is weighed together with some others.
    """
    believed = beliefs_of(one, store)
    if not believed:
        return None
    weighed, is_alone = move_nats(one, some, attribution.seen.weighings, store, config), len(some.moves) == 1
    if weighed is not None and not CONTRADICTS <= weighed <= (AGREES if is_alone else AGREES_AMONG):
        return weighed < CONTRADICTS
    if weighed is not None and is_alone:
        return None
    owner, p = one.owner()
    if p < CLEAR_P:
        return None
    return not any(_may_carry(attribution, owner, product) for product, _ in believed)


def check_tags(
    sayings: Sayings, attribution: Attribution, now_ns: int, tags: TagConfig, config: HealthConfig
) -> Sayings:
    """Check strong tags that were heard a while ago: did anybody go out about then who may carry such a thing?"""
    until = now_ns - int(config.tag_wait_s * SECOND_NS)
    due = sorted((last_ns, epc) for epc, (_, _, last_ns) in sayings.tags.items() if last_ns <= until)
    if not due:
        return sayings
    of, left = dict(sayings.of), dict(sayings.tags)
    for _, epc in due:
        portal, best, _ = left.pop(epc)
        if best.dbm < 0.5 * (tags.near_dbm + tags.far_dbm):
            continue  # from the next lane, and heard like it
        about_ns = int(tags.passing_s * SECOND_NS)
        out = [one.trip for one in attribution.exits if abs(one.t_ns - best.t_ns) <= about_ns]
        wrong = not any(_may_carry(attribution, trip, best.product) for trip in out)
        of[portal] = doubted(of.get(portal, Doubt()), wrong, config.tag_wrong_p, config.reading_nats, now_ns)
    return replace(sayings, of=of, tags=left)


def _may_carry(attribution: Attribution, trip: str, product: int) -> bool:
    """Tell whether any reading that is still believed has goods of a product with a trip."""
    group = next((g for g in attribution.groups if trip in g.trips), None)
    if group is None:
        return True  # a trip that has closed: nothing is known of it any more
    return any(k == product and n > 0 for goods in group.carried(trip) for k, n, _ in goods)
