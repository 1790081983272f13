"""The engine's side of the gateway: starts it, hears what is durable, and starts it again when it dies."""

import json
import subprocess
import sys
import threading
import time
from contextlib import suppress
from math import inf
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from fusion.live.bus import BusError
from fusion.live.gateway_words import Settings
from fusion.live.logs import SERVICE
from fusion.live.outputs import LastValues

START_S_MAX: Final = 60.0
STOP_S_MAX: Final = 30.0
DRAIN_S_MAX: Final = 30.0
QUICK_S: Final = 2.0  # a gateway that was open no longer died of what it was started with, or of what it was sent
PAUSE_S: Final = (0.1, 10.0)  # before the one after that, twice as long for each more of them in a row, up to
WORDS: Final = (sys.executable, "-m", "fusion.live.gateway_process")


class GatewayChild:
    """A gateway that is there again whenever it died; raises BusError where it cannot start at first, in one line.

    What makes each die at once would keep the machine busy with starting them: they wait, longer and longer. What is
    durable is read meanwhile, and sensors keep what they say.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.end = 0  # records that are durable
        self.state: dict[str, Any] = {}
        self.restarts = 0
        self.silent = True  # sensors had fallen silent when it was drained
        self._drained = False
        self._values = LastValues()  # for the next gateway, should this one die
        self._fed = 0
        self._pause_s = 0.0  # before the last start
        self._again_s = inf  # when to start the next
        self._start()

    def wait(self, seconds: float) -> int:
        """Hear what the gateway says, for at most so long or until something is new; return what is durable."""
        before, end_s = self.end, time.monotonic() + seconds
        while self.end == before and (left_s := min(end_s, self._again_s) - time.monotonic()) > 0:
            try:
                self._hear(self._said.get(timeout=left_s))
            except Empty:
                break
        while not self._said.empty():
            self._hear(self._said.get())
        if time.monotonic() >= self._again_s:
            self._start_again()
        return self.end

    def fed(self, count: int) -> None:
        """Say how many records the engine has read."""
        if count != self._fed:
            self._fed = count
            self._tell("fed", count)

    def publish(self, topic: str, key: str, text: str) -> None:
        """Publish an output; the key "" keeps nothing for who comes later."""
        self._values.put(topic, key, text)
        self._tell("out", topic, key, text)

    def keep(self, topic: str, key: str, text: str) -> None:
        """Keep for who comes later, without saying it now."""
        self._values.keep(topic, key, text)
        self._tell("keep", topic, key, text)

    def drop(self, topic: str, key: str) -> None:
        """Keep a key no longer."""
        self._values.drop(topic, key)
        self._tell("drop", topic, key)

    def roll(self) -> None:
        """Let the gateway seal the segment of the journal that it writes to."""
        self._tell("roll")

    def drain(self) -> int:
        """Let the gateway read what has been sent already and take nothing more; return what is durable."""
        self._drained = False
        self._tell("drain")
        end_s = time.monotonic() + DRAIN_S_MAX
        while not self._drained and time.monotonic() < end_s and self._child.poll() is None:
            self.wait(0.1)
        return self.wait(0.0)

    def stop(self) -> None:
        """End the gateway, once what was published has left."""
        self._stopped, self._again_s = True, inf
        self._tell("stop")
        try:
            self._child.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self._child.kill()
        self._reader.join()
        self.wait(0.0)

    def kill(self) -> None:
        """Let the gateway die at once, as any process may: the next one takes over."""
        self._child.kill()
        self._child.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped = True
        assert self._child.stdin is not None and self._child.stdout is not None
        if self._child.poll() is None:
            self._child.kill()
        self._child.wait()
        self._reader.join()
        with suppress(BrokenPipeError):
            self._child.stdin.close()
        self._child.stdout.close()

    def _start(self) -> None:
        self._stopped = False
        self._said: SimpleQueue[list[Any] | None] = SimpleQueue()
        packed = msgspec.json.encode(self.settings).decode()
        # A session of its own: Ctrl-C is for the service, which tells the gateway when to stop.
        self._child = subprocess.Popen(
            [*WORDS, packed], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        self._reader = threading.Thread(target=_read, args=(self._child, self._said), daemon=True)
        self._reader.start()
        try:
            said = self._said.get(timeout=START_S_MAX)
        except Empty:
            said = None
        if said is None or said[0] != "open":
            text = "the gateway died while starting" if said is None else str(said[1])
            self.__exit__(None, None, None)
            raise BusError(text)
        self._open_s, places = time.monotonic(), said[1]
        self.settings = msgspec.structs.replace(
            self.settings, listen=places["listen"], publish=places["publish"], requests=places["requests"]
        )

    def _hear(self, said: "list[Any] | None") -> None:
        match said:
            case None:
                self._mourn()
            case ["end", int(end)]:
                self.end = max(self.end, end)
            case ["state", dict(state)]:
                self.state = state
            case ["drained", bool(silent)]:
                self.silent, self._drained = silent, True

    def _mourn(self) -> None:
        """Have the next gateway started where this one has died."""
        if self._stopped:
            return
        status = self._child.wait()
        self.__exit__(None, None, None)
        self._start_later(f"the gateway died (status {status})", quick=time.monotonic() - self._open_s < QUICK_S)

    def _start_later(self, why: str, *, quick: bool) -> None:
        self._pause_s = longer(self._pause_s) if quick else 0.0
        SERVICE.warning("%s; starting it again%s", why, f" in {self._pause_s:.1f} s" if quick else "")
        self._again_s = time.monotonic() + self._pause_s

    def _start_again(self) -> None:
        self._again_s = inf
        self.restarts += 1
        self.settings = msgspec.structs.replace(self.settings, known=max(self.settings.known, self._fed))
        try:
            self._start()
        except BusError as error:
            self._start_later(str(error), quick=True)
            return
        self._tell("fed", self._fed)
        for topic, values in self._values.kept.items():
            for key, text in values.items():
                self._tell("keep", topic, key, text)

    def _tell(self, *words: object) -> None:
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps(words) + "\n")
            self._child.stdin.flush()
        except (BrokenPipeError, ValueError):
            return  # it has died; we hear of that in a moment, and say it all again


def longer(pause_s: float) -> float:
    """Return how long to wait before another start, after such a pause before the last one, s."""
    return min(max(2.0 * pause_s, PAUSE_S[0]), PAUSE_S[1])


def _read(child: "subprocess.Popen[str]", said: "SimpleQueue[list[Any] | None]") -> None:
    assert child.stdout is not None
    for line in child.stdout:
        said.put(json.loads(line))
    said.put(None)
