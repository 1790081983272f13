"""The courier as a process of its own: whoever takes the money may be slow, and the live loop waits for nobody."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

AISLE = (sys.executable, "-c", "import sys; from fusion.cli import main; sys.exit(main())")
END_S_MAX = 60.0  # for the last requests of a run; what is left waits in the outbox


@contextmanager
def courier_beside(out: Path) -> Iterator[None]:
    """Have a courier deliver what the outbox of a folder holds, until the end and then once more.

    It ends when its standard input does, so that it never outlives whoever started it, however that ended.
    """
    words = ("purchase", "deliver", str(out), "--attached")
    # A session of its own: Ctrl-C is for the service, which has the last purchases to hand over first.
    child = subprocess.Popen([*AISLE, *words], stdin=subprocess.PIPE, start_new_session=True)
    assert child.stdin is not None
    try:
        yield
    finally:
        child.stdin.close()
        try:
            child.wait(END_S_MAX)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
