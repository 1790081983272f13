"""One measurement in a process of its own: `python -m bench.throughput.runs WHAT CASE` prints one line of JSON.

replay  the whole recording through the real Session: seconds, peak memory, ledger
half    the same of the first half of its time: is peak memory flat in the length of a recording?
stages  the same with every stage timed, which costs a few percent
floor   the recording only read, decoded, and every byte of every payload touched once; and what is in it
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.rush.__main__ import replay, warm_up
from bench.rush.stages import STAGES
from fusion.ahead import Span
from fusion.collector import collect_seldom
from fusion.messages import Boxes, Frame, Malformed, People, Plates
from fusion.recording import read_recording
from fusion.replay import run_through
from fusion.session import Session
from fusion.settlement import Outputs
from fusion.store import load_store
from fusion.wire import decode

RECORDING: Final = "recording.mcap"


def measured(what: str, case: Path) -> dict[str, Any]:
    """Return what a process of its own measures; raises CalledProcessError where it fails."""
    words = [sys.executable, "-m", "bench.throughput.runs", what, str(case)]
    said = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found


def cold_s(case: Path) -> float:
    """Return the wall seconds of the command `aisle replay`, interpreter and imports included."""
    with tempfile.TemporaryDirectory() as folder:
        words = [str(Path(sys.executable).with_name("aisle")), "replay", str(case / RECORDING)]
        begun = time.perf_counter()
        subprocess.run([*words, "--store", str(case / "store"), "--out", folder], check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - begun


def whole(case: Path, out: Path) -> dict[str, Any]:
    """Replay a case, its beginning once before so that kernels are loaded when time begins to count."""
    warm_up(case, out)
    recording, half_mib, ahead_mib = read_recording(case / RECORDING), 0.0, 0.0

    def watch(_session: Session, _outputs: Outputs) -> None:
        nonlocal half_mib, ahead_mib
        if not half_mib and 2 * recording.bytes_read >= recording.bytes_total:
            half_mib, ahead_mib = _peak_mib(), _started_mib()

    begun, begun_cpu = time.perf_counter(), _cpu_s()
    session = Session(load_store(case / "store"), out)
    session.watch = watch
    run_through(session, recording, Span())
    session.finish()
    record = session.close()
    return {
        "wall_s": time.perf_counter() - begun,
        "cpu_s": _cpu_s() - begun_cpu,
        "store_s": record["seconds"]["store"],
        "ledger": record["ledger"],
        "half_mib": half_mib + ahead_mib,
        "peak_mib": _peak_mib() + ahead_mib,
    }


def stages(case: Path, out: Path) -> dict[str, Any]:
    """Replay a case with its stages timed; seconds by stage, and of the processor by stretch and stage."""
    warm_up(case, out)
    run = replay(case, out)
    by_stage = dict(zip(STAGES, run.wall_s.sum(axis=0).tolist(), strict=True))
    return {"stages": by_stage, "cpu_s": run.cpu_s.tolist(), "limits": run.limits}


def floor(case: Path, _out: Path) -> dict[str, Any]:
    """Read, decode and touch a recording; then, untimed, count what is in it."""
    touched, begun, begun_cpu = 0, time.perf_counter(), time.process_time()
    for frame in read_recording(case / RECORDING):
        decode(frame.topic, frame.payload)
        touched += int(np.frombuffer(frame.payload, np.uint8).sum())
    found = {"wall_s": time.perf_counter() - begun, "cpu_s": time.process_time() - begun_cpu, "touched": touched}
    return found | counted(read_recording(case / RECORDING))


def counted(frames: Iterable[Frame]) -> dict[str, int]:
    """Return how many messages, bytes, plate samples, camera frames and detections there are."""
    found = dict.fromkeys(("messages", "bytes", "samples", "camera_frames", "detections"), 0)
    for frame in frames:
        found["messages"] += 1
        found["bytes"] += len(frame.payload)
        message = decode(frame.topic, frame.payload)
        assert not isinstance(message, Malformed), message
        if isinstance(message, Plates):
            found["samples"] += message.g.size
        elif isinstance(message, People | Boxes):
            found["camera_frames"] += 1
            found["detections"] += len(message.score)
    return found


def _cpu_s() -> float:
    """Return what this process has taken of processors, and those that it started and that are gone."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _started_mib() -> float:
    """Return the peak memory of the processes that this one has started and that run: what reads ahead keeps little.

    What the system counts of a process that is gone begins with all that was in memory here when it was started.
    """
    running = Path("/proc/thread-self/children").read_text().split()
    status = [line.split() for pid in running for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
    return sum(int(words[1]) for words in status if words[0] == "VmHWM:") / 1024


WHATS: Final[dict[str, Callable[[Path, Path], dict[str, Any]]]] = {
    "replay": whole,
    "stages": stages,
    "floor": floor,
}


def main(argv: list[str]) -> int:
    """Measure one thing and print it."""
    what, case = argv
    collect_seldom()  # as the command does
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(WHATS[what](Path(case), Path(folder))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
