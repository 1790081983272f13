"""What tests of the operator's page share: a replay with a page, its real server in a process, a browser's requests."""

import json
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from bench.golden import STORE, tape_of
from fusion.recording import read_recording
from fusion.session import Session
from fusion.store import load_store
from fusion.web.recorder import Recorder
from scenarios.children import Child, Lines, next_line, running

START_S_MAX = 60.0
URL = re.compile(r"page for a (\w+) on http://([^/]+)/#token=(\S+)")
STAYS = "the page stays until Ctrl-C"


@dataclass(frozen=True)
class Site:
    """A server that runs, and its tokens by role."""

    host: str
    tokens: dict[str, str]

    @property
    def cookie(self) -> str:
        """The name of its cookie."""
        return f"aisle-{self.host.split(':')[1]}"

    @contextmanager
    def client(self, role: str | None = None, *, retries: int = 0) -> Iterator[httpx.Client]:
        """Give a browser's side: of somebody logged in, or of nobody; it tries so often to connect."""
        base, transport = f"http://{self.host}", httpx.HTTPTransport(retries=retries)
        with httpx.Client(base_url=base, headers={"Origin": base}, timeout=30.0, transport=transport) as client:
            if role is not None:
                assert client.post("/api/login", json={"token": self.tokens[role]}).status_code == 204
            yield client

    @contextmanager
    def stream(self, role: str | None = "viewer", **headers: str | None) -> Iterator["View"]:
        """Open the WebSocket as a page does."""
        with self.client(role) as client:
            cookie = f"{self.cookie}={client.cookies.get(self.cookie)}"
        origin = headers.pop("origin", f"http://{self.host}")
        with connect(
            f"ws://{self.host}/api/stream", origin=origin, additional_headers={"Cookie": cookie}, max_size=1 << 24
        ) as socket:
            yield View(socket)


class View:
    """One open page: what it asks for, what it is told."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    def ask(self, **wish: Any) -> None:
        """Ask for something, "go" or "step"."""
        self._socket.send(json.dumps(wish))

    def told(self) -> dict[str, Any]:
        """Return the next message."""
        said: dict[str, Any] = json.loads(self._socket.recv(timeout=30.0))
        return said

    def until(self, *kinds: str, what: str | None = None) -> dict[str, Any]:
        """Return the next message of a kind, passing others by."""
        while True:
            said = self.told()
            if said["kind"] in kinds and (what is None or said.get("what") == what):
                return said


def site_of(child: Child, lines: Lines) -> Site:
    """Return the site a command says it serves."""
    host, tokens, end_s = "", {}, time.monotonic() + START_S_MAX
    while len(tokens) < 2:
        assert child.poll() is None and time.monotonic() < end_s, "it serves no page"
        found = URL.search(next_line(lines, wait_s=0.2))
        if found:
            host, tokens[found[1]] = found[2], found[3]
    return Site(host, tokens)


@contextmanager
def replayed(name: str, out: Path, *more: str) -> Iterator[Site]:
    """Replay a golden tape with a page, and give the site once the replay is over."""
    words = ("replay", str(tape_of(name)), "--store", str(STORE), "--out", str(out), "--web", "127.0.0.1:0", *more)
    with running(*words) as (child, lines):
        site = site_of(child, lines)
        end_s = time.monotonic() + 2 * START_S_MAX
        while STAYS not in next_line(lines, wait_s=0.2):
            assert child.poll() is None and time.monotonic() < end_s, "the replay did not end"
        yield site
        child.send_signal(signal.SIGINT)
        assert child.wait(timeout=30) == 0


def recorded(tape: str | Path, out: Path, **ledger: Any) -> Path:
    """Replay a tape, or a golden one by its name, in this process, with a log for the page."""
    session, recorder = Session(load_store(STORE), out, **ledger), Recorder(out)
    session.watch = recorder
    for frame in read_recording(tape_of(tape) if isinstance(tape, str) else tape):
        session.feed(frame)
    session.finish()
    session.close()
    recorder.end()
    return out


@contextmanager
def shown(out: Path, *more: str, store: Path = STORE) -> Iterator[Site]:
    """Serve the page of a run that is there, with `aisle web`."""
    with running("web", str(out), "--store", str(store), "--web", "127.0.0.1:0", *more) as (child, lines):
        yield site_of(child, lines)
