"""Which multipart messages from the bus become records: a decision about shape and right, made before the journal."""

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from fusion.cards import holds_card
from fusion.journal.record import Origin, Record
from fusion.live.header import HEADER_BYTES_MAX, is_header, read_data
from fusion.live.keys import NAME, Allowed
from fusion.messages import Frame, Kind, Malformed, Reason
from fusion.wire import decode

PARTS = 2  # topic or header, payload
TOPIC_CHARS_MAX = 128  # the longest topic a sensor may use has 71
PAYLOAD_BYTES_MAX = (1 << 20) + (1 << 16)  # 1 MiB is legal; the slack lets a little too much be recorded


KINDS = frozenset(kind.value for kind in Kind)
PART_BYTES_MAX = max(PAYLOAD_BYTES_MAX, HEADER_BYTES_MAX)


class Refusal(StrEnum):
    """Why a message never reached the journal; each is counted on its own."""

    PARTS = "wrong number of frames"
    TOPIC = "topic is not 1 to 128 printable ASCII characters"
    HEADER = "header that cannot be read"
    PAYLOAD = "payload over the size limit"
    TOPICS = "too many different topics"
    CARD = "card number"
    STRANGER = "key that is not allowed"
    SOURCE = "source that the key may not speak for"
    RATE = "over the rate limit"


class About(NamedTuple):
    """What a topic says."""

    src: str
    may_name_accounts: bool


def admit(parts: Sequence[bytes], arrival_ns: int, allowed: Allowed | None = None) -> Record | Refusal:
    """Return the record of one message, or why there is none.

    `allowed` is the owner of the key that it came under, None where there are no keys: who may send what is asked of
    the key and never of the message. Whether the payload means anything is not asked here: rubbish in the right shape
    is recorded. What may not be kept, a card number that a gate sends for an account, never gets there.
    """
    if len(parts) != PARTS:
        return Refusal.PARTS
    first, payload = parts
    origin = None
    if is_header(first):
        said = read_data(first)
        if isinstance(said, str) or not _is_name(said.source):
            return Refusal.HEADER
        topic = said.topic
        origin = Origin(said.source, said.boot, said.number, min(said.first, said.number))
    else:
        topic = first[: TOPIC_CHARS_MAX + 1].decode("latin-1")
    about = _about(topic)
    if about is None:
        return Refusal.TOPIC
    if allowed is not None and not (allowed.may_send(about.src) and (origin is None or origin.source == allowed.name)):
        return Refusal.SOURCE
    if len(payload) > PAYLOAD_BYTES_MAX:
        return Refusal.PAYLOAD
    if about.may_name_accounts and _holds_card(topic, payload):
        return Refusal.CARD
    return Record(Frame(topic, payload, arrival_ns), origin)


@lru_cache(maxsize=8192)
def _is_name(source: str) -> bool:
    return NAME.fullmatch(source) is not None


@lru_cache(maxsize=8192)
def _about(topic: str) -> About | None:
    """Return what a topic says, None for one that may not be."""
    if not (topic.isascii() and topic.isprintable() and 0 < len(topic) <= TOPIC_CHARS_MAX):
        return None
    kind, _, src = topic.partition("/")
    # Sensors' numbers and arrays are long and mean something else; gates, and whoever is no sensor, may name accounts.
    return About(src, kind == Kind.GATE or kind not in KINDS)


def _holds_card(topic: str, payload: bytes) -> bool:
    """Tell whether a card number is there, also in bytes that are no message, and packed as a number."""
    message = decode(topic, payload)
    packed = isinstance(message, Malformed) and message.reason is Reason.CARD_NUMBER
    return packed or holds_card((topic, payload))
