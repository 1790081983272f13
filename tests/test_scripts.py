"""Scripts: text and back, what is told of wrong ones, casting, random trips, and the library."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from drawn import drawn_scripts
from hypothesis import given, settings
from hypothesis import strategies as st
from script_strategies import SCRIPTS

from fusion.store import Store
from scenarios import library
from scenarios.casting import cast
from scenarios.catalogue import ARTICLES, row_named
from scenarios.demand import demand_of, stock_of
from scenarios.drawing import draw_script, draw_shoppers
from scenarios.layout import build_store
from scenarios.parts import LIKE_G, LOW_M
from scenarios.script import (
    Crowd,
    Exchange,
    Give,
    Leave,
    Lift,
    Look,
    Part,
    Pick,
    PutBack,
    Receive,
    Script,
    Shopper,
    Stale,
    TakeCart,
    Together,
    people_of,
)
from scenarios.script_check import check_script
from scenarios.script_text import read_script, write_script
from scenarios.shops import shop_named
from sensors.faults import Fault, check_plan
from sensors.world import generator

LIBRARY = library.names()
WHOLE = """
# Everything a script can say in one place.
name: whole
about: what can be said   # about it
store: market
handover: picker
a: any
b: beside a, weighs like a
stale: a is b
crowd: 12 over 30 s hard 0.2
fault: stuck, plates of:a, G1-*, of:sea salt crisps, from 5 s
fault: drop of cam-*, until 20, share 0.1
next lane tags: 4

ann at 2
  pick 2 a plus b plus 3 cola slowly after holding 20 s
  put back mac and cheese bowl beside b
  put b into cart-02 unseen
  leave
tim at 2.5 s, child, party of ann
  together here
  stay
