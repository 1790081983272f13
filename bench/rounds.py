"""A recording played again and again into one session, its times and numbers carried on: a day as long as one likes.

Between two rounds the shop is empty, and what was taken stands on its shelves again, as after a night.
"""

import json
import resource
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fusion.config import SECOND_NS
from fusion.messages import Frame, Malformed, Message
from fusion.recording import read_recording
from fusion.wire import decode, encode, topic_of

PAUSE_S = 30.0  # between two rounds: everybody's trip is over


@dataclass(frozen=True, slots=True)
class Reel:
    """A recording that is played in rounds."""

    messages: tuple[tuple[int, Message], ...]  # with their arrival, ns
    length_ns: int  # from one round's beginning to the next's
    numbers: Mapping[str, int]  # by source: how many seq it counts up in a round


def read_reel(recording: Path) -> Reel:
    """Read a recording in which every message is good."""
    messages, numbers = list[tuple[int, Message]](), dict[str, int]()
    for frame in read_recording(recording):
        message = decode(frame.topic, frame.payload)
        assert not isinstance(message, Malformed), message
        messages.append((frame.arrival_ns, message))
        numbers[message.src] = max(numbers.get(message.src, 0), message.seq + 1)
    length_ns = messages[-1][0] - messages[0][0] + int(PAUSE_S * SECOND_NS)
    return Reel(tuple(messages), length_ns, numbers)


def play_round(reel: Reel, number: int) -> Iterator[Frame]:
    """Return the frames of a round; the first has number 0."""
    later_ns = number * reel.length_ns
    for arrival_ns, message in reel.messages:
        seq = message.seq + number * reel.numbers[message.src]
        carried = replace(message, t_ns=message.t_ns + later_ns, seq=seq)
        yield Frame(topic_of(carried), encode(carried), arrival_ns + later_ns)


def receipts_since(out: Path, told: int) -> tuple[dict[str, dict[str, Any]], int]:
    """Return the receipts of a run behind its first `told`, by account, and how many there are in all."""
    lines = (out / "receipts.jsonl").read_text().splitlines()
    return {row["account"]: row for row in map(json.loads, lines[told:]) if row["account"]}, len(lines)


def goods(receipt: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return what a receipt says somebody took."""
    return [(line["sku"], int(line["qty"] or 0)) for line in receipt["lines"]]


def memory_mib() -> float:
    """Return what is in use now, not the most that ever was."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20
