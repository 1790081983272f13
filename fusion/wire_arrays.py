"""From typed payloads to messages: shapes and values of their arrays checked."""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from fusion.arrays import Singles
from fusion.messages import (
    F2,
    F4,
    Boxes,
    Cart,
    CartMove,
    Gate,
    Health,
    Held,
    Message,
    People,
    Plates,
    Portal,
    Reason,
)
from fusion.wire_schema import (
    PAYLOADS,
    TIME_NS_MAX,
    WIRE_OF,
    Beliefs,
    BoxesWire,
    CartWire,
    GateWire,
    HealthTestWire,
    HealthWire,
    HeldRow,
    MoveRow,
    PeopleWire,
    PlatesWire,
    PortalWire,
    Wire,
)

# What no store needs: far beyond it, squares and sums of numbers would leave the range of floats inside the engine.
METRES_MAX = 1e5
PIXELS_MAX = 1e6
GRAMS_MAX = 1e9
TEST_G_MIN = 1.0  # of a test weight
DBM_MAX = 1e3
SD_MIN = 1e-6  # m or px

INFINITY, MINUS_INFINITY = np.array(np.inf, F2).tobytes(), np.array(-np.inf, F2).tobytes()
ROUNDING = 1e-6  # how far above 1 a probability may come out of float32 sums


Columns: TypeAlias = tuple[tuple[str, tuple[int, ...], int], ...]  # key, shape of a row, numbers in it
OF_PLATES: Columns = (("g", (), 1),)
OF_PEOPLE: Columns = (("head", (3,), 3), ("hands", (2, 3), 6))
OF_BOXES: Columns = (("box", (4,), 4), ("head", (2,), 2), ("foot", (2,), 2), ("hands", (2, 2), 4))


