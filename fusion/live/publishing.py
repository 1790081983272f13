"""The sockets that outputs leave by: a PUB for who listens, a ROUTER for who asks for what there was before."""

import json

import zmq

from fusion.live.bus import OUTPUT_LINGER_MS, Lock, open_outputs, open_requests
from fusion.live.outputs import COUNT, MARK, LastValues

REQUEST_PARTS = 3  # peer, nonce, prefix of topics
NONCE_BYTES_MAX = 64


class Publisher:
    """Outputs and snapshots; an empty address leaves the socket out."""

    def __init__(
        self, context: "zmq.Context[zmq.Socket[bytes]]", publish: str, requests: str, lock: Lock | None
    ) -> None:
        self.values = LastValues()
        self.publishing, self.requesting = publish, requests
        self._context = context
        self._pub: zmq.Socket[bytes] | None = None
        self.requests: zmq.Socket[bytes] | None = None
        self._open(lock)

    def publish(self, topic: str, key: str, text: str) -> None:
        """Send one output, and keep it as the last value of its key."""
        self.values.put(topic, key, text)
        self._send(topic, text)

    def tell_counts(self, store_id: str) -> None:
        """Say how many outputs each topic has had."""
        self._send(f"{COUNT}{store_id}", json.dumps(self.values.counts))

    def answer(self) -> None:
        """Give the snapshots that are asked for, and mark in the stream where each was taken."""
        while self.requests is not None and self.requests.poll(0):
            parts = self.requests.recv_multipart()
            if len(parts) != REQUEST_PARTS or not 0 < len(parts[1]) <= NONCE_BYTES_MAX or not parts[1].isascii():
                continue
            peer, nonce, prefix = parts
            wanted = prefix.decode("ascii", "replace")
            counts = {topic: n for topic, n in self.values.counts.items() if topic.startswith(wanted)}
            pairs = [word.encode() for pair in self.values.snapshot(wanted) for word in pair]
            self._send(f"{MARK}{nonce.decode('ascii')}", "")
            try:
                self.requests.send_multipart([peer, nonce, json.dumps(counts).encode(), *pairs], zmq.NOBLOCK)
            except zmq.Again:
                return  # whoever does not read its answer gets none

    def open_anew(self, lock: Lock | None) -> None:
        """Cut everybody; those who may come back do so by themselves."""
        self._close(0)
        self._open(lock)

    def close(self) -> None:
        """Close both sockets after giving subscribers a moment to take what is queued."""
        self._close(OUTPUT_LINGER_MS)

    def _open(self, lock: Lock | None) -> None:
        if self.publishing:
            self._pub, self.publishing = open_outputs(self._context, self.publishing, lock)
        if self.requesting:
            self.requests, self.requesting = open_requests(self._context, self.requesting, lock)

    def _close(self, linger_ms: int) -> None:
        for socket in (self._pub, self.requests):
            if socket is not None:
                socket.close(linger=linger_ms)
        self._pub = self.requests = None

    def _send(self, topic: str, text: str) -> None:
        if self._pub is not None:
            self._pub.send_multipart([topic.encode(), text.encode()])
