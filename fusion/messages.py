"""Typed messages: what sensors say, one frozen dataclass a kind (contract section 3).

Times are integer nanoseconds since the Unix epoch by the sensor's own clock; lengths metres, masses grams, image
points pixels. NaN in an array means "not measured". Array fields are little-endian and read-only.
"""

from enum import StrEnum
from typing import TypeAlias

from fusion.arrays import Singles
from fusion.frozen import record


class Kind(StrEnum):
    """The kinds of message, as on the wire."""

    PLATES = "plates"
    PEOPLE = "people"
    BOXES = "boxes"
    CART = "cart"
    GATE = "gate"
    PORTAL = "portal"
    HEALTH = "health"


@record()
class Held:
    """What a classifier believes one hand of one detected person holds."""

    row: int
    hand: int  # 0 or 1
    beliefs: tuple[tuple[str, float], ...]  # (sku, p); the rest of 1 is "nothing or unknown"


@record(eq=False)
class Plates:
    """A batch of samples of one shelf controller."""

    src: str
    seq: int
    t_ns: int  # of the first sample
    dt_ns: int
    g: Singles  # (n, ch) grams, unknown zero


@record(eq=False)
class People:
    """One frame of a depth camera or pose system."""

    src: str
    seq: int
    t_ns: int
    head: Singles  # (n, 3) m, centre of the head
    hands: Singles  # (n, 2, 3) m
    sd: Singles  # (n,) m per coordinate
    score: Singles  # (n,)
    look: Singles  # (n, d) unit appearance vectors; d may be 0
    ids: tuple[str | None, ...]
    held: tuple[Held, ...]


@record(eq=False)
class Boxes:
    """One frame of an image camera."""

    src: str
    seq: int
    t_ns: int
    box: Singles  # (n, 4) px left, top, width, height
    head: Singles  # (n, 2) px
    foot: Singles  # (n, 2) px
    hands: Singles  # (n, 2, 2) px
    sd: Singles  # (n,) px
    score: Singles  # (n,)
    look: Singles  # (n, d)
    ids: tuple[str | None, ...]
    held: tuple[Held, ...]


@record()
class CartMove:
    """An item the cart camera saw going into (+1) or out of (-1) the basket."""

    t_ns: int
    direction: int
    beliefs: tuple[tuple[str, float], ...]  # (sku, p)
    score: float


@record()
class Cart:
    """A report of one cart camera."""

    src: str
    seq: int
    t_ns: int
    pos: tuple[float, float] | None  # m
    sd: float  # m
    moves: tuple[CartMove, ...]
    g: float | None  # basket, grams


@record()
class Gate:
    """Somebody was let in or went out."""

    src: str
    seq: int
    t_ns: int
    gate: str
    event: str  # "enter" or "exit"
    account: str | None
    party: int
    role: str  # "shopper" or "staff"


@record()
class Portal:
    """RFID tags read at the exit."""

    src: str
    seq: int
    t_ns: int
    portal: str
    tags: tuple[tuple[str, float], ...]  # (epc hex, dBm)


@record()
class Health:
    """A sensor's word about itself."""

    src: str
    seq: int
    t_ns: int
    state: str  # "ok", "degraded" or "down"
    text: str


Message: TypeAlias = Plates | People | Boxes | Cart | Gate | Portal | Health

KIND_OF: dict[type[Message], Kind] = {
    Plates: Kind.PLATES,
    People: Kind.PEOPLE,
    Boxes: Kind.BOXES,
    Cart: Kind.CART,
    Gate: Kind.GATE,
    Portal: Kind.PORTAL,
    Health: Kind.HEALTH,
}


class Reason(StrEnum):
    """Why a payload was rejected; each is counted on its own."""

    OVERSIZED = "oversized"
    NOT_MSGPACK = "not msgpack"
    DUPLICATE_KEY = "duplicate key"
    TOO_DEEP = "nested too deeply"
    UNKNOWN_VERSION = "unknown version"
    UNKNOWN_KIND = "unknown kind"
    MISSING_KEY = "missing key"
    WRONG_TYPE = "wrong type"
    WRONG_SHAPE = "wrong shape"
    OUT_OF_RANGE = "out of range"
    NOT_FINITE = "not finite"
    TOPIC_MISMATCH = "topic does not match payload"
    CARD_NUMBER = "card number"


@record()
class Malformed:
    """A payload that is no message: kept as a value, counted by reason, never an exception."""

    reason: Reason
    text: str  # place, expected, received


@record()
class Frame:
    """One message as it came: what the tape holds."""

    topic: str
    payload: bytes
    arrival_ns: int  # recorder's clock; kept for diagnosis, never an input to the engine
