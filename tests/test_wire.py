"""The codec: whatever is encoded comes back, whatever comes in is a message or a reason."""

import math
import random
from dataclasses import fields
from pathlib import Path

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.fuzz.mutations import mutant
from fusion.messages import (
    Boxes,
    Cart,
    CartMove,
    Frame,
    Gate,
    Health,
    Held,
    Malformed,
    Message,
    People,
    Plates,
    Portal,
    Reason,
)
from fusion.recording import read_recording
from fusion.wire import decode, down_the_ladder, encode, topic_of
from fusion.wire_arrays import Rejected
from fusion.wire_fields import fields_of

names = st.text("abcXYZ019._-", min_size=1, max_size=64)
times = st.integers(0, 2**62)
shares = st.floats(0, 1, width=32)
spreads = st.floats(0.015625, 1000, width=32)
metres = st.floats(-1000, 1000, width=32) | st.just(math.nan)
beliefs = st.lists(st.tuples(names, st.floats(0, 0.25)), max_size=4).map(tuple)
head = {"src": names, "seq": times, "t_ns": times}


def arrays(*shape: int, of: st.SearchStrategy[float] = metres) -> st.SearchStrategy[np.ndarray]:
    """Build float32 arrays of a shape."""
    size = math.prod(shape)
    flat = st.lists(of, min_size=size, max_size=size)
    return flat.map(lambda values: np.array(values, np.float32).reshape(shape))


def rows(n: int, d: int) -> dict[str, st.SearchStrategy]:
    """Build what people and boxes share."""
    held = st.builds(Held, row=st.integers(0, max(n - 1, 0)), hand=st.integers(0, 1), beliefs=beliefs)
    return {
        "sd": arrays(n, of=spreads),
        "score": arrays(n, of=shares),
        "look": arrays(n, d, of=st.floats(-1, 1, width=16)),
        "ids": st.lists(st.none() | names, min_size=n, max_size=n).map(tuple),
        "held": st.lists(held, max_size=3 if n else 0).map(tuple),
    }


sizes = st.tuples(st.integers(0, 3), st.integers(0, 4))
people = sizes.flatmap(
    lambda s: st.builds(People.of, **head, head=arrays(s[0], 3), hands=arrays(s[0], 2, 3), **rows(*s))
)
boxes = sizes.flatmap(
    lambda s: st.builds(
        Boxes.of,
        **head,
        box=arrays(s[0], 4),
        head=arrays(s[0], 2),
        foot=arrays(s[0], 2),
        hands=arrays(s[0], 2, 2),
        **rows(*s),
    )
)
plates = st.tuples(st.integers(1, 4), st.integers(1, 4)).flatmap(
    lambda s: st.builds(Plates, **head, dt_ns=st.integers(1, 10**9), g=arrays(*s))
)
moves = st.builds(CartMove, t_ns=times, direction=st.sampled_from([-1, 1]), beliefs=beliefs, score=st.floats(0, 1))
points = st.floats(-50, 50, width=32)
carts = st.builds(
    Cart,
    **head,
    pos=st.none() | st.tuples(points, points),
    sd=spreads,
    moves=st.lists(moves, max_size=3).map(tuple),
    g=st.none() | st.floats(0, 1e5),
)
gates = st.builds(
    Gate,
    **head,
    gate=names,
    event=st.sampled_from(["enter", "exit"]),
    account=st.none() | names,
    party=st.integers(1, 9),
    role=st.sampled_from(["shopper", "staff"]),
)
tags = st.tuples(st.text("0123456789ABCDEF", min_size=1, max_size=24), st.floats(-90, 0))
portals = st.builds(Portal, **head, portal=names, tags=st.lists(tags, max_size=3).map(tuple))
healths = st.builds(
    Health,
    **head,
    state=st.sampled_from(["ok", "degraded", "down"]),
    text=st.text(max_size=40),
    test=st.lists(st.tuples(names, st.floats(1, 1e6)), max_size=2).map(tuple),
)
messages = st.one_of(plates, people, boxes, carts, gates, portals, healths)


def same(one: Message, other: Message) -> bool:
    """Tell whether two messages hold the same, NaN equal to NaN."""
    pairs = [(getattr(one, field.name), getattr(other, field.name)) for field in fields(one)]
    return type(one) is type(other) and all(
        np.array_equal(a, b, equal_nan=True) if isinstance(a, np.ndarray) else a == b for a, b in pairs
    )


