"""Which multipart messages from the bus become frames: a decision about shape, made before the tape."""

from collections.abc import Sequence
from enum import StrEnum

from fusion.cards import holds_card
from fusion.messages import Frame, Kind, Malformed, Reason
from fusion.wire import decode

PARTS = 3  # routing id, topic, payload
TOPIC_CHARS_MAX = 128  # the longest topic a sensor may use has 71
PAYLOAD_BYTES_MAX = (1 << 20) + (1 << 16)  # 1 MiB is legal; the slack lets a little too much be recorded


class Refusal(StrEnum):
    """Why a message never reached the tape; each is counted on its own."""

    PARTS = "wrong number of frames"
    TOPIC = "topic is not 1 to 128 printable ASCII characters"
    PAYLOAD = "payload over the size limit"
    TOPICS = "too many different topics"
    CARD = "card number"


def admit(parts: Sequence[bytes], arrival_ns: int) -> Frame | Refusal:
    """Return the frame in one message as the ROUTER gives it, or why there is none.

    Whether the payload means anything is not asked here: rubbish in the right shape goes on the tape. What may not
    be kept, a card number that a gate sends for an account, never gets there.
    """
    if len(parts) != PARTS:
        return Refusal.PARTS
    _, topic, payload = parts
    if not (topic.isascii() and topic.decode("ascii").isprintable() and 0 < len(topic) <= TOPIC_CHARS_MAX):
        return Refusal.TOPIC
    if len(payload) > PAYLOAD_BYTES_MAX:
        return Refusal.PAYLOAD
    if _may_name_accounts(topic) and _holds_card(topic, payload):
        return Refusal.CARD
    return Frame(topic.decode("ascii"), payload, arrival_ns)


def _may_name_accounts(topic: bytes) -> bool:
    """Tell gates, and whoever is no sensor, from sensors whose numbers and arrays are long and mean something else."""
    kind = topic.decode("ascii").partition("/")[0]
    return kind == Kind.GATE or kind not in list(Kind)


def _holds_card(topic: bytes, payload: bytes) -> bool:
    """Tell whether a card number is there, also in bytes that are no message, and packed as a number."""
    message = decode(topic.decode("ascii"), payload)
    packed = isinstance(message, Malformed) and message.reason is Reason.CARD_NUMBER
    return packed or holds_card((topic, payload))
