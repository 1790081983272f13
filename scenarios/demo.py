"""`aisle demo`: a small shop live from sensors to receipts, then the proof that a replay gives the same."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType
from typing import NoReturn, TypeAlias

from rich.console import Console
from rich.progress import Progress

from fusion.store import Store, load_store
from scenarios.beside import compare, table_of
from scenarios.simulate import scenario_seconds, scenario_truth, write_scenario_store

AISLE = (sys.executable, "-c", "import sys; from fusion.cli import main; sys.exit(main())")
LISTENING = "listening on "  # what `aisle serve` says before its address
START_S_MAX = 60.0
END_S_MAX = 60.0
LOOK_S = 0.2  # how often running children are looked at
SAY_S = 10.0  # how often to say how far we are where there is no terminal

Child: TypeAlias = subprocess.Popen[str]
Lines: TypeAlias = SimpleQueue[str]


class DemoError(Exception):
    """A stage of the demo that failed; one line says which."""


def run_demo(name: str, seed: int, out: Path, speed: float) -> int:
    """Play a scenario live and compare; return 0, or 1 where outputs differ or receipts are missing.

    Raises ValueError for an unknown scenario.
    """
    console = Console(soft_wrap=False)
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        return _stages(name, seed, out, speed, console)
    except DemoError as error:
        print(f"aisle demo: {error}", file=sys.stderr)
        return 1
    finally:
        signal.signal(signal.SIGTERM, before)


def _stages(name: str, seed: int, out: Path, speed: float, console: Console) -> int:
    seconds = scenario_seconds(name, seed) / speed
    _say(console, 1, f"writing the store of scenario {name}, seed {seed}, to {out / 'store'}")
    (out / "tape.journal").unlink(missing_ok=True)  # of an earlier demo; nobody was charged by it
    write_scenario_store(name, seed, out / "store")
    store = load_store(out / "store")
    _say(console, 2, "starting the engine: aisle serve")
    with _serving(out) as (serve, lines):
        address = _listening(serve, lines)
        _say(
            console,
            3,
            f"starting the sensors, each a process of its own, to {address}: about {seconds:.0f} s",
        )
        _play(name, seed, speed, seconds, address, lines, console)
        _say(console, 4, "sensors are done; asking the engine to drain and end")
        _end(serve, lines, console)
    _say(console, 5, f"replaying {out / 'recording.mcap'} to compare")
    _replay(out)
    return _verdict(name, seed, out, store, console)


def _play(
    name: str, seed: int, speed: float, seconds: float, address: str, lines: Lines, console: Console
) -> None:
    """Run the sensors to their end, showing what the engine says meanwhile."""
    words = ("sensors", name, "--seed", str(seed), "--speed", str(speed), "--to", address)
    with _child(*words) as sensors, Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("shopping", total=seconds)
        start_s = said_s = time.monotonic()
        while sensors.poll() is None:
            _show(lines, bar.console, wait_s=LOOK_S)
            now_s = time.monotonic()
            bar.update(task, completed=now_s - start_s)
            if not console.is_terminal and now_s - said_s >= SAY_S:
                said_s = now_s
                console.print(f"      {now_s - start_s:.0f} s of about {seconds:.0f} s")
        if sensors.returncode != 0:
            raise DemoError(f"aisle sensors ended with status {sensors.returncode}")


def _listening(serve: Child, lines: Lines) -> str:
    """Return the address the engine listens on, once it does."""
    end_s = time.monotonic() + START_S_MAX
    while serve.poll() is None and time.monotonic() < end_s:
        line = _next_line(lines, LOOK_S)
        if LISTENING in line:
            return line.split(LISTENING)[1].strip()
    raise DemoError("aisle serve did not come to listen")


def _end(serve: Child, lines: Lines, console: Console) -> None:
    serve.send_signal(signal.SIGTERM)
    end_s = time.monotonic() + END_S_MAX
    while serve.poll() is None and time.monotonic() < end_s:
        _show(lines, console, wait_s=LOOK_S)
    _show(lines, console, wait_s=LOOK_S)
    if serve.returncode != 0:
        raise DemoError(f"aisle serve ended with status {serve.returncode}")


def _replay(out: Path) -> None:
    words = (
        "replay",
        str(out / "recording.mcap"),
        "--store",
        str(out / "store"),
        "--out",
        str(out / "replay"),
    )
    status = subprocess.run([*AISLE, *words], stdout=subprocess.DEVNULL, check=False).returncode
    if status != 0:
        raise DemoError(f"aisle replay ended with status {status}")


def _verdict(name: str, seed: int, out: Path, store: Store, console: Console) -> int:
    """Print receipts beside the truth and whether live and replay agree; return the exit status."""
    receipts = [json.loads(line) for line in (out / "receipts.jsonl").read_text().splitlines()]
    rows = compare(receipts, scenario_truth(name, seed)["receipts"])
    names = dict(zip(store.products.sku, store.products.name, strict=True))
    console.print(table_of(rows, names, store.currency))
    right = sum(row.is_right for row in rows)
    missing = sum(row.charged is None for row in rows)
    console.print(
        f"{right} of {len(rows)} receipts are exactly right" + (f", {missing} missing" if missing else "")
    )
    same = [_same(label, one, console) for label, one in _outputs(out).items()]
    console.print(f"receipts, events, tracks and ledger lie in {out}; what was replayed in {out / 'replay'}")
    return 0 if all(same) and not missing else 1


def _outputs(out: Path) -> dict[str, Callable[[Path], object]]:
    """Return, by name, how to read from a folder what live and replay must share."""
    return {
        "receipts.jsonl": lambda folder: (folder / "receipts.jsonl").read_bytes(),
        "events.jsonl": lambda folder: (folder / "events.jsonl").read_bytes(),
        "ledger digest": lambda folder: json.loads((folder / "run.json").read_text())["ledger"],
    }


def _say(console: Console, stage: int, text: str) -> None:
    console.print(f"[bold]{stage}/5[/bold] {text}", highlight=False)


def _show(lines: Lines, console: Console, *, wait_s: float) -> None:
    """Print what the engine has said, waiting a moment for it to say something."""
    line = _next_line(lines, wait_s)
    while line:
        console.print(f"      {line}", highlight=False, markup=False)
        line = _next_line(lines, 0.0)


def _next_line(lines: Lines, wait_s: float) -> str:
    try:
        return lines.get(timeout=wait_s)
    except Empty:
        return ""


@contextmanager
def _serving(out: Path) -> Iterator[tuple[Child, Lines]]:
    """Run the engine; its lines come through a queue, so that nobody ever waits for it to speak."""
    words = ("serve", "--store", str(out / "store"), "--out", str(out), "--listen", "tcp://127.0.0.1:*")
    lines: Lines = SimpleQueue()
    with _child(*words) as serve:
        reader = threading.Thread(target=_read, args=(serve, lines), daemon=True)
        reader.start()
        yield serve, lines


def _read(child: Child, lines: Lines) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        lines.put(line.rstrip())


@contextmanager
def _child(*words: str) -> Iterator[Child]:
    """Run a subcommand of `aisle`; whatever happens here, it does not outlive the block."""
    child = subprocess.Popen([*AISLE, *words], stdout=subprocess.PIPE, text=True)
    try:
        yield child
    finally:
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(timeout=END_S_MAX)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(143)
