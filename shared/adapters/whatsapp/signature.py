"""The signature on Meta's webhooks: HMAC-SHA256 over the raw body, keyed with an app secret."""

import hmac
from collections.abc import Iterable

HEADER = "X-Hub-Signature-256"


def sign(body: bytes, secret: bytes) -> str:
    """Return the value of `X-Hub-Signature-256` that Meta sends with this body."""
    return "sha256=" + hmac.digest(secret, body, "sha256").hex()


class AppSecrets:
    """The app secrets, any of which may have signed a body; an empty one signs nothing."""

    def __init__(self, secrets: Iterable[bytes]) -> None:
        """Take the secrets: several while one is being replaced, or for several apps."""
        # Keying costs as much as hashing a body; a copy of what is keyed costs a third.
        self._keyed = tuple(hmac.new(secret, digestmod="sha256") for secret in secrets if secret)

    def signed(self, body: bytes, header: bytes | None) -> bool:
        """Tell whether the header's signature is that of the body under one of the secrets.

        Compares in constant time. A header that is absent or holds anything else than a
        signature is no signature.

        Args:
            body: The raw bytes, as they came.
            header: The raw value of `X-Hub-Signature-256`, or None.
        """
        if header is None:
            return False
        for keyed in self._keyed:
            code = keyed.copy()
            code.update(body)
            if hmac.compare_digest(header, b"sha256=" + code.hexdigest().encode()):
                return True
        return False
