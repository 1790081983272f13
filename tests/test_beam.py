"""What a beam says and becomes is what a plain reading of every hypothesis says, whatever objects hypotheses share."""

from dataclasses import replace

import numpy as np
from hypotheses_told import beam_of
from hypothesis import given
from hypothesis import strategies as st

from fusion.attribution.beam import Group, Hypothesis, gathered, told_apart
from fusion.attribution.explanations import PICK, PUT, Claim, Explanation, Part
from fusion.attribution.hypotheses import apply, drop, extend, merge, reading_posterior, weights
from fusion.config import AttributionConfig

CONFIG = replace(AttributionConfig(), hypotheses_max=6)
EVENTS = ("e1", "e2", "e3")
TRIPS = ("a1", "a2")
NO_CLAIMS: st.SearchStrategy[tuple[Claim, ...]] = st.just(())
CLAIMS = st.lists(
    st.builds(
        Claim, st.tuples(st.integers(1, 2), st.just(0)), st.just(0), st.sampled_from(TRIPS), st.floats(-2.0, 0.0)
    ),
    max_size=2,
    unique_by=lambda claim: claim.stretch,
).map(tuple)


def taken(trip: str, product: int) -> Explanation:
    """Return the reading that a trip took a piece, a new object each time; product 0: nothing was."""
    return Explanation((Part(trip, PICK, product, 1, 100.0),) if product else (), 0.0)


@st.composite
def groups(draw: st.DrawFn, name: str, claimed: st.SearchStrategy[tuple[Claim, ...]] = NO_CLAIMS) -> Group:
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
            {claim.stretch: claim for claim in draw(claimed)},
            barred,
        )
        for nats, *read, barred in rows
    ]
    return gathered(frozenset(trips), tuple(sorted(beam, key=lambda h: -h.nats)))


def said(group: Group) -> list[tuple[object, ...]]:
    """Return all that a group says, hypothesis after hypothesis."""
    return [
        (h.nats, sorted(h.goods.items()), sorted((e, r.parts) for e, r in h.choice.items()), h.barred)
        for h in beam_of(group)
    ]


@given(st.data())
def test_a_beam_reads_a_change_as_each_of_its_hypotheses_would_alone(data: st.DataObject) -> None:
    group = data.draw(groups("a", CLAIMS))
    pool = [replace(taken(trip, k), nats=-k / 3, claims=data.draw(CLAIMS)) for trip in TRIPS for k in range(3)]
    readings, want = {}, []
    for row, h in enumerate(beam_of(group)):
        back = [Explanation((Part(t, PUT, k, 1, g),), 0.5) for t, goods in h.goods.items() for k, _, g in goods]
        some = data.draw(st.lists(st.sampled_from([*pool, *back]), min_size=1, max_size=4))
        readings[row] = (Explanation((), 0.0), *some)
        for reading in readings[row]:
            paid = {claim.stretch: claim for claim in reading.claims}
            if all(h.claims[k].trip == claim.trip for k, claim in paid.items() if k in h.claims):
                nats = h.nats + reading.nats + sum(claim.nats for k, claim in paid.items() if k not in h.claims)
                goods = dict(h.goods)
                for part in reading.parts:
                    goods[part.trip] = apply(goods[part.trip], part)
                want.append((nats, goods, {**h.choice, "new": reading}, {**paid, **h.claims}, h.barred))
    want.sort(key=lambda one: -one[0])
    found = beam_of(extend(group, "new", readings, replace(CONFIG, hypotheses_max=1000)))
    assert [(h.nats, h.goods, h.choice, h.claims, h.barred) for h in found] == [
        (nats - want[0][0], *rest) for nats, *rest in want
    ]


@given(groups("a"), st.sets(st.sampled_from(TRIPS)), st.sets(st.sampled_from(["ae1", "ae2", "ae3", "unheard of"])))
def test_hypotheses_that_are_asked_as_one_say_the_same(group: Group, trips: set[str], events: set[str]) -> None:
    apart, kind = told_apart(group, trips, events)
    for h, k in zip(beam_of(group), kind, strict=True):
        assert apart[k].goods == {trip: goods for trip, goods in h.goods.items() if trip in trips}
        assert [*apart[k].choice.items()] == [(event, read) for event, read in h.choice.items() if event in events]
    assert [*dict.fromkeys(kind)] == [*range(len(apart))]
    assert trips or events & group.choice.column.keys() or len(apart) == 1


@given(groups("a"))
def test_the_posterior_of_a_change_adds_up_the_weights_of_all_that_read_it_so(group: Group) -> None:
    for event in beam_of(group)[0].choice:
        total: dict[tuple[Part, ...], float] = {}
        for h, w in zip(beam_of(group), weights(group).tolist(), strict=True):
            total[h.choice[event].parts] = total.get(h.choice[event].parts, 0.0) + w
        found = [(reading.parts, p) for reading, p in reading_posterior(group, event)]
        assert found == sorted(total.items(), key=lambda pair: -pair[1])


@given(groups("a"), groups("b"))
def test_merged_groups_are_the_best_of_all_pairs(a: Group, b: Group) -> None:
    free = replace(CONFIG, hypotheses_max=1000)
    pairs = [x.nats + y.nats for x in beam_of(a) for y in beam_of(b)]
    whole, few = merge(a, b, free), merge(a, b, CONFIG)
    assert [h.nats for h in beam_of(whole)] == sorted((n - max(pairs) for n in pairs), reverse=True)
    assert all(h.choice.keys() == {*beam_of(a)[0].choice, *beam_of(b)[0].choice} for h in beam_of(whole))
    assert all(h.goods.keys() == a.trips | b.trips for h in beam_of(whole))
    best = [one for one in said(few) if one in said(whole)]
    assert len(best) == len(few) and said(few)[0] == said(whole)[0]


@given(groups("a"), st.sets(st.sampled_from(EVENTS)))
def test_what_differed_only_in_what_is_settled_falls_together(group: Group, settled: set[str]) -> None:
    done = frozenset("a" + event for event in settled)
    total: dict[tuple[object, ...], float] = {}
    for h in beam_of(group):
        left = tuple((e, r.parts) for e, r in h.choice.items() if e not in done)
        key = h.goods["a2"], left, h.barred
        total[key] = float(np.logaddexp(total[key], h.nats)) if key in total else h.nats
    rest = drop(group, frozenset(("a1",)), done, replace(CONFIG, hypotheses_max=1000))
    found = {(h.goods["a2"], tuple((e, r.parts) for e, r in h.choice.items()), h.barred): h.nats for h in beam_of(rest)}
    top = max(total.values())
    assert found == {key: nats - top for key, nats in total.items()}
    assert len(found) == len(rest) and rest.trips == {"a2"}
