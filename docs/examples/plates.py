"""A shelf controller: lines of grams on standard input, one number a plate, to an engine as messages of the contract.

python docs/examples/plates.py ctl-G1 tcp://127.0.0.1:5555 < a-scale-that-prints-ten-lines-a-second
"""

import struct
import sys
import time

import msgpack
import zmq

SAMPLE_NS = 100_000_000  # between two lines
BATCH = 5  # samples a message


def main(src: str, address: str) -> None:
    """Send what is weighed until the input ends."""
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.linger = 10_000  # ms that what is queued may take to leave when we end
    socket.connect(address)
    seq = 0

    def send(kind: str, **fields: object) -> None:
        nonlocal seq
        payload = {"v": 1, "kind": kind, "src": src, "seq": seq, **fields}
        socket.send_multipart([f"{kind}/{src}".encode(), msgpack.packb(payload)])
        seq += 1

    rows: list[list[float]] = []
    for line in sys.stdin:
        rows.append([float(grams) for grams in line.split()])
        if len(rows) == BATCH:
            t_ns = time.time_ns() - (BATCH - 1) * SAMPLE_NS  # when the first of them was weighed
            grams = struct.pack(f"<{BATCH * len(rows[0])}f", *(g for row in rows for g in row))
            send("plates", t=t_ns, dt=SAMPLE_NS, n=BATCH, ch=len(rows[0]), g=grams)
            send("health", t=time.time_ns(), state="ok", text="")
            rows = []


main(*sys.argv[1:])
