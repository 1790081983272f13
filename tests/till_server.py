"""A payment server for tests: real HTTP in a thread; takes each Idempotency-Key once and answers as it is told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ACCEPT = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
REFUSE = 'HTTP/1.1 402 Payment Required\r\nContent-Length: 26\r\n\r\n{"reason": "card expired"}'
ANSWERS = {
    "accept": ACCEPT,
    "decline": REFUSE,
    "busy": "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 60\r\nContent-Length: 4\r\n\r\nbusy",
    "fault": "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
    "moved": "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    "twice": ACCEPT + REFUSE,
    "half": "HTTP/1.1 402 Payment Required\r\nContent-Length: 500\r\n\r\n{",
    "rubbish": "\x00\x01 what?\r\n\r\n",
    "silence": "",
}


@dataclass
class Till:
    """What a server has seen, and what it says next."""

    url: str = ""
    mood: Callable[[], str] = lambda: "accept"
    done: dict[str, dict[str, object]] = field(default_factory=dict)  # by key, what was taken over
    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)  # headers in lower case, and body
    stall: threading.Event = field(default_factory=threading.Event)  # set: those who wait are let go
    pan: str = ""

    def answer(self, headers: dict[str, str], body: bytes) -> str:
        """Take a request over where the mood is to, and return the bytes to say."""
        self.seen.append((headers, body))
        mood = self.mood()
        if mood in ("accept", "twice", "silence", "half", "stall"):  # done, whatever is heard of it
            self.done.setdefault(headers["idempotency-key"], json.loads(body))
        if mood == "stall":
            self.stall.wait(10.0)
        said = ANSWERS.get(mood, ACCEPT)
        return said if mood != "pan" else _with_pan(self.pan)


@contextmanager
def serving_till() -> Iterator[Till]:
    """Give a server that listens on a free port of this machine."""
    till = Till()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            said = till.answer({name.lower(): value for name, value in self.headers.items()}, body)
            self.wfile.write(said.encode("latin-1"))
            self.close_connection = said != ACCEPT and said != ACCEPT + REFUSE

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    till.url = f"http://127.0.0.1:{server.server_port}/purchases"
    thread.start()
    try:
        yield till
    finally:
        till.stall.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _with_pan(pan: str) -> str:
    body = json.dumps({"reason": "no", "card": pan})
    return f"HTTP/1.1 402 No\r\nContent-Length: {len(body)}\r\n\r\n{body}"
