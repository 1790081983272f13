"""Joint hypotheses: what everybody carries, over all open changes of people who interact.

A group holds the trips whose readings depend on each other and a beam of hypotheses, each a full reading of every open
change with the goods in hand that follow from it. Goods are conserved inside a hypothesis: a put-back is read only from
what that hypothesis says is carried. Groups merge when a change could belong to people of both; a change that clearly
belongs to one person touches only that person's group, so the cost follows local crowding.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from functools import partial, reduce
from operator import add
from typing import TypeVar

import numpy as np

from fusion.arrays import Bools, Floats, Ints
from fusion.attribution.beam import Claims, Group, Hypothesis, Said, each_once
from fusion.attribution.explanations import PICK, Claim, Explanation, Goods, Part
from fusion.config import AttributionConfig
from fusion.frozen import replace
from fusion.store import Store

LIKELY_NATS = 5.0  # behind the best: losing a hypothesis this likely is told
HOPELESS_NATS = 25.0  # behind the best: no evidence brings a hypothesis back from there
T = TypeVar("T")


def merge(a: Group, b: Group, config: AttributionConfig) -> Group:
    """Combine two groups: every pair of readings, the best of them kept."""
    x, y = np.repeat(np.arange(len(a)), len(b)), np.tile(np.arange(len(b)), len(a))
    agree = np.array([[_agree(one, other) for other in b.claims] for one in a.claims])[a.claimed[x], b.claimed[y]]
    x, y = x[agree], y[agree]
    nats, barred = a.nats[x] + b.nats[y], a.barred[x] | b.barred[y]
    kept, cut = _kept(nats, barred, config)
    x, y = x[kept], y[kept]
    both = a.claimed[x].tolist(), b.claimed[y].tolist()
    claims, claimed = _each_pair(*both, lambda i, j: {**a.claims[i], **b.claims[j]})
    return Group(
        trips=a.trips | b.trips,
        nats=nats[kept] - nats[kept[0]],
        barred=barred[kept],
        goods=a.goods.rows(x).beside(b.goods.rows(y)),
        choice=a.choice.rows(x).beside(b.choice.rows(y)),
        claims=tuple(claims),
        claimed=np.array(claimed),
        cut=a.cut + b.cut + cut,
    )


def extend(
    group: Group, event: str, readings: Mapping[int, tuple[Explanation, ...]], config: AttributionConfig
) -> Group:
    """Read one more change; readings are per row of the beam, because goods in hand differ.

    Rows that share what they may read best share the object too.
    """
    each, of = _same_once([readings[row] for row in range(len(group))])
    each = [found[: config.explanations_max] for found in each]
    row, which = _rows_and_readings([len(found) for found in each], of)
    found = [reading for some in each for reading in some]
    nats = group.nats[row] + np.array([reading.nats for reading in found])[which]
    nats += _claim_nats(group.claims, found)[group.claimed[row], which]
    agree = np.flatnonzero(~np.isnan(nats))
    row, which, nats = row[agree], which[agree], nats[agree]
    kept, cut = _kept(nats, group.barred[row], config)
    row, chosen = row[kept], [found[k] for k in which[kept].tolist()]
    read, reads = _same_once(chosen)
    claims, claimed = group.claims, group.claimed[row]
    if any(reading.claims for reading in read):
        made, of = _each_pair(claimed.tolist(), reads, lambda i, k: _claiming(group.claims[i], read[k]))
        claims, claimed = tuple(made), np.array(of)
    return Group(
        trips=group.trips,
        nats=nats[kept] - nats[kept[0]],
        barred=group.barred[row],
        goods=_moved(group.goods.rows(row), read, reads),
        choice=group.choice.rows(row).also(event, read, reads),
        claims=claims,
        claimed=claimed,
        cut=group.cut + cut,
    )


def _rows_and_readings(sizes: list[int], of: list[int]) -> tuple[Ints, Ints]:
    """Return the pairs of every hypothesis and what it may read, one hypothesis after the other: (p,) rows of each.

    Readings come in lists of such sizes, one behind the other; hypotheses (n,) say which list is theirs.
    """
    size = np.array(sizes)
    own, begin = size[of], (np.cumsum(size) - size)[of]
    row = np.repeat(np.arange(len(of)), own)
    return row, np.arange(len(row)) - (np.cumsum(own) - own - begin)[row]


def _claim_nats(claims: Sequence[Claims], found: Sequence[Explanation]) -> Floats:
    """Return what readings (k,) still have to pay for whose tracks they say the movers' are, by claims paid for (c,).

    (c, k), NaN where they say otherwise.
    """
    out, known = np.zeros((len(claims), len(found))), dict[int, list[float]]()  # by id of what they claim
    for k, reading in enumerate(found):
        if reading.claims:
            if id(reading.claims) not in known:
                fresh = {c.stretch: c for c in reading.claims}
                known[id(reading.claims)] = [_fresh_nats(paid, fresh) for paid in claims]
            out[:, k] = known[id(reading.claims)]
    return out


def _fresh_nats(paid: Claims, claims: Claims) -> float:
    return sum(c.nats for k, c in claims.items() if k not in paid) if _agree(paid, claims) else np.nan


def _claiming(paid: Claims, reading: Explanation) -> Claims:
    return {**{c.stretch: c for c in reading.claims}, **paid} if reading.claims else paid


def _moved(goods: Said, readings: Sequence[Explanation], reads: list[int]) -> Said:
    """Return what hypotheses say of goods after a change of which each reads one thing or another, reads (n,)."""
    for trip in dict.fromkeys(part.trip for reading in readings for part in reading.parts):
        if trip in goods.column:
            mine = [[part for part in reading.parts if part.trip == trip] for reading in readings]
            values, of = _after(goods.values[goods.column[trip]], goods.numbers(trip), mine, reads)
            goods = goods.instead(trip, values, of)
    return goods


def _after(
    goods: Sequence[Goods], carried: list[int], moved: Sequence[Sequence[Part]], reads: list[int]
) -> tuple[list[Goods], list[int]]:
    """Return what hypotheses (n,) say that one trip carries after a change, each goods once, and who says which.

    carried (n,) says which of the goods it was before, reads (n,) which parts of it moved then.
    """
    after, of = _each_pair(carried, reads, lambda i, k: reduce(apply, moved[k], goods[i]))
    once = {one: k for k, one in enumerate(dict.fromkeys(after))}
    return [*once], [once[after[k]] for k in of]


def _same_once(some: Iterable[T]) -> tuple[list[T], list[int]]:
    """Return objects, each once however often it comes, and which of those comes where."""
    number, once, of = dict[int, int](), list[T](), list[int]()
    for one in some:
        k = number.setdefault(id(one), len(once))
        if k == len(once):
            once.append(one)
        of.append(k)
    return once, of


def _each_pair(x: list[int], y: list[int], made: Callable[[int, int], T]) -> tuple[list[T], list[int]]:
    """Return what is made of pairs of numbers, of each pair once, and which of that belongs to which."""
    known: dict[tuple[int, int], int] = {}
    of = [known.setdefault(pair, len(known)) for pair in zip(x, y, strict=True)]
    return [made(i, j) for i, j in known], of


def made_final(group: Group, events: Collection[str]) -> Group:
    """Settle how some changes are read, each by its likeliest reading."""
    for event in events:
        rows = group.choice.where(event, partial(is_same, reading_posterior(group, event)[0][0]))
        group = group.rows(rows, group.nats[rows])
    return group


def bar(group: Group, keep: Bools) -> Group:
    """Bar the hypotheses that a charge contradicts, all but those to keep (n,); where none is left, it bars none.

    The group itself is returned where nothing changes.
    """
    barred = group.barred | ~keep
    return group if barred.all() or (barred == group.barred).all() else replace(group, barred=barred)


def chargeable(group: Group) -> Group:
    """Return the part of a group that no charge has contradicted yet."""
    free = ~group.barred
    return group.rows(free, group.nats[free])


def weigh(group: Group, nats: Sequence[float] | Floats, config: AttributionConfig) -> Group:
    """Weigh every hypothesis by further evidence, (n,) nats; most evidence tells none of them apart."""
    if not any(nats) and group.nats[0] == 0.0 and not group.barred.any():
        return group
    return _pruned(group, group.nats + nats, config)


def claim_anew(group: Group, nats_of: Callable[[Claim], float], config: AttributionConfig) -> Group:
    """Weigh every hypothesis by what is believed now of whose tracks they were, in place of what it paid then."""
    claims = tuple({k: replace(c, nats=nats_of(c)) for k, c in paid.items()} for paid in group.claims)
    change = [
        sum(c.nats - paid[k].nats for k, c in now.items()) for paid, now in zip(group.claims, claims, strict=True)
    ]
    return _pruned(replace(group, claims=claims), group.nats + np.array(change, np.float64)[group.claimed], config)


def _agree(a: Claims, b: Claims) -> bool:
    return all(a[k].trip == c.trip for k, c in b.items() if k in a)


def apply(goods: Goods, part: Part) -> Goods:
    """Return what is carried after a part; never less than nothing."""
    held = {product: (pieces, grams) for product, pieces, grams in goods}
    pieces, grams = held.get(part.product, (0, 0.0))
    if part.kind == PICK:
        total = pieces * grams + part.grams
        held[part.product] = (pieces + part.qty, total / (pieces + part.qty))
    else:
        assert pieces >= part.qty, f"{part.trip} puts {part.qty} of {part.product} and carries {pieces}"
        left = pieces - part.qty
        # What is sold by weight keeps the books of grams exact: pieces are not all alike.
        held[part.product] = (left, max(pieces * grams - part.grams, 0.2 * left * grams) / max(left, 1))
    return tuple((k, n, g) for k, (n, g) in sorted(held.items()) if n > 0)


def lots(hypothesis: Hypothesis, trip: str, store: Store) -> dict[int, tuple[float, ...]]:
    """Return per product sold by weight the grams of pieces that a trip took singly and has not put back."""
    out: dict[int, list[float]] = {}
    for reading in hypothesis.choice.values():
        for part in reading.parts:
            if part.trip != trip or part.qty != 1 or not store.products.by_weight[part.product]:
                continue
            mine = out.setdefault(part.product, [])
            if part.kind == PICK:
                mine.append(part.grams)
            elif part.grams in mine:
                mine.remove(part.grams)
    return {product: tuple(grams) for product, grams in out.items()}


def weights(group: Group) -> Floats:
    """Return the posterior of each hypothesis of the beam, (n,)."""
    w = np.exp(group.nats - group.nats.max())
    return np.asarray(w / w.sum())


def doer_p(group: Group, event: str, trip: str, weighed: Floats) -> float:
    """Return how likely a trip did something in an event; 0 where the group has not been asked about it."""
    if not group.reads(event):
        return 0.0
    mine = group.choice.where(event, lambda reading: any(part.trip == trip for part in reading.parts))
    return min(1.0, float(weighed @ mine))


def reading_posterior(
    group: Group, event: str, weighed: list[float] | None = None
) -> tuple[tuple[Explanation, float], ...]:
    """Return the marginal of each reading of a change, best first; weighed are the group's weights, where known."""
    weighed = weights(group).tolist() if weighed is None else weighed
    of, values = group.choice.numbers(event), group.choice.values[group.choice.column[event]]
    if len({*of}) == 1:  # of most changes there is one reading left
        return ((values[of[0]], reduce(add, weighed, 0.0)),)
    total, shown = dict[int, float](), dict[int, Explanation]()
    for one, k, w in zip(_alike(of, values, _parts), of, weighed, strict=True):
        total[one], shown[one] = total.get(one, 0.0) + w, values[k]
    return tuple(sorted([(shown[one], p) for one, p in total.items()], key=lambda pair: -pair[1]))


