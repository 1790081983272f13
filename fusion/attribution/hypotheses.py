"""Joint hypotheses: what everybody carries, over all open changes of people who interact.

A group holds the trips whose readings depend on each other and a beam of hypotheses, each a full reading of every open
change with the goods in hand that follow from it. Goods are conserved inside a hypothesis: a put-back is read only from
what that hypothesis says is carried. Groups merge when a change could belong to people of both; a change that clearly
belongs to one person touches only that person's group, so the cost follows local crowding.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field
from functools import reduce
from operator import add
from types import MappingProxyType

import numpy as np

from fusion.attribution.explanations import PICK, Claim, Explanation, Goods, Part
from fusion.config import AttributionConfig
from fusion.frozen import record, replace
from fusion.store import Store

LIKELY_NATS = 5.0  # behind the best: losing a hypothesis this likely is told
HOPELESS_NATS = 25.0  # behind the best: no evidence brings a hypothesis back from there
NO_CLAIMS: Mapping[tuple[int, int], Claim] = MappingProxyType({})


@record()
class Hypothesis:
    """One reading of everything open in a group."""

    nats: float
    goods: Mapping[str, Goods]  # trip -> what it carries
    choice: Mapping[str, Explanation]  # event id -> how it is read
    claims: Mapping[tuple[int, int], Claim] = field(default_factory=dict)  # stretch of a track -> whose, and paid for
    barred: bool = False  # somebody was charged otherwise: still believed, and no longer to be charged for


@record(eq=False)
class Group:
    """Trips that interact and the beam over their readings, best first, weights summing to 1 after normalising."""

    trips: frozenset[str]
    beam: tuple[Hypothesis, ...]
    cut: int = 0  # times that hypotheses_max left out a hypothesis which was still likely


def lone(trip: str) -> Group:
    """Return the group of somebody who carries nothing."""
    return Group(frozenset((trip,)), (Hypothesis(0.0, {trip: ()}, {}),))


def merge(a: Group, b: Group, config: AttributionConfig) -> Group:
    """Combine two groups: every pair of readings, the best of them kept."""
    pairs = [(x, y) for x in a.beam for y in b.beam if _agree(x.claims, y.claims)]
    nats = [x.nats + y.nats for x, y in pairs]
    kept, cut = _kept(nats, [x.barred or y.barred for x, y in pairs], config)
    beam = tuple(_joined(*pairs[i], nats[i] - nats[kept[0]]) for i in kept)
    return Group(a.trips | b.trips, beam, a.cut + b.cut + cut)


def _joined(x: Hypothesis, y: Hypothesis, nats: float) -> Hypothesis:
    goods, choice = {**x.goods, **y.goods}, {**x.choice, **y.choice}
    return Hypothesis(nats, goods, choice, {**x.claims, **y.claims}, x.barred or y.barred)


def extend(
    group: Group, event: str, readings: Mapping[int, tuple[Explanation, ...]], config: AttributionConfig
) -> Group:
    """Read one more change; readings are per row of the beam, because goods in hand differ."""
    nats, found = list[float](), list[tuple[Hypothesis, Explanation, Mapping[tuple[int, int], Claim]]]()
    for row, hypothesis in enumerate(group.beam):
        before = hypothesis.nats
        for reading in readings[row][: config.explanations_max]:
            if not reading.claims:
                nats.append(before + reading.nats + 0.0)
                found.append((hypothesis, reading, NO_CLAIMS))
                continue
            claims = {c.stretch: c for c in reading.claims}
            if not _agree(hypothesis.claims, claims):
                continue
            fresh = sum(c.nats for k, c in claims.items() if k not in hypothesis.claims)
            nats.append(before + reading.nats + fresh)
            found.append((hypothesis, reading, claims))
    kept, cut = _kept(nats, [h.barred for h, _, _ in found], config)
    top = nats[kept[0]]
    beam = tuple([_extended(*found[i], event, nats[i] - top) for i in kept])
    return replace(group, beam=beam, cut=group.cut + cut)


def _extended(
    hypothesis: Hypothesis, reading: Explanation, claims: Mapping[tuple[int, int], Claim], event: str, nats: float
) -> Hypothesis:
    goods = hypothesis.goods
    for part in reading.parts:
        if part.trip in goods:
            goods = {**goods, part.trip: apply(goods[part.trip], part)}
    choice = {**hypothesis.choice, event: reading}
    claims = {**claims, **hypothesis.claims} if claims else hypothesis.claims
    return Hypothesis(nats, goods, choice, claims, hypothesis.barred)


def made_final(group: Group, events: Collection[str]) -> Group:
    """Settle how some changes are read, each by its likeliest reading."""
    for event in events:
        best = reading_posterior(group, event)[0][0]
        group = replace(group, beam=tuple(h for h in group.beam if h.choice[event].parts == best.parts))
    return group


def bar(group: Group, keep: Callable[[Hypothesis], bool]) -> Group:
    """Bar the hypotheses that a charge contradicts; where that would leave none, it contradicts nothing.

    The group itself is returned where nothing changes.
    """
    free = [h for h in group.beam if not h.barred]
    kept = sum(keep(h) for h in free)
    if kept in (0, len(free)):
        return group
    beam = (h if h.barred or keep(h) else replace(h, barred=True) for h in group.beam)
    return replace(group, beam=tuple(beam))


def chargeable(group: Group) -> Group:
    """Return the part of a group that no charge has contradicted yet."""
    return replace(group, beam=tuple(h for h in group.beam if not h.barred))


def weigh(group: Group, nats: Sequence[float], config: AttributionConfig) -> Group:
    """Weigh every hypothesis by further evidence, (n,) nats; most evidence tells none of them apart."""
    if not any(nats) and group.beam[0].nats == 0.0 and not any(h.barred for h in group.beam):
        return group
    return _pruned(group, [h.nats + more for h, more in zip(group.beam, nats, strict=True)], config)


def claim_anew(group: Group, nats_of: Callable[[Claim], float], config: AttributionConfig) -> Group:
    """Weigh every hypothesis by what is believed now of whose tracks they were, in place of what it paid then."""
    beam = []
    for hypothesis in group.beam:
        claims = {k: replace(c, nats=nats_of(c)) for k, c in hypothesis.claims.items()}
        change = sum(c.nats - hypothesis.claims[k].nats for k, c in claims.items())
        beam.append(replace(hypothesis, nats=hypothesis.nats + change, claims=claims))
    return _pruned(replace(group, beam=tuple(beam)), [h.nats for h in beam], config)


def _agree(a: Mapping[tuple[int, int], Claim], b: Mapping[tuple[int, int], Claim]) -> bool:
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


def weights(group: Group) -> np.ndarray:
    """Return the posterior of each hypothesis of the beam, (n,)."""
    nats = np.array([h.nats for h in group.beam])
    w = np.exp(nats - nats.max())
    return np.asarray(w / w.sum())


def doer_p(group: Group, event: str, trip: str, weighed: np.ndarray) -> float:
    """Return how likely a trip did something in an event; 0 where the group has not been asked about it."""
    if event not in group.beam[0].choice:
        return 0.0
    mine = [any(part.trip == trip for part in h.choice[event].parts) for h in group.beam]
    return min(1.0, float(weighed @ mine))


def reading_posterior(
    group: Group, event: str, weighed: list[float] | None = None
) -> tuple[tuple[Explanation, float], ...]:
    """Return the marginal of each reading of a change, best first; weighed are the group's weights, where known."""
    column = [hypothesis.choice[event] for hypothesis in group.beam]
    if weighed is None:
        weighed = weights(group).tolist()
    if len({*map(id, column)}) == 1:  # of most changes there is one reading left
        return ((column[0], reduce(add, weighed, 0.0)),)
    number = _Numbers()
    total: list[tuple[Explanation, float]] = []
    for reading, w in zip(column, weighed, strict=True):
        row = number.of(reading)
        if row == len(total):
            total.append((reading, 0.0))
        total[row] = reading, total[row][1] + w
    return tuple(sorted(total, key=lambda pair: -pair[1]))


