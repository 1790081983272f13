"""What a classifier made of people's hands, and what that says of a product having been in them. All in nats."""

from collections.abc import Collection, Mapping
from dataclasses import field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numba import njit

from fusion.arrays import Bools, Floats, Ints
from fusion.attribution.bodies import Joined, joined_into, person_of, place_among
from fusion.attribution.look import Looked, LookRows, looks_in, named_by
from fusion.attribution.past import Past
from fusion.config import SECOND_NS, AttributionConfig
from fusion.frozen import record
from fusion.store import Store, product_rows
from fusion.tracking.floor import Match

SURE, LIKELY, HARDLY = range(3)  # looks at a hand that surely, likely and hardly is somebody's
# Looks before a moment and after it, and those of either that are well apart from it.
BEFORE, AFTER, WELL_BEFORE, WELL_AFTER = range(4)


@record()
class Looks:
    """What looks at somebody's hands say of each product having been in them, in nats against anybody else's hands."""

    nats: Mapping[int, float] = field(default_factory=dict)  # product -> nats, of those that were seen
    absent: float = 0.0  # of every other product: hands that show something else hold none of it
    apart: Mapping[int, float] = field(default_factory=dict)  # as nats, by looks well apart from the moment alone

    def of(self, product: int) -> float:
        """Return the nats of one product."""
        return self.nats.get(product, self.absent)

    def kept(self, product: int) -> float:
        """Return the nats of one product by looks well apart from the moment: a hand does not let go in an instant."""
        return self.apart.get(product, self.absent)


NO_LOOKS = Looks(), Looks()  # before and after, of hands that nobody saw hold anything


def looks_of(matches: tuple[Match, ...], store: Store) -> Looked:
    """Return the looks at hands of some frames; products that the store does not know are left out."""
    row_of, out = product_rows(store.products), Looked([], [], [], [], [], [], [])
    for match in matches:
        t_ns, held = match.sightings.t_ns, match.sightings.held
        if not held:
            continue
        owner, rival, rival_p = match.wrist_id.tolist(), match.rival_id.tolist(), match.rival_p.tolist()
        for one in held:
            row, hand, before = one.row, one.hand, len(out.product)
            for sku, p in one.beliefs:
                if (product := row_of.get(sku)) is not None:
                    out.product.append(product)
                    out.p.append(p)
            out.t_ns.append(t_ns)
            out.sizes.append(len(out.product) - before)
            out.owner.append(owner[row][hand])
            out.rival.append(rival[row][hand])
            out.rival_p.append(rival_p[row][hand])
    return out


def looks_at_hands(
    t_ns: int,
    looks: Past,
    alias: Mapping[int, int],
    config: AttributionConfig,
    tracks: Collection[int],
    until_ns: Mapping[int, int] | None = None,
    lent: bool = False,
) -> dict[int, tuple[Looks, Looks]]:
    """Return what the classifier says of each product having been in tracks' hands, just before t_ns and after.

    Of a track in until_ns only what was seen before then. Looks at a hand that hardly is theirs count where they are
    lent: of two people of whom one lends, one alone held it.

    The mean belief over all looks, and one more that shows nothing, is weighed against how seldom a product is seen
    in hands that do not hold it. Hands in which cameras see something before or after would show it now as well.
    Looks at hands that may be somebody else's are all of them theirs or none, for cameras err alike for a while.
    """
    persons = sorted(k for k in tracks if k not in alias)
    window_ns = int(config.held_window_s * SECOND_NS)
    begin, end = looks.within(t_ns - window_ns, t_ns + window_ns)
    if begin == end or not persons:
        return {}
    known, joined = np.array(persons, np.int64), joined_into(set(persons), alias)
    last_ns = t_ns + window_ns + 1
    before = np.array([(until_ns or {}).get(k, last_ns) for k in persons], np.int64)
    apart_ns = int(config.held_apart_s * SECOND_NS)
    rules = _Rules(config.held_rare, config.held_unseen_p, config.held_looks_sure, config.held_nats_max, apart_ns)
    found = _in_hands(looks_in(looks), begin, end, t_ns, known, joined, before, lent, rules)
    of, first, product, nats, absent = (column.tolist() for column in found)
    each = [dict(zip(product[begin:end], nats[begin:end], strict=True)) for begin, end in pairwise(first)]
    return {
        persons[row]: (
            Looks(each[4 * k + BEFORE], absent[k], each[4 * k + WELL_BEFORE]),
            Looks(each[4 * k + AFTER], absent[k], each[4 * k + WELL_AFTER]),
        )
        for k, row in enumerate(of)
    }


