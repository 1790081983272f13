"""Subcommands of `aisle` run as child processes that never outlive the block that started them."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import TypeAlias

AISLE = (sys.executable, "-c", "import sys; from fusion.cli import main; sys.exit(main())")
LISTENING = "listening on "  # what `aisle serve` says before its address
START_S_MAX = 60.0
END_S_MAX = 60.0  # between asking a child to end and killing it

Child: TypeAlias = subprocess.Popen[str]
Lines: TypeAlias = SimpleQueue[str]


@contextmanager
def running(*words: str) -> Iterator[tuple[Child, Lines]]:
    """Run a subcommand; what it prints, errors too, comes through a queue: nobody waits for it to speak."""
    child = subprocess.Popen([*AISLE, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines: Lines = SimpleQueue()
    reader = threading.Thread(target=_read, args=(child, lines))
    reader.start()
    try:
        yield child, lines
    finally:
        _end(child)
        reader.join()
        assert child.stdout is not None
        child.stdout.close()


def listening_address(serve: Child, lines: Lines) -> str | None:
    """Return where `aisle serve` listens, once it does; None where it ended or took too long."""
    end_s = time.monotonic() + START_S_MAX
    while serve.poll() is None and time.monotonic() < end_s:
        line = next_line(lines, wait_s=0.2)
        if LISTENING in line:
            return line.split(LISTENING)[1].strip()
    return None


def next_line(lines: Lines, *, wait_s: float) -> str:
    """Return the next line a child printed, or "" where there is none for wait_s."""
    try:
        return lines.get(timeout=wait_s)
    except Empty:
        return ""


def _read(child: Child, lines: Lines) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        lines.put(line.rstrip())


def _end(child: Child) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(timeout=END_S_MAX)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
