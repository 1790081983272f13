"""A hand that rests on a plate and leaves it: two changes that undo each other, and no goods."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fusion.attribution.beam import Hypothesis
from fusion.attribution.explanations import PICK, Explanation, Part
from fusion.attribution.pressing import is_undone, pressed_g, shortly_before
from fusion.attribution.unexplained import settling
from fusion.config import SECOND_NS, AttributionConfig
from fusion.shelf import ShelfChange

CONFIG = AttributionConfig()
T0 = 1_000 * SECOND_NS
NOTHING = Explanation((), 0.0)
GOODS = Explanation((Part("a", PICK, 0, 1, 100.0),), 0.0)


def change(grams: float, late_s: float = 0.0, plate: int = 1) -> ShelfChange:
    t_ns = T0 + int(late_s * SECOND_NS)
    return ShelfChange(t_ns, t_ns, t_ns, (plate,), (grams,), (1.0,))


@given(st.floats(-300.0, 300.0), st.floats(-300.0, 300.0))
def test_a_plate_that_is_pressed_is_expected_to_come_back(grams: float, pressed: float) -> None:
    plain, after = settling(change(grams), CONFIG).nats, settling(change(grams), CONFIG, pressed).nats
    assert after >= plain - 0.7  # one of two ways it may go on, each as likely
    back = settling(change(-pressed), CONFIG, pressed).nats
    assert back >= settling(change(0.0), CONFIG).nats - 0.7 - np.log1p(CONFIG.press_varies * abs(pressed) / 3.0)


@given(st.floats(-300.0, 300.0))
def test_no_goods_are_never_less_likely_where_the_change_is_undone(grams: float) -> None:
    assert settling(change(grams), CONFIG, undone=True).nats >= settling(change(grams), CONFIG).nats


@given(st.floats(-300.0, 300.0), st.floats(-8.0, 8.0), st.floats(0.0, 8.0))
def test_the_likelier_a_hand_was_there_the_likelier_it_pressed(grams: float, hand: float, more: float) -> None:
    """Found in plate-spiking, seed 14: a hand lay there for a second, and nobody known put something down and left."""
    before, after = (settling(change(grams), CONFIG, hand_nats=nats).nats for nats in (hand, hand + more))
    assert before <= after <= before + more + 1e-9
    there = settling(change(42.0), CONFIG, undone=True, hand_nats=6.0).nats
    assert there > CONFIG.nobody_nats, "who lays goods down unseen is rarer than a hand that rests"


def test_what_is_pressed_follows_from_what_the_changes_before_were() -> None:
    """Found in b11, seed 11: a hand that pulled a plate up for a second was a swap of two people for one in two."""
    opened = {"hand": change(-9.0), "more": change(-2.0, 1.0), "aside": change(5.0, 1.0, plate=3)}
    before = shortly_before(change(11.0, 2.0), opened, CONFIG)
    assert before == (("more", -2.0), ("hand", -9.0))
    assert pressed_g(before, Hypothesis(0.0, {}, {"hand": NOTHING, "more": NOTHING})) == -11.0
    assert pressed_g(before, Hypothesis(0.0, {}, {"hand": GOODS, "more": NOTHING})) == -2.0
    assert pressed_g(before, Hypothesis(0.0, {}, {"hand": NOTHING, "more": GOODS})) == 0.0
    assert shortly_before(change(11.0, 19.0), opened, CONFIG) == ()


def test_a_change_is_undone_by_one_like_it_that_comes_soon() -> None:
    first = change(75.0)
    assert is_undone(first, [change(-82.0, 0.8)], CONFIG)
    assert not is_undone(first, [change(82.0, 0.8)], CONFIG) and not is_undone(first, [change(-30.0, 0.8)], CONFIG)
    assert not is_undone(first, [change(-75.0, 19.0)], CONFIG) and not is_undone(first, [change(-75.0, 1.0, 2)], CONFIG)