def reading_posteriors(
    group: Group, events: Iterable[str], weighed: list[float]
) -> dict[str, tuple[tuple[Explanation, float], ...]]:
    """Return the marginals of the readings of several changes; most are read alike by all hypotheses."""
    apart, all_of_it = {*group.choice.differ()}, reduce(add, weighed, 0.0)
    return {
        event: reading_posterior(group, event, weighed) if event in apart else ((group.reading(0, event), all_of_it),)
        for event in events
    }


def is_same(one: Explanation, other: Explanation) -> bool:
    """Tell whether two readings say the same, however likely."""
    return one.parts == other.parts


def _parts(reading: Explanation) -> tuple[Part, ...]:
    return reading.parts


def _alike(of: list[int], values: Sequence[T], key: Callable[[T], Hashable]) -> list[int]:
    """Return which of those that have the same key each is, of values by their numbers: in the order they come."""
    number: dict[Hashable, int] = {}
    known = {k: number.setdefault(key(values[k]), len(number)) for k in dict.fromkeys(of)}
    return [known[k] for k in of]


def goods_posterior(group: Group, trip: str) -> tuple[tuple[Goods, float], ...]:
    """Return the marginal over what a trip carries by product and count, best first.

    Hypotheses that differ only in grams count as one; the grams of the best of them that may be charged stand for it.
    """
    of, values = group.goods.numbers(trip), group.goods.values[group.goods.column[trip]]
    alike, weighed = _alike(of, values, _counts), weights(group).tolist()
    total: dict[int, tuple[Goods, float]] = {}
    for row in np.argsort(group.barred, kind="stable").tolist():
        first, before = total.get(alike[row], (values[of[row]], 0.0))
        total[alike[row]] = first, before + weighed[row]
    return tuple(sorted(total.values(), key=lambda pair: -pair[1]))


