"""What a classifier made of people's hands, and what that says of a product having been in them. All in nats."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field

import numpy as np

from fusion.attribution.moments import within
from fusion.attribution.witnesses import Look, Witnesses
from fusion.config import SECOND_NS, AttributionConfig
from fusion.frozen import record
from fusion.store import Store, product_rows
from fusion.tracking.floor import Match

SURE, LIKELY, HARDLY = range(3)  # looks at a hand that surely, likely and hardly is somebody's
Sums = tuple[dict[int, float], int]  # belief in products, added up, and over how many looks


@record()
class Looks:
    """What looks at somebody's hands say of each product having been in them, in nats against anybody else's hands."""

    nats: Mapping[int, float] = field(default_factory=dict)  # product -> nats, of those that were seen
    absent: float = 0.0  # of every other product: hands that show something else hold none of it

    def of(self, product: int) -> float:
        """Return the nats of one product."""
        return self.nats.get(product, self.absent)


NO_LOOKS = Looks(), Looks()  # before and after, of hands that nobody saw hold anything


def looks_of(matches: tuple[Match, ...], store: Store) -> tuple[Look, ...]:
    """Return the looks at hands of some frames; products that the store does not know are left out."""
    row_of = product_rows(store.products)
    return tuple(
        Look(
            match.sightings.t_ns,
            int(match.wrist_id[held.row, held.hand]),
            tuple((row_of[sku], p) for sku, p in held.beliefs if sku in row_of),
            int(match.rival_id[held.row, held.hand]),
            float(match.rival_p[held.row, held.hand]),
        )
        for match in matches
        for held in match.sightings.held
    )


def looks_at_hands(
    t_ns: int,
    seen: Witnesses,
    alias: Mapping[int, int],
    config: AttributionConfig,
    tracks: Collection[int] | None = None,
    until_ns: Mapping[int, int] | None = None,
    lent: bool = False,
) -> dict[int, tuple[Looks, Looks]]:
    """Return what the classifier says of each product having been in each track's hands, just before t_ns and after.

    Of some tracks where they are named, else of all; of a track in until_ns only what was seen before then. Looks at a
    hand that hardly is theirs count where they are lent: of two people of whom one lends, one alone held it.

    The mean belief over all looks, and one more that shows nothing, is weighed against how seldom a product is seen
    in hands that do not hold it. Hands in which cameras see something before or after would show it now as well.
    Looks at hands that may be somebody else's are all of them theirs or none, for cameras err alike for a while.
    """
    seen_of: dict[int, _Seen] = {}
    last_ns = t_ns + int(config.held_window_s * SECOND_NS)
    for look in looks_around(t_ns, tracks, seen, alias, config):
        for owner, p in look.owners() if lent else look.owners()[:1]:
            track_id = alias.get(owner, owner)
            if tracks is not None and track_id not in tracks:
                continue
            if until_ns is None or look.t_ns < until_ns.get(track_id, last_ns + 1):
                seen_of.setdefault(track_id, _Seen()).add(look, p, t_ns)
    return {track_id: _in_hands(seen_of[track_id], config) for track_id in sorted(seen_of)}


def looks_around(
    t_ns: int, tracks: Collection[int] | None, seen: Witnesses, alias: Mapping[int, int], config: AttributionConfig
) -> tuple[Look, ...]:
    """Return the looks around t_ns, in their order, at what may be the hands of some tracks, or of all."""
    window_ns = int(config.held_window_s * SECOND_NS)
    around = within(seen.looks, t_ns - window_ns, t_ns + window_ns)
    if tracks is None:
        return tuple(around)
    own = {k for k in tracks if k not in alias} | {k for k, kept in alias.items() if kept in tracks}
    return tuple(
        [look for look in around if look.owner in own or (look.rival in own and look.rival_p > 0.0)],
    )


def lenders(t_ns: int, seen: Witnesses, alias: Mapping[int, int], config: AttributionConfig) -> dict[int, set[int]]:
    """Return by track whose hands may have been its own around t_ns, of those that were looked at."""
    out: dict[int, set[int]] = {}
    for look in looks_around(t_ns, None, seen, alias, config):
        if look.rival_p > 0.0:
            out.setdefault(alias.get(look.rival, look.rival), set()).add(alias.get(look.owner, look.owner))
    return out


@record()
class _Seen:
    """Looks at what may be one person's hands, by how likely that is and whether before a moment or after."""

    total: dict[tuple[int, bool], dict[int, float]] = field(default_factory=dict)
    looks: dict[tuple[int, bool], int] = field(default_factory=dict)
    p: dict[int, list[float]] = field(default_factory=dict)

    def add(self, look: Look, p: float, t_ns: int) -> None:
        sort = SURE if p >= 1.0 else LIKELY if p >= 0.5 else HARDLY
        key = sort, look.t_ns >= t_ns
        self.looks[key] = self.looks.get(key, 0) + 1
        self.p.setdefault(sort, []).append(p)
        mine = self.total.setdefault(key, {})
        for row, belief in look.beliefs:
            mine[row] = mine.get(row, 0.0) + belief

    def sums(self, sorts: Collection[int], *, is_late: bool) -> Sums:
        out: dict[int, float] = {}
        for sort in sorts:
            for row, belief in self.total.get((sort, is_late), {}).items():
                out[row] = out.get(row, 0.0) + belief
        return out, sum(self.looks.get((sort, is_late), 0) for sort in sorts)


def _in_hands(seen: _Seen, config: AttributionConfig) -> tuple[Looks, Looks]:
    """Return what looks say of the hands before a moment and after."""
    out: tuple[Looks, Looks] | None = None
    weight = 0.0
    for sorts, p in _whose(seen):
        (early, n_early), (late, n_late) = (seen.sums(sorts, is_late=is_late) for is_late in (False, True))
        around = n_early + n_late
        both = _looks(early, n_early, around, config), _looks(late, n_late, around, config)
        weight += p
        out = both if out is None else (_either(both[0], out[0], p / weight), _either(both[1], out[1], p / weight))
    assert out is not None
    return out


def _whose(seen: _Seen) -> Sequence[tuple[tuple[int, ...], float]]:
    """Return which looks may be theirs together, and how likely that is; 1 in all."""
    out: list[tuple[tuple[int, ...], float]] = [((SURE,), 1.0)]
    for sort in (LIKELY, HARDLY):
        if sort in seen.p:
            p = float(np.mean(seen.p[sort]))
            out = [pair for sorts, q in out for pair in (((*sorts, sort), q * p), (sorts, q * (1.0 - p)))]
    return out


def _either(one: Looks, other: Looks, p: float) -> Looks:
    """Return what looks say that are one set with probability p, else the other."""
    products = sorted({*one.nats, *other.nats})
    a = np.array([*map(one.of, products), one.absent])
    b = np.array([*map(other.of, products), other.absent])
    *nats, absent = np.log(p * np.exp(a) + (1.0 - p) * np.exp(b)).tolist()
    return Looks(dict(zip(products, nats, strict=True)), absent)


def _looks(belief: Mapping[int, float], looks: int, around: int, config: AttributionConfig) -> Looks:
    """Weigh the sum of belief in each product over some looks, of `around` looks before and after."""
    absent = config.held_unseen_p ** (min(around, config.held_looks_sure) / config.held_looks_sure)
    ratio = {k: absent + config.held_rare * p / (looks + 1) for k, p in sorted(belief.items())}
    return Looks({k: min(float(np.log(r)), config.held_nats_max) for k, r in ratio.items()}, float(np.log(absent)))
