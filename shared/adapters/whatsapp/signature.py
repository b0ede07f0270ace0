"""The signature on Meta's webhooks: HMAC-SHA256 over the raw body, keyed with an app secret."""

import hmac
from collections.abc import Iterable

HEADER = "X-Hub-Signature-256"
_PREFIX = b"sha256="


def sign(body: bytes, secret: bytes) -> str:
    """Return the value of `X-Hub-Signature-256` that Meta sends with this body."""
    return "sha256=" + hmac.digest(secret, body, "sha256").hex()


def is_signed(body: bytes, header: bytes | None, secrets: Iterable[bytes]) -> bool:
    """Tell whether the header's signature is that of the body under one of the secrets.

    Compares in constant time. A header that is absent or holds anything else than a
    signature is no signature; an empty secret signs nothing.

    Args:
        body: The raw bytes, as they came.
        header: The raw value of `X-Hub-Signature-256`, or None.
        secrets: The app secrets; several while one is being replaced, or for several apps.
    """
    if header is None or not header.startswith(_PREFIX):
        return False
    given = header[len(_PREFIX) :]
    return any(
        hmac.compare_digest(given, hmac.digest(secret, body, "sha256").hex().encode())
        for secret in secrets
        if secret
    )
