"""Tags at the exit: whose they are, what they say of what a trip carries, and that they never bill on their own."""

from dataclasses import replace
from itertools import product as pairs

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tiny import EPOCH, SECOND, Action, run, tape, tiny_store

from fusion.attribution.tags import Exit, TagRead, heard_nats, product_of, shares, tags_of
from fusion.config import TagConfig
from fusion.messages import Gate, Message, Portal
from fusion.store import Store

CONFIG = TagConfig()
chances = st.lists(st.floats(0.0, 1.0), max_size=5).map(tuple)


def tagged_store() -> Store:
    """Return the tiny store with a portal at its door and tags on products a and b."""
    store = tiny_store()
    prefix = ("3034AA", "3034AB", "", "", "", "")
    return replace(store, portals=(("rfid", "door"),), products=replace(store.products, epc_prefix=prefix))


def charged(
    actions: list[Action], heard: list[str], after_s: float = 0.0, dbm: float = -48.0
) -> list[tuple[str, dict, str]]:
    """Replay one shopper who acts, with tags heard a moment after they go out; return the receipts."""
    store = tagged_store()
    messages: list[Message] = list(tape(actions, shoppers=1))
    left_ns = max(m.t_ns for m in messages if isinstance(m, Gate) and m.event == "exit")
    for k, epc in enumerate(heard):
        messages.append(Portal("rfid", k, left_ns + int(after_s * SECOND) + k, "rfid", ((epc, dbm),)))
    found = [r for o in run(store, messages) for r in o.receipts]
    return [(r.status, {line.sku: (line.quantity, line.confidence) for line in r.lines}, r.account) for r in found]


@example((1.0,) * 4, 1, 0.5)  # far more tags than pieces: however unlikely, one is still likelier than another
@given(chances, st.integers(0, 5), st.floats(0.5, 0.99))
def test_more_of_a_product_makes_more_of_its_tags_likelier(mine: tuple[float, ...], most: int, rate: float) -> None:
    nats = heard_nats(mine, most, rate, CONFIG)
    assert nats.shape == (most + 1,) and (nats <= 1e-9).all()
    more = heard_nats((*mine, 1.0), most, rate, CONFIG)
    gain = np.diff(more) - np.diff(nats)
    assert (gain >= -1e-6).all(), "one more tag heard never speaks for fewer pieces"


@given(st.integers(0, 4), st.integers(0, 4))
def test_sure_tags_are_binomial(carried: int, heard: int) -> None:
    rate, quiet = 0.9, replace(CONFIG, stray_rate=1e-9)
    nats = heard_nats((1.0,) * heard, carried, rate, quiet)[carried]
    if heard <= carried:
        ways = float(np.prod([(carried - i) / (i + 1) for i in range(heard)]))
        assert np.exp(nats) == pytest.approx(ways * rate**heard * (1 - rate) ** (carried - heard), rel=1e-4)
    else:
        assert np.exp(nats) < 1e-6


exits = st.lists(
    st.builds(Exit, st.sampled_from(("a", "b", "c")), st.integers(0, 20).map(lambda s: EPOCH + s * SECOND // 2),
              st.integers(0, 1)),
    max_size=5,
).map(tuple)  # fmt: skip
reads = st.lists(
    st.builds(TagRead, st.sampled_from(("3034AA01", "3034AA02", "3034AB01")), st.integers(0, 1), st.integers(0, 1),
              st.integers(0, 20).map(lambda s: EPOCH + s * SECOND // 2), st.floats(-70.0, -40.0)),
    max_size=8,
).map(tuple)  # fmt: skip


@given(reads, exits)
def test_a_tag_is_shared_out_once(heard: tuple[TagRead, ...], out: tuple[Exit, ...]) -> None:
    total: dict[int, float] = {}
    for trip in sorted({one.trip for one in out}):
        for product, mine in shares(trip, heard, out, CONFIG).items():
            assert all(0.0 < p <= 1.0 for p in mine)
            total[product] = total.get(product, 0.0) + sum(mine)
    # The strongest read of a tag says which product it is of; a tag counts once in all.
    assert sum(total.values()) <= len({read.epc for read in heard}) + 1e-9


def test_the_longest_prefix_names_the_product() -> None:
    products = replace(tiny_store().products, epc_prefix=("3034AA", "3034AA17", "", "", "", ""))
    assert product_of("3034aa1700", products) == 1
    assert product_of("3034AA0000", products) == 0
    assert product_of("FFFF", products) == -1
    message = Portal("rfid", 0, EPOCH, "rfid", (("3034AA00", -50.0), ("FFFF", -50.0)))
    assert [read.product for read in tags_of(message, tagged_store())] == [0]


def test_a_tag_heard_confirms_and_a_silent_one_raises_doubt() -> None:
    """Product a is taken; the line is surer when its tag goes out than when it does not."""
    ((_, sure, _),) = charged([Action(0, 0, -1)], ["3034AA01"])
    ((_, doubt, _),) = charged([Action(0, 0, -1)], [])
    assert sure["a"][0] == doubt["a"][0] == 1
    assert sure["a"][1] > 0.99 > doubt["a"][1]


def test_a_tag_from_the_next_lane_does_not_bill() -> None:
    """A weak read of something nobody took, as from the lane beside: not a line."""
    for after_s, dbm in ((0.0, -62.0), (1.5, -58.0)):
        ((status, lines, _),) = charged([Action(0, 0, -1)], ["3034AA01", "3034AB07"], after_s, dbm)
        assert set(lines) == {"a"} and status == "settled"


def test_a_tag_read_long_after_belongs_to_nobody_who_left() -> None:
    assert charged([Action(0, 2, -1)], ["3034AB07"], after_s=3.5)[0][1].keys() == {"c"}


@given(reads, exits, st.floats(0.0, 1.0))
def test_who_does_not_carry_a_product_takes_out_no_tag_of_it(
    heard: tuple[TagRead, ...], out: tuple[Exit, ...], carried: float
) -> None:
    for trip, epc in pairs(sorted({one.trip for one in out}), sorted({read.epc for read in heard})):
        one_tag = tuple(read for read in heard if read.epc == epc)
        mine = shares(trip, one_tag, out, CONFIG, lambda other, product: carried)
        for product, (p,) in shares(trip, one_tag, out, CONFIG).items():
            (more,) = mine[product]
            assert more >= p - 1e-9


def test_two_strong_tags_of_what_nobody_took_are_two_pieces_taken_unseen() -> None:
    """Found in a crowd: two lip balms left a shaking shelf unweighed, were heard six times, and cost nothing."""
    ((status, lines, _),) = charged([Action(0, 0, -1)], ["3034AA01", "3034AB07", "3034AB08"], dbm=-46.0)
    assert status == "review" and lines["b"][0] == 2
