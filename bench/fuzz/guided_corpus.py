"""The payloads of a recording as files, one of each kind and size at least, for a fuzzer to begin with."""

from pathlib import Path

from fusion.messages import Kind
from fusion.recording import read_recording

OF_A_KIND = 40


def write_corpus(recording: Path, folder: Path) -> Path:
    """Write up to forty payloads of each kind, the kind's number before them; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds, written = [kind.value for kind in Kind], dict[str, int]()
    for frame in read_recording(recording):
        kind = frame.topic.partition("/")[0]
        number = written.get(kind, 0)
        if kind in kinds and number < OF_A_KIND:
            (folder / f"{kind}-{number}").write_bytes(bytes([kinds.index(kind)]) + frame.payload)
            written[kind] = number + 1
    return folder
