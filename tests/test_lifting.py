"""A slow lift told as two changes: the second is the rest of the first."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tiny import MASSES, tiny_store

from fusion.attribution.explanations import PICK, PUT, Explanation, Part
from fusion.attribution.hypotheses import Hypothesis
from fusion.attribution.lifting import begun, rest_of
from fusion.attribution.masses import masses_of
from fusion.config import SECOND_NS, AttributionConfig
from fusion.shelf import ShelfChange

CONFIG, STORE = AttributionConfig(), tiny_store()
KNOWN = masses_of({}, STORE, CONFIG)
T0 = 1_000 * SECOND_NS


def change(grams: float, late_s: float = 0.0, plate: int = 1) -> ShelfChange:
    t_ns = T0 + int(late_s * SECOND_NS)
    return ShelfChange(t_ns, t_ns, t_ns, (plate,), (grams,), (1.0,))


def read_as(kind: str, product: int, qty: int = 1) -> Hypothesis:
    reading = Explanation((Part("a", kind, product, qty, MASSES[product]),), 0.0)
    return Hypothesis(0.0, {}, {"first": reading})


@given(st.integers(0, 5), st.floats(0.2, 0.8), st.sampled_from([PICK, PUT]))
def test_two_shares_of_one_piece_are_one_lift(product: int, share: float, kind: str) -> None:
    """Found in crowd-thief, seed 12: what was lifted for two seconds was two pieces, and bananas were put back."""
    sign = -1.0 if kind == PICK else 1.0
    first, second = (change(sign * part * MASSES[product], late_s) for part, late_s in ((share, 0), (1.0 - share, 0.8)))
    rest = rest_of(("first", first), read_as(kind, product), second, KNOWN, STORE, CONFIG)
    assert rest is not None and rest.parts == () and rest.nats > 5.0


@given(st.integers(0, 5), st.floats(0.2, 2.0))
def test_a_second_piece_is_no_rest_of_the_first(product: int, share: float) -> None:
    first, second = change(-MASSES[product]), change(-share * MASSES[product], 0.8)
    rest = rest_of(("first", first), read_as(PICK, product), second, KNOWN, STORE, CONFIG)
    assert rest is not None and rest.nats < CONFIG.lift_nats


def test_what_may_be_the_rest_follows_at_once_on_the_same_plates_the_same_way() -> None:
    opened = {"first": change(-50.0), "aside": change(-50.0, 0.2, plate=3), "back": change(50.0, 0.3)}
    assert begun(change(-60.0, 0.8), opened, CONFIG) == ("first", opened["first"])
    assert begun(change(-60.0, 9.0), opened, CONFIG) is None
    assert begun(change(60.0, 0.8), {"first": change(-50.0)}, CONFIG) is None


def test_what_was_no_pieces_of_one_product_has_no_rest() -> None:
    by_weight = replace(STORE, products=replace(STORE.products, by_weight=STORE.products.by_weight | True))
    nothing = Hypothesis(0.0, {}, {"first": Explanation((), 0.0)})
    first, second = change(-50.0), change(-60.0, 0.8)
    assert rest_of(("first", first), nothing, second, KNOWN, STORE, CONFIG) is None
    assert rest_of(("first", first), Hypothesis(0.0, {}, {}), second, KNOWN, STORE, CONFIG) is None
    assert rest_of(("first", first), read_as(PICK, 1), second, KNOWN, by_weight, CONFIG) is None
