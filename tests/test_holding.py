"""Long holds: a hand that lifts goods, stays and puts some back made one change, and no piece is lost in telling so."""

from hypothesis import given
from hypothesis import strategies as st

from fusion.attribution.explanations import PICK, PUT, Explanation, Part
from fusion.attribution.holding import without_holds
from fusion.attribution.record import Bystander, Evidence, HandTrace
from fusion.attribution.settled import Settled
from fusion.config import SECOND_NS, AttributionConfig
from fusion.shelf import ShelfChange

CONFIG = AttributionConfig()
TENTHS = range(-15, 16)
TIMES_S, SDS_M = tuple(t / 10 for t in TENTHS), tuple(0.09 for _ in TENTHS)
STAYS = HandTrace(TIMES_S, tuple(0.08 for _ in TENTHS), SDS_M)
LEAVES = HandTrace(TIMES_S, tuple(0.08 if abs(t) < 5 else 0.6 for t in TENTHS), SDS_M)


def settled(
    at_s: float, kind: str, qty: int, hand: HandTrace, *, plate: int = 0, product: int = 0, trip: str = "a"
) -> Settled:
    """One change of pieces of 100 g, with the hand of its mover."""
    t_ns, grams = int(at_s * SECOND_NS), qty * 100.0
    change = ShelfChange(t_ns, t_ns, t_ns, (plate,), (-grams if kind == PICK else grams,), (1.0,))
    near = Bystander(1, trip, 1.0, 0.0, 0.0, True, (), (), hand)
    reading = Explanation((Part(trip, kind, product, qty, grams),), 0.0)
    return Settled(f"ev-{at_s}", change, reading, 0.9, (), Evidence(0.0, 0.0, (near,)))


def pieces(all_: tuple[Settled, ...]) -> int:
    signs = {PICK: 1, PUT: -1}
    return sum(signs[p.kind] * p.qty for s in all_ for p in s.reading.parts)


@given(st.integers(1, 4), st.integers(1, 4), st.floats(CONFIG.hold_s_min, 30.0))
def test_a_hold_is_what_is_left_of_it(lifted: int, returned: int, lasted_s: float) -> None:
    both = (settled(10.0, PICK, lifted, STAYS), settled(10.0 + lasted_s, PUT, returned, STAYS))
    told = without_holds(both, CONFIG)
    assert pieces(told) == lifted - returned
    assert len(told) == (2 if returned > lifted else int(lifted > returned))
    for one in told if lifted > returned else ():
        assert one.change.t0_ns == both[0].change.t0_ns and one.change.t1_ns == both[1].change.t1_ns
        assert one.change.total_g == (returned - lifted) * 100.0


changes = st.builds(
    settled,
    st.integers(0, 60).map(float),
    st.sampled_from([PICK, PUT]),
    st.integers(1, 3),
    st.sampled_from([STAYS, LEAVES]),
    plate=st.integers(0, 1),
    product=st.integers(0, 1),
    trip=st.sampled_from(["a", "b", ""]),
)


@given(st.lists(changes, max_size=8, unique_by=lambda s: s.event))
def test_no_piece_is_lost_or_made_and_time_goes_on(all_: list[Settled]) -> None:
    told = without_holds(tuple(all_), CONFIG)
    assert pieces(told) == pieces(tuple(all_)) and {s.event for s in told} <= {s.event for s in all_}
    assert [s.change.step_ns for s in told] == sorted(s.change.step_ns for s in told)


def test_who_took_it_away_and_brought_it_back_did_two_things() -> None:
    gone = (settled(10.0, PICK, 1, LEAVES), settled(15.0, PUT, 1, LEAVES))
    assert without_holds(gone, CONFIG) == gone
    at_once = (settled(10.0, PICK, 1, STAYS), settled(12.3, PUT, 1, STAYS))
    assert without_holds(at_once, CONFIG) == at_once
    elsewhere = (settled(10.0, PICK, 1, STAYS), settled(15.0, PUT, 1, STAYS, plate=1))
    assert without_holds(elsewhere, CONFIG) == elsewhere
    busy = (settled(10.0, PICK, 1, STAYS), settled(12.0, PICK, 1, STAYS, product=1), settled(15.0, PUT, 1, STAYS))
    assert without_holds(busy, CONFIG) == busy
