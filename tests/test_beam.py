"""What a beam says and becomes is what a plain reading of every hypothesis says, whatever objects hypotheses share."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fusion.attribution.explanations import PICK, Explanation, Part
from fusion.attribution.hypotheses import Group, Hypothesis, drop, merge, reading_posterior, weights
from fusion.config import AttributionConfig

CONFIG = replace(AttributionConfig(), hypotheses_max=6)
EVENTS = ("e1", "e2", "e3")


def taken(trip: str, product: int) -> Explanation:
    """Return the reading that a trip took a piece, a new object each time; product 0: nothing was."""
    return Explanation((Part(trip, PICK, product, 1, 100.0),) if product else (), 0.0)


@st.composite
def groups(draw: st.DrawFn, name: str) -> Group:
    """Return beams over two trips and three changes; equal readings are the same object or not, as it comes."""
    trips = (f"{name}1", f"{name}2")
    shared = {(trip, k): taken(trip, k) for trip in trips for k in range(3)}
    cells = st.tuples(st.sampled_from(trips), st.integers(0, 2), st.booleans())
    rows = draw(st.lists(st.tuples(st.integers(0, 12), *[cells] * 3, st.booleans()), min_size=1, max_size=6))
    beam = [
        Hypothesis(
            -nats / 4,
            {trip: tuple((k, 1, 100.0) for owner, k, _ in read if owner == trip and k) for trip in trips},
            {name + e: shared[t, k] if old else taken(t, k) for e, (t, k, old) in zip(EVENTS, read, strict=True)},
            {},
            barred,
        )
        for nats, *read, barred in rows
    ]
    return Group(frozenset(trips), tuple(sorted(beam, key=lambda h: -h.nats)))


def said(group: Group) -> list[tuple[object, ...]]:
    """Return all that a group says, hypothesis after hypothesis."""
    return [
        (h.nats, sorted(h.goods.items()), sorted((e, r.parts) for e, r in h.choice.items()), h.barred)
        for h in group.beam
    ]


@given(groups("a"))
def test_the_posterior_of_a_change_adds_up_the_weights_of_all_that_read_it_so(group: Group) -> None:
    for event in group.beam[0].choice:
        total: dict[tuple[Part, ...], float] = {}
        for h, w in zip(group.beam, weights(group).tolist(), strict=True):
            total[h.choice[event].parts] = total.get(h.choice[event].parts, 0.0) + w
        found = [(reading.parts, p) for reading, p in reading_posterior(group, event)]
        assert found == sorted(total.items(), key=lambda pair: -pair[1])


@given(groups("a"), groups("b"))
def test_merged_groups_are_the_best_of_all_pairs(a: Group, b: Group) -> None:
    free = replace(CONFIG, hypotheses_max=1000)
    pairs = [x.nats + y.nats for x in a.beam for y in b.beam]
    whole, few = merge(a, b, free), merge(a, b, CONFIG)
    assert [h.nats for h in whole.beam] == sorted((n - max(pairs) for n in pairs), reverse=True)
    assert all(h.choice.keys() == {*a.beam[0].choice, *b.beam[0].choice} for h in whole.beam)
    assert all(h.goods.keys() == a.trips | b.trips for h in whole.beam)
    best = [one for one in said(few) if one in said(whole)]
    assert len(best) == len(few.beam) and said(few)[0] == said(whole)[0]


@given(groups("a"), st.sets(st.sampled_from(EVENTS)))
def test_what_differed_only_in_what_is_settled_falls_together(group: Group, settled: set[str]) -> None:
    done = frozenset("a" + event for event in settled)
    total: dict[tuple[object, ...], float] = {}
    for h in group.beam:
        left = tuple((e, r.parts) for e, r in h.choice.items() if e not in done)
        key = h.goods["a2"], left, h.barred
        total[key] = float(np.logaddexp(total[key], h.nats)) if key in total else h.nats
    rest = drop(group, frozenset(("a1",)), done, replace(CONFIG, hypotheses_max=1000))
    found = {(h.goods["a2"], tuple((e, r.parts) for e, r in h.choice.items()), h.barred): h.nats for h in rest.beam}
    top = max(total.values())
    assert found == {key: nats - top for key, nats in total.items()}
    assert len(found) == len(rest.beam) and rest.trips == {"a2"}