def lenders(
    t_ns: int, looks: Past, persons: Ints, joined: Joined, alias: Mapping[int, int], config: AttributionConfig
) -> dict[int, set[int]]:
    """Return by person, of some (n,), whose hands may have been theirs around t_ns, of those that were looked at."""
    window_ns = int(config.held_window_s * SECOND_NS)
    moments = looks.within(t_ns - window_ns, t_ns + window_ns)
    of, owner = _lent(looks_in(looks), *moments, persons, joined)
    out: dict[int, set[int]] = {}
    for row, track_id in zip(of.tolist(), owner.tolist(), strict=True):
        out.setdefault(int(persons[row]), set()).add(alias.get(track_id, track_id))
    return out


@njit(cache=True, error_model="numpy")
def _lent(looks: LookRows, begin: int, end: int, persons: Ints, joined: Joined) -> tuple[Ints, Ints]:
    """Return of which of some persons, a row, hands may be that were looked at and are another's, (l,), and whose."""
    of, owner, n = np.empty(end - begin, np.int64), np.empty(end - begin, np.int64), 0
    for look in range(begin, end):
        row = place_among(person_of(looks.rival[look], joined), persons) if looks.rival_p[look] > 0.0 else -1
        if row >= 0:
            of[n], owner[n], n = row, looks.owner[look], n + 1
    return of[:n], owner[:n]


class _Rules(NamedTuple):
    """See held_... of AttributionConfig."""

    rare: float
    unseen_p: float
    looks_sure: int
    nats_max: float
    apart_ns: int


class _Sums(NamedTuple):
    """Looks at what may be persons' hands, by how likely that is and when, against a moment."""

    belief: Floats  # (n, 3, 4, k) in each product
    looks: Ints  # (n, 3, 4)
    p: Floats  # (n, 3) that they are theirs
    is_shown: Bools  # (n, 4, k) of what there was a look that speaks of it


@njit(cache=True, error_model="numpy")
def _in_hands(
    looks: LookRows,
    begin: int,
    end: int,
    t_ns: int,
    persons: Ints,
    joined: Joined,
    until_ns: Ints,
    lent: bool,
    rules: _Rules,
) -> tuple[Ints, Ints, Ints, Floats, Floats]:
    """Return what looks say of products having been in persons' hands (n,), before a moment and after.

    until_ns (n,) is when each may have something new. Returns of which persons there is a look, (m,); of each BEFORE to
    WELL_AFTER, one behind the other, where the products begin that were seen, (4 m + 1,), those products (l,), sorted,
    and their nats (l,); and the nats of all others, (m,).
    """
    theirs = _theirs(looks, begin, end, persons, joined, until_ns, lent)
    product, sums = _summed(looks, *theirs, t_ns, len(persons), rules.apart_ns)
    of = np.flatnonzero(sums.looks.sum(axis=2).sum(axis=1) > 0)
    nats, absent = np.empty((4, len(product))), np.empty(len(of))
    first, n = np.zeros(4 * len(of) + 1, np.int64), 0
    shown, told = np.empty(sums.is_shown.size, np.int64), np.empty(sums.is_shown.size)
    for k in range(len(of)):
        shows = sums.is_shown[of[k]]
        absent[k] = _weigh(sums.belief[of[k]], sums.looks[of[k]], sums.p[of[k]], shows, nats, rules)
        for side in range(4):
            for column in np.flatnonzero(shows[side]):
                shown[n], told[n], n = product[column], nats[side, column], n + 1
            first[4 * k + side + 1] = n
    return of, first, shown[:n], told[:n], absent


