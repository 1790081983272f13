"""How a webhook shows that it is ours: HMAC-SHA256 as Standard Webhooks has it (standardwebhooks.com); pure.

What is signed is `id.timestamp.body`, the timestamp in whole seconds: a receiver refuses old ones, so that what was
sent once cannot be sent again by somebody who has seen it. Secrets are 24 to 64 bytes in base64 after `whsec_`.
"""

import base64
import binascii
import hmac
from hashlib import sha256

PREFIX = "whsec_"
SECRET_BYTES = range(24, 65)


def secret_of(text: str) -> bytes | None:
    """Return the secret that a text stands for, None where it is none."""
    try:
        secret = base64.b64decode(text.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    return secret if text.startswith(PREFIX) and len(secret) in SECRET_BYTES else None


def text_of(secret: bytes) -> str:
    """Return a secret as it is written down."""
    assert len(secret) in SECRET_BYTES
    return PREFIX + base64.b64encode(secret).decode()


def headers(secret: bytes, request_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """Return the headers of one request: whose it is, when it was sent, and that this is so."""
    signed = f"{request_id}.{timestamp_s}.".encode() + body
    digest = base64.b64encode(hmac.new(secret, signed, sha256).digest()).decode()
    return {
        "content-type": "application/json",
        "idempotency-key": request_id,
        "webhook-id": request_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": f"v1,{digest}",
    }
