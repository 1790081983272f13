"""Sensors behind a network that keeps no promise; then it does, and everything is as if it always had."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

from bench.chaos.proxy import Counts, Faults, proxying
from bench.chaos.tape import OUTPUTS, differences, in_order, undisturbed
from fusion.recording import read_recording
from scenarios.children import listening_address, running

WAIT_S_MAX = 300.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    counts: Counts
    missing: int
    doubled: int
    same_ledger: bool
    same_outputs: bool


def disturb(case: Path, out: Path, faults: Faults, *, seed: int, rate: float) -> Outcome:
    """Publish a recording through the network at a multiple of its pace, until all of it is durable."""
    total = sum(len(frame.topic) + len(frame.payload) for frame in read_recording(case / "recording.mcap"))
    words = ("serve", "--store", str(case / "store"), "--out", str(out / "live"), "--listen", "tcp://127.0.0.1:*")
    with running(*words, "--looks", "keep") as (serve, said):
        address = listening_address(serve, said)
        assert address is not None, "the service did not come to listen"
        with proxying(address, faults, seed) as proxy:
            sends = (
                "publish",
                str(case / "recording.mcap"),
                "--to",
                proxy.address,
                "--rate",
                str(rate),
                "--patience",
                "120",
            )
            with running(*sends, "--spool", str(out / "spool")) as (publisher, _):
                end_s = time.monotonic() + WAIT_S_MAX
                # Faults stay on until nearly everything has been sent; what is left then has to come through.
                while publisher.poll() is None and time.monotonic() < end_s:
                    time.sleep(0.1)
                    if _size(out / "live" / "journal") > 0.9 * total:
                        proxy.faults = Faults()
                assert publisher.wait(WAIT_S_MAX) == 0, "the publisher could not hand everything over"
            counts = proxy.counts
        serve.terminate()
        assert serve.wait(WAIT_S_MAX) == 0, "the service did not end well"
    return Outcome(counts, *compared(case, out))


def compared(case: Path, out: Path) -> tuple[int, int, bool, bool]:
    """Compare OUT/live with a recording: messages missing and doubled, whether ledger and outputs are the same."""
    missing, doubled = differences(out / "live" / "journal", case / "recording.mcap")
    ordered = in_order(out / "live" / "journal", out / "ordered")
    if not (ordered / "store").exists():
        (ordered / "store").symlink_to((case / "store").resolve())
    reference, live = undisturbed(ordered), out / "live"
    ledgers = [json.loads((folder / "run.json").read_text())["ledger"] for folder in (reference, live)]
    same = all((reference / name).read_bytes() == (live / name).read_bytes() for name in OUTPUTS)
    return missing, doubled, ledgers[0] == ledgers[1], same


def _size(journal: Path) -> int:
    return sum(path.stat().st_size for path in journal.glob("*.seg"))
