"""A slow lift told as two changes: the second is the rest of the first."""

from dataclasses import replace
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import MASSES, tiny_store

from fusion.attribution.beam import Hypothesis
from fusion.attribution.explanations import PICK, PUT, Explanation, Mover, Part
from fusion.attribution.lifting import begun, rest_of, whole_of
from fusion.attribution.masses import masses_of
from fusion.attribution.priors import moved_nats
from fusion.attribution.unexplained import settling
from fusion.attribution.why import MASS
from fusion.config import SECOND_NS, AttributionConfig
from fusion.shelf import ShelfChange
from fusion.store import Store

CONFIG, STORE = AttributionConfig(), tiny_store()
KNOWN = masses_of({}, STORE, CONFIG)
T0 = 1_000 * SECOND_NS


def change(grams: float, late_s: float = 0.0, plate: int = 1) -> ShelfChange:
    t_ns = T0 + int(late_s * SECOND_NS)
    return ShelfChange(t_ns, t_ns, t_ns, (plate,), (grams,), (1.0,))


def read_as(kind: str, product: int, first: ShelfChange, qty: int = 1) -> Hypothesis:
    """Return what has read a change so, by what it weighed."""
    mass = float(moved_nats(first, {}, KNOWN, CONFIG)[product, qty - 1])
    reading = Explanation((Part("a", kind, product, qty, MASSES[product]),), mass, why=((MASS, mass),))
    return Hypothesis(0.0, {}, {"first": reading})


def rest(
    first: ShelfChange, second: ShelfChange, read: Hypothesis, store: Store = STORE, who: tuple[Mover, ...] = ()
) -> Explanation | None:
    found = begun(second, {"first": first}, KNOWN, store, CONFIG)
    assert found is not None and found.event == "first"
    return rest_of(found, read, who, store, CONFIG)


@given(st.integers(0, 5), st.floats(0.2, 0.8), st.sampled_from([PICK, PUT]))
def test_two_shares_of_one_piece_are_one_lift(product: int, share: float, kind: str) -> None:
    """Found in crowd-thief, seed 12: what was lifted for two seconds was two pieces, and bananas were put back."""
    sign = -1.0 if kind == PICK else 1.0
    first, second = (change(sign * part * MASSES[product], late_s) for part, late_s in ((share, 0), (1.0 - share, 0.8)))
    told = rest(first, second, read_as(kind, product, first))
    assert told is not None and told.parts == () and told.nats > 1.0


@given(st.integers(0, 5), st.integers(1, 4), st.floats(0.2, 2.0))
def test_a_first_part_that_was_read_badly_is_paid_for_once(product: int, qty: int, more: float) -> None:
    """Found on a long tape: two pieces were read as four, for more was given back than had been paid."""
    first, second = change(-MASSES[product]), change(-more * MASSES[product], 0.8)
    read = read_as(PICK, product, first, qty)
    told, paid = rest(first, second, read), dict(read.choice["first"].why)[MASS]
    whole = change(-(1.0 + more) * MASSES[product])
    fits = float(moved_nats(replace(whole, var=(2.0,)), {}, KNOWN, CONFIG)[product, qty - 1])
    assert told is not None and told.nats + paid == pytest.approx(
        fits + min(CONFIG.lift_nats, -log((1.0 + more) * MASSES[product]))
    )


@given(st.integers(0, 5), st.floats(0.2, 2.0))
def test_a_second_piece_is_no_rest_of_the_first(product: int, more: float) -> None:
    first, second = change(-MASSES[product]), change(-more * MASSES[product], 0.8)
    told = rest(first, second, read_as(PICK, product, first))
    assert told is not None and told.nats < CONFIG.lift_nats


@given(st.floats(0.2, 0.8), st.floats(-3.0, 6.0))
def test_two_shares_on_two_plates_of_a_facing_are_one_lift(share: float, hands: float) -> None:
    """Found in crowd, seed 31: crisps that stood on two plates of a shaking shelf were charged twice."""
    wide = replace(STORE, facings=replace(STORE.facings, plates=((0,), (1, 2), (3,), (3,), (4,), (5,))))
    first, second = change(-share * MASSES[1]), change(-(1.0 - share) * MASSES[1], 0.6, plate=2)
    told = rest(first, second, read_as(PICK, 1, first), wide, (Mover("a", False, hands), Mover("b", False, 9.0)))
    alone = rest(first, second, read_as(PICK, 1, first), wide)
    assert told is not None and alone is not None and alone.nats > 1.0
    assert told.nats == pytest.approx(alone.nats + hands)  # whose lift it is was still at it, as for a further piece
    assert begun(second, {"first": first}, KNOWN, STORE, CONFIG) is None


@given(st.integers(0, 5), st.floats(0.08, 0.2), st.sampled_from([PICK, PUT]))
def test_a_first_share_that_looked_like_no_goods_belongs_to_what_follows(product: int, share: float, kind: str) -> None:
    """Found in crowd, seed 32: a lift began with 7 g, and a thing was "set down where another was taken" before it."""
    sign = -1.0 if kind == PICK else 1.0
    first, second = (change(sign * part * MASSES[product], late_s) for part, late_s in ((share, 0), (1.0 - share, 0.8)))
    found = begun(second, {"first": first}, KNOWN, STORE, CONFIG)
    mass = float(moved_nats(second, {}, KNOWN, CONFIG)[product, 0])
    short = Explanation((Part("a", kind, product, 1, abs(second.total_g)),), mass + 2.0, why=((MASS, mass),))
    paid = settling(first, CONFIG)
    assert found is not None
    (told,) = whole_of(found, Hypothesis(0.0, {}, {"first": paid}), (short,), STORE, CONFIG)
    together = float(found.together[product, 0])
    assert told.nats == pytest.approx(2.0 + max(mass, together - paid.nats - log(MASSES[product])))
    assert told.parts[0].grams == pytest.approx(MASSES[product] if told.nats > short.nats else short.parts[0].grams)
    moved = read_as(kind, product, first)
    assert whole_of(found, moved, (short,), STORE, CONFIG) == [short], "that the first was goods has been paid for"


def test_what_may_be_the_rest_follows_at_once_on_the_same_plates_the_same_way() -> None:
    opened = {"first": change(-50.0), "aside": change(-50.0, 0.2, plate=3), "back": change(50.0, 0.3)}
    found = begun(change(-60.0, 0.8), opened, KNOWN, STORE, CONFIG)
    assert found is not None and found.event == "first"
    assert begun(change(-60.0, 9.0), opened, KNOWN, STORE, CONFIG) is None
    assert begun(change(60.0, 0.8), {"first": change(-50.0)}, KNOWN, STORE, CONFIG) is None


def test_what_was_no_pieces_of_one_product_has_no_rest() -> None:
    by_weight = replace(STORE, products=replace(STORE.products, by_weight=STORE.products.by_weight | True))
    nothing = Hypothesis(0.0, {}, {"first": Explanation((), 0.0)})
    first, second = change(-50.0), change(-60.0, 0.8)
    assert rest(first, second, nothing) is None
    assert rest(first, second, Hypothesis(0.0, {}, {})) is None
    assert rest(first, second, read_as(PICK, 1, first), by_weight) is None
