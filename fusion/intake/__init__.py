"""Intake: messages in any order of arrival become closed slices of event time, each message once.

Theory of operation. The one order of the house is (t, src, seq), made here and nowhere else. A message waits until the
watermark has passed its slice; the watermark trails the frontier by the reorder window and passes no live source, so
that sources of different lateness (plates 0.1 s, a pose system 2.3 s) meet in the right slice. A source that the
frontier of event time has overtaken by idle_ns is idle: nobody waits for it, and its next message that is not far
behind makes it live again. The frontier is the second newest source's time, one sensor with a broken clock cannot drag
it; where only one source still speaks, its own once it has spoken alone for idle_ns. A message that leaps further ahead
of everybody than future_ns_max waits until its source goes on from there, and is left out, counted as future, when it
does not; a clock that is set back by as much takes its part of the frontier back with it. Duplicates share (t, src,
seq) and vanish when the slice closes; a message behind the watermark is counted as late, never silently lost. Arrival
times are no input: the same messages in any order inside the window give the same slices.

What a slice holds of camera frames, most of all messages, it holds as columns (pictures.py). Inside the engine
clocks.py sets the times of sources right whose clocks are found to be off (clock_filter.py), and holds all messages for
a moment to keep them in order. A camera that counts anew has restarted: its clock may be off by anything, and it moves
nobody until comparisons with the others have told.
"""

from fusion.intake.sequencer import Sequencer, Slice, slice_of

__all__ = ["Sequencer", "Slice", "slice_of"]
