"""Room on a disk, and being the only one who works on a folder."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

LOOK_S: Final = 0.05


class Taken(Exception):
    """Somebody else works on what we were to work on."""


def free_bytes(folder: Path) -> int:
    """Return how many bytes an ordinary user can still write to the disk that a folder is on."""
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize


@contextmanager
def only_one(path: Path, what: str, patience_s: float = 0.0) -> Iterator[None]:
    """Hold a lock on a file or folder until the block ends or the process does; Taken where another holds on to it."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        end_s = time.monotonic() + patience_s
        while not _locked(handle):
            if time.monotonic() >= end_s:
                raise Taken(f"{path}: expected no other {what} at work on it, received one that is")
            time.sleep(LOOK_S)
        yield
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
