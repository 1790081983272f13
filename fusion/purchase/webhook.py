"""The webhook: each request is one POST, signed, under an Idempotency-Key.

2xx is accepted. 402, 409 and 422 are declined, with the body's reason. Anything else, and no answer, is not now: too
many requests and faults of the receiver pass by themselves, and a wrong address or secret is for an operator to mend,
who sees the reason; no charge is lost over it.
"""

import json
import os
import secrets
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from fusion.cards import holds_card
from fusion.purchase.answers import Accepted, Answer, Declined, Later, reason_of
from fusion.purchase.port import PortError
from fusion.purchase.signature import headers, secret_of, text_of

SECRET = "purchases.secret"  # in the output folder, made where it is missing
NEW_SECRET_BYTES = 32
DECLINED = (402, 409, 422)
TIMEOUT = httpx.Timeout(10.0, connect=5.0)  # of each step, s
ANSWER_S_MAX = 30.0  # of a whole answer: one that drips in is no answer
ANSWER_BYTES_MAX = 1 << 16
REASONS = ("reason", "message", "detail", "error")  # keys of a JSON body that say why
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Webhook:
    """Requests as signed POSTs to one address."""

    def __init__(self, url: str, secret: bytes, timeout: httpx.Timeout = TIMEOUT) -> None:
        """Take an address that `check_url` has let through."""
        self._url = url
        self._secret = secret
        # Purchases go where the operator says, and by no proxy that happens to stand in the environment. Each has a
        # connection of its own: a receiver that answers twice would else answer the next request with the second.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(timeout=timeout, limits=limits, trust_env=False, follow_redirects=False)

    def ask(self, request_id: bytes, body: str) -> Answer:
        """Post a request and return what the answer means."""
        raw = body.encode()
        signed = headers(self._secret, request_id.hex(), int(time.time()), raw) | {"accept-encoding": "identity"}
        try:
            with self._client.stream("POST", self._url, content=raw, headers=signed) as response:
                return answer_of(response.status_code, dict(response.headers), _read(response))
        except httpx.HTTPError as error:
            return Later(reason_of(f"{type(error).__name__}: {error}", "no answer"))

    def close(self) -> None:
        """Close connections."""
        self._client.close()


def answer_of(status: int, said: dict[str, str], body: bytes) -> Answer:
    """Return what a status means; `said` are headers with names in lower case."""
    if 200 <= status < 300:
        return Accepted()
    reason = reason_of(_reason(body), f"status {status}")
    if status in DECLINED:
        return Declined(reason)
    reason = reason if reason.startswith("status") else f"status {status}: {reason}"
    return Later(reason, _retry_after_s(said.get("retry-after", "")))


def check_url(url: str) -> str:
    """Return an address that purchases may be sent to; PortError for one that others could read or that hides a key."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.username is not None or parts.fragment:
        raise PortError("--purchases: expected https://HOST[:PORT][/PATH] without a user or password, received another")
    if parts.scheme != "https" and host not in LOOPBACK:
        raise PortError(
            f"--purchases: expected https:// for {host}, received {parts.scheme}://, which anybody can read"
        )
    if holds_card(url):
        raise PortError("--purchases: expected an address, received a card number, not shown")
    try:
        httpx.URL(url)
    except httpx.InvalidURL as error:
        raise PortError(f"--purchases: expected an address, received one that is none: {error}") from None
    return url


def open_webhook(url: str, out: Path) -> Webhook:
    """Return the webhook at an address; its secret is in the folder `out`, made where it is missing."""
    return Webhook(check_url(url), read_secret(out / SECRET))


def read_secret(path: Path) -> bytes:
    """Return the secret in a file that only its owner can read; make it where there is none."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        secret = secret_of(path.read_text(encoding="ascii", errors="replace").strip())
        if secret is None:
            raise PortError(
                f"{path}: expected whsec_ and 24 to 64 bytes in base64; remove it to have one made"
            ) from None
        return secret
    secret = secrets.token_bytes(NEW_SECRET_BYTES)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text_of(secret) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return secret


def _read(response: httpx.Response) -> bytes:
    """Return the body of an answer, cut off where it is too long or takes too long."""
    body, end_s = bytearray(), time.monotonic() + ANSWER_S_MAX
    for chunk in response.iter_raw():  # as it comes: a few bytes could unpack to gigabytes
        body += chunk
        if len(body) > ANSWER_BYTES_MAX or time.monotonic() > end_s:
            break
    return bytes(body[:ANSWER_BYTES_MAX])


def _reason(body: bytes) -> object:
    """Return what a body says; all of it where a card number is in it, so that none of it is kept."""
    text = body.decode("utf-8", errors="replace")
    try:
        fields: Any = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if holds_card(fields):
        return fields
    if not isinstance(fields, dict):
        return text
    return next((fields[key] for key in REASONS if isinstance(fields.get(key), str)), text)


def _retry_after_s(text: str) -> float:
    """Return a Retry-After in seconds; a date, which needs the receiver's clock, counts as none."""
    return float(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0.0
