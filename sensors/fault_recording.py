"""A recording with a fault plan played onto it, written as another recording."""

from collections.abc import Callable
from pathlib import Path

from fusion.messages import Malformed
from fusion.recording import Recording, RecordingWriter
from fusion.store import Store
from fusion.wire import decode
from sensors.fault_stream import disturb_all, since_first
from sensors.faults import FaultPlan


def disturb_recording(
    recording: Recording,
    plan: FaultPlan,
    out: Path,
    *,
    store: Store | None,
    seed: int,
    progress: Callable[[int], None] = lambda count: None,
) -> int:
    """Write `recording` to `out` as it would have been with these faults; return how many messages it has then.

    `progress` hears of each message written. Raises PlanError for plates at fault without a store, OSError for a
    file that cannot be written.
    """
    frames = disturb_all(plan, since_first(recording), store=store, seed=seed)
    count = 0
    with RecordingWriter(out, _store_id(recording)) as writer:
        for _, frame in frames:
            message = decode(frame.topic, frame.payload)
            t_ns, seq = (0, 0) if isinstance(message, Malformed) else (message.t_ns, message.seq)
            writer.write(frame, t_ns, seq)
            count += 1
            progress(count)
    return count


def _store_id(recording: Recording) -> str:
    """Return the store that a recording names; it may say so at its very end."""
    for _ in recording:
        if recording.store_id:
            break
    return recording.store_id
