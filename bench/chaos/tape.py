"""What chaos is made of: a long recording of a busy small store, and what an undisturbed run makes of it."""

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.kept import kept
from fusion.journal import read_journal
from fusion.messages import Frame, Malformed
from fusion.recording import RecordingWriter, read_recording
from fusion.wire import decode
from scenarios.children import AISLE

OUTPUTS = ("receipts.jsonl", "events.jsonl")
MESSAGES_A_SECOND = 167  # of the small store, about


def aisle(*words: str) -> str:
    """Run a subcommand to its end and return what it printed; CalledProcessError where it fails."""
    return subprocess.run([*AISLE, *words], capture_output=True, text=True, check=True).stdout


def long_tape(folder: Path, seed: int, messages: int) -> Path:
    """Return a folder with store/ and recording.mcap of at least so many messages; kept."""
    seconds = round(messages / MESSAGES_A_SECOND)
    people = max(1, round(seconds / 16))
    words = ("--draw", str(people), "--over", str(seconds), "--hard", "0.2", "--store", "nano")
    return drawn_tape(folder / f"tape-{seed}-{messages}", words, seed)


def drawn_tape(case: Path, words: Sequence[str], seed: int) -> Path:
    """Return a folder with store/ and recording.mcap of drawn visits, words as of `aisle scenarios --draw`; kept."""

    def make(part: Path) -> None:
        script = part / "script.txt"
        script.write_text(aisle("scenarios", *words, "--seed", str(seed)))
        aisle("simulate", str(script), "--seed", str(seed), "--out", str(part))

    return kept(case, " ".join((*words, str(seed))), make)


def undisturbed(case: Path) -> Path:
    """Return the outputs of replaying a recording, made anew: those of an engine before this one may be others."""
    out = case / "undisturbed"
    shutil.rmtree(out, ignore_errors=True)
    aisle("replay", str(case / "recording.mcap"), "--store", str(case / "store"), "--out", str(out))
    return out


def in_order(journal: Path, folder: Path) -> Path:
    """Write the messages of a journal in the order of their own times, as an undisturbed network brings them."""
    timed = []
    for frame in read_journal(journal).frames():
        message = decode(frame.topic, frame.payload)
        assert not isinstance(message, Malformed), message
        timed.append((message.t_ns, message.src, message.seq, frame))
    folder.mkdir(parents=True, exist_ok=True)
    with RecordingWriter(folder / "recording.mcap", "") as writer:
        for t_ns, _, seq, frame in sorted(timed, key=lambda one: one[:3]):
            writer.write(Frame(frame.topic, frame.payload, t_ns), t_ns, seq)
    return folder


def payloads(frames: Iterable[Frame]) -> Counter[tuple[str, bytes]]:
    """Return how often each message is there."""
    return Counter((frame.topic, frame.payload) for frame in frames)


def differences(journal: Path, recording: Path) -> tuple[int, int]:
    """Return how many messages of a recording a journal misses, and how many it has too many."""
    there, sent = payloads(read_journal(journal).frames()), payloads(read_recording(recording))
    return (sent - there).total(), (there - sent).total()
