"""Leaf hashes against other people's logs: RFC 6962 vectors and a complete log made by Tessera."""

import json
from base64 import b64decode
from collections.abc import Sequence
from hashlib import sha256

import pytest

from ledger.checks import leaf_hash
from ledger.models import Event, Leaf
from ledger.sequencer import sequence

# The leaves of the tree that RFC 6962's test vectors speak of (transparency-dev/merkle, testonly/constants.go).
LEAVES = [bytes.fromhex(x) for x in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
LEAVES.append(bytes(range(0x60, 0x70)))


def root(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash of RFC 6962 section 2.1 over leaf hashes."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + root(leaves[:split]) + root(leaves[split:])).digest()


def placed(bodies: Sequence[bytes]) -> list[bytes]:
    """The leaf hashes that the sequencer gives these bytes, in the log's order."""
    Event.objects.bulk_create([Event(log="contoh", kind="peer", body=body) for body in bodies])
    sequence()
    return [bytes(leaf.leaf_hash) for leaf in Leaf.objects.order_by("index")]


@pytest.mark.django_db
def test_leaf_hashes_are_those_of_the_rfc_6962_vectors(shared):
    hashes = placed(LEAVES)
    seen = 0
    for path in (shared / "vectors" / "rfc6962" / "inclusion").rglob("happy-path.json"):
        vector = json.loads(path.read_bytes())
        index, size = vector["leafIdx"], vector["treeSize"]
        assert hashes[index] == b64decode(vector["leafHash"]), path
        assert root(hashes[:size]) == b64decode(vector["root"]), path
        seen += 1
    assert seen >= 5


def bundle(path) -> list[bytes]:
    """The entries of a bundle: each with its length before it, as uint16."""
    data, entries = path.read_bytes(), []
    while data:
        end = 2 + int.from_bytes(data[:2], "big")
        entries.append(data[2:end])
        data = data[end:]
    return entries


@pytest.mark.django_db
def test_leaf_hashes_and_root_are_those_of_a_log_made_by_tessera(shared):
    log = shared / "vectors" / "tessera_log"
    hashes = placed(bundle(log / "tile" / "entries" / "000.p" / "15"))
    assert b"".join(hashes) == (log / "tile" / "0" / "000.p" / "15").read_bytes()
    for size in range(1, 16):
        checkpoint = (log / f"checkpoint.{size}").read_text().splitlines()
        assert int(checkpoint[1]) == size
        assert root(hashes[:size]) == b64decode(checkpoint[2])


def test_the_audits_own_leaf_hash_is_the_same():
    # RFC 6962: the hash of the empty leaf.
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
