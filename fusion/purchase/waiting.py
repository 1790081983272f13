"""How a courier waits: for its turn, and for whoever started it."""

import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

TURN_S = 0.5  # between two tries to be the only courier


def stop_with_input(stopping: Callable[[], bool]) -> Callable[[], bool]:
    """Return a function that also says stop once standard input has ended: whoever held it is gone."""
    ended = False

    def ask() -> bool:
        nonlocal ended
        if not ended and select.select([sys.stdin], [], [], 0.0)[0]:
            ended = os.read(sys.stdin.fileno(), 1024) == b""
        return ended or stopping()

    return ask


@contextmanager
def wait_for_turn(only: Callable[[], AbstractContextManager[bool]], stopping: Callable[[], bool]) -> Iterator[bool]:
    """Give True once nobody else delivers, and hold the turn; False where it is time to stop before that."""
    while True:
        with only() as alone:
            if alone or stopping():
                yield alone
                return
        time.sleep(TURN_S)
