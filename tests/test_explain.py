"""Why something was charged: nats that add up by witness, evidence on disk for every change, and words for it."""

from hypothesis import given
from hypothesis import strategies as st
from tiny import tiny_store

from fusion.attribution.evidence import Candidate, Witnesses
from fusion.attribution.explanations import Claim, Explanation, Goods, Mover, movers, nobody, picks, puts, settling
from fusion.attribution.handover import CartPass, Meeting, cart_pass_readings, handover_readings, ways
from fusion.attribution.why import WITNESSES, add
from fusion.config import AttributionConfig
from fusion.shelf import ShelfChange

CONFIG, STORE = AttributionConfig(), tiny_store()

nats = st.floats(-8.0, 8.0)
held = st.dictionaries(st.integers(0, 5), st.floats(0.0, 5.0), max_size=3)


@st.composite
def changes(draw: st.DrawFn) -> ShelfChange:
    """Draw a change of one or two plates side by side."""
    first = draw(st.integers(0, 4))
    plates = tuple(range(first, first + draw(st.integers(1, 2))))
    sign = draw(st.sampled_from([-1.0, 1.0]))
    grams = tuple(sign * draw(st.floats(3.0, 1500.0)) for _ in plates)
    return ShelfChange(0, 1, 0, plates, grams, tuple(draw(st.floats(0.1, 9.0)) for _ in plates))


@st.composite
def people(draw: st.DrawFn) -> tuple[Mover, ...]:
    """Draw movers by way of candidates, some strangers, some in doubt, some with a cart that saw something."""
    seen = []
    for track in range(draw(st.integers(1, 3))):
        body, hands = draw(nats), draw(nats)
        seen.append(Candidate(track, body + hands, draw(held), (("body", body), ("hands", hands))))
    trip = draw(st.lists(st.sampled_from(["", "a", "b", "c"]), min_size=len(seen), max_size=len(seen)))
    doubt = draw(st.booleans())

    def who(track: int, t_ns: int) -> tuple[tuple[str, float, tuple[Claim, ...]], ...]:
        claims = (Claim((track, 0), t_ns, trip[track], -0.7),) if doubt else ()
        return ((trip[track], -0.7 if doubt else 0.0, claims),)

    found = movers(tuple(seen), 0, who, frozenset(draw(st.sampled_from(["", "a"]))), CONFIG)
    cart = draw(held)
    return tuple(
        Mover(
            m.trip,
            m.is_staff,
            m.nats,
            {k: m.held.get(k, 0.0) + cart.get(k, 0.0) for k in {*m.held, *cart}},
            m.claims,
            cart,
            m.why,
        )
        for m in found
    )


goods_in_hand = st.dictionaries(st.integers(0, 5), st.integers(1, 3), min_size=1, max_size=3)


@given(changes(), people(), goods_in_hand)
def test_what_the_witnesses_say_adds_up_to_the_weight(
    change: ShelfChange, who: tuple[Mover, ...], carried: dict[int, int]
) -> None:
    goods: Goods = tuple((k, n, float(STORE.products.mass_g[k])) for k, n in sorted(carried.items()))
    readings: list[Explanation] = [settling(change, CONFIG), *nobody(change, {}, STORE, CONFIG)]
    if change.total_g < 0:
        readings += picks(change, who, {0: 1.0}, STORE, CONFIG)
    else:
        for mover in who:
            readings += puts(change, mover, goods, STORE, CONFIG, {goods[0][0]: (goods[0][2] * 1.01,)})
    for reading in readings:
        assert abs(sum(one for _, one in reading.why) - reading.nats) < 1e-9, reading
        names = [witness for witness, _ in reading.why]
        assert names == [w for w in WITNESSES if w in names], "each witness once, in order"


@given(held, st.integers(2, 20), st.lists(st.integers(0, 5), min_size=1, max_size=3, unique=True))
def test_what_speaks_for_a_passing_adds_up_too(cart: dict[int, float], touches: int, mine: list[int]) -> None:
    goods: dict[str, Goods] = {"a": tuple((k, 1, 100.0) for k in sorted(mine)), "b": ((5, 2, 80.0),)}
    meeting = Meeting(0, 1, 2, touches)
    seen = CartPass(0, "b", ("a",), tuple(sorted(cart.items())))
    readings = [
        *handover_readings(ways(meeting, ("a", "b"), Witnesses(), {}, STORE, CONFIG), goods),
        *cart_pass_readings(seen, goods, CONFIG),
    ]
    for reading in readings:
        assert abs(sum(one for _, one in reading.why) - reading.nats) < 1e-9, reading


@given(changes(), people())
def test_a_reading_is_the_same_whoever_speaks_for_it(change: ShelfChange, who: tuple[Mover, ...]) -> None:
    silent = tuple(Mover(m.trip, m.is_staff, m.nats, m.held, m.claims) for m in who)
    assert picks(change, who, {}, STORE, CONFIG) == picks(change, silent, {}, STORE, CONFIG)


@given(st.lists(st.lists(st.tuples(st.sampled_from(WITNESSES), nats), max_size=9), max_size=3))
def test_sums_of_nats_keep_the_total(parts: list[list[tuple[str, float]]]) -> None:
    total = sum(one for part in parts for _, one in part)
    assert abs(sum(one for _, one in add(*map(tuple, parts))) - total) < 1e-9
