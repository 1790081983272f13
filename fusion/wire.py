"""Bytes to messages and back: msgpack maps as the contract's section 3 writes them.

Theory of operation: `decode` is a ladder of checks, cheapest first: size, msgpack (its own stack refuses deep nesting
whatever the caller's stack, and the pairs hook sees duplicate keys), version and kind, types and bounds (msgspec),
topic, then array shapes and values. The first rung that fails names the reason; nothing is repaired here. Nearly all
payloads are well made: these are read at once (_quickly), and what is not goes down the ladder. Accounts come from
gates: a gate's message with a card number anywhere in it is refused before any other rung could quote it.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import msgpack  # type: ignore[import-untyped]
import msgspec

from fusion.cards import NOT_SHOWN, holds_card, holds_card_number
from fusion.messages import KIND_OF, Kind, Malformed, Message, Reason
from fusion.wire_arrays import Rejected, opened
from fusion.wire_fields import VERSION, Fields, fields_of
from fusion.wire_schema import IDENTIFIER, PAYLOAD_BYTES_MAX, PAYLOADS, WIRE_OF, BoxesWire, PeopleWire, Wire

TOPIC_MAX = 80  # characters: a kind, a stroke and an identifier are fewer
LIST_MAX = 4096  # entries of any list or map: msgpack would reserve memory for what a header merely claims
SHOWN_MAX = 80  # characters of a rejected value quoted in a text
CAMERA_FRAMES = (PeopleWire, BoxesWire)
NUMBERS = ("seq", "t")  # of a gate's message: long by nature, and no card numbers


def topic_of(message: Message) -> str:
    """Return the topic a message travels under: "kind/src"."""
    return f"{KIND_OF[type(message)]}/{message.src}"


def encode(message: Message) -> bytes:
    """Return the payload of a message: a msgpack map with the contract's keys."""
    packed: bytes = msgpack.packb(fields_of(message))
    return packed


def decode(topic: str, payload: bytes) -> Message | Malformed:
    """Return the message in a payload, or why there is none; never raises."""
    try:
        return _decode(topic, payload)
    except Rejected as rejected:
        place = NOT_SHOWN if holds_card_number(topic) else repr(topic[:SHOWN_MAX])
        return Malformed(rejected.reason, f"{place}: {rejected}")


def _decode(topic: str, payload: bytes) -> Message:
    known = _reader(topic) if len(topic) <= TOPIC_MAX else None
    if known is not None and (quick := _quickly(known, payload)) is not None:
        return opened(quick, known.src)
    return down_the_ladder(topic, payload)


