"""The file of purchases: one JSON line a request, each once, durable before it counts as accepted.

A line may have been written, wholly or in part, by a process that was killed before it could say so. What is whole is
found by its id and not written again; what is not is cut off, under a lock, so that it is nobody's who still writes.
A file that holds anything else is left alone.
"""

import fcntl
import json
import os
from pathlib import Path

from fusion.purchase.answers import Accepted, Answer, Later
from fusion.purchase.port import PortError

BEGIN = '{"id": "'  # of every line


class FilePort:
    """Requests as lines of a file; it accepts whatever it can write."""

    def __init__(self, path: Path) -> None:
        """Open the file, or begin it; raises PortError where it is not one of these, OSError where it cannot be."""
        self.path = path
        is_new = not path.exists()
        self._known = _mended(path)
        if is_new:
            _sync_folder(path.parent)

    def ask(self, request_id: bytes, body: str) -> Answer:
        """Write a request down, unless it is."""
        if request_id in self._known:
            return Accepted()
        try:
            _append(self.path, body)
        except OSError as error:
            return Later(f"{self.path}: {error.strerror}")
        self._known.add(request_id)
        return Accepted()

    def close(self) -> None:
        """Nothing is held open: the file may be moved away between two requests."""


def _mended(path: Path) -> set[bytes]:
    """Return the ids in a file, after cutting off a line that was never finished."""
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        whole, newline, rest = file.read().rpartition(b"\n")
        known = {_id(path, number, line) for number, line in enumerate(whole.split(b"\n"), 1) if newline}
        if rest:
            if not (rest.startswith(BEGIN.encode()) or BEGIN.encode().startswith(rest)):
                raise PortError(f"{path}: last line: expected a purchase, received something else")
            file.truncate(len(whole) + len(newline))
        os.fsync(file.fileno())
    return known


def _id(path: Path, number: int, line: bytes) -> bytes:
    try:
        return bytes.fromhex(json.loads(line)["id"])
    except (ValueError, KeyError, TypeError):
        raise PortError(f"{path}: line {number}: expected a purchase, received something else") from None


def _append(path: Path, body: str) -> None:
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        end = file.seek(0, os.SEEK_END)
        try:
            file.write(body.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            os.truncate(path, end)  # a full disk leaves half a line
            raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
