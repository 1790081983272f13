"""`python -m fusion.web`: the server as a child: settings come on standard input, and it ends when that does."""

import json
import sys
import threading

import msgspec

from fusion.store import StoreError
from fusion.web.serving import WebError, serve
from fusion.web.settings import Settings


def main() -> int:
    """Serve until standard input ends; the first line of output says the port, or what is wrong."""
    settings = msgspec.json.decode(sys.stdin.buffer.readline(), type=Settings)
    stopped = threading.Event()

    def until_the_end() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        stopped.set()

    threading.Thread(target=until_the_end, daemon=True).start()
    try:
        serve(settings, lambda port: _say("open", port), stopped)
    except (WebError, StoreError) as error:
        _say("error", str(error))
        return 2
    return 0


def _say(*words: object) -> None:
    print(json.dumps(words), flush=True)


if __name__ == "__main__":
    sys.exit(main())
