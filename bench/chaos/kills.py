"""A live service killed with kill -9 again and again, itself or its gateway, while a sensor sends all it has."""

import json
import random
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import zmq

from bench.chaos.tape import OUTPUTS, differences, undisturbed
from fusion.journal.record import HEAD, ORIGIN, PREFIX
from fusion.recording import read_recording
from scenarios.children import AISLE, Child, listening_address, running

LOOK_S = 0.02
WAIT_S_MAX = 900.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is there after all the kills."""

    messages: int
    kills: int
    gateway_kills: int
    missing: int  # acknowledged and not in the journal
    doubled: int  # more than once in it
    same_ledger: bool
    same_outputs: bool
    seconds: float


def kill_again_and_again(case: Path, out: Path, *, seed: int, kills: int, rate: float) -> Outcome:
    """Publish a recording to a service that is killed at so many random instants; then let it end in peace."""
    rng = random.Random(seed)
    recording, begun_s = case / "recording.mcap", time.monotonic()
    sizes = [len(frame.topic) + len(frame.payload) + 30 for frame in read_recording(recording)]
    total = sum(sizes) + len(sizes) * (PREFIX.size + HEAD.size + ORIGIN.size)
    instants = sorted(rng.uniform(0.02, 0.97) * total for _ in range(kills))
    address, gateways = free_address(), 0
    sends = ("--to", address, "--rate", str(rate), "--spool", str(out / "spool"), "--patience", "120")
    words = ("publish", str(recording), *sends)
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        publisher: subprocess.Popen[bytes] | None = None
        left = list(instants)
        while True:
            with running(*_serve(case, out, address)) as (serve, said):
                assert listening_address(serve, said) is not None, "the service did not come back"
                if publisher is None:
                    publisher = stack.enter_context(subprocess.Popen([*AISLE, *words], stdout=subprocess.DEVNULL))
                while left and _wait_for(out / "live" / "journal", left[0], publisher):
                    left.pop(0)
                    time.sleep(rng.uniform(0.0, 1.0))
                    if rng.random() < 0.25 and (gateway := _gateway_of(serve)):
                        subprocess.run(["kill", "-9", str(gateway)], check=False)
                        gateways += 1
                        continue
                    serve.kill()
                    serve.wait()
                    break
                else:
                    assert publisher.wait(WAIT_S_MAX) == 0, "the publisher could not hand everything over"
                    serve.terminate()
                    assert serve.wait(WAIT_S_MAX) == 0, "the service did not end well"
                    break
    return _outcome(case, out, kills, gateways, len(sizes), time.monotonic() - begun_s)


def _outcome(case: Path, out: Path, kills: int, gateways: int, messages: int, seconds: float) -> Outcome:
    missing, doubled = differences(out / "live" / "journal", case / "recording.mcap")
    reference, live = undisturbed(case), out / "live"
    ledgers = [json.loads((folder / "run.json").read_text())["ledger"] for folder in (reference, live)]
    same = all((reference / name).read_bytes() == (live / name).read_bytes() for name in OUTPUTS)
    return Outcome(messages, kills, gateways, missing, doubled, ledgers[0] == ledgers[1], same, seconds)


def _serve(case: Path, out: Path, address: str) -> tuple[str, ...]:
    store, live = str(case / "store"), str(out / "live")
    return ("serve", "--store", store, "--out", live, "--listen", address, "--snapshot-every", "5", "--looks", "keep")


def _wait_for(journal: Path, size: float, publisher: "subprocess.Popen[bytes]") -> bool:
    """Wait until a journal has so many bytes; False where nobody sends any more."""
    while _size(journal) < size:
        if publisher.poll() is not None:
            return False
        time.sleep(LOOK_S)
    return True


def _size(journal: Path) -> int:
    return sum(path.stat().st_size for path in journal.glob("*.seg")) if journal.is_dir() else 0


def _gateway_of(serve: Child) -> int | None:
    """Return the process id of a service's gateway."""
    children = Path(f"/proc/{serve.pid}/task/{serve.pid}/children").read_text().split()
    for child in children:
        if b"gateway_process" in Path(f"/proc/{child}/cmdline").read_bytes():
            return int(child)
    return None


def free_address() -> str:
    """Return an address of this machine that nobody uses."""
    with zmq.Context() as context, context.socket(zmq.ROUTER) as socket:
        return f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}"
