"""Meta's signature of a webhook."""

import hashlib
import hmac


def signed(secret: str, body: bytes) -> str:
    """Return the value of `X-Hub-Signature-256` for the raw bytes of a body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
