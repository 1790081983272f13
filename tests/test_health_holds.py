"""Receipts wait for a person where they rest on a plate that weighs wrong, or where goods off it are nobody's."""

from hypothesis import given
from hypothesis import strategies as st
from tiny import tiny_store

from fusion.attribution.explanations import PICK, Explanation, Part
from fusion.attribution.record import NO_TRACE, Bystander, Evidence
from fusion.attribution.settled import Settled
from fusion.attribution.why import HANDS
from fusion.checkout.receipts import REVIEW, SETTLED, Receipt
from fusion.health.holds import Doubts, hold
from fusion.health.settings import HealthConfig
from fusion.shelf import ShelfChange

STORE = tiny_store()
S = 10**9


def receipt(trip: str) -> Receipt:
    return Receipt(trip, "ann", 1, 0, 20 * S, 25 * S, SETTLED, 0.95, (), 0, 0)


def picked(by: str, plate: int, t_s: int, hands: dict[str, float]) -> Settled:
    """Return a pick from a plate by a trip, "" for nobody; hands are of those near, in nats."""
    near = tuple(
        Bystander(k, trip, 1.0, 0.0, 0.0, True, ((HANDS, nats),), (), NO_TRACE)
        for k, (trip, nats) in enumerate(hands.items())
    )
    change = ShelfChange(t_s * S, t_s * S, t_s * S, (plate,), (-125.0,), (1.0,))
    reading = Explanation((Part(by, PICK, plate, 1, 125.0),), 0.0)
    return Settled("ev", change, reading, 0.5, (), Evidence(0.0, 0.0, near))


@given(st.sampled_from(["", "a", "b"]), st.integers(0, 5), st.integers(0, 20), st.floats(-3.0, 3.0))
def test_a_receipt_waits_for_what_its_shopper_took_or_may_have_taken_off_a_bad_plate(
    by: str, plate: int, t_s: int, hand: float
) -> None:
    doubts = Doubts({2: (5 * S, 15 * S, "weighs 25% too much")})
    told = hold(receipt("a"), (picked(by, plate, t_s, {"a": hand}),), doubts, STORE, HealthConfig())
    waits = plate == 2 and 5 <= t_s <= 15 and (by == "a" or (by == "" and hand > 0.0))
    assert told.status == (REVIEW if waits else SETTLED)
    assert told.holds == (("sensor P2 weighs 25% too much",) if waits else ())


def test_who_was_somewhere_else_does_not_wait_for_goods_that_nobody_took() -> None:
    doubts = Doubts({2: (0, 15 * S, "weighs 25% too much")})
    one = picked("", 2, 10, {"b": 2.0})
    assert hold(receipt("a"), (one,), doubts, STORE, HealthConfig()).status == SETTLED
    assert hold(receipt("b"), (one,), doubts, STORE, HealthConfig()).status == REVIEW