def _counts(goods: Goods) -> tuple[tuple[int, int], ...]:
    return tuple([(product, pieces) for product, pieces, _ in goods])


def drop(group: Group, trips: frozenset[str], events: frozenset[str], config: AttributionConfig) -> Group:
    """Forget trips and changes that are settled; readings that differed only there fall together."""
    goods = group.goods.only(trip for trip in group.goods.column if trip not in trips)
    choice = group.choice.only(event for event in group.choice.column if event not in events)
    # What a settled trip claimed is settled too: its nats stay paid.
    claims = tuple({k: c for k, c in sorted(paid.items()) if c.trip not in trips} for paid in group.claims)
    left = replace(group, trips=group.trips - trips, goods=goods, choice=choice, claims=claims)
    nats = list[float]()
    last = list[int]()
    for row, (kind, one) in enumerate(zip(_kinds(left), group.nats.tolist(), strict=True)):
        if kind == len(nats):
            nats.append(one)
            last.append(row)
        else:
            nats[kind], last[kind] = float(np.logaddexp(nats[kind], one)), row
    return _pruned(left.rows(np.array(last), np.array(nats)), np.array(nats), config)


def _kinds(group: Group) -> list[int]:
    """Return which hypotheses say the same, whatever they weigh: the number of each kind, in the order they come.

    Every hypothesis says something of all trips and changes; what all of them say alike tells none apart.
    """
    whose = [tuple([(k, c.trip) for k, c in paid.items()]) for paid in group.claims]
    columns = [_alike(group.claimed.tolist(), whose, tuple), group.barred.tolist()]
    for said, key in ((group.goods, tuple), (group.choice, _parts)):
        columns += [_alike(said.numbers(name), said.values[said.column[name]], key) for name in said.differ()]
    _, kinds = each_once(np.array(columns).T)
    return kinds


