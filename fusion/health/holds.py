"""Which receipts wait for a person because of a sensor: no single bad sensor can post money."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field, replace

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints
from fusion.attribution.bodies import rows_in
from fusion.attribution.explanations import WhoAt
from fusion.attribution.past import Past
from fusion.attribution.settled import Settled
from fusion.attribution.why import CART, HELD, add
from fusion.checkout.receipts import REVIEW, SETTLED, Receipt
from fusion.config import SECOND_NS
from fusion.frozen import record
from fusion.health.settings import HealthConfig
from fusion.store import Store

LIKELY_NATS = -3.0  # somebody this likely to have been there may have taken something
Touched = Mapping[str, Mapping[str, str]]  # trip -> sensor -> what is wrong with it


@record()
class Doubts:
    """What is wrong, as far as it bears on receipts."""

    plates: Mapping[int, tuple[int, int, str]] = field(default_factory=dict)  # plate -> from, to ns, words
    jumped: frozenset[int] = frozenset()  # of these, those whose level jumps
    carts: Mapping[str, str] = field(default_factory=dict)  # cart -> words, of those that lie
    touched: Touched = field(default_factory=dict)
    seen_s: Mapping[str, float] = field(default_factory=dict)  # trip -> for how long somebody of it was followed
    lost: frozenset[str] = frozenset()  # trips that ended since nobody of them was seen any more


def hold(receipt: Receipt, settled: Iterable[Settled], doubts: Doubts, store: Store, config: HealthConfig) -> Receipt:
    """Return a receipt as it may be settled: one that rests on a bad sensor waits for a person, who is told which."""
    if receipt.account is None or receipt.status not in (SETTLED, REVIEW):
        return receipt
    found = dict(doubts.touched.get(receipt.trip, {}))
    unseen = _unseen(receipt, doubts, config)
    for one in settled:
        if any(part.trip == receipt.trip for part in one.reading.parts) or _may_be_of(one, receipt.trip):
            found |= _rests_on(one, doubts, store, config)
    if not found and not unseen:
        return receipt
    words = (*unseen, *(f"sensor {sensor} {what}" for sensor, what in sorted(found.items())))
    if receipt.status == REVIEW and not receipt.holds:
        words = ("doubt", *words)
    return replace(receipt, status=REVIEW, holds=(*receipt.holds, *words))


def _may_be_of(one: Settled, trip: str) -> bool:
    """Tell whether goods that nobody is charged for went while somebody of a trip had a hand there."""
    if one.evidence is None or {part.trip for part in one.reading.parts} != {""}:
        return False
    return any(who.trip == trip and sum(nats for _, nats in who.why) > 0.0 for who in one.evidence.near)


def _unseen(receipt: Receipt, doubts: Doubts, config: HealthConfig) -> tuple[str, ...]:
    """Say so where cameras hardly saw a shopper: what they took nobody knows, and what nobody took may be theirs."""
    if receipt.trip in doubts.lost:
        return ("nobody saw them leave",)
    if receipt.left_ns is None or receipt.trip not in doubts.seen_s:
        return ()
    visit_s, seen_s = (receipt.left_ns - receipt.entered_ns) / SECOND_NS, doubts.seen_s[receipt.trip]
    if visit_s < config.seen_visit_s or seen_s >= config.seen_share * visit_s:
        return ()
    return (f"seen for {seen_s:.0f} s of {visit_s:.0f} s inside",)


def _rests_on(one: Settled, doubts: Doubts, store: Store, config: HealthConfig) -> dict[str, str]:
    """Return the bad sensors that a change rests on alone: most of its grams, and nothing else names the goods.

    What a plate that jumps shows may be one piece more of what was taken beside it, and a hand then holds such a thing.
    """
    why = dict(add(one.reading.why))
    out: dict[str, str] = {}
    if doubts.carts and why.get(CART, 0.0) > config.held_nats > why.get(HELD, 0.0):
        out |= dict(doubts.carts)
    if not one.change.plates:
        return out
    total = sum(abs(g) for g in one.change.delta_g)
    bad, made_up, found = 0.0, False, dict[str, str]()
    piece_g = min((float(store.products.mass_g[part.product]) for part in one.reading.parts), default=np.inf)
    for plate, g in zip(one.change.plates, one.change.delta_g, strict=True):
        since, until, words = doubts.plates.get(plate, (0, -1, ""))
        if since <= one.change.step_ns <= until:
            bad += abs(g)
            made_up |= plate in doubts.jumped and abs(g) > 0.5 * piece_g
            found[store.plates.plate_id[plate]] = words
    single = len(one.reading.parts) == 1 and one.reading.parts[0].qty == 1
    seen = single and why.get(HELD, 0.0) + why.get(CART, 0.0) > config.held_nats
    return out | found if made_up or (bad > 0.5 * total and not seen) else out


def reach_over(
    touched: Touched, dark: Mapping[int, tuple[int, str]], past: Past, who: WhoAt,
    inside: Collection[str], store: Store, config: HealthConfig,
) -> Touched:  # fmt: skip
    """Note who had a hand over plates that said nothing; dark gives since when (ns) and what is wrong, by plate.

    What they took or put there no plate saw. Trips that are over are forgotten.
    """
    out = {trip: dict(rows) for trip, rows in touched.items() if trip in inside}
    plates = np.array(sorted(dark), np.int64)
    if not len(plates) or not len(past):
        return out
    since = np.array([dark[plate][0] for plate in plates.tolist()])
    rows, mine = rows_in(past), past.rows_of(past.begin, past.end)
    t_ns = np.repeat(past.t_ns, np.diff(past.room.first[past.begin : past.end + 1]))
    track_id, head, hands, cov = rows.track_id[mine], rows.head[mine], rows.hands[mine], rows.hands_cov[mine]
    over = hands_over(head, hands, cov, plates, store, config) & (t_ns[:, None] >= since)
    for row, column in np.argwhere(over).tolist():
        plate = int(plates[column])
        for trip, nats, _ in who(int(track_id[row]), int(t_ns[row])):
            if trip in inside and nats > LIKELY_NATS:
                out.setdefault(trip, {})[store.plates.plate_id[plate]] = dark[plate][1]
    return out


def hands_over(
    head: Floats, hands: Floats, hands_cov: Floats, plates: Ints, store: Store, config: HealthConfig
) -> Bools:
    """Return whose hands, either one, are over which of some plates (n, k): over its top, or a little beside it.

    head (n, 3), hands (n, 2, 3) and their covariance as in Bodies.
    """
    hands, table = head[:, None, :] + hands, store.plates
    yaw = np.deg2rad(table.yaw_deg[plates])
    # As near as it is known where the hand is, which is little for a hand that nobody sees.
    spread = np.sqrt(0.5 * (hands_cov[:, :, 0, 0] + hands_cov[:, :, 1, 1]))
    room = config.over_m + np.minimum(spread, config.over_m)
    plan = table.centre[plates], np.cos(yaw), np.sin(yaw), 0.5 * table.size[plates]
    return np.asarray(over(hands, room, *plan, *config.over_up_m))


@njit(cache=True)
def over(
    hands: Floats, room: Floats, centre: Floats, cos: Floats, sin: Floats, half: Floats, low: float, high: float
) -> Bools:
    """Return whose hands (n, 2, 3), either one, are over which plates (n, k): not further beside one than room (n, 2).

    Plates have their centre (k, 3), turn and half size (k, 2); hands are from low to high above them, all in m.
    """
    out = np.zeros((len(hands), len(centre)), np.bool_)
    for i in range(len(hands)):
        for hand in range(2):
            x, y, z = hands[i, hand, 0], hands[i, hand, 1], hands[i, hand, 2]
            for k in range(len(centre)):
                if not low < z - centre[k, 2] < high:
                    continue
                dx, dy = x - centre[k, 0], y - centre[k, 1]
                along, deep = dx * cos[k] + dy * sin[k], -dx * sin[k] + dy * cos[k]
                if abs(along) < half[k, 0] + room[i, hand] and abs(deep) < half[k, 1] + room[i, hand]:
                    out[i, k] = True
    return out