def agree(topic: str, payload: bytes) -> None:
    """Hold what the quick way makes of a payload against the ladder of checks."""
    quick = decode(topic, payload)
    try:
        slow = down_the_ladder(topic, payload)
    except Rejected as rejected:
        assert isinstance(quick, Malformed) and quick.reason == rejected.reason and str(rejected) in quick.text
    else:
        assert not isinstance(quick, Malformed) and same(quick, slow)


@given(messages, messages, st.integers(0, 2**32))
def test_the_quick_way_says_of_good_and_of_spoiled_payloads_what_the_ladder_says(
    one: Message, other: Message, seed: int
) -> None:
    agree(topic_of(one), encode(one))
    frames = [Frame(topic_of(m), encode(m), 0) for m in (one, other)]
    spoiled = mutant(frames[0], frames, random.Random(seed))
    agree(spoiled.topic, spoiled.payload)


def test_a_key_that_stands_for_another_is_no_well_made_payload() -> None:
    nobody = np.zeros((0, 0), np.float32)
    good = fields_of(People.of("c", 0, 1, nobody, nobody, nobody, nobody, nobody, (), ()))
    pairs = [(key, value) for key, value in good.items() if key != "held"]
    for more in (("t", 2), ("v", 1), ("other", 0)):
        body = b"".join(msgpack.packb(key) + msgpack.packb(value) for key, value in [*pairs, more])
        agree("people/c", bytes([0x80 | (len(pairs) + 1)]) + body)
    for key, value in (("t", 1.0), ("seq", True), ("v", 1.0), ("head", ""), ("held", [[0, 0, []]] * 5000)):
        agree("people/c", msgpack.packb(good | {key: value}))


@given(messages)
def test_what_is_encoded_comes_back(message: Message) -> None:
    again = decode(topic_of(message), encode(message))
    assert not isinstance(again, Malformed), again
    assert same(message, again)
    assert encode(again) == encode(message)


@given(st.text(max_size=20), st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_reason(topic: str, payload: bytes) -> None:
    decode(topic, payload)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=16),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(messages, st.data())
def test_one_spoilt_value_never_raises(message: Message, data: st.DataObject) -> None:
    payload = fields_of(message)
    payload[data.draw(st.sampled_from(sorted(payload)))] = data.draw(values)
    decode(topic_of(message), msgpack.packb(payload))


@given(messages, st.data())
def test_a_shortened_payload_is_not_msgpack(message: Message, data: st.DataObject) -> None:
    payload = encode(message)
    cut = payload[: data.draw(st.integers(0, len(payload) - 1))]
    refused = decode(topic_of(message), cut)
    assert isinstance(refused, Malformed)
    assert refused.reason == Reason.NOT_MSGPACK


@given(plates)
def test_arrays_cannot_be_written_to(message: Plates) -> None:
    again = decode(topic_of(message), encode(message))
    assert isinstance(again, Plates)
    with pytest.raises(ValueError, match="read-only"):
        again.g[0, 0] = 1.0


def f4(*numbers: float) -> bytes:
    return np.array(numbers, "<f4").tobytes()


PLATES = {"v": 1, "kind": "plates", "src": "ctl", "seq": 3, "t": 10**18, "dt": 10, "n": 2, "ch": 1}
PLATES["g"] = f4(1, 2)
PERSON = {
    "v": 1, "kind": "people", "src": "cam", "seq": 0, "t": 5, "n": 1,
    "head": f4(1, 2, 1.6), "hands": f4(*[math.nan] * 6), "sd": f4(0.1), "score": f4(0.9),
    "d": 1, "look": np.array([1], "<f2").tobytes(), "ids": [None],
}  # fmt: skip
CART = {"v": 1, "kind": "cart", "src": "c", "seq": 0, "t": 5, "pos": f4(1, 2), "sd": 0.1, "moves": [], "g": 5}
GATE = {
    "v": 1, "kind": "gate", "src": "door", "seq": 0, "t": 5, "gate": "door",
    "event": "enter", "account": None, "party": 1, "role": "shopper",
}  # fmt: skip
PORTAL = {"v": 1, "kind": "portal", "src": "p", "seq": 0, "t": 5, "portal": "p", "tags": [["AB12", -50.0]]}
HEALTH = {"v": 1, "kind": "health", "src": "ctl", "seq": 0, "t": 5, "state": "ok", "text": ""}

