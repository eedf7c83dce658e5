"""How people appear in the public log: as salted commitments, and as nothing else.

`c:` + base64url(SHA-256(32-byte random salt || id)). Destroying the salt erases the person from the
log without changing a byte of it (TRUST section 2): what stays is the commitment itself, in a row that is nobody's.
"""

import hashlib
from base64 import urlsafe_b64encode

from accounts.models import Device, User


def of(someone: User | Device) -> str:
    """The commitment of a person, or of a device whose person is unknown."""
    if isinstance(someone, User) and someone.pseudonym:
        return someone.pseudonym
    digest = hashlib.sha256(bytes(someone.salt) + str(someone.pk).encode()).digest()
    return "c:" + urlsafe_b64encode(digest).decode().rstrip("=")
