"""Mutants of good messages: each is one way in which bytes, a map or an array goes wrong."""

import random
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgpack  # type: ignore[import-untyped]

from fusion.messages import Frame

DEVICE: Final = "scanner"  # no sensor of the store
BYTES_MAX: Final = 4096  # of plain rubbish
NUMBERS: Final = (0, 1, -1, 2**31, 2**63 - 1, -(2**63), 2**64 - 1, 1e308, -1e308, float("nan"), float("inf"))
WORDS: Final = ("", "\x00", "a" * 300, "../../etc", "ctl-G1", "\u202e", "4111111111111111")
FLOATS: Final = (
    b"\x00\x00\xc0\x7f",
    b"\x00\x00\x80\x7f",
    b"\xff\xff\x7f\x7f",
    b"\x01\x00\x00\x00",
)  # NaN, inf, max, 1e-45


def mutant(frame: Frame, others: Sequence[Frame], rng: random.Random) -> Frame:
    """Return a frame that was good once, wrong in one to three ways; others lend their parts."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        frame = rng.choice(WAYS)(frame, others, rng)
    return frame


def _flipped(frame: Frame, others: Sequence[Frame], rng: random.Random) -> Frame:
    out = bytearray(frame.payload)
    for _ in range(rng.randint(1, 8) if out else 0):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return _with(frame, bytes(out))


def _cut(frame: Frame, others: Sequence[Frame], rng: random.Random) -> Frame:
    return _with(frame, frame.payload[: rng.randint(0, len(frame.payload))])


def _grown(frame: Frame, others: Sequence[Frame], rng: random.Random) -> Frame:
    at = rng.randint(0, len(frame.payload))
    return _with(frame, frame.payload[:at] + rng.randbytes(rng.randint(1, 64)) + frame.payload[at:])


def _spliced(frame: Frame, others: Sequence[Frame], rng: random.Random) -> Frame:
    other = rng.choice(others).payload
    return _with(frame, frame.payload[: rng.randint(0, len(frame.payload))] + other[rng.randint(0, len(other)) :])


def _rubbish(frame: Frame, others: Sequence[Frame], rng: random.Random) -> Frame:
    return _with(frame, rng.randbytes(rng.randint(0, BYTES_MAX)))


def _misnamed(frame: Frame, others: Sequence[Frame], rng: random.Random) -> Frame:
    topic = rng.choice((rng.choice(others).topic, rng.choice(WORDS), frame.topic + rng.choice(WORDS), frame.topic[:-1]))
    return Frame(topic, frame.payload, frame.arrival_ns)


def _revalued(frame: Frame, others: Sequence[Frame], rng: random.Random) -> Frame:
    """Put another value of any kind somewhere in the map."""
    fields = _fields(frame.payload)
    if not fields:
        return _flipped(frame, others, rng)
    key = rng.choice(sorted(fields, key=str))
    fields[key] = _value(rng, fields[key])
    return _with(frame, _packed(fields, frame.payload))


def _rekeyed(frame: Frame, others: Sequence[Frame], rng: random.Random) -> Frame:
    """Drop a key, add one, or give one the value of another message."""
    fields, lent = _fields(frame.payload), _fields(rng.choice(others).payload)
    if not fields or not lent:
        return _cut(frame, others, rng)
    key = rng.choice(sorted(fields, key=str))
    match rng.randrange(3):
        case 0:
            del fields[key]
        case 1:
            fields[rng.choice(WORDS)] = fields[key]
        case _:
            other = rng.choice(sorted(lent, key=str))
            fields[other] = lent[other]
    return _with(frame, _packed(fields, frame.payload))


def _filled(frame: Frame, others: Sequence[Frame], rng: random.Random) -> Frame:
    """Put NaN, infinity or the largest of floats into an array, which stays as long as it was."""
    fields = _fields(frame.payload)
    arrays = [key for key, value in fields.items() if isinstance(value, bytes) and len(value) >= 4]
    if not arrays:
        return _flipped(frame, others, rng)
    key = rng.choice(sorted(arrays, key=str))
    data = bytearray(fields[key])
    for _ in range(rng.randint(1, 6)):
        at = 4 * rng.randrange(len(data) // 4)
        data[at : at + 4] = rng.choice(FLOATS)
    fields[key] = bytes(data)
    return _with(frame, _packed(fields, frame.payload))


def _announced(frame: Frame, others: Sequence[Frame], rng: random.Random) -> Frame:
    """Tell of test weights that nobody lays anywhere, on plates or none, as a sensor or a device."""
    fields = _fields(frame.payload)
    if fields.get("kind") != "health":
        return _revalued(frame, others, rng)
    plates = [f"G{rng.randint(1, 3)}-s{rng.randint(1, 4)}-p{rng.randint(1, 12):02d}" for _ in range(rng.randint(0, 4))]
    fields["test"] = [[plate, rng.choice((200.0, 500.0, *NUMBERS))] for plate in plates]
    if rng.random() < 0.5:
        fields["src"], frame = DEVICE, Frame(f"health/{DEVICE}", frame.payload, frame.arrival_ns)
    return _with(frame, _packed(fields, frame.payload))


def _value(rng: random.Random, old: Any) -> Any:
    choices: tuple[Any, ...] = (
        rng.choice(NUMBERS),
        rng.choice(WORDS),
        rng.randbytes(rng.randint(0, 64)),
        None,
        rng.random() < 0.5,
        [old] * rng.randint(0, 5),
        {"a": old},
        [[[[[[[[old]]]]]]]],
    )
    if isinstance(old, int) and not isinstance(old, bool):
        choices = (*choices, *3 * (old + rng.choice((1, -1, 10**6, 10**9, -(10**9), 10**12)),))
    return rng.choice(choices)


def _fields(payload: bytes) -> dict[Any, Any]:
    try:
        value = msgpack.unpackb(payload, strict_map_key=False)
    except Exception:  # already spoilt by another way
        return {}
    return value if isinstance(value, dict) else {}


def _packed(fields: dict[Any, Any], old: bytes) -> bytes:
    try:
        packed: bytes = msgpack.packb(fields)
    except (ValueError, OverflowError):  # deeper, or wider, than msgpack itself writes
        return old
    return packed


def _with(frame: Frame, payload: bytes) -> Frame:
    return Frame(frame.topic, payload, frame.arrival_ns)


Way = Callable[[Frame, Sequence[Frame], random.Random], Frame]
WAYS: Final[tuple[Way, ...]] = (
    *(_flipped, _cut, _grown, _spliced, _rubbish, _misnamed),
    *(_revalued, _revalued, _rekeyed, _filled, _announced),
)