def down_the_ladder(topic: str, payload: bytes) -> Message:
    """Return the message in a payload by every check in turn; raises Rejected with the first that fails."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        text = f"payload: expected at most {PAYLOAD_BYTES_MAX} bytes, received {len(payload)}"
        raise Rejected(Reason.OVERSIZED, text)
    fields = _unpack(payload)
    _refuse_cards(topic, fields)
    _check_version(fields)
    wire = _typed(fields, _kind(fields))
    expected = f"{fields['kind']}/{wire.src}"
    if topic != expected:
        raise Rejected(Reason.TOPIC_MISMATCH, f"expected topic {expected!r}")
    return opened(wire, wire.src)


def _quickly(known: "_Reader", payload: bytes) -> Wire | None:
    """Return what a well-made payload holds, straight from its bytes; None for any other, which the ladder judges.

    The map's head says as many entries as there are keys, all keys are there and no others: so none is there twice.
    A payload of no more bytes than LIST_MAX has no list that is longer, and none but `held` may be.
    """
    if not payload.startswith(known.head) or len(payload) > PAYLOAD_BYTES_MAX:
        return None
    try:
        wire = known.read(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if wire.src != known.src:
        return None
    if isinstance(wire, CAMERA_FRAMES):
        for name in wire.ids:
            if name is not None and not _is_identifier(name):
                return None
    if len(payload) > LIST_MAX and isinstance(wire, CAMERA_FRAMES):
        longest = max([len(wire.held), *(len(beliefs) for _, _, beliefs in wire.held)])
        return wire if longest <= LIST_MAX else None
    return wire


def _map_head(entries: int) -> bytes:
    """Return how msgpack begins a map."""
    return bytes([0x80 | entries]) if entries < 16 else b"\xde" + entries.to_bytes(2, "big")


class _Reader(NamedTuple):
    """How what is sent under a topic is read when it is well made."""

    head: bytes  # of the map
    read: Callable[[bytes], Wire]
    src: str


READERS: dict[str, tuple[bytes, Callable[[bytes], Wire]]] = {
    kind: (_map_head(len(msgspec.structs.fields(schema))), msgspec.msgpack.Decoder(schema).decode)
    for kind, schema in PAYLOADS.items()
}


@lru_cache(maxsize=4096)
def _reader(topic: str) -> _Reader | None:
    kind, _, src = topic.partition("/")
    return _Reader(*READERS[kind], src) if kind in READERS and _is_identifier(src) else None


@lru_cache(maxsize=8192)
def _is_identifier(name: str) -> bool:
    """Tell whether a name is one, of which nearly all have been seen before."""
    return re.search(IDENTIFIER, name) is not None


def _unpack(payload: bytes) -> Fields:
    try:
        fields = msgpack.unpackb(payload, object_pairs_hook=_unique, max_array_len=LIST_MAX, max_map_len=LIST_MAX)
    except msgpack.StackError:
        raise Rejected(Reason.TOO_DEEP, "payload: expected at most 1024 levels, received more") from None
    except msgpack.ExtraData as error:
        text = f"payload: expected one msgpack map, received {len(error.extra)} bytes after it"
        raise Rejected(Reason.NOT_MSGPACK, text) from None
    except ValueError as error:
        # A list that long can really be there only when the payload has a byte for each entry.
        crowded = "exceeds max" in str(error) and len(payload) > LIST_MAX
        reason = Reason.OVERSIZED if crowded else Reason.NOT_MSGPACK
        received = str(error) or "bytes that are none"
        raise Rejected(reason, f"payload: expected a msgpack map, received {received[:SHOWN_MAX]}") from None
    if not isinstance(fields, dict):
        received = type(fields).__name__
        raise Rejected(Reason.WRONG_TYPE, f"payload: expected a map, received {received}")
    return fields


def _unique(pairs: list[tuple[str, Any]]) -> Fields:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        text = f"key {_shown(twice)}: expected once, received {keys.count(twice)} times"
        raise Rejected(Reason.DUPLICATE_KEY, text)
    return fields


def _refuse_cards(topic: str, fields: Fields) -> None:
    if not (topic.startswith(f"{Kind.GATE}/") or fields.get("kind") == Kind.GATE):
        return
    if holds_card([topic, {key: value for key, value in fields.items() if key not in NUMBERS}]):
        raise Rejected(Reason.CARD_NUMBER, f"payload: expected accounts and payment tokens, received {NOT_SHOWN}")


def _check_version(fields: Fields) -> None:
    version = _required(fields, "v")
    if type(version) is not int:
        raise Rejected(Reason.WRONG_TYPE, f"key 'v': expected int, received {_shown(version)}")
    if version != VERSION:
        raise Rejected(Reason.UNKNOWN_VERSION, f"key 'v': expected {VERSION}, received {version}")


def _kind(fields: Fields) -> type[Wire]:
    kind = _required(fields, "kind")
    if not isinstance(kind, str):
        raise Rejected(Reason.WRONG_TYPE, f"key 'kind': expected str, received {_shown(kind)}")
    if kind not in WIRE_OF:
        known = ", ".join(WIRE_OF)
        raise Rejected(Reason.UNKNOWN_KIND, f"key 'kind': expected one of {known}, received {_shown(kind)}")
    return WIRE_OF[kind]


def _required(fields: Fields, key: str) -> Any:
    if key not in fields:
        raise Rejected(Reason.MISSING_KEY, f"key {key!r}: expected, received nothing")
    return fields[key]


def _typed(fields: Fields, schema: type[Wire]) -> Wire:
    try:
        # builtin_types keeps a base64 string from passing for bytes.
        return msgspec.convert(fields, schema, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise _rejection(str(error), fields) from None


def _rejection(error: str, fields: Fields) -> Rejected:
    expected, _, place = error.partition(" - at ")
    place = place.strip("`").removeprefix("$.") or "payload"
    key = place.split("[")[0].split(".")[0]
    received = _shown(fields.get(key))
    if expected.startswith("Object missing required field"):
        return Rejected(Reason.MISSING_KEY, f"{expected.rsplit(' ', 1)[1]}: expected, received nothing")
    if ", got " not in expected:
        reason = Reason.OUT_OF_RANGE
    else:
        reason = Reason.WRONG_SHAPE if " of length " in expected else Reason.WRONG_TYPE
    return Rejected(reason, f"{place}: {_lowered(expected)}, received {received}")


def _lowered(expected: str) -> str:
    return expected[0].lower() + expected[1:].partition(", got ")[0].replace("`", "")


def _shown(value: object) -> str:
    text = repr(value) if not isinstance(value, bytes) else f"{len(value)} bytes"
    if holds_card_number(text) or holds_card(value):  # digits of an escaped character may hide it in the text
        return NOT_SHOWN
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 3] + "..."
