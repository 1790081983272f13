"""The server beside a run, as a process of its own: whatever becomes of it, the engine goes on."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import msgspec

from fusion.web.settings import Settings, WebError

WORDS: Final = (sys.executable, "-m", "fusion.web")
STOP_S_MAX: Final = 10.0
AGAIN_S: Final = 5.0  # between two attempts to have a page again


class WebChild:
    """A server; it ends when its standard input does, so that it never outlives us, however we end."""

    def __init__(self, settings: Settings) -> None:
        """Start it; raises WebError where the page cannot be served."""
        self._settings, self._begun_s = settings, time.monotonic()
        self._process = _started(settings)
        try:
            self.port = _port(self._process)
        except WebError:
            self.stop()
            raise

    def is_there(self, wait_s: float) -> bool:
        """Wait for a while, and tell whether the server still runs; by itself it never ends."""
        try:
            self._process.wait(wait_s)
        except subprocess.TimeoutExpired:
            return True
        return False

    def mend(self) -> None:
        """Start it again on the same port where it has died; waits for nothing, and gives up on nothing."""
        if self._process.poll() is None or time.monotonic() - self._begun_s < AGAIN_S:
            return
        status, self._begun_s = self._process.returncode, time.monotonic()
        print(f"aisle web: the page's server died (status {status}); starting it again", file=sys.stderr, flush=True)
        self.stop()
        self._process = _started(msgspec.structs.replace(self._settings, port=self.port))

    def stop(self) -> None:
        """End it."""
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        with suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


@contextmanager
def server_beside(settings: Settings) -> Iterator[WebChild]:
    """Serve the page until the block ends; raises WebError where it cannot be."""
    child = WebChild(settings)
    try:
        yield child
    finally:
        child.stop()


def _started(settings: Settings) -> "subprocess.Popen[bytes]":
    # A session of its own: Ctrl-C is for the run, which says when the page ends.
    process = subprocess.Popen(WORDS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # it died already: whoever listens to it hears of that
        process.stdin.write(msgspec.json.encode(settings) + b"\n")
        process.stdin.flush()
    return process


def _port(process: "subprocess.Popen[bytes]") -> int:
    """Return the port a server says it has; raises WebError with what it says instead."""
    assert process.stdout is not None
    said = process.stdout.readline()
    word, what = json.loads(said) if said else ("error", "the server of the page died while it started")
    if word != "open":
        raise WebError(str(what))
    return int(what)
