"""Encounters: when two tracks were too close to tell apart, and what their looks, ids and carts say afterwards.

Two tracks whose states overlap may go on as each other. How likely that is depends on how far apart they were at
the closest, in place and velocity, against what the filter knew: a crossing in plain view leaves no doubt, a crossing
behind a shelf leaves them even. Once they are apart again and have been seen for a while, the looks from before are
compared with those from after, straight and crosswise.
"""

from collections.abc import Collection, Mapping

import numpy as np
from numba import njit

from fusion.arrays import Floats, Ints, Singles
from fusion.config import SECOND_NS, IdentityConfig, TrackingConfig
from fusion.frozen import record, replace
from fusion.tracking.appearance import look_nats_of
from fusion.tracking.belief import Mix
from fusion.tracking.carts import Carts
from fusion.tracking.floor import likeness
from fusion.tracking.gating import BEYOND, pairs_within
from fusion.tracking.tracks import COASTING, CONFIRMED, Tracks

Pair = tuple[int, int]  # track ids, the smaller first


@record(eq=False)
class Encounter:
    """Two tracks near each other, and what they were like before."""

    mix: Mix  # as it stands in the beliefs
    look: Singles  # (2, d) mean looks before, zero where unknown
    device_id: tuple[tuple[int, ...], tuple[int, ...]]  # per track and camera, 0 for none
    cart: tuple[str, str]  # the cart beside each, "" for none
    apart_ns: int = 0  # since when they are apart again, 0 while together


Encounters = Mapping[Pair, Encounter]


@record(eq=False)
class Verdicts:
    """How the mixes of the beliefs change; and what tracks out of sight look like that are believed to be another."""

    gone: tuple[Mix, ...] = ()
    new: tuple[Mix, ...] = ()
    looks: tuple[tuple[int, Singles], ...] = ()  # track_id, mean look (d,)


def watch(
    encounters: Encounters,
    tracks: Tracks,
    carts: Carts,
    named: Collection[int],
    now_ns: int,
    config: IdentityConfig,
    tracking: TrackingConfig,
) -> tuple[Encounters, Verdicts]:
    """Note who meets, deepen the doubt while they are close, and settle it once they are apart.

    named are the tracks that were seen to come in; of the others few are people, and two of them do not matter.
    """
    swaps = {
        pair: swap if both == 2 else swap * config.stranger_p
        for pair, swap in overlaps(tracks, config).items()
        if (both := sum(k in named for k in pair))
    }
    if not swaps and not encounters:
        return encounters, Verdicts()
    out = dict(encounters)
    for pair, swap in swaps.items():
        known = out.get(pair) or _begin(pair, tracks, carts, now_ns, config)
        mix = known.mix if known.mix.swap >= swap else Mix(now_ns, *pair, swap)
        out[pair] = replace(known, mix=mix, apart_ns=0)
    row_of = {int(k): i for i, k in enumerate(tracks.track_id)}
    settled: list[Mix] = []
    looks: list[tuple[int, Singles]] = []
    for pair in [p for p in out if p not in swaps]:
        known, rows = out[pair], [row_of.get(k, -1) for k in pair]
        if min(rows) < 0:
            settled.append(known.mix)  # one has left: what was believed stands
            del out[pair]
        elif not _are_apart(tracks, rows, now_ns, config):
            continue
        elif known.apart_ns == 0:
            out[pair] = replace(known, apart_ns=now_ns)
        elif now_ns - known.apart_ns > config.apart_s * SECOND_NS:
            straight = straight_nats(known, tracks, rows, carts, now_ns, config, tracking)
            odds = known.mix.swap / (1 - known.mix.swap) * np.exp(-straight)
            mix = replace(known.mix, swap=float(odds / (1 + odds)))
            settled.append(mix)
            if mix.swap > 0.5:
                looks += _exchanged(known, tracks, rows, now_ns, config)
            del out[pair]
    before = {e.mix for e in encounters.values()}
    after = {e.mix for e in out.values()} | {m for m in settled if m.swap >= config.swap_p_min}
    return out, Verdicts(_sorted(before - after), _sorted(after - before), tuple(looks))


def _exchanged(
    known: Encounter, tracks: Tracks, rows: list[int], now_ns: int, config: IdentityConfig
) -> list[tuple[int, Singles]]:
    """Return what those of two tracks look like that are each other and out of sight: as the other did before.

    A track in sight has learned it by itself. One that lost its person to the other never will, and whoever comes into
    sight again is compared with it.
    """
    return [
        (int(tracks.track_id[row]), known.look[1 - k])
        for k, row in enumerate(rows)
        if _unseen_s(tracks, row, now_ns) >= config.apart_seen_s and known.look[1 - k].any()
    ]


def _sorted(mixes: set[Mix]) -> tuple[Mix, ...]:
    return tuple(sorted(mixes, key=lambda m: (m.t_ns, m.a, m.b)))