def _pruned(group: Group, nats: Floats, config: AttributionConfig) -> Group:
    """Keep the best by these nats (n,), best first, with nats relative to the best so that numbers stay small."""
    kept, cut = _kept(nats, group.barred, config)
    best = group.rows(kept, nats[kept] - nats[kept[0]])
    return replace(best, cut=group.cut + 1) if cut else best


def _kept(nats: Floats, barred: Bools, config: AttributionConfig) -> tuple[Ints, bool]:
    """Return which hypotheses (n,) stay, best first, and whether a likely one had to go; equal ones keep their order.

    The best of those that may be charged stay too, however unlikely: what was charged once was a choice among them.
    """
    ranked = np.argsort(-nats, kind="stable")
    best, rest = ranked[: config.hypotheses_max], ranked[config.hypotheses_max :]
    top = nats[ranked[0]]
    kept = best[nats[best] > top - HOPELESS_NATS]
    cut = len(rest) > 0 and bool(nats[rest[0]] > top - LIKELY_NATS)
    if not barred[kept].any():
        return kept, cut
    free = ranked[~barred[ranked]][: config.hypotheses_max // 2]
    there = np.zeros(len(nats), np.bool_)
    there[kept] = True
    more = free[~there[free] & (nats[free] > nats[free[:1]] - HOPELESS_NATS)]
    return np.concatenate((kept, more)), cut
