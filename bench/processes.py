"""Processor time of a process and all it started, read from /proc: what is ours on a machine that others use too."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TICK_S: Final = 1.0 / os.sysconf("SC_CLK_TCK")
PARENT, TIMES = 1, slice(11, 15)  # fields behind the name: its own time and that of children it has waited for


def cpu_s(pid: int) -> float:
    """Return the processor time of a process, those below it that live, and those below that were waited for."""
    return sum(sum(map(int, fields[TIMES])) for _, _, fields in below(pid)) * TICK_S


def below(pid: int) -> list[tuple[int, str, list[str]]]:
    """Return a process and all below it: number, name, and what the system says behind the name."""
    found = list(_stats())
    family, size = {pid}, 0
    while len(family) > size:  # numbers begin anew at their end: a child's may be lower than its parent's
        size = len(family)
        family |= {number for number, _, fields in found if int(fields[PARENT]) in family}
    return [one for one in found if one[0] in family]


def machine_s() -> float:
    """Return the processor time of the whole machine since it was started."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    idle = int(fields[3]) + int(fields[4])
    return (sum(map(int, fields[:8])) - idle) * TICK_S


def _stats() -> Iterator[tuple[int, str, list[str]]]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:  # it has just ended
            continue
        name, _, fields = text.partition(" (")[2].rpartition(") ")
        yield int(path.parent.name), name, fields.split()
