"""Typed messages: what sensors say, one frozen dataclass a kind (contract section 3).

Times are integer nanoseconds since the Unix epoch by the sensor's own clock; lengths metres, masses grams, image
points pixels. NaN in an array means "not measured". Arrays are little-endian and read-only. Those of a camera's frame
stay the bytes they travelled as: all frames of a slice are gathered before any is opened (intake/pictures.py).
"""

from enum import StrEnum
from typing import Final, Self, TypeAlias

import numpy as np

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


F4: Final = np.dtype("<f4")
F2: Final = np.dtype("<f2")


def packed(values: Singles) -> bytes:
    """Return numbers as they travel."""
    return np.ascontiguousarray(values, F4).tobytes()


def packed_look(look: Singles) -> bytes:
    """Return appearance vectors as they travel: with half the digits."""
    return np.ascontiguousarray(look, F2).tobytes()


def opened_look(raw: bytes, n: int, dim: int) -> Singles:
    """Return appearance vectors (n, dim) that travelled as bytes."""
    return np.frombuffer(raw, F2).astype(np.float32).reshape(n, dim)


@record(eq=False)
class People:
    """One frame of a depth camera or pose system, which shows n people."""

    src: str
    seq: int
    t_ns: int
    n: int
    head_f4: bytes  # (n, 3) m, centre of the head
    hands_f4: bytes  # (n, 2, 3) m
    sd_f4: bytes  # (n,) m per coordinate
    score_f4: bytes  # (n,)
    look_dim: int  # numbers of an appearance vector; may be 0
    look_f2: bytes  # (n, look_dim) unit appearance vectors
    ids: tuple[str | None, ...]
    held: tuple[Held, ...]

    @classmethod
    def of(
        cls,
        src: str,
        seq: int,
        t_ns: int,
        head: Singles,
        hands: Singles,
        sd: Singles,
        score: Singles,
        look: Singles,
        ids: tuple[str | None, ...],
        held: tuple[Held, ...],
    ) -> Self:
        """Return a frame with some arrays, shaped as its fields say."""
        return cls(
            src, seq, t_ns, len(head), packed(head), packed(hands), packed(sd), packed(score),
            look.shape[1], packed_look(look), ids, held,
        )  # fmt: skip

    @property
    def head(self) -> Singles:
        """The heads, (n, 3) m."""
        return np.frombuffer(self.head_f4, F4).reshape(self.n, 3)

    @property
    def hands(self) -> Singles:
        """The hands, (n, 2, 3) m."""
        return np.frombuffer(self.hands_f4, F4).reshape(self.n, 2, 3)

    @property
    def sd(self) -> Singles:
        """The noise of each, (n,) m."""
        return np.frombuffer(self.sd_f4, F4)

    @property
    def score(self) -> Singles:
        """How sure the detector is of each, (n,)."""
        return np.frombuffer(self.score_f4, F4)

    @property
    def look(self) -> Singles:
        """What each looks like, (n, look_dim)."""
        return opened_look(self.look_f2, self.n, self.look_dim)


@record(eq=False)
class Boxes:
    """One frame of an image camera, which shows n people."""

    src: str
    seq: int
    t_ns: int
    n: int
    box_f4: bytes  # (n, 4) px left, top, width, height
    head_f4: bytes  # (n, 2) px
    foot_f4: bytes  # (n, 2) px
    hands_f4: bytes  # (n, 2, 2) px
    sd_f4: bytes  # (n,) px
    score_f4: bytes  # (n,)
    look_dim: int
    look_f2: bytes  # (n, look_dim)
    ids: tuple[str | None, ...]
    held: tuple[Held, ...]

    @classmethod
    def of(
        cls,
        src: str,
        seq: int,
        t_ns: int,
        box: Singles,
        head: Singles,
        foot: Singles,
        hands: Singles,
        sd: Singles,
        score: Singles,
        look: Singles,
        ids: tuple[str | None, ...],
        held: tuple[Held, ...],
    ) -> Self:
        """Return a frame with some arrays, shaped as its fields say."""
        return cls(
            src, seq, t_ns, len(head), packed(box), packed(head), packed(foot), packed(hands), packed(sd),
            packed(score), look.shape[1], packed_look(look), ids, held,
        )  # fmt: skip

    @property
    def box(self) -> Singles:
        """The boxes, (n, 4) px."""
        return np.frombuffer(self.box_f4, F4).reshape(self.n, 4)

    @property
    def head(self) -> Singles:
        """The heads, (n, 2) px."""
        return np.frombuffer(self.head_f4, F4).reshape(self.n, 2)

    @property
    def foot(self) -> Singles:
        """The feet, (n, 2) px."""
        return np.frombuffer(self.foot_f4, F4).reshape(self.n, 2)

    @property
    def hands(self) -> Singles:
        """The hands, (n, 2, 2) px."""
        return np.frombuffer(self.hands_f4, F4).reshape(self.n, 2, 2)

    @property
    def sd(self) -> Singles:
        """The noise of each, (n,) px."""
        return np.frombuffer(self.sd_f4, F4)

    @property
    def score(self) -> Singles:
        """How sure the detector is of each, (n,)."""
        return np.frombuffer(self.score_f4, F4)

    @property
    def look(self) -> Singles:
        """What each looks like, (n, look_dim)."""
        return opened_look(self.look_f2, self.n, self.look_dim)


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
    test: tuple[tuple[str, float], ...] = ()  # (plate, grams): test weights that are about to be laid there


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
