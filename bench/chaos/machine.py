"""A service on a machine that misbehaves: slow fsync, a disk that is full for a while, a wall clock that steps."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.chaos.kills import free_address
from bench.chaos.network import WAIT_S_MAX, compared
from scenarios.children import Child, listening_address, running

SHIM = Path(__file__).with_name("shim.c")
BEGUN = "begun"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the machine does, in seconds from when the service first listens."""

    fsync_ms: int = 0  # longer, each
    full_s: tuple[float, float] | None = None
    clock_s: tuple[float, float] | None = None  # from when on, by how much


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    stops: int  # of the service, which was started again
    said: tuple[str, ...]  # by the service, of what troubled it
    missing: int
    doubled: int
    same_ledger: bool
    same_outputs: bool


def strain(case: Path, out: Path, trouble: Trouble, *, rate: float) -> Outcome:
    """Publish a recording to a service on such a machine; start it again where it stops, until all is durable."""
    out.mkdir(parents=True, exist_ok=True)
    shim = out / "shim.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", shim, SHIM, "-ldl"], check=True)
    address, stops, told = free_address(), 0, list[str]()
    words = (
        "serve",
        "--store",
        str(case / "store"),
        "--out",
        str(out / "live"),
        "--listen",
        address,
        "--looks",
        "keep",
    )
    sends = ("publish", str(case / "recording.mcap"), "--to", address, "--rate", str(rate), "--patience", "120")
    with running(*sends, "--spool", str(out / "spool")) as (publisher, _):
        end_s = time.monotonic() + WAIT_S_MAX
        while publisher.poll() is None and time.monotonic() < end_s:
            with _under(shim, out, trouble), running(*words) as (serve, said):
                if listening_address(serve, said) is not None and not (out / BEGUN).exists():
                    (out / f"{BEGUN}.part").write_text(str(time.time()))
                    (out / f"{BEGUN}.part").replace(out / BEGUN)
                while serve.poll() is None and publisher.poll() is None and time.monotonic() < end_s:
                    time.sleep(0.1)
                if publisher.poll() is not None:
                    _end(serve)
                else:
                    stops += 1
                    time.sleep(0.5)
            while not said.empty():
                told += [line for line in [said.get()] if line.startswith("aisle")]
        assert publisher.poll() == 0, "the publisher could not hand everything over"
    missing, doubled, ledger, outputs = compared(case, out)
    return Outcome(stops, tuple(dict.fromkeys(told)), missing, doubled, ledger, outputs)


def _end(serve: Child) -> None:
    serve.terminate()
    assert serve.wait(WAIT_S_MAX) == 0, "the service did not end well"


@contextmanager
def _under(shim: Path, out: Path, trouble: Trouble) -> Iterator[None]:
    """Whoever is started within runs on the machine."""
    words = {"LD_PRELOAD": str(shim.resolve()), "CHAOS_UNDER": str((out / "live").resolve())}
    words["CHAOS_BEGUN"] = str((out / BEGUN).resolve())
    if trouble.fsync_ms:
        words["CHAOS_FSYNC_MS"] = str(trouble.fsync_ms)
    if trouble.full_s:
        words["CHAOS_FULL"] = ",".join(str(s) for s in trouble.full_s)
    if trouble.clock_s:
        words["CHAOS_CLOCK"] = ",".join(str(s) for s in trouble.clock_s)
    before = dict(os.environ)
    os.environ.update(words)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
