"""Which multipart messages from the bus become records: a decision about shape and right, made before the journal."""

from collections.abc import Sequence
from enum import StrEnum

from fusion.cards import holds_card
from fusion.journal.record import Origin, Record
from fusion.live.header import HEADER_BYTES_MAX, is_header, read_data
from fusion.live.keys import Allowed
from fusion.messages import Frame, Kind, Malformed, Reason
from fusion.wire import decode

PARTS = 2  # topic or header, payload
TOPIC_CHARS_MAX = 128  # the longest topic a sensor may use has 71
PAYLOAD_BYTES_MAX = (1 << 20) + (1 << 16)  # 1 MiB is legal; the slack lets a little too much be recorded


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


def admit(parts: Sequence[bytes], arrival_ns: int, allowed: Allowed | None = None) -> Record | Refusal:
    """Return the record of one message, or why there is none.

    `allowed` is the owner of the key that it came under, None where there are no keys: who may send what is asked of
    the key and never of the message. Whether the payload means anything is not asked here: rubbish in the right shape
    is recorded. What may not be kept, a card number that a gate sends for an account, never gets there.
    """
    if len(parts) != PARTS:
        return Refusal.PARTS
    first, payload = parts
    topic, origin = first, None
    if is_header(first):
        said = read_data(first)
        if isinstance(said, str):
            return Refusal.HEADER
        topic = said.topic.encode("ascii")
        origin = Origin(said.source, said.boot, said.number, min(said.first, said.number))
    elif not (topic.isascii() and topic.decode("ascii").isprintable() and 0 < len(topic) <= TOPIC_CHARS_MAX):
        return Refusal.TOPIC
    if allowed is not None and not _may_send(topic, origin, allowed):
        return Refusal.SOURCE
    if len(payload) > PAYLOAD_BYTES_MAX:
        return Refusal.PAYLOAD
    if _may_name_accounts(topic) and _holds_card(topic, payload):
        return Refusal.CARD
    return Record(Frame(topic.decode("ascii"), payload, arrival_ns), origin)


def _may_send(topic: bytes, origin: Origin | None, allowed: Allowed) -> bool:
    """Hold a message against the key it came under: what it is about, and which sender it says it is."""
    _, _, src = topic.decode("ascii").partition("/")
    return allowed.may_send(src) and (origin is None or origin.source == allowed.name)


def _may_name_accounts(topic: bytes) -> bool:
    """Tell gates, and whoever is no sensor, from sensors whose numbers and arrays are long and mean something else."""
    kind = topic.decode("ascii").partition("/")[0]
    return kind == Kind.GATE or kind not in KINDS


def _holds_card(topic: bytes, payload: bytes) -> bool:
    """Tell whether a card number is there, also in bytes that are no message, and packed as a number."""
    message = decode(topic.decode("ascii"), payload)
    packed = isinstance(message, Malformed) and message.reason is Reason.CARD_NUMBER
    return packed or holds_card((topic, payload))


KINDS = frozenset(kind.value for kind in Kind)
PART_BYTES_MAX = max(PAYLOAD_BYTES_MAX, HEADER_BYTES_MAX)
