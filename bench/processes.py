"""Processor time of a process and all it started, read from /proc: what is ours on a machine that others use too."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TICK_S: Final = 1.0 / os.sysconf("SC_CLK_TCK")
PARENT, TIMES = 1, slice(11, 15)  # fields behind the name: its own time and that of children it has waited for


def cpu_s(pid: int) -> float:
    """Return the processor time of a process, those below it that live, and those below that were waited for."""
    below, total = {pid}, 0.0
    for number, fields in sorted(_stats()):  # a child has the higher number, but for the rare time they begin anew
        if number == pid or int(fields[PARENT]) in below:
            below.add(number)
            total += sum(map(int, fields[TIMES])) * TICK_S
    return total


def machine_s() -> float:
    """Return the processor time of the whole machine since it was started."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    idle = int(fields[3]) + int(fields[4])
    return (sum(map(int, fields[:8])) - idle) * TICK_S


def _stats() -> Iterator[tuple[int, list[str]]]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:  # it has just ended
            continue
        yield int(path.parent.name), text.rpartition(") ")[2].split()
