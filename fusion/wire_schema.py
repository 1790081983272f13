"""The shapes of wire payloads (contract section 3) as msgspec reads them: types and bounds.

Field names are the wire's keys; arrays are still bytes. Keys a sensor adds on top are ignored; a missing key
without default is an error.
"""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from fusion.messages import Kind

PAYLOAD_BYTES_MAX = 1 << 20
ROWS_MAX = 1024  # people or boxes in a frame, tags in a portal read, moves in a cart report
SAMPLES_MAX = 4096  # per plates payload
COLUMNS_MAX = 4096  # plates of a controller, numbers of an appearance vector
PARTY_MAX = 1024  # people let in at once
DT_NS_MAX = 60_000_000_000  # a minute between two samples is a broken clock, not a slow plate
TIME_NS_MAX = 2**63 - 1
IDENTIFIER = r"^[A-Za-z0-9._-]{1,64}\Z"

Version: TypeAlias = Literal[1]
NAME_MAX = 64
Identifier: TypeAlias = Annotated[str, Meta(pattern=IDENTIFIER)]
Name: TypeAlias = Annotated[str, Meta(max_length=NAME_MAX)]  # that may be an identifier
Epc: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{1,64}\Z")]
Seq: TypeAlias = Annotated[int, Meta(ge=0, le=TIME_NS_MAX)]
Time: TypeAlias = Annotated[int, Meta(ge=0, le=TIME_NS_MAX)]
Rows: TypeAlias = Annotated[int, Meta(ge=0, le=ROWS_MAX)]
Columns: TypeAlias = Annotated[int, Meta(ge=0, le=COLUMNS_MAX)]
Beliefs: TypeAlias = tuple[tuple[Identifier, float], ...]
HeldRow: TypeAlias = tuple[Annotated[int, Meta(ge=0, lt=ROWS_MAX)], Literal[0, 1], Beliefs]
MoveRow: TypeAlias = tuple[Time, Literal[-1, 1], Beliefs, float]


class PlatesWire(Struct, frozen=True, gc=False):
    src: Identifier
    seq: Seq
    t: Time
    dt: Annotated[int, Meta(ge=1, le=DT_NS_MAX)]
    n: Annotated[int, Meta(ge=1, le=SAMPLES_MAX)]
    ch: Annotated[int, Meta(ge=1, le=COLUMNS_MAX)]
    g: bytes


class PeopleWire(Struct, frozen=True, gc=False):
    src: Identifier
    seq: Seq
    t: Time
    n: Rows
    head: bytes
    hands: bytes
    sd: bytes
    score: bytes
    d: Columns
    look: bytes
    ids: tuple[Identifier | None, ...]
    held: tuple[HeldRow, ...] = ()


class BoxesWire(Struct, frozen=True, gc=False):
    src: Identifier
    seq: Seq
    t: Time
    n: Rows
    box: bytes
    head: bytes
    foot: bytes
    hands: bytes
    sd: bytes
    score: bytes
    d: Columns
    look: bytes
    ids: tuple[Identifier | None, ...]
    held: tuple[HeldRow, ...] = ()


class CartWire(Struct, frozen=True, gc=False):
    src: Identifier
    seq: Seq
    t: Time
    pos: bytes | None
    sd: float | None
    moves: Annotated[tuple[MoveRow, ...], Meta(max_length=ROWS_MAX)]
    g: float | None


class GateWire(Struct, frozen=True, gc=False):
    src: Identifier
    seq: Seq
    t: Time
    gate: Identifier
    event: Literal["enter", "exit"]
    account: Identifier | None
    party: Annotated[int, Meta(ge=1, le=PARTY_MAX)]
    role: Literal["shopper", "staff"]


class PortalWire(Struct, frozen=True, gc=False):
    src: Identifier
    seq: Seq
    t: Time
    portal: Identifier
    tags: Annotated[tuple[tuple[Epc, float], ...], Meta(max_length=ROWS_MAX)]


class HealthWire(Struct, frozen=True, gc=False):
    src: Identifier
    seq: Seq
    t: Time
    state: Literal["ok", "degraded", "down"]
    text: str


class HealthTestWire(HealthWire, frozen=True, gc=False):
    """Ours on top of the contract: `test`, a list of [plate, grams], test weights that are about to be laid there."""

    test: Annotated[tuple[tuple[Identifier, float], ...], Meta(max_length=ROWS_MAX)] = ()


Wire: TypeAlias = PlatesWire | PeopleWire | BoxesWire | CartWire | GateWire | PortalWire | HealthWire

WIRE_OF: dict[str, type[Wire]] = {
    Kind.PLATES: PlatesWire,
    Kind.PEOPLE: PeopleWire,
    Kind.BOXES: BoxesWire,
    Kind.CART: CartWire,
    Kind.GATE: GateWire,
    Kind.PORTAL: PortalWire,
    Kind.HEALTH: HealthTestWire,
}


class PlatesPayload(PlatesWire, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """What a well-made payload has, each key once and no other: read at once, straight from its bytes.

    Whether names are identifiers is left to the reader, who has seen most of them before.
    """

    src: Name
    v: Version
    kind: Literal["plates"]


class PeoplePayload(PeopleWire, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    src: Name
    ids: tuple[Name | None, ...]
    v: Version
    kind: Literal["people"]
    held: tuple[HeldRow, ...]


class BoxesPayload(BoxesWire, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    src: Name
    ids: tuple[Name | None, ...]
    v: Version
    kind: Literal["boxes"]
    held: tuple[HeldRow, ...]


class HealthPayload(HealthWire, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    src: Name
    v: Version
    kind: Literal["health"]


PAYLOADS: dict[str, type[PlatesPayload | PeoplePayload | BoxesPayload | HealthPayload]] = {
    Kind.PLATES: PlatesPayload,
    Kind.PEOPLE: PeoplePayload,
    Kind.BOXES: BoxesPayload,
    Kind.HEALTH: HealthPayload,
}