class _Numbers:
    """Numbers readings by what they read, in the order in which they come: most are the same object over and over."""

    def __init__(self) -> None:
        self._of_object: dict[int, int] = {}  # by id: the readings outlive this
        self._of_parts: dict[tuple[Part, ...], int] = {}

    def of(self, reading: Explanation) -> int:
        """Return the number of a reading: the same for two that have the same parts."""
        row = self._of_object.get(id(reading))
        if row is None:
            row = self._of_object[id(reading)] = self._of_parts.setdefault(reading.parts, len(self._of_parts))
        return row


def goods_posterior(group: Group, trip: str) -> tuple[tuple[Goods, float], ...]:
    """Return the marginal over what a trip carries by product and count, best first.

    Hypotheses that differ only in grams count as one; the grams of the best of them that may be charged stand for it.
    """
    total: dict[tuple[tuple[int, int], ...], tuple[Goods, float]] = {}
    ranked = sorted(zip(group.beam, weights(group).tolist(), strict=True), key=lambda pair: pair[0].barred)
    for hypothesis, w in ranked:
        goods = hypothesis.goods[trip]
        key = tuple((product, pieces) for product, pieces, _ in goods)
        first, before = total.get(key, (goods, 0.0))
        total[key] = (first, before + w)
    return tuple(sorted(total.values(), key=lambda pair: -pair[1]))


