"""Which multipart messages from the bus become frames: a decision about shape, made before the tape."""

from collections.abc import Sequence
from enum import StrEnum

from fusion.messages import Frame

PARTS = 3  # routing id, topic, payload
TOPIC_CHARS_MAX = 128  # the longest topic a sensor may use has 71
PAYLOAD_BYTES_MAX = (1 << 20) + (1 << 16)  # 1 MiB is legal; the slack lets a little too much be recorded


class Refusal(StrEnum):
    """Why a message never reached the tape; each is counted on its own."""

    PARTS = "wrong number of frames"
    TOPIC = "topic is not 1 to 128 printable ASCII characters"
    PAYLOAD = "payload over the size limit"
    TOPICS = "too many different topics"


def admit(parts: Sequence[bytes], arrival_ns: int) -> Frame | Refusal:
    """Return the frame in one message as the ROUTER gives it, or why there is none.

    Whether the payload means anything is not asked here: rubbish in the right shape goes on the tape.
    """
    if len(parts) != PARTS:
        return Refusal.PARTS
    _, topic, payload = parts
    if not (topic.isascii() and topic.decode("ascii").isprintable() and 0 < len(topic) <= TOPIC_CHARS_MAX):
        return Refusal.TOPIC
    if len(payload) > PAYLOAD_BYTES_MAX:
        return Refusal.PAYLOAD
    return Frame(topic.decode("ascii"), payload, arrival_ns)
