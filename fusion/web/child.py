"""The server beside a run, as a process of its own: whatever becomes of it, the engine goes on."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

import msgspec

from fusion.web.settings import Settings, WebError

WORDS: Final = (sys.executable, "-m", "fusion.web")
STOP_S_MAX: Final = 10.0


@dataclass(frozen=True, slots=True)
class WebChild:
    """A server that runs."""

    process: "subprocess.Popen[bytes]"
    port: int

    def is_there(self, wait_s: float) -> bool:
        """Wait for a while, and tell whether the server still runs; by itself it never ends."""
        try:
            self.process.wait(wait_s)
        except subprocess.TimeoutExpired:
            return True
        return False


@contextmanager
def server_beside(settings: Settings) -> Iterator[WebChild]:
    """Serve the page until the block ends; raises WebError where it cannot be.

    It ends when its standard input does, so that it never outlives whoever started it, however that ended.
    """
    # A session of its own: Ctrl-C is for the run, which says when the page ends.
    process = subprocess.Popen(WORDS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(msgspec.json.encode(settings) + b"\n")
        process.stdin.flush()
        said = process.stdout.readline()
        word, what = json.loads(said) if said else ("error", "the server of the page died while it started")
        if word != "open":
            raise WebError(str(what))
        yield WebChild(process, int(what))
    finally:
        with suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
