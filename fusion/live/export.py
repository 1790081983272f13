"""A recording made from the tape."""

from pathlib import Path

from fusion.journal import read_journal
from fusion.messages import Malformed
from fusion.recording import RecordingWriter
from fusion.wire import decode


def export_tape(tape: Path, recording: Path, store_id: str) -> int:
    """Write the frames of a tape, in its order, to an MCAP recording; return how many.

    The recording appears whole or not at all. A payload that cannot be read is kept under its arrival time.
    """
    part = recording.with_name(recording.name + ".part")
    count = 0
    with RecordingWriter(part, store_id) as writer:
        for frame in read_journal(tape):
            message = decode(frame.topic, frame.payload)
            if isinstance(message, Malformed):
                writer.write(frame, frame.arrival_ns, 0)
            else:
                writer.write(frame, message.t_ns, message.seq)
            count += 1
    part.replace(recording)
    return count
