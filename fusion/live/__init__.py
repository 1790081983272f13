"""The online shell around the engine: sensors connect, frames go on the tape, outputs come out.

Theory of operation. Each sensor is a DEALER that sends (topic, payload) to the engine's ROUTER; a DEALER
waits at its high-water mark where a PUB would drop, so a slow engine slows its sensors down instead of
losing them. Frames are taken in groups, written to the tape, made durable, and only then shown to the
engine: what was charged is always on the tape, and the recording made from that tape replays to the same
bytes.
"""