REFUSED = [
    (PLATES, {"v": 2}, Reason.UNKNOWN_VERSION, "expected 1, received 2"),
    (PLATES, {"v": True}, Reason.WRONG_TYPE, "'v'"),
    (PLATES, {"kind": "espresso"}, Reason.UNKNOWN_KIND, "received 'espresso'"),
    (PLATES, {"kind": 7}, Reason.WRONG_TYPE, "'kind'"),
    (PLATES, {"src": "a b"}, Reason.OUT_OF_RANGE, "src"),
    (PLATES, {"src": "x" * 65}, Reason.OUT_OF_RANGE, "src"),
    (PLATES, {"src": "other"}, Reason.TOPIC_MISMATCH, "plates/other"),
    (PLATES, {"seq": -1}, Reason.OUT_OF_RANGE, "seq: expected int >= 0, received -1"),
    (PLATES, {"t": 2**63}, Reason.OUT_OF_RANGE, "t: expected"),
    (PLATES, {"t": 2**63 - 5}, Reason.OUT_OF_RANGE, "last sample"),
    (PLATES, {"t": 1.0}, Reason.WRONG_TYPE, "t: expected int, received 1.0"),
    (PLATES, {"t": None}, Reason.WRONG_TYPE, "t"),
    (PLATES, {"dt": 0}, Reason.OUT_OF_RANGE, "dt"),
    (PLATES, {"n": 3}, Reason.WRONG_SHAPE, "g: expected 12 bytes for shape (3, 1), received 8"),
    (PLATES, {"n": 4097}, Reason.OUT_OF_RANGE, "n: expected int <= 4096"),
    (PLATES, {"g": f4(1, math.inf)}, Reason.NOT_FINITE, "g: expected finite"),
    (PLATES, {"g": "AAAAAAAAAAA="}, Reason.WRONG_TYPE, "g: expected bytes"),
    (PERSON, {"head": f4(1, -math.inf, 1)}, Reason.NOT_FINITE, "head"),
    (PERSON, {"n": 1025}, Reason.OUT_OF_RANGE, "n: expected int <= 1024"),
    (PERSON, {"sd": f4(math.nan)}, Reason.NOT_FINITE, "sd[0]"),
    (PERSON, {"sd": f4(0)}, Reason.OUT_OF_RANGE, "sd[0]"),
    (PERSON, {"score": f4(1.5)}, Reason.OUT_OF_RANGE, "score[0]"),
    (PERSON, {"score": f4(math.nan)}, Reason.NOT_FINITE, "score[0]"),
    (PERSON, {"look": np.array([np.inf], "<f2").tobytes()}, Reason.NOT_FINITE, "look"),
    (PERSON, {"d": 2}, Reason.WRONG_SHAPE, "look"),
    (PERSON, {"ids": []}, Reason.WRONG_SHAPE, "ids: expected 1 entries, received 0"),
    (PERSON, {"ids": [5]}, Reason.WRONG_TYPE, "ids[0]"),
    (PERSON, {"held": [[1, 0, []]]}, Reason.OUT_OF_RANGE, "held[0][0]: expected a row below 1"),
    (PERSON, {"held": [[0, 2, []]]}, Reason.OUT_OF_RANGE, "held[0]"),
    (PERSON, {"held": [[0, 1]]}, Reason.WRONG_SHAPE, "held[0]"),
    (PERSON, {"held": [[0, 1, [["a", 0.6], ["b", 0.6]]]]}, Reason.OUT_OF_RANGE, "sum of p"),
    (PERSON, {"held": [[0, 1, [["a", math.nan]]]]}, Reason.NOT_FINITE, "held[0] p"),
    (CART, {"pos": f4(1)}, Reason.WRONG_SHAPE, "pos"),
    (CART, {"pos": f4(1, math.inf)}, Reason.NOT_FINITE, "pos[1]"),
    (CART, {"sd": None}, Reason.NOT_FINITE, "sd"),
    (CART, {"g": math.inf}, Reason.NOT_FINITE, "g"),
    (CART, {"moves": [[5, 0, [], 0.5]]}, Reason.OUT_OF_RANGE, "moves[0]"),
    (CART, {"moves": [[5, 1, [], 2.0]]}, Reason.OUT_OF_RANGE, "moves[0][3]"),
    (GATE, {"event": "linger"}, Reason.OUT_OF_RANGE, "event"),
    (GATE, {"party": 0}, Reason.OUT_OF_RANGE, "party"),
    (GATE, {"role": "thief"}, Reason.OUT_OF_RANGE, "role"),
    (PORTAL, {"tags": [["xyz", -50.0]]}, Reason.OUT_OF_RANGE, "tags[0][0]"),
    (PORTAL, {"tags": [["AB", math.nan]]}, Reason.NOT_FINITE, "tags[0][1]"),
    (PORTAL, {"tags": [["AB", -5.0]] * 1025}, Reason.OUT_OF_RANGE, "tags"),
    (PORTAL, {"tags": [["AB", -5.0]] * 5000}, Reason.OVERSIZED, "payload"),
    (HEALTH, {"test": [["P1", 0.0]]}, Reason.OUT_OF_RANGE, "test[0][1]: expected 1 to 1e+09"),
    (HEALTH, {"test": [["P1", math.nan]]}, Reason.NOT_FINITE, "test[0][1]"),
    (HEALTH, {"test": [["not a plate", 5.0]]}, Reason.OUT_OF_RANGE, "test[0][0]"),
    (HEALTH, {"test": [["P1"]]}, Reason.WRONG_SHAPE, "test[0]"),
]


