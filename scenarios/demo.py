"""`aisle demo`: a small shop live from sensors to receipts, then the proof that a replay gives the same."""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rich.console import Console
from rich.progress import Progress

from fusion.live.serve import OUTPUTS, STAYING
from fusion.store import load_store
from scenarios.beside import Row, compare, table_of
from scenarios.children import AISLE, END_S_MAX, Child, Lines, listening_address, next_line, running
from scenarios.script_text import in_one_line
from scenarios.simulate import scenario_seconds, scenario_truth, write_scenario_store

LOOK_S = 0.2  # how often running children are looked at
SAY_S = 10.0  # how often to say how far we are where there is no terminal
WIDTH = 100  # columns where there is no terminal
STAGES = 5
SHARED = ("receipts.jsonl", "events.jsonl")  # byte for byte, live and replayed


class DemoError(Exception):
    """A stage of the demo that failed; one line says which."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What is played, how fast, and where it all goes."""

    name: str
    seed: int
    out: Path
    speed: float  # times real speed


def demo_command(args: argparse.Namespace) -> int:
    """Run `aisle demo`; return its exit status."""
    try:
        return run_demo(Demo(args.scenario, args.seed, args.out, args.speed))
    except (ValueError, OSError) as error:
        print(f"aisle demo: {in_one_line(error)}", file=sys.stderr)
        return 2


def run_demo(demo: Demo) -> int:
    """Play a scenario live and compare; return 0, or 1 where outputs differ or receipts are missing.

    Raises ValueError for an unknown scenario.
    """
    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        _play_live(demo, console)
        _say(console, 5, f"replaying {demo.out / 'recording.mcap'} to compare")
        _replay(demo.out)
        return _verdict(demo, console)
    except DemoError as error:
        print(f"aisle demo: {error}", file=sys.stderr)
        return 1
    finally:
        signal.signal(signal.SIGTERM, before)


def _play_live(demo: Demo, console: Console) -> None:
    """Run engine and sensors, showing receipts as they come."""
    seconds = scenario_seconds(demo.name, demo.seed) / demo.speed
    store = demo.out / "store"
    _say(console, 1, f"writing the store of scenario {demo.name}, seed {demo.seed}, to {store}")
    write_scenario_store(demo.name, demo.seed, store)
    for name in (*OUTPUTS, *STAYING):  # of an earlier demo, whose shoppers nobody charged
        left = demo.out / name
        shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
    _say(console, 2, "starting the engine: aisle serve")
    words = ("serve", "--store", str(store), "--out", str(demo.out), "--listen", "tcp://127.0.0.1:*")
    words += ("--looks", "keep")  # for the replay that follows; they are nobody's
    with running(*words) as (serve, said):
        address = listening_address(serve, said)
        if address is None:
            _show(said, console)
            raise DemoError("aisle serve did not come to listen")
        _say(console, 3, f"starting the sensors, each its own process, to {address}: about {seconds:.0f} s")
        _play_sensors(demo, address, seconds, said, console)
        _say(console, 4, "sensors are done; asking the engine to drain and end")
        _end(serve, said, console)


def _play_sensors(demo: Demo, address: str, seconds: float, said: Lines, console: Console) -> None:
    """Run the sensors to their end, showing meanwhile what the engine says."""
    words = ("sensors", demo.name, "--seed", str(demo.seed), "--speed", str(demo.speed), "--to", address)
    shown = console.is_terminal
    with running(*words) as (sensors, told), Progress(console=console, disable=not shown) as bar:
        task = bar.add_task("shopping", total=seconds)
        start_s = said_s = time.monotonic()
        while sensors.poll() is None:
            _show(said, console)
            now_s = time.monotonic()
            bar.update(task, completed=now_s - start_s)
            if not shown and now_s - said_s >= SAY_S:
                said_s = now_s
                console.print(f"      {now_s - start_s:.0f} s of about {seconds:.0f} s")
        _show(told, console)
        if sensors.returncode != 0:
            raise DemoError(f"aisle sensors ended with status {sensors.returncode}")


def _end(serve: Child, said: Lines, console: Console) -> None:
    serve.send_signal(signal.SIGTERM)
    end_s = time.monotonic() + END_S_MAX
    while serve.poll() is None and time.monotonic() < end_s:
        _show(said, console)
    _show(said, console)
    if serve.returncode != 0:
        raise DemoError(f"aisle serve ended with status {serve.returncode}")


def _replay(out: Path) -> None:
    recording, store, again = (str(out / name) for name in ("recording.mcap", "store", "replay"))
    words = ("replay", recording, "--store", store, "--out", again)
    status = subprocess.run([*AISLE, *words], stdout=subprocess.DEVNULL, check=False).returncode
    if status != 0:
        raise DemoError(f"aisle replay ended with status {status}")


def _verdict(demo: Demo, console: Console) -> int:
    """Print receipts beside the truth and whether live and replay agree; return the exit status."""
    receipts = [json.loads(line) for line in (demo.out / "receipts.jsonl").read_text().splitlines()]
    rows = compare(receipts, scenario_truth(demo.name, demo.seed)["receipts"])
    _show_table(rows, demo.out / "store", console)
    different = [name for name, live, again in _pairs(demo.out) if live != again]
    if different:
        console.print(f"[bold red]live and replay differ[/bold red] in {', '.join(different)}")
    else:
        console.print("live and replay are identical: receipts.jsonl, events.jsonl and the ledger's digest")
    console.print(f"outputs lie in {demo.out}, those of the replay in {demo.out / 'replay'}")
    return 1 if different or any(row.charged is None for row in rows) else 0


def _show_table(rows: list[Row], folder: Path, console: Console) -> None:
    store = load_store(folder)
    names = dict(zip(store.products.sku, store.products.name, strict=True))
    console.print(table_of(rows, names, store.currency))
    right = sum(row.is_right for row in rows)
    missing = sum(row.charged is None for row in rows)
    console.print(f"{right} of {len(rows)} receipts are exactly right, {missing} are missing")


def _pairs(out: Path) -> list[tuple[str, object, object]]:
    """Return what live and replay must share: its name, as it was live, as it is replayed."""
    live, again = out, out / "replay"
    files = [(name, *((at / name).read_bytes() for at in (live, again))) for name in SHARED]
    digests = [json.loads((at / "run.json").read_text())["ledger"] for at in (live, again)]
    return [*files, ("the ledger's digest", *digests)]


def _say(console: Console, stage: int, text: str) -> None:
    console.print(f"[bold]{stage}/{STAGES}[/bold] {text}", soft_wrap=True)


def _show(said: Lines, console: Console) -> None:
    """Print what the engine has said, waiting a moment for it to say something."""
    while line := next_line(said, wait_s=LOOK_S):
        console.print(f"      {line}", markup=False, soft_wrap=True)


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(143)
