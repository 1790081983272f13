"""What so many stores need: `python -m bench.extent CASE --stores 10000`, from what one store is measured at.

CASE is a folder with recording.mcap and store/. Measured here: bytes and messages a second, what the journal writes of
them, processor time of engine and journal, memory of engine and gateway, bytes a trip in the ledger. Assumed, by flag:
hours open, trips a day, how long a journal is kept, cores and memory of a machine, how much of them is planned for.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Final

from fusion.config import SECOND_NS
from fusion.journal import Journal
from fusion.journal.segment import segments_of
from fusion.ledger.reading import reading
from fusion.live.gateway_child import GatewayChild
from fusion.live.gateway_words import Settings
from fusion.live.header import Data, encode
from fusion.recording import read_recording
from scenarios.children import AISLE

GROUP: Final = 64  # frames made durable together
TCP_SHARE: Final = 0.04  # of bytes, for headers of TCP and IP: 54 of 1,448
GATEWAY_MESSAGES_A_SECOND: Final = 25_000.0  # a core: 200 sensors under CURVE, measured for shared/FACTS.md
RAY_WORKER_BYTES: Final = 81 << 20  # an idle worker's, measured with Ray 2.60
RECORDS: Final = "SELECT count(*) FROM chain UNION ALL SELECT count(*) + 1 FROM transfers WHERE source = 'supply'"
GB: Final = 1e9


@dataclass(frozen=True, slots=True)
class Measured:
    """What one store was measured at; rates are a second of store time."""

    messages: float
    wire_bytes: float
    journal_bytes: float
    engine_s: float  # of processor time
    journal_s: float
    memory_bytes: float
    opening_bytes: float  # of ledger, a day
    trip_bytes: float


@dataclass(frozen=True, slots=True)
class Needed:
    """What so many stores need."""

    network_gbit_s: float
    journal_tb: float  # kept
    ledger_tb_year: float
    cores: float
    machines_by_cores: int
    machines_by_memory: int


def measure(case: Path) -> Measured:
    """Measure one store on its recording."""
    frames = list(read_recording(case / "recording.mcap"))
    seconds = (frames[-1].arrival_ns - frames[0].arrival_ns) / SECOND_NS
    headers = sum(len(encode(Data(f.topic.partition("/")[2], 1, n, n, f.topic))) for n, f in enumerate(frames))
    payloads = sum(len(frame.payload) for frame in frames)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        begun_s = time.process_time()
        with Journal(out / "journal") as journal:
            for number, frame in enumerate(frames):
                journal.append(frame)
                if number % GROUP == 0:
                    journal.sync()
        journal_s = time.process_time() - begun_s
        written = sum(path.stat().st_size for path in segments_of(out / "journal"))
        words = ("replay", str(case / "recording.mcap"), "--store", str(case / "store"), "--out", str(out / "run"))
        idle_s = _replay_s(["check", "--help"])  # what any command takes to start
        engine_s = _replay_s(words) - idle_s
        engine_bytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        trips = max(1, len((out / "run" / "receipts.jsonl").read_text().splitlines()))
        ledger_bytes = (out / "run" / "ledger.db").stat().st_size
        with reading(out / "run" / "ledger.db") as database:
            (records,), (opening,) = database.read(RECORDS)
        memory = engine_bytes + _gateway_bytes(out / "gateway") + RAY_WORKER_BYTES
    return Measured(
        len(frames) / seconds,
        (payloads + headers) * (1 + TCP_SHARE) / seconds,
        written / seconds,
        engine_s / seconds,
        journal_s / seconds,
        memory,
        ledger_bytes * opening / records,
        ledger_bytes * (records - opening) / records / trips,
    )


def work_out(one: Measured, args: argparse.Namespace) -> Needed:
    """Return what so many stores need, all of them at their measured rate at once."""
    cores = args.stores * (one.engine_s + one.journal_s + one.messages / GATEWAY_MESSAGES_A_SECOND)
    return Needed(
        args.stores * one.wire_bytes * 8 / GB,
        args.stores * one.journal_bytes * args.hours * 3600 * args.keep_days / 1e12,
        args.stores * (one.opening_bytes + one.trip_bytes * args.trips) * 365 / 1e12,
        cores,
        ceil(cores / (args.cores * args.planned)),
        ceil(args.stores * one.memory_bytes / (args.memory_gb * GB * args.planned)),
    )


def main() -> int:
    """Measure, work out, print."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.extent", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("case", type=Path, help="recording.mcap and store/")
    parser.add_argument("--stores", type=int, default=10_000)
    parser.add_argument("--hours", type=float, default=16.0, help="open a day (16)")
    parser.add_argument("--trips", type=float, default=400.0, help="a day and store (400)")
    parser.add_argument("--keep-days", type=float, default=7.0, help="of journal (7)")
    parser.add_argument("--cores", type=int, default=64, help="of a machine (64)")
    parser.add_argument("--memory-gb", type=float, default=512.0, help="of a machine (512)")
    parser.add_argument("--planned", type=float, default=0.6, help="share of a machine that is planned for (0.6)")
    args = parser.parse_args()
    if not (args.case / "recording.mcap").is_file():
        print(f"extent: {args.case}: expected a folder with recording.mcap and store, received none", file=sys.stderr)
        return 2
    one = measure(args.case)
    need = work_out(one, args)
    print(
        f"one store, measured (load of the machine {os.getloadavg()[0]:.1f}): {one.messages:.0f} messages/s, "
        f"{one.wire_bytes / 1e3:.0f} kB/s on the network, {one.journal_bytes / 1e3:.0f} kB/s of journal,\n"
        f"  engine {one.engine_s:.3f} and journal {one.journal_s:.4f} of a core, {one.memory_bytes / 1e6:.0f} MB, "
        f"of ledger {one.trip_bytes / 1e3:.1f} kB a trip and {one.opening_bytes / 1e3:.0f} kB a day"
    )
    print(
        f"{args.stores} stores, {args.hours:g} h and {args.trips:g} trips a day: {need.network_gbit_s:.1f} Gbit/s in, "
        f"{need.journal_tb:.0f} TB of journal for {args.keep_days:g} days,\n"
        f"  {need.ledger_tb_year:.1f} TB of ledger a year, {need.cores:.0f} cores"
    )
    print(
        f"  {need.machines_by_cores} machines for {args.cores} cores each, {need.machines_by_memory} for "
        f"{args.memory_gb:g} GB each; planned for {args.planned:.0%} of a machine"
    )
    return 0


def _replay_s(words: "list[str] | tuple[str, ...]") -> float:
    """Run a command; return its processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*AISLE, *words], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _gateway_bytes(folder: Path) -> int:
    """Return what an idle gateway keeps in memory."""
    folder.mkdir()
    with GatewayChild(Settings(journal=str(folder / "journal"), listen="tcp://127.0.0.1:*")) as gateway:
        status = Path(f"/proc/{gateway._child.pid}/status").read_text()
        gateway.stop()
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    sys.exit(main())
