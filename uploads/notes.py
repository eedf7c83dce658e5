"""Signed notes (C2SP signed-note) with Ed25519: a text that anybody can check against a public key.

    receipt/v1
    …
    (an empty line)
    — pemantau.example/receipts base64(key hash ‖ signature)

The key hash is the first four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key); 0x01 stands for Ed25519. A public
key is written as `name+hex of its hash+base64(0x01 ‖ public key)`. Nothing here knows what a note says, or where keys
are kept.
"""

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
HASH_BYTES, KEY_BYTES, SIGNATURE_BYTES = 4, 32, 64
MOST_SIGNATURES = 16  # others may sign a note too (witnesses); more than that is no note of anybody's

_NAME = re.compile(r"[^\s+]+")
_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")


class WrongKey(ValueError):
    """Not a key as this module writes it."""


class NotSigned(ValueError):
    """No note, or none that one of these keys has signed."""


@dataclass(frozen=True)
class PublicKey:
    """A key to check notes with, and the name it signs under."""

    name: str
    raw: bytes

    @property
    def hash(self) -> bytes:
        """The four bytes that stand before its signatures."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:HASH_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.hash.hex()}+{b64encode(ED25519 + self.raw).decode()}"


@dataclass(frozen=True)
class PrivateKey:
    """32 secret bytes, and the name they sign under."""

    name: str
    seed: bytes

    def __repr__(self) -> str:
        return f"PrivateKey({self.name!r})"  # never the seed

    @property
    def public(self) -> PublicKey:
        return PublicKey(self.name, Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw())


def private_key(name: str, seed: str) -> PrivateKey:
    """The key with this seed, 64 hexadecimal digits. Raises `WrongKey`, which never repeats it."""
    if not _NAME.fullmatch(name):
        raise WrongKey("the name has spaces or a plus sign, or is empty")
    if not re.fullmatch(r"[0-9a-f]{64}", seed):
        raise WrongKey("not 64 hexadecimal digits")
    return PrivateKey(name, bytes.fromhex(seed))


def public_key(text: str) -> PublicKey:
    """What `str` of a public key gives. Raises `WrongKey`."""
    name, _, rest = text.partition("+")
    hashed, _, encoded = rest.partition("+")
    try:
        raw = b64decode(encoded, validate=True)
    except ValueError:
        raw = b""
    if not _NAME.fullmatch(name) or raw[:1] != ED25519 or len(raw) != len(ED25519) + KEY_BYTES:
        raise WrongKey("not a public key for Ed25519")
    key = PublicKey(name, raw[1:])
    if hashed != key.hash.hex():
        raise WrongKey("its hash is not that of the key")
    return key


def sign(text: str, key: PrivateKey) -> str:
    """The note: `text`, which ends with a line break, an empty line, the signature. The same gives the same."""
    if not text.endswith("\n") or not _is_plain(text):
        raise ValueError("a note's text is of whole lines, without control characters")
    signature = Ed25519PrivateKey.from_private_bytes(key.seed).sign(text.encode())
    return f"{text}\n— {key.name} {b64encode(key.public.hash + signature).decode()}\n"


def verify(note: str, keys: Iterable[PublicKey]) -> tuple[str, PublicKey]:
    """The text of a note, and which of these keys has signed it. Raises `NotSigned`.

    Signatures by other keys are passed over; a wrong one by a key that we know is not.
    """
    text, empty, signatures = note.rpartition("\n\n")
    lines = signatures.split("\n")
    if not empty or lines.pop() != "" or not 1 <= len(lines) <= MOST_SIGNATURES or not _is_plain(note):
        raise NotSigned("not a note")
    text += "\n"
    known = {(key.name, key.hash): key for key in keys}
    signed_by = None
    for line in lines:
        key, signature = _signature_in(line, known)
        if key is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, text.encode())
        except InvalidSignature:
            raise NotSigned("the signature is wrong") from None
        signed_by = signed_by or key
    if signed_by is None:
        raise NotSigned("none of these keys has signed it")
    return text, signed_by


def _signature_in(line: str, known: dict[tuple[str, bytes], PublicKey]) -> tuple[PublicKey | None, bytes]:
    """The key that a signature line names, if it is one of these, and its signature."""
    found = _SIGNATURE.fullmatch(line)
    try:
        raw = b64decode(found[2], validate=True) if found else b""
    except ValueError:
        raw = b""
    if found is None or len(raw) <= HASH_BYTES:
        raise NotSigned("not a signature line")
    return known.get((found[1], raw[:HASH_BYTES])), raw[HASH_BYTES:]


def _is_plain(text: str) -> bool:
    """No control characters but line breaks, and nothing that UTF-8 cannot hold."""
    return not any(
        (ord(character) < 0x20 and character != "\n") or 0xD800 <= ord(character) <= 0xDFFF for character in text
    )
