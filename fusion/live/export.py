"""A recording made from the journal."""

from pathlib import Path

from fusion.journal import Damage, read_journal
from fusion.journal.record import Kind
from fusion.journal.watching import watched_journal
from fusion.messages import Malformed
from fusion.recording import RecordingWriter
from fusion.wire import decode


def export_journal(journal: Path, recording: Path, store_id: str) -> tuple[int, list[Damage]]:
    """Write the frames of a journal, in its order, to an MCAP recording; return how many, and what could not be read.

    The recording appears whole or not at all. A payload that cannot be read is kept under its arrival time.
    """
    part = recording.with_name(recording.name + ".part")
    count = 0
    reader = read_journal(journal)
    reader.start_at_the_first()
    with RecordingWriter(part, store_id) as writer:
        for _, record in watched_journal(reader, "exporting"):
            if record.kind is not Kind.FRAME:
                continue
            frame = record.frame
            message = decode(frame.topic, frame.payload)
            if isinstance(message, Malformed):
                writer.write(frame, frame.arrival_ns, 0)
            else:
                writer.write(frame, message.t_ns, message.seq)
            count += 1
    part.replace(recording)
    return count, reader.damage