"""


@cache
def store_of(name: str, seed: int = 0) -> Store:
    return build_store(shop_named(name), generator(seed, 0, 0))


def alone(*does: object, **more: object) -> Script:
    return Script("try", "to try", (Shopper("ann", 1.0, (*does, Leave())),), **more)


def beside(store: Store, one: str, other: str) -> bool:
    """Tell whether two products have places next to each other on one shelf."""
    places = sorted((plates[0], int(store.facings.product[at])) for at, plates in enumerate(store.facings.plates))
    shelf, wanted = store.plates.shelf, {row_named(one), row_named(other)}
    return any({a[1], b[1]} == wanted and shelf[a[0]] == shelf[b[0]] for a, b in pairwise(places))


@given(SCRIPTS)
@settings(deadline=None)
def test_what_is_written_reads_back_the_same(script):
    assert read_script(write_script(script), "it") == script


@given(st.text("anple tokcr:#,.0123s\n ", max_size=80))
@settings(deadline=None)
def test_any_text_is_a_script_or_a_plain_message(text):
    try:
        script = read_script(text, "some.txt")
    except ValueError as error:
        assert all(line.startswith("some.txt:") and "expected" in line for line in str(error).splitlines())
    else:
        assert script.name


@given(drawn_scripts(store_of("nano"), people_max=12))
@settings(deadline=None, max_examples=60)
def test_random_trips_can_be_played_are_in_stock_and_read_back(script):
    store = store_of("nano")
    demand, stock = demand_of(script), stock_of(store)
    assert check_script(script) == []
    assert cast(script, store, generator(0)) == script
    assert all(demand.total[name] <= stock.total[row_named(name)] for name in demand.total)
    assert read_script(write_script(script), "drawn.txt") == script


@given(st.integers(0, 2**32), st.sampled_from(("kiosk", "nano", "go")))
@settings(deadline=None, max_examples=30)
def test_parts_are_what_their_rules_say(seed, shop):
    rules = (
        Part("a", "any"),
        Part("b", "beside", "a"),
        Part("c", "weighs like", "a"),
        Part("d", "low"),
        Part("e", "not snap"),
    )
    names = [part.name for part in rules]
    script = alone(*(Pick(name) for name in names), parts=rules)
    store = store_of(shop)
    played = cast(script, store, generator(seed))
    a, b, c, d, e = (step.product for step in played.shoppers[0].does[:-1])
    assert played.parts == () and len({a, b, c, d, e}) == 5
    assert beside(store, a, b)
    mass_g = {name: ARTICLES[row_named(name)].mass_g for name in store.products.name}
    stocked = {store.products.name[int(row)] for row in store.facings.product} - {a, b}
    assert abs(mass_g[c] - mass_g[a]) <= max(LIKE_G, min(abs(mass_g[one] - mass_g[a]) for one in stocked))
    low = store.plates.centre[:, 2] < LOW_M
    assert any(
        low[plates[0]] and store.facings.product[at] == row_named(d) for at, plates in enumerate(store.facings.plates)
    )
    assert not store.products.snap[row_named(e)]
    assert cast(script, store, generator(seed)) == played


@pytest.mark.parametrize("name", LIBRARY)
def test_a_named_scenario_can_be_played_in_its_store_and_reads_back(name):
    script = library.script_named(name)
    assert script.name == name and len(script.about) < 120
    assert check_script(script) == []
    assert read_script(write_script(script), name) == script
    store = store_of(script.store)
    played = cast(script, store, generator(1))
    assert check_script(played) == []
    assert played.parts == () and played.crowd is None
    assert check_plan(played.faults, store) == []
    if script.crowd is not None:
        assert len(played.shoppers) == len(script.shoppers) + script.crowd.people


def test_the_library_holds_the_thirty_and_the_rest():
    assert {f"b{number:02d}" for number in range(1, 31)} < set(LIBRARY)
    assert len(LIBRARY) > 60 and len(library.SCRIPTS) == len(LIBRARY)
    assert list(people_of(library.script_named("corner"))) == ["ann", "ben", "cat", "dan"]


def test_a_whole_script_says_everything():
    script = read_script(WHOLE, "whole.txt")
    ann, tim = script.shoppers
    assert (script.store, script.handover, script.about) == ("market", "picker", "what can be said")
    assert script.parts == (Part("a", "any"), Part("b", "beside", "a"), Part("b", "weighs like", "a"))
    assert script.stale == (Stale("a", "b"),) and script.crowd == Crowd(12, 30.0, 0.2) and script.next_lane_tags == 4
    assert script.faults[0] == Fault("stuck", plates=("of:a", "G1-*", "of:sea salt crisps"), from_s=5.0)
    assert script.faults[1] == Fault("drop", src="cam-*", to_s=20.0, p=0.1)
    assert ann.does[0] == Pick("a", 2, "slow", 20.0, (("b", 1), ("cola", 3)))
    assert ann.does[1] == PutBack("mac and cheese bowl", beside="b")
    assert tim.is_child and tim.party_of == "ann" and tim.at_s == 2.5


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("  pik cola", "expected `pick [COUNT] PRODUCT"),
        ("  give cola ben", "expected `give PRODUCT to PERSON`, received 'give cola ben'"),
        ("  sing", "expected a line that begins with walk, go,"),
        ("ben at noon", "expected `PERSON at SECONDS[, staff]"),
        ("ben at 2 s, chld", "received 'ben at 2 s, chld'"),
        ("stor: nano", "'stor' is read as the name of a part, meant store?"),
        ("store: nano", "expected one line `store: ...`, received another"),
        ("fault: stuck, plats x", "expected `KIND [of SOURCES][, plates PLATES]"),
        ("next lane tags: few", "expected a whole number, received 'few'"),
    ],
)
def test_a_line_that_cannot_be_read_is_told_with_its_place(line, message):
    text = f"name: x\nabout: y\nstore: nano\nann at 1 s\n{line}\n  leave\n"
    with pytest.raises(ValueError) as caught:
        read_script(text, "mine.txt")
    assert str(caught.value).startswith("mine.txt:5: ") and message in str(caught.value)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (alone(PutBack("cola")), "try, ann, step 1: expected a product that is carried, received 'cola'"),
        (alone(Pick("cola"), PutBack("cola", 2)), "step 2: expected 2 'cola' that are carried, received 1"),
        (alone(Pick("gold bar")), "step 1: product: expected"),
        (alone(Pick("cola", 0)), "expected a quantity of 1 or more, received 0"),
        (alone(Look(-1.0)), "expected seconds of 0 or more, received -1.0"),
        (alone(Lift("cola", 2, 1.0, 3)), "expected to take from 0 to 2"),
        (alone(Together("m")), "mark 'm': expected two people or more"),
        (alone(Give("cola", "eve")), "expected another person of the script, received 'eve'"),
        (alone(TakeCart("cart-01"), TakeCart("cart-02")), "step 2: expected LeaveCart() before another cart"),
        (alone(Leave()), "expected Leave() as the last step only"),
        (alone(parts=(Part("a", "beside", "b"),)), "part 'a': expected a part above it or a product, received 'b'"),
        (alone(faults=(Fault("stuk"),)), "expected one of drop, delay"),
        (alone(faults=(Fault("stuck", plates=("of:gold bar",)),)), "received 'gold bar'"),
        (Script("try", "x", (Shopper("tim", 1.0, (Leave(),), is_child=True),)), "received a child alone"),
        (Script("try", "x", ()), "expected a person or a crowd, received nobody"),
    ],
)
def test_what_cannot_be_done_is_told(script, message):
    assert any(message in text for text in check_script(script)), check_script(script)


def pair(ann: tuple[object, ...], ben: tuple[object, ...]) -> list[str]:
    shoppers = (Shopper("ann", 1.0, (*ann, Leave())), Shopper("ben", 1.0, (*ben, Leave())))
    return check_script(Script("try", "to try", shoppers))


def test_a_meeting_that_never_comes_is_told():
    cola, milk = Pick("cola"), Pick("kefir")
    assert pair((cola, Give("cola", "ben")), (Receive("cola", "ann"), PutBack("cola"))) == []
    assert "ann, step 2: expected ben to come to Receive" in pair((cola, Give("cola", "ben")), ())[0]
    assert pair((cola, Exchange("cola", "ben", "kefir")), (milk, Exchange("kefir", "ann", "cola"))) == []
    assert len(pair((cola, Exchange("cola", "ben", "kefir")), (milk, Exchange("cola", "ann", "kefir")))) == 2
    assert pair((Together("x"), Together("y")), (Together("x"), Together("y"))) == []
    crossed = pair((Together("x"), Together("y")), (Together("y"), Together("x")))
    assert any("marked 'x' to come to it, received that ben never will" in text for text in crossed)
    held = pair((TakeCart("cart-01"),), (TakeCart("cart-01"),))
    assert len(held) == 1 and "expected cart 'cart-01' within reach" in held[0]


def test_casting_tells_what_a_store_lacks():
    kiosk, go = store_of("kiosk"), store_of("go")
    with pytest.raises(ValueError, match="expected 1 of 'olive oil'"):
        cast(alone(Pick("olive oil")), kiosk, generator(0))
    with pytest.raises(ValueError, match="expected products for a: by weight"):
        cast(alone(Pick("a"), parts=(Part("a", "by weight"),)), kiosk, generator(0))
    with pytest.raises(ValueError, match="expected no cart at all, received 'cart-01'"):
        cast(alone(TakeCart("cart-01")), go, generator(0))
    with pytest.raises(ValueError, match="crowd: expected 1 person or more"):
        draw_shoppers(0, 1.0, 0.0, kiosk, generator(0))


def test_faults_of_a_part_are_cast_on_the_plates_of_its_product():
    store = store_of("nano")
    script = alone(Pick("a"), parts=(Part("a", "any"),), faults=(Fault("dead", plates=("of:a", "G1-*")),))
    played = cast(script, store, generator(3))
    row = row_named(played.shoppers[0].does[0].product)
    at = int(np.flatnonzero(store.facings.product == row)[0])
    assert played.faults[0].plates == (*(store.plates.plate_id[plate] for plate in store.facings.plates[at]), "G1-*")


def test_a_crowd_leaves_alone_what_a_script_needs():
    store = store_of("kiosk")
    script = alone(Pick("cola", 2), TakeCart("cart-01"), crowd=Crowd(6, 10.0, 0.5))
    crowd = cast(script, store, generator(1)).shoppers[1:]
    assert len(crowd) == 6 and "ann" not in {one.name for one in crowd}
    assert not any(step == TakeCart("cart-01") for one in crowd for step in one.does)
    assert "cola" not in demand_of(replace(script, shoppers=crowd)).named


def test_more_hard_behaviour_means_fewer_plain_picks():
    store, kinds = store_of("go"), {}
    for hard in (0.0, 1.0):
        script = draw_script(30, 60.0, hard, "go", store, generator(1))
        steps = [type(step) for one in script.shoppers for step in one.does]
        kinds[hard] = {kind: steps.count(kind) for kind in (Lift, PutBack, Give)}
    assert set(kinds[0.0].values()) == {0} and min(kinds[1.0].values()) > 0


def test_scripts_of_a_user_are_read_from_a_file(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text(WHOLE, encoding="utf-8")
    assert library.script_named(str(path)) == read_script(WHOLE, "whole")
    path.write_bytes(b"name: \xff\n")
    with pytest.raises(ValueError, match="expected UTF-8 text"):
        library.script_named(str(path))
    with pytest.raises(ValueError, match=r"scenario: expected one of crowd.*, received 'crwd'"):
        library.script_named("crwd")