@njit(cache=True, error_model="numpy")
def _theirs(
    looks: LookRows, begin: int, end: int, persons: Ints, joined: Joined, until_ns: Ints, lent: bool
) -> tuple[Ints, Ints, Floats]:
    """Return of looks at what may be persons' hands which look, whose of the persons, a row, and how likely, (l,)."""
    most = 2 * (end - begin)
    which, whose, p, n = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most), 0
    for look in range(begin, end):
        rival_p, t_ns = max(looks.rival_p[look], 0.0), looks.t_ns[look]
        row = place_among(person_of(looks.owner[look], joined), persons)
        if row >= 0 and t_ns < until_ns[row]:
            which[n], whose[n], p[n], n = look, row, 1.0 - rival_p, n + 1
        row = place_among(person_of(looks.rival[look], joined), persons) if lent and rival_p > 0.0 else -1
        if row >= 0 and t_ns < until_ns[row]:
            which[n], whose[n], p[n], n = look, row, rival_p, n + 1
    return which[:n], whose[:n], p[:n]


@njit(cache=True, error_model="numpy")
def _summed(
    looks: LookRows, which: Ints, whose: Ints, p: Floats, t_ns: int, n: int, apart_ns: int
) -> tuple[Ints, _Sums]:
    """Return the products (k,) that some looks (l,) at hands of n persons speak of, sorted, and their sums."""
    product, column = named_by(looks, which)
    k = len(product)
    belief, count, p_of = np.zeros((n, 3, 4, k)), np.zeros((n, 3, 4), np.int64), np.zeros((n, 3))
    is_shown = np.zeros((n, 4, k), np.bool_)
    for one in range(len(which)):
        look, row = which[one], whose[one]
        late_ns = looks.t_ns[look] - t_ns
        sort = SURE if p[one] >= 1.0 else LIKELY if p[one] >= 0.5 else HARDLY
        p_of[row, sort] += p[one]
        for well in range(2 if abs(late_ns) >= apart_ns else 1):
            side = 2 * well + (AFTER if late_ns >= 0 else BEFORE)
            count[row, sort, side] += 1
            for at in range(looks.first[look], looks.first[look + 1]):
                belief[row, sort, side, column[looks.product[at]]] += looks.p[at]
                is_shown[row, side, column[looks.product[at]]] = True
    return product, _Sums(belief, count, p_of / np.maximum(count[:, :, :WELL_BEFORE].sum(axis=2), 1), is_shown)


@njit(cache=True, error_model="numpy")
def _weigh(belief: Floats, looks: Ints, p_of: Floats, is_shown: Bools, nats: Floats, rules: _Rules) -> float:
    """Write what sums of looks at what may be one person's hands say of products (4, k); return that of all others.

    belief (3, 4, k), looks (3, 4), p_of (3,) and is_shown (4, k) are of one person's Sums; of products that are not
    shown nothing is written. All looks of a sort were at their hands or none were.
    """
    weight, absent = 0.0, 0.0
    for likely in (True, False):
        for hardly in (True, False):
            if (likely and not looks[LIKELY].any()) or (hardly and not looks[HARDLY].any()):
                continue
            p = _share(likely, looks[LIKELY], p_of[LIKELY]) * _share(hardly, looks[HARDLY], p_of[HARDLY])
            counts = looks[SURE] + looks[LIKELY] * likely + looks[HARDLY] * hardly
            weight += p
            share = p / weight if weight > 0.0 else 1.0
            unseen_p = rules.unseen_p ** (min(counts[:WELL_BEFORE].sum(), rules.looks_sure) / rules.looks_sure)
            absent = np.log(unseen_p) if share == 1.0 else _either(np.log(unseen_p), absent, share)
            for side in range(4):
                for k in np.flatnonzero(is_shown[side]):
                    sure, maybe = belief[SURE, side, k], belief[LIKELY, side, k] * likely
                    total = sure + maybe + belief[HARDLY, side, k] * hardly
                    own = min(np.log(unseen_p + rules.rare * total / (counts[side] + 1)), rules.nats_max)
                    nats[side, k] = own if share == 1.0 else _either(own, nats[side, k], share)
    return absent


@njit(cache=True, error_model="numpy")
def _share(is_theirs: bool, looks: Ints, p: float) -> float:
    """Return how likely the looks of one sort are all of them theirs, or are not."""
    if not looks.any():
        return 1.0
    return p if is_theirs else 1.0 - p


@njit(cache=True, error_model="numpy")
def _either(one: float, other: float, p: float) -> float:
    """Return the nats of what is one with probability p, else the other."""
    return float(np.log(p * np.exp(one) + (1.0 - p) * np.exp(other)))
