"""`python -m fusion.web`: the server as a child: settings come on standard input, and it ends when that does."""

import json
import os
import sys
import threading

import msgspec

from fusion.store import StoreError
from fusion.web.serving import serve
from fusion.web.settings import Settings, WebError


def main() -> int:
    """Serve until standard input ends; the first line of output says the port, or what is wrong."""
    told = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115  whoever waits at it holds no lock
    settings = msgspec.json.decode(told.readline(), type=Settings)
    stopped = threading.Event()

    def until_the_end() -> None:
        while told.read(4096):
            pass
        stopped.set()

    threading.Thread(target=until_the_end, daemon=True).start()
    try:
        serve(settings, _open, stopped.is_set)
    except (WebError, StoreError) as error:
        _say("error", str(error))
        return 2
    return 0


def _open(port: int) -> None:
    _say("open", port)
    os.dup2(2, 1)  # nobody reads any further: what is printed later goes where errors go


def _say(*words: object) -> None:
    print(json.dumps(words), flush=True)


if __name__ == "__main__":
    sys.exit(main())