@pytest.mark.parametrize(("good", "change", "reason", "text"), REFUSED)
def test_a_bad_value_is_refused_by_reason(good: dict, change: dict, reason: Reason, text: str) -> None:
    topic = f"{good['kind']}/{good['src']}"
    assert not isinstance(decode(topic, msgpack.packb(good)), Malformed)
    refused = decode(topic, msgpack.packb(good | change))
    assert isinstance(refused, Malformed)
    assert refused.reason == reason, refused.text
    assert text in refused.text


@pytest.mark.parametrize("good", [PLATES, PERSON, CART, GATE, PORTAL, HEALTH])
def test_every_key_is_required(good: dict) -> None:
    for key in good:
        refused = decode(f"{good['kind']}/{good['src']}", msgpack.packb(good | {"x": 1}))
        assert not isinstance(refused, Malformed), "a key on top is ignored"
        without = {name: value for name, value in good.items() if name != key}
        refused = decode(f"{good['kind']}/{good['src']}", msgpack.packb(without))
        assert isinstance(refused, Malformed)
        assert refused.reason == Reason.MISSING_KEY
        assert key in refused.text


def bare(payload: bytes) -> Reason:
    """Return why a payload under some topic is refused."""
    refused = decode("plates/ctl", payload)
    assert isinstance(refused, Malformed)
    return refused.reason


def test_hostile_bytes_are_refused() -> None:
    packed = msgpack.packb(PLATES)
    twice = bytes([packed[0] + 1]) + packed[1:] + msgpack.packb("seq") + b"\x05"
    assert bare(twice) == Reason.DUPLICATE_KEY
    deep = bytes([packed[0] + 1]) + packed[1:] + msgpack.packb("x") + b"\x91" * 100_000 + b"\x01"
    assert bare(deep) == Reason.TOO_DEEP
    assert bare(b"\x00" * (2**20 + 1)) == Reason.OVERSIZED
    assert bare(packed + b"\x00") == Reason.NOT_MSGPACK
    assert bare(b"\xdd\xff\xff\xff\xff") == Reason.NOT_MSGPACK
    assert bare(b"\x01") == Reason.WRONG_TYPE
    assert bare(b"\x81\x01\x01") == Reason.NOT_MSGPACK


def test_nothing_measured_is_no_position() -> None:
    for pos in (None, f4(math.nan, 1)):
        cart = decode("cart/c", msgpack.packb(CART | {"pos": pos, "sd": None, "g": math.nan}))
        assert isinstance(cart, Cart)
        assert cart.pos is None
        assert cart.g is None
        again = decode("cart/c", encode(cart))
        assert isinstance(again, Cart)
        assert math.isnan(again.sd)


def test_every_payload_of_a_well_behaved_sensor_is_read(shared: Path) -> None:
    for case in ("b01-1", "t25_wire_faults-1", "t31_produce_by_weight-2"):
        bad = 0
        for frame in read_recording(shared / "cases" / case / "recording.mcap"):
            message = decode(frame.topic, frame.payload)
            if isinstance(message, Malformed):
                bad += 1
            elif frame.topic.startswith(("cart", "gate", "portal", "health")):
                assert encode(message) == frame.payload
        assert bad == (24 if case == "t25_wire_faults-1" else 0)
