"""What no plate and no camera tells alone: company out of sight, hands at dead plates, two busy at one place."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from remembered import bodies_at
from tiny import MASSES, tiny_store

from fusion.attribution.bodies import Bodies
from fusion.attribution.crossing import crossings
from fusion.attribution.dark import Reach, moved_beside, reach_readings, reaches_now
from fusion.attribution.explanations import PICK, PUT, Goods, Mover, Seen
from fusion.attribution.lasting import over_by
from fusion.attribution.looks import Looks
from fusion.attribution.masses import masses_of
from fusion.attribution.priors import weigh_change
from fusion.attribution.unwatched import Unwatched, unwatched_now, unwatched_readings
from fusion.config import SECOND_NS, AttributionConfig
from fusion.frozen import replace
from fusion.shelf import ShelfChange

STORE, CONFIG = tiny_store(), AttributionConfig()
T0 = 1_000 * SECOND_NS
carried = st.dictionaries(st.integers(0, 5), st.integers(1, 3), max_size=4).map(
    lambda d: tuple((k, n, MASSES[k]) for k, n in sorted(d.items()))
)


def bodies(*places: tuple[float, float], unseen_s: float | tuple[float, ...] = 0.0, t_ns: int = T0) -> Bodies:
    """Bodies 1, 2, ... whose hands nobody sees."""
    n = len(places)
    head = np.array([(x, y, 1.55) for x, y in places]).reshape(-1, 3)
    hands = np.tile([0.0, 0.0, -0.55], (n, 2, 1))
    return bodies_at(
        t_ns, np.arange(1, n + 1), head, hands, np.tile(0.1 * np.eye(3), (n, 2, 1, 1)), np.full(n, unseen_s)
    )


@given(st.lists(st.tuples(st.floats(0, 4), st.floats(0, 3), st.floats(0, 5), st.sampled_from("abc")), max_size=5))
def test_out_of_sight_together_are_two_trips_near_each_other_of_whom_nobody_is_seen(who: list) -> None:
    now = bodies(*((x, y) for x, y, _, _ in who), unseen_s=tuple(s for _, _, s, _ in who) or 0.0)
    trip_of = {i + 1: trip for i, (_, _, _, trip) in enumerate(who)}
    for one in unwatched_now((), now, trip_of, frozenset("c"), CONFIG.unwatched):
        a, b = ([w for w in who if w[3] == trip] for trip in one.trips)
        assert one.trips == tuple(sorted(set(one.trips)))
        assert a and b and "c" not in one.trips
        unseen = [all(w[2] >= CONFIG.unwatched.unseen_s for w in party) for party in (a, b)]
        assert any(unseen)  # of the other nobody sees the hands
        assert min(np.hypot(p[0] - q[0], p[1] - q[1]) for p in a for q in b) <= CONFIG.unwatched.reach_m


@pytest.mark.parametrize(
    ("unseen_s", "hands_sd_m", "alone"),
    [
        ((2.0, 0.0), (0.3, 0.3), False),  # one out of sight, and nobody sees the other's hands
        ((2.0, 0.0), (0.1, 0.3), True),
        ((0.0, 0.0), (0.3, 0.3), True),  # two in sight: what passes then is seen, or hands meet
        ((2.0, 2.0), (0.1, 0.1), False),
    ],
)
def test_who_shows_a_head_at_a_blind_spot_and_no_hands_may_give_there(
    unseen_s: tuple[float, float], hands_sd_m: tuple[float, float], alone: bool
) -> None:
    now = bodies((1.0, 1.0), (1.5, 1.0), unseen_s=unseen_s)
    cov = np.eye(3) * np.square(hands_sd_m)[:, None, None]
    now = replace(now, hands_cov=np.stack([np.tile(0.09 * np.eye(3), (2, 1, 1)), cov]))
    assert (unwatched_now((), now, {1: "a", 2: "b"}, frozenset(), CONFIG.unwatched) == ()) == alone


def company_over(going_on: tuple[Unwatched, ...], until_ns: int) -> tuple[list[Unwatched], tuple[Unwatched, ...]]:
    return over_by(going_on, until_ns, CONFIG.unwatched.break_s, CONFIG.unwatched.together_s)


def reaching_over(going_on: tuple[Reach, ...], until_ns: int) -> tuple[list[Reach], tuple[Reach, ...]]:
    return over_by(going_on, until_ns, CONFIG.dark.break_s, CONFIG.dark.reach_s)


def test_company_out_of_sight_is_over_when_they_are_seen_again_and_a_moment_of_it_is_nothing() -> None:
    pair = {1: "a", 2: "b"}
    going_on: tuple[Unwatched, ...] = ()
    for step in range(40):  # two seconds in the dark
        now = bodies((1.0, 1.0), (1.5, 1.0), unseen_s=2.0, t_ns=T0 + step * SECOND_NS // 20)
        going_on = unwatched_now(going_on, now, pair, frozenset(), CONFIG.unwatched)
    assert company_over(going_on, going_on[0].t_ns) == ([], going_on)
    (one,), rest = company_over(going_on, going_on[0].t_ns + 2 * SECOND_NS)
    assert (one.since_ns, rest) == (T0, ())
    short = (Unwatched(("a", "b"), T0, T0 + SECOND_NS // 2),)
    assert company_over(short, T0 + 10 * SECOND_NS) == ([], ())


@given(carried, carried, st.floats(1.0, 60.0), st.floats(0.0, 60.0))
def test_what_passes_unseen_is_theirs_and_likelier_the_longer_they_were_alone(
    mine: Goods, yours: Goods, short_s: float, more_s: float
) -> None:
    def readings(seconds: float) -> tuple:
        one = Unwatched(("a", "b"), T0, T0 + int(seconds * SECOND_NS))
        return unwatched_readings(one, {"a": mine, "b": yours}, CONFIG.unwatched)

    def nothing_p(seconds: float) -> float:
        found = readings(seconds)
        weight = np.exp([e.nats for e in found])
        return float(next(w for e, w in zip(found, weight, strict=True) if not e.parts) / weight.sum())

    own = {"a": {k for k, _, _ in mine}, "b": {k for k, _, _ in yours}}
    for reading in readings(short_s):
        for gone, come in zip(reading.parts[::2], reading.parts[1::2], strict=True):
            assert (gone.kind, come.kind, gone.product, gone.grams) == (PUT, PICK, come.product, come.grams)
            assert gone.trip != come.trip and gone.product in own[gone.trip]
    assert nothing_p(short_s + more_s) <= nothing_p(short_s) + 1e-12
    assert nothing_p(short_s) == pytest.approx(1.0) if not (mine or yours) else nothing_p(short_s) < 1.0


def at_plate(plate: int, t_ns: int, sure_m: float = 0.05, aside_m: float = 0.0) -> Bodies:
    """Somebody whose hand is over a plate or so far aside, and whose other hand hangs down."""
    x, y, z = STORE.plates.centre[plate] + np.array([aside_m, 0.0, 0.0])
    head = np.array([[x, y - 0.6, 1.55]])
    hands = np.array([[[0.0, 0.6, z + 0.08 - 1.55], [0.0, 0.0, -0.55]]])
    return bodies_at(t_ns, np.array([7]), head, hands, np.tile(sure_m**2 * np.eye(3), (1, 2, 1, 1)), np.zeros(1))


def test_a_hand_at_plates_that_say_nothing_is_a_reach_and_one_at_others_is_none() -> None:
    reaching: tuple[Reach, ...] = ()
    for step in range(10):
        reaching = reaches_now(reaching, at_plate(2, T0 + step * SECOND_NS // 20), {2, 5}, STORE, CONFIG)
    assert reaching == (Reach(7, 2, T0, T0 + 9 * SECOND_NS // 20),)
    assert reaching_over(reaching, T0 + SECOND_NS // 2)[0] == []
    assert reaching_over(reaching, T0 + 5 * SECOND_NS) == ([*reaching], ())
    assert reaches_now((), at_plate(2, T0), {5}, STORE, CONFIG) == (), "somewhere else it is dark"
    assert reaches_now((), at_plate(2, T0), (), STORE, CONFIG) == ()
    assert reaches_now((), at_plate(2, T0, sure_m=0.6), {2}, STORE, CONFIG) == (), "a hand nobody sees is nowhere"
    # Found at a dead plate: hands are known to two decimetres at times, and take from beside a plate's middle.
    assert reaches_now((), at_plate(2, T0, sure_m=0.2, aside_m=0.1), {2}, STORE, CONFIG) == (Reach(7, 2, T0, T0),)


def test_goods_that_moved_beside_it_may_be_what_the_hand_was_there_for() -> None:
    reach = Reach(7, 2, T0, T0 + SECOND_NS)

    def beside(plate: int, late_s: float) -> tuple[str, ...]:
        t_ns = T0 + int(late_s * SECOND_NS)
        change = ShelfChange(t_ns, t_ns, t_ns, (plate,), (-100.0,), (1.0,))
        return moved_beside(reach, {"ev": change}, STORE, CONFIG.dark)

    assert beside(3, 0.5) == ("ev",)
    assert not beside(3, 5.0) and not beside(5, 0.5)


def test_a_hand_that_comes_back_later_reaches_again() -> None:
    """Found at stuck plates: two reaches were one, and goods that moved beside the second had excused the first."""
    reaching: tuple[Reach, ...] = ()
    for step in (0, 1, 2, 60, 61, 62):  # nothing has been asked of the first yet: hands are watched for a while
        reaching = reaches_now(reaching, at_plate(2, T0 + step * SECOND_NS // 20), {2}, STORE, CONFIG)
    assert [(one.since_ns - T0) / SECOND_NS for one in reaching] == [0.0, 3.0]


def test_who_shows_a_piece_they_have_need_not_have_taken_another() -> None:
    looks = {7: (Looks({}), Looks({2: 4.0}))}

    def taken(mine: Goods, free_p: float = 1.0) -> float:
        found = reach_readings(Reach(7, 2, T0, T0), "a", looks, {"a": mine}, STORE, CONFIG.dark, free_p)
        return next(r.nats for r in found if r.parts and r.parts[0].kind == PICK)

    assert taken(()) > taken(((2, 1, MASSES[2]),)) + 3.0
    assert taken((), 0.1) < taken(()), "the hand was there for something else"


@given(carried, st.floats(-3.0, 4.5), st.floats(-3.0, 4.5))
def test_who_reaches_into_the_dark_took_one_or_put_theirs_back_or_neither(
    mine: Goods, seen_before: float, seen_after: float
) -> None:
    looks = {7: (Looks({2: seen_before}), Looks({2: seen_after}))}
    readings = reach_readings(Reach(7, 2, T0, T0), "a", looks, {"a": mine}, STORE, CONFIG.dark)
    kinds = [[part.kind for part in reading.parts] for reading in readings]
    assert sorted(kinds) == sorted([[], [PICK]] + ([[PUT]] if 2 in {k for k, _, _ in mine} else []))
    assert all(part.product == 2 and part.trip == "a" for reading in readings for part in reading.parts)
    assert [reading.nats for reading in readings] == sorted((r.nats for r in readings), reverse=True)


def two(before: dict[int, float], after: dict[int, float]) -> tuple[Mover, Mover]:
    """a was seen with goods before, b after."""
    return (
        Mover("a", False, 3.0, before=Seen(Looks(before))),
        Mover("b", False, 3.0, after=Seen(Looks(after))),
    )


@given(st.integers(0, 5), st.integers(0, 5), st.floats(-1.0, 1.0))
def test_one_puts_back_where_another_takes_and_both_are_told(back: int, taken: int, off_g: float) -> None:
    assume(back != taken)
    plates = (taken - 1 if taken else 1, taken)
    change = ShelfChange(T0, T0, T0, plates, (MASSES[back] + off_g, -MASSES[taken]), (1.0, 1.0))
    moved = weigh_change(change, {}, masses_of({}, STORE, CONFIG), STORE, CONFIG)
    goods = {"a": ((back, 1, MASSES[back]),), "b": ()}
    found = crossings(moved, two({back: 2.0}, {taken: 2.0}), goods, STORE, CONFIG)
    best = {(p.trip, p.kind, p.product, p.qty) for p in found[0].parts}
    assert best == {("a", PUT, back, 1), ("b", PICK, taken, 1)}


def test_two_who_put_back_at_once_are_told_by_what_they_carry() -> None:
    change = ShelfChange(T0, T0, T0, (0, 1), (MASSES[3] + 20.0, MASSES[4] - 20.0), (1.0, 1.0))
    moved = weigh_change(change, {}, masses_of({}, STORE, CONFIG), STORE, CONFIG)
    goods = {"a": ((3, 1, MASSES[3]), (2, 1, MASSES[2])), "b": ((4, 1, MASSES[4]),)}
    a, b = two({3: 2.0}, {})
    found = crossings(moved, (a, b), goods, STORE, CONFIG)
    assert {(p.trip, p.kind, p.product) for p in found[0].parts} == {("a", PUT, 3), ("b", PUT, 4)}
    assert crossings(moved, (a,), goods, STORE, CONFIG) == (), "one person alone is read elsewhere"
    assert crossings(moved, (a, b), {"a": (), "b": ()}, STORE, CONFIG) == (), "nobody has anything to put back"


def test_goods_still_in_the_hand_were_not_put_back() -> None:
    """Found in a golden tape: a shopper who had just taken batteries stood by while staff put three on the shelf."""
    change = ShelfChange(T0, T0, T0, (3,), (2 * MASSES[3],), (1.0,))
    moved = weigh_change(change, {}, masses_of({}, STORE, CONFIG), STORE, CONFIG)
    goods = {"a": ((3, 1, MASSES[3]),), "b": ((3, 1, MASSES[3]),)}

    def best(after: float) -> float:
        a = Mover("a", False, 3.0, before=Seen(Looks({3: 3.0})), after=Seen(Looks({3: after}, apart={3: after})))
        return crossings(moved, (a, Mover("b", False, 3.0)), goods, STORE, CONFIG)[0].nats

    assert best(3.0) == pytest.approx(best(-1.0) - 3.0)
