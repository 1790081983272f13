"""What the gateway is told and tells: a JSON array a line, over its standard input and output.

in   ["fed", N]                       the engine has read so many records
     ["out", topic, key, text]        publish, and keep as the last value of key ("": keep nothing)
     ["keep", topic, key, text]       keep only: after a restart
     ["drop", topic, key]             a key that is no more
     ["roll"]                         seal the segment of the journal
     ["drain"]                        read until sensors fall silent, then take nothing more
     ["stop"]                         end; so does the end of the input
out  ["open", {"listen", "publish", "requests"}]      or ["failed", text]
     ["end", N]                       so many records are durable
     ["state", {...}]                 counts, once a second where they changed
     ["drained", silent]              whether sensors had fallen silent by then
"""

import json
import os
import sys
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from fusion.live.gateway import Limits

PIPE_BYTES: Final = 1 << 16


class Settings(msgspec.Struct, frozen=True):
    """What the gateway is started with, its only argument."""

    journal: str
    listen: str
    publish: str = ""
    requests: str = ""
    subscribe: tuple[str, ...] = ()
    keys: str = ""
    store_id: str = ""
    log: str = ""  # "json", or lines
    memory_bytes: int = 1 << 30
    lag_max: int = Limits().lag_max
    free_bytes_min: int = Limits().free_bytes_min
    rate_max: float = Limits().rate_max
    known: int = 0  # records that the engine has read and will not read again

    def limits(self) -> Limits:
        """Return when to stop reading."""
        return Limits(self.lag_max, self.free_bytes_min, self.rate_max)


class Orders:
    """The standard input, read as far as it has come; `ended` once whoever wrote to it is gone."""

    def __init__(self) -> None:
        self.file = sys.stdin.fileno()
        self.ended = False
        self._left = b""
        os.set_blocking(self.file, False)

    def read(self) -> Iterator[list[Any]]:
        """Yield what we have been told since."""
        while True:
            try:
                piece = os.read(self.file, PIPE_BYTES)
            except BlockingIOError:
                return
            if not piece:
                self.ended = True
                return
            *lines, self._left = (self._left + piece).split(b"\n")
            yield from map(json.loads, lines)


def say(word: str, value: object) -> None:
    """Tell the supervisor something."""
    sys.stdout.write(json.dumps([word, value]) + "\n")
    sys.stdout.flush()