def overlaps(tracks: Tracks, config: IdentityConfig) -> dict[Pair, float]:
    """Return per pair of near tracks the probability that they go on as each other, where it matters at all.

    Half of exp(-d' S^-1 d / 2), d the difference and S the sum of the covariances of their states (x, y, vx, vy).
    """
    a, b = _near(tracks.status, tracks.mean, tracks.cov, config.meet_m, -2.0 * np.log(2.0 * config.swap_p_min))
    if not len(a):
        return {}
    d = tracks.mean[a, :4] - tracks.mean[b, :4]
    S = tracks.cov[a, :4, :4] + tracks.cov[b, :4, :4]
    square = np.einsum("ni,ni->n", d, np.linalg.solve(S, d[:, :, None])[:, :, 0])
    swap = 0.5 * np.exp(-0.5 * square)
    found = np.flatnonzero(swap >= config.swap_p_min)
    return {(int(tracks.track_id[a[i]]), int(tracks.track_id[b[i]])): float(swap[i]) for i in found}


@njit(cache=True, error_model="numpy")
def _near(status: Ints, mean: Floats, cov: Floats, meet_m: float, square_max: float) -> tuple[Ints, Ints]:
    """Return the pairs of rows (k,) of tracks within meet_m whose places alone may be so near, sorted.

    Of d' S^-1 d the places' own share is no more than the whole: most who pass each other are told apart by that.
    """
    live = np.flatnonzero((status == CONFIRMED) | (status == COASTING))
    first, second = pairs_within(mean[live, :2], meet_m)
    count = 0
    for p in range(len(first)):
        a, b = live[first[p]], live[second[p]]
        x, y = mean[a, 0] - mean[b, 0], mean[a, 1] - mean[b, 1]
        xx, yy, xy = cov[a, 0, 0] + cov[b, 0, 0], cov[a, 1, 1] + cov[b, 1, 1], cov[a, 0, 1] + cov[b, 0, 1]
        if yy * x * x - 2.0 * xy * x * y + xx * y * y <= BEYOND * square_max * (xx * yy - xy * xy):
            first[count], second[count] = a, b
            count += 1
    return first[:count], second[:count]


def straight_nats(
    known: Encounter,
    tracks: Tracks,
    rows: list[int],
    carts: Carts,
    now_ns: int,
    config: IdentityConfig,
    tracking: TrackingConfig,
) -> float:
    """Return the nats for "each is who it was" against "each is the other", by looks, ids and carts.

    Only who is in sight now is compared: one of the two may have gone, or never was anybody.
    """
    now = tracks.look[rows]
    norm = np.linalg.norm(now, axis=1, keepdims=True)
    now = np.where(norm > 1e-6, now / np.maximum(norm, 1e-6), 0.0)
    nats = 0.0
    for k, row in enumerate(rows):
        if _unseen_s(tracks, row, now_ns) < config.apart_seen_s:
            own, others = (look_nats_of(known.look[i], now[k], likeness(tracking)) for i in (k, 1 - k))
            nats += own - others
    ids = [tuple(tracks.device_id[r].tolist()) for r in rows]
    nats += config.same_id_nats * (_shared(known.device_id, ids) - _shared(known.device_id, ids[::-1]))
    beside = [cart_beside(carts, tracks.mean[r, :2], config) for r in rows]
    nats += config.same_cart_nats * (_same(known.cart, beside) - _same(known.cart, beside[::-1]))
    return float(np.clip(nats, -config.encounter_nats_max, config.encounter_nats_max))


def cart_beside(carts: Carts, xy: Floats, config: IdentityConfig) -> str:
    """Return the cart nearest to a person within reach, or ""."""
    far = {src: float(np.linalg.norm(cart.mean[:2] - xy)) for src, cart in carts.items()}
    best = min(sorted(far), key=lambda s: far[s], default="")
    return best if best and far[best] <= config.cart_beside_m else ""


def _begin(pair: Pair, tracks: Tracks, carts: Carts, now_ns: int, config: IdentityConfig) -> Encounter:
    rows = [int(np.searchsorted(tracks.track_id, k)) for k in pair]
    ids = tuple(tuple(tracks.device_id[r].tolist()) for r in rows)
    cart = tuple(cart_beside(carts, tracks.mean[r, :2], config) for r in rows)
    return Encounter(Mix(now_ns, *pair, 0.0), tracks.look[rows].copy(), (ids[0], ids[1]), (cart[0], cart[1]))


def _unseen_s(tracks: Tracks, row: int, now_ns: int) -> float:
    """Return how long ago a track was last seen."""
    return (now_ns - int(tracks.seen_ns[row])) / SECOND_NS


def _are_apart(tracks: Tracks, rows: list[int], now_ns: int, config: IdentityConfig) -> bool:
    """Tell whether both are in sight apart from each other, or one is and the other has been out of sight for long."""
    quick, slow = sorted(_unseen_s(tracks, r, now_ns) for r in rows)
    far_m = float(np.linalg.norm(tracks.mean[rows[0], :2] - tracks.mean[rows[1], :2]))
    return quick < config.apart_seen_s and (
        slow > config.apart_s or (slow < config.apart_seen_s and far_m > config.apart_m)
    )


def _shared(before: tuple[tuple[int, ...], tuple[int, ...]], after: list[tuple[int, ...]]) -> int:
    """Return how many cameras still give each track the id it had."""
    return sum(x == y != 0 for was, now in zip(before, after, strict=True) for x, y in zip(was, now, strict=True))


def _same(before: tuple[str, str], after: list[str]) -> int:
    return sum(x == y != "" for x, y in zip(before, after, strict=True))