def drop(group: Group, trips: frozenset[str], events: frozenset[str], config: AttributionConfig) -> Group:
    """Forget trips and changes that are settled; readings that differed only there fall together."""
    left = group.trips - trips
    row_of: dict[tuple[object, ...], int] = {}
    total: list[Hypothesis] = []
    number = _Numbers()
    choices = [_without(hypothesis.choice, events) for hypothesis in group.beam]
    # Every hypothesis reads all changes; those that all of them read alike tell none apart.
    apart = [event for event in choices[0] if len({id(choice[event]) for choice in choices}) > 1]
    for hypothesis, choice in zip(group.beam, choices, strict=True):
        goods = {t: g for t, g in hypothesis.goods.items() if t in left}
        # What a settled trip claimed is settled too: its nats stay paid.
        claims = {k: c for k, c in sorted(hypothesis.claims.items()) if c.trip not in trips}
        whose = tuple((k, c.trip) for k, c in claims.items())
        assert len(choice) == len(choices[0])
        read = tuple([number.of(choice[event]) for event in apart])
        key = (tuple(sorted(goods.items())), read, whose, hypothesis.barred)
        row = row_of.setdefault(key, len(total))
        if row == len(total):
            total.append(Hypothesis(hypothesis.nats, goods, choice, claims, hypothesis.barred))
        else:
            nats = float(np.logaddexp(total[row].nats, hypothesis.nats))
            total[row] = Hypothesis(nats, goods, choice, claims, hypothesis.barred)
    return _pruned(Group(left, tuple(total), group.cut), [h.nats for h in total], config)


def _without(choice: Mapping[str, Explanation], events: frozenset[str]) -> dict[str, Explanation]:
    left = dict(choice)
    for event in events:
        left.pop(event, None)
    return left


def _pruned(group: Group, nats: list[float], config: AttributionConfig) -> Group:
    """Keep the best by these nats, best first, with nats relative to the best so that numbers stay small."""
    kept, cut = _kept(nats, [h.barred for h in group.beam], config)
    best = ((group.beam[i], nats[i] - nats[kept[0]]) for i in kept)
    beam = tuple(Hypothesis(own, h.goods, h.choice, h.claims, h.barred) for h, own in best)
    return replace(group, beam=beam, cut=group.cut + cut)


def _kept(nats: list[float], barred: list[bool], config: AttributionConfig) -> tuple[list[int], bool]:
    """Return which hypotheses stay, best first, and whether a likely one had to go; equal weights keep their order.

    The best of those that may be charged stay too, however unlikely: what was charged once was a choice among them.
    """
    ranked = np.argsort(-np.array(nats), kind="stable").tolist()
    kept = [i for i in ranked[: config.hypotheses_max] if nats[i] > nats[ranked[0]] - HOPELESS_NATS]
    rest = ranked[config.hypotheses_max :]
    cut = bool(rest) and nats[rest[0]] > nats[ranked[0]] - LIKELY_NATS
    if not any(barred[i] for i in kept):
        return kept, cut
    free = [i for i in ranked if not barred[i]][: config.hypotheses_max // 2]
    there = set(kept)
    return kept + [i for i in free if i not in there and nats[i] > nats[free[0]] - HOPELESS_NATS], cut