class Rejected(Exception):
    """A payload that is no message; text is place, expected, received."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason


def opened(wire: Wire, src: str) -> Message:
    """Return the message of a typed payload; raises Rejected.

    src is that of the payload, by preference one object for all messages of a source: it is looked up again and again.
    """
    return _OPEN[type(wire)](wire, src)


def _plates(wire: PlatesWire, src: str) -> Plates:
    if wire.t + wire.dt * (wire.n - 1) > TIME_NS_MAX:
        raise Rejected(Reason.OUT_OF_RANGE, f"t: expected the last sample before 2^63 ns, received {wire.t}")
    _check_bytes("g", wire.g, 4 * wire.n * wire.ch, (wire.n, wire.ch))
    g = _check_sizes([wire.g], OF_PLATES, GRAMS_MAX)
    return Plates(src, wire.seq, wire.t, wire.dt, g.reshape((wire.n, wire.ch)))


def _people(wire: PeopleWire, src: str) -> People:
    held = _check_frame(wire, (wire.head, wire.hands), OF_PEOPLE, METRES_MAX)
    return People(
        src, wire.seq, wire.t, wire.n, wire.head, wire.hands, wire.sd, wire.score, wire.d, wire.look, wire.ids,
        held,
    )  # fmt: skip


def _boxes(wire: BoxesWire, src: str) -> Boxes:
    held = _check_frame(wire, (wire.box, wire.head, wire.foot, wire.hands), OF_BOXES, PIXELS_MAX)
    return Boxes(
        src, wire.seq, wire.t, wire.n, wire.box, wire.head, wire.foot, wire.hands, wire.sd, wire.score, wire.d,
        wire.look, wire.ids, held,
    )  # fmt: skip


def _check_frame(
    wire: PeopleWire | BoxesWire, raw: tuple[bytes, ...], columns: Columns, most: float
) -> tuple[Held, ...]:
    """Check a frame, in whose arrays NaN means "not measured" and an infinity a broken sensor; return what is held."""
    n = wire.n
    if n == 0 and not (any(raw) or wire.sd or wire.score or wire.look or wire.ids or wire.held):
        return ()  # most frames of most cameras show nobody
    for part, (key, shape, width) in zip(raw, columns, strict=True):
        if len(part) != 4 * n * width:  # the text of a place is only made for one that is wrong
            _check_bytes(key, part, 4 * n * width, (n, *shape))
    _check_sizes(raw, columns, most)
    if len(wire.sd) != 4 * n or len(wire.score) != 4 * n:
        _check_bytes("sd", wire.sd, 4 * n, (n,))
        _check_bytes("score", wire.score, 4 * n, (n,))
    if len(wire.ids) != n:
        raise Rejected(Reason.WRONG_SHAPE, f"ids: expected {n} entries, received {len(wire.ids)}")
    both = np.frombuffer(wire.sd + wire.score, F4).tolist()
    for row, value in enumerate(both[:n]):
        if not SD_MIN <= value <= PIXELS_MAX:
            _check_between(f"sd[{row}]", value, SD_MIN, PIXELS_MAX)
    for row, value in enumerate(both[n:]):
        if not 0.0 <= value <= 1.0 + ROUNDING:
            _check_share(f"score[{row}]", value)
    held = tuple([_held(row, place, n) for place, row in enumerate(wire.held)])
    _check_look(wire.look, n, wire.d)
    return held


def _check_look(raw: bytes, n: int, d: int) -> None:
    if len(raw) != 2 * n * d:
        _check_bytes("look", raw, 2 * n * d, (n, d))
    # Hardly ever is one of these bytes behind the other: only then is every number looked at.
    if (INFINITY in raw or MINUS_INFINITY in raw) and np.isinf(np.frombuffer(raw, F2)).any():
        raise Rejected(Reason.NOT_FINITE, "look: expected finite numbers or NaN, received an infinity")


def _held(held: HeldRow, place: int, n: int) -> Held:
    row, hand, beliefs = held
    if row >= n:
        raise Rejected(Reason.OUT_OF_RANGE, f"held[{place}][0]: expected a row below {n}, received {row}")
    _check_beliefs(f"held[{place}]", beliefs)
    return Held(row, hand, beliefs)


def _cart(wire: CartWire, src: str) -> Cart:
    pos = _position(wire.pos)
    sd = math.nan if wire.sd is None else wire.sd
    if pos is not None:
        _check_between("sd", sd, SD_MIN, METRES_MAX)
    g = None if wire.g is None or math.isnan(wire.g) else wire.g
    if g is not None:
        _check_between("g", g, -GRAMS_MAX, GRAMS_MAX)
    moves = tuple(_move(move, place) for place, move in enumerate(wire.moves))
    return Cart(src, wire.seq, wire.t, pos, sd, moves, g)


def _position(raw: bytes | None) -> tuple[float, float] | None:
    if raw is None:
        return None
    _check_bytes("pos", raw, 8, (2,))
    x, y = np.frombuffer(raw, F4).tolist()
    if math.isnan(x) or math.isnan(y):
        return None
    _check_between("pos[0]", x, -METRES_MAX, METRES_MAX)
    _check_between("pos[1]", y, -METRES_MAX, METRES_MAX)
    return x, y


def _move(move: MoveRow, place: int) -> CartMove:
    t_ns, direction, beliefs, score = move
    _check_beliefs(f"moves[{place}]", beliefs)
    _check_share(f"moves[{place}][3]", score)
    return CartMove(t_ns, direction, beliefs, score)


def _gate(wire: GateWire, src: str) -> Gate:
    return Gate(src, wire.seq, wire.t, wire.gate, wire.event, wire.account, wire.party, wire.role)


def _portal(wire: PortalWire, src: str) -> Portal:
    for row, (_, rssi_dbm) in enumerate(wire.tags):
        _check_between(f"tags[{row}][1]", rssi_dbm, -DBM_MAX, DBM_MAX)
    return Portal(src, wire.seq, wire.t, wire.portal, wire.tags)


def _health(wire: HealthWire, src: str) -> Health:
    test = wire.test if isinstance(wire, HealthTestWire) else ()
    for row, (_, g) in enumerate(test):
        _check_between(f"test[{row}][1]", g, TEST_G_MIN, GRAMS_MAX)
    return Health(src, wire.seq, wire.t, wire.state, wire.text, test)


def _check_bytes(key: str, raw: bytes, expected: int, shape: tuple[int, ...]) -> None:
    if len(raw) != expected:
        text = f"{key}: expected {expected} bytes for shape {shape}, received {len(raw)}"
        raise Rejected(Reason.WRONG_SHAPE, text)


def _check_sizes(raw: Sequence[bytes], columns: Columns, most: float) -> Singles:
    """Return the numbers of some arrays, one behind the other; raises Rejected for any beyond most."""
    # One pass over all arrays: most of the cost is the call, not the numbers. NaN is no number and passes.
    numbers = np.frombuffer(b"".join(raw) if len(raw) > 1 else raw[0], F4)
    if not np.count_nonzero(np.abs(numbers) > most):
        return numbers
    key, worst = next((key, v) for (key, _, _), part in zip(columns, raw, strict=True) if (v := _largest(part)) > most)
    if math.isinf(worst):
        raise Rejected(Reason.NOT_FINITE, f"{key}: expected finite numbers or NaN, received an infinity")
    raise Rejected(Reason.OUT_OF_RANGE, f"{key}: expected numbers up to {most:g} or NaN, received {worst:g}")


def _largest(part: bytes) -> float:
    numbers = np.abs(np.frombuffer(part, F4))
    return float(numbers[~np.isnan(numbers)].max(initial=0.0))  # np.fmax lets a NaN that signals win


def _check_finite(place: str, value: float) -> None:
    if not math.isfinite(value):
        raise Rejected(Reason.NOT_FINITE, f"{place}: expected a finite number, received {value}")


def _check_between(place: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        _check_finite(place, value)
        raise Rejected(Reason.OUT_OF_RANGE, f"{place}: expected {least:g} to {most:g}, received {value:g}")


def _check_share(place: str, value: float) -> None:
    if not 0.0 <= value <= 1.0 + ROUNDING:
        _check_finite(place, value)
        raise Rejected(Reason.OUT_OF_RANGE, f"{place}: expected 0 to 1, received {value:g}")


def _check_beliefs(place: str, beliefs: Beliefs) -> None:
    for _, p in beliefs:
        _check_share(f"{place} p", p)
    _check_share(f"{place}, sum of p", math.fsum([p for _, p in beliefs]))


_OPEN: dict[type[Wire], Callable[[Any, str], Message]] = {
    PlatesWire: _plates,
    PeopleWire: _people,
    BoxesWire: _boxes,
    CartWire: _cart,
    GateWire: _gate,
    PortalWire: _portal,
    HealthTestWire: _health,
}
_OPEN |= {PAYLOADS[kind]: _OPEN[WIRE_OF[kind]] for kind in PAYLOADS}
