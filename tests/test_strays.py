"""A piece set down away from its place is known by its grams and by how it lies."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import MASSES, tiny_store

from fusion.attribution.beam import Hypothesis, gathered, lone
from fusion.attribution.explanations import PICK, PUT, Explanation, Part
from fusion.attribution.hypotheses import extend
from fusion.attribution.leaving import close_trip
from fusion.attribution.masses import masses_of
from fusion.attribution.priors import weigh_change
from fusion.attribution.reading import _misplaced_on
from fusion.attribution.state import Attribution
from fusion.attribution.strays import MORE_P, noted, off_plan, stray_nats
from fusion.config import AttributionConfig
from fusion.shelf import ShelfChange

STORE, CONFIG = tiny_store(), AttributionConfig()
CATALOGUE = masses_of({}, STORE, CONFIG)
away = st.tuples(st.integers(0, 5), st.integers(1, 4)).map(lambda d: (d[0], (d[0] + d[1]) % 6))  # product, plate
shares = st.floats(0.0, 1.0)
off = st.floats(-1.5, 1.5)


def change(plate: int, grams: float, share: float = 1.0) -> ShelfChange:
    """So many grams on a plate and the next, shared out."""
    plates, deltas = (
        ((plate, plate + 1), (share * grams, (1.0 - share) * grams)) if share < 1.0 else ((plate,), (grams,))
    )
    return ShelfChange(0, 0, 0, plates, deltas, (1.0,) * len(plates))


def read(kind: str, product: int, grams: float, p: float = 1.0) -> tuple[Explanation, float]:
    return Explanation((Part("a", kind, product, 1, abs(grams)),), 0.0), p


@given(away, shares, st.floats(-0.08, 0.08), off)
def test_what_was_set_down_is_known_better_than_the_catalogue_knows_it(
    where: tuple[int, int], share: float, bias: float, off_g: float
) -> None:
    """Found in b05, seed 9: apples among crisps of their weight were taken for these as likely as not."""
    product, plate = where
    grams = MASSES[product] * (1.0 + bias)
    (stray,) = noted((), change(plate, grams, share), read(PUT, product, grams), STORE)
    taken = change(plate, -grams - off_g, share)
    knows = stray_nats((stray,), taken)
    plain = weigh_change(taken, {}, CATALOGUE, STORE, CONFIG)
    known = weigh_change(taken, {}, CATALOGUE, STORE, CONFIG, knows)
    assert known.mass[product, 0] > plain.mass[product, 0]
    rest = np.ones_like(plain.mass, bool)
    rest[product, 0] = False
    np.testing.assert_array_equal(known.mass[rest], plain.mass[rest])
    lighter = stray_nats((stray,), change(plate, -grams * 0.8, share))[product][0]
    assert lighter < knows[product][0]


@given(away, st.floats(0.1, 0.4), st.floats(0.6, 0.9))
def test_it_lies_as_it_was_set_down(where: tuple[int, int], share: float, other: float) -> None:
    product, plate = where
    grams = MASSES[product]
    strays = noted((), change(plate, grams, share), read(PUT, product, grams), STORE)
    (same, _), (unlike, _) = (stray_nats(strays, change(plate, -grams, s))[product] for s in (share, other))
    assert same > unlike
    assert stray_nats(strays, change(plate, grams, share)) == {}, "what comes is no piece that goes"


@given(away, st.floats(0.8, 0.95))
def test_a_share_may_have_been_told_of_with_what_another_took(where: tuple[int, int], share: float) -> None:
    """Found in b12, seed 8: of a piece on two plates one showed all but a share, which went into a pick beside it."""
    product, plate = where
    grams = MASSES[product]
    strays = noted((), change(plate, grams, share), read(PUT, product, grams), STORE)
    part, whole = (stray_nats(strays, change(plate, -g))[product][0] for g in (share * grams, grams))
    assert part > whole, "what lay on that plate is known"
    assert part < stray_nats(strays, change(plate, -grams, share))[product][0] + np.log(grams), "less than of both"


@given(away, st.lists(st.sampled_from([0.9, 1.0, 1.1]), min_size=1, max_size=3, unique=True), st.data())
def test_what_was_taken_again_is_there_no_more(where: tuple[int, int], sizes: list[float], data: st.DataObject) -> None:
    product, plate = where
    strays = ()
    for size in sizes:
        grams = size * MASSES[product]
        strays = noted(strays, change(plate, grams), read(PUT, product, grams), STORE)
    gone = data.draw(st.sampled_from(sizes)) * MASSES[product]
    left = noted(strays, change(plate, -gone), read(PICK, product, gone), STORE)
    assert sorted(s.delta_g[0] for s in left) == sorted(s.delta_g[0] for s in strays if s.delta_g[0] != gone)
    assert noted(strays, change((plate + 3) % 6, -gone), read(PICK, product, gone), STORE) == strays, "another place"


@given(st.integers(0, 5), st.integers(2, 3))
def test_goods_put_back_in_their_place_and_several_at_once_are_no_strays(product: int, pieces: int) -> None:
    grams = MASSES[product]
    assert noted((), change(product, grams), read(PUT, product, grams), STORE) == ()
    many = Explanation((Part("a", PUT, product, pieces, pieces * grams),), 0.0)
    assert noted((), change((product + 2) % 6, pieces * grams), (many, 1.0), STORE) == ()
    moved = replace(change(0, grams), plates=(), delta_g=(), var=())
    assert noted((), moved, read(PUT, product, grams), STORE) == (), "from hand to hand"


probabilities = st.lists(
    st.tuples(st.integers(0, 5), st.floats(0.0, 1.0)), min_size=1, max_size=4, unique_by=lambda d: d[0]
)


@given(st.integers(0, 5), probabilities)
def test_what_goes_from_a_facing_of_something_else_tells_of_the_planogram(plate: int, said: list) -> None:
    whole = sum(p for _, p in said) or 1.0
    readings = [(read(PICK, product, MASSES[product])[0], p / whole) for product, p in said]
    found = off_plan(change(plate, -100.0), readings, STORE)
    assert found == {product: p / whole for product, p in said if product != plate}, (
        "tiny's product k stands on plate k"
    )
    puts = [(read(PUT, product, MASSES[product])[0], p) for product, p in said]
    assert off_plan(change(plate, 100.0), puts, STORE) == {}


@given(away, st.floats(0.1, 1.0), st.booleans())
def test_the_next_piece_of_a_facing_is_the_likelier_what_went_from_it_before(
    where: tuple[int, int], p: float, settled: bool
) -> None:
    """Found in stale-planogram, seed 9: what the first buyer took was known, the second was charged otherwise."""
    product, plate = where
    one = change(plate, -MASSES[product])
    took, planned = read(PICK, product, MASSES[product])[0], read(PICK, plate, MASSES[plate])[0]
    ann = gathered(frozenset(("a",)), (Hypothesis(0.0, {"a": ()}, {}),))
    readings = (replace(took, nats=float(np.log(p))), replace(planned, nats=float(np.log1p(-p + 1e-12))))
    group = extend(ann, "ev", {0: readings}, CONFIG)
    state = Attribution(groups=(group, lone("b")), open={"ev": one})
    if settled:
        goods = ((product, 1, MASSES[product]),)
        state, _ = close_trip(state, "a", goods, STORE, CONFIG)
    assert _misplaced_on(state, one, STORE) == {product: pytest.approx(MORE_P * p)}
    elsewhere = change((plate + 2) % 6, -MASSES[product])
    assert _misplaced_on(state, elsewhere, STORE) == {}
    known = replace(state, misplaced={plate: {product: 0.0}})
    assert _misplaced_on(known, one, STORE) == {product: 0.0}, "it had been set down there"
