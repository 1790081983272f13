"""One person cannot take from two places within a second, and two people side by side can."""

from hypothesis import given
from hypothesis import strategies as st
from tiny import tiny_store

from fusion.attribution.beam import Hypothesis
from fusion.attribution.explanations import PICK, Explanation, Mover, Part
from fusion.attribution.hurry import Hurry, busy_in, hurried, unhurried
from fusion.config import SECOND_NS, AttributionConfig
from fusion.shelf import ShelfChange

CONFIG, STORE = AttributionConfig(), tiny_store()
FIRST, FAR = 0, len(STORE.plates.plate_id) - 1
WHO = (Mover("a", False, 2.0, track_id=1), Mover("b", False, 2.0, track_id=2))


def change(plate: int, t_s: float) -> ShelfChange:
    at_ns = int(t_s * SECOND_NS)
    return ShelfChange(at_ns, at_ns, at_ns, (plate,), (-100.0,), (1.0,))


def took(trip: str, nats: float = 0.0) -> Explanation:
    return Explanation((Part(trip, PICK, 0, 1, 100.0),), nats)


def busy(apart_s: float, plate: int = FAR, doers: dict[str, int] | None = None) -> dict[str, Hurry]:
    before = {"e": change(FIRST, 10.0)}
    who = {"e": {"a": 1, "b": 2} if doers is None else doers}
    return hurried(change(plate, 10.0 + apart_s), WHO, before, who, STORE, CONFIG)


@given(st.floats(-5.0, 5.0))
def test_within_a_reach_one_must_hurry_and_at_one_moment_have_a_hand_at_each(apart_s: float) -> None:
    """Found on a long tape: who had just taken something beside it was charged for one of two that another took."""
    moment_s, high = CONFIG.hurry_s
    assert bool(busy(apart_s)) == (abs(apart_s) < high) or abs(abs(apart_s) - high) < 1e-6
    for trips, cost in busy(apart_s).values():
        assert trips == {"a", "b"}
        assert cost == (CONFIG.hurry_nats if abs(apart_s) > moment_s else CONFIG.both_hands_nats)
    assert not busy(apart_s, plate=FIRST), "from one place a hand takes twice"
    assert not busy(apart_s, doers={"a": 3, "b": 4}), "two people of one party can"


@given(st.lists(st.tuples(st.sampled_from(["a", "b", ""]), st.floats(-5.0, 5.0)), min_size=1, max_size=6))
def test_readings_stay_sorted_and_only_those_of_the_busy_pay(drawn: list[tuple[str, float]]) -> None:
    found = sorted((took(trip, nats) for trip, nats in drawn), key=lambda e: -e.nats)
    a_did_it = Hypothesis(0.0, {"a": (), "b": ()}, {"e": took("a")})
    out = unhurried(found, busy_in(a_did_it, busy(0.8)))
    assert [e.nats for e in out] == sorted((e.nats for e in out), reverse=True)
    want = sorted(nats + (CONFIG.hurry_nats if trip == "a" else 0.0) for trip, nats in drawn)
    assert sorted(e.nats for e in out) == want
    assert all(abs(sum(n for _, n in e.why) - CONFIG.hurry_nats) < 1e-9 for e in out if e.parts[0].trip == "a")
    nobody_did_it = Hypothesis(0.0, {"a": (), "b": ()}, {"e": Explanation((), 0.0)})
    assert unhurried(found, busy_in(nobody_did_it, busy(0.8))) == found
