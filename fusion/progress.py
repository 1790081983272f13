"""How far something is: a bar with rate and time left on a terminal; where standard error is none, nothing is said."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

if TYPE_CHECKING:
    from fusion.messages import Frame
    from fusion.recording import Recording

Row = TypeVar("Row")
Tell: TypeAlias = Callable[[float], None]  # to be told how much is done by now
SHOW_S: Final = 0.1  # between two looks
BYTES: Final = "MB"  # a unit that is told in bytes


@contextmanager
def progress(what: str, total: float | None, unit: str) -> Iterator[Tell]:
    """Show a bar while something goes on; what is done is told in units, of BYTES in bytes."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total, rate="")
        begun_s = shown_s = time.monotonic()

        def tell(done: float) -> None:
            nonlocal shown_s
            now_s = time.monotonic()
            if now_s - shown_s >= SHOW_S:
                shown_s = now_s
                bar.update(task, completed=done, rate=_rate(done / (now_s - begun_s), unit))

        yield tell


def watched(
    rows: Iterable[Row], what: str, total: float | None, unit: str, done: Callable[[], float] | None = None
) -> Iterator[Row]:
    """Hand rows on, showing how many have gone by, or what `done` says is done."""
    with progress(what, total, unit) as tell:
        for count, row in enumerate(rows):
            tell(count if done is None else done())
            yield row


def watched_recording(recording: "Recording", doing: str) -> "Iterator[Frame]":
    """Hand the frames of a recording on, showing how far its file is read."""
    what = f"{doing} {recording.path.name}"
    return watched(recording, what, recording.bytes_total, BYTES, lambda: recording.bytes_read)


def _rate(per_s: float, unit: str) -> str:
    return f"{per_s / 1e6:.1f} MB/s" if unit == BYTES else f"{per_s:,.0f} {unit}/s"
