"""One right entry of each kind; tests bend them."""

import copy
from typing import Any

A, B, C, D = (f"0000000{n}-0000-4000-8000-000000000000" for n in range(4))
WHO = "c:" + "a" * 43
AT = "2029-02-14T08:11:09Z"
HASH = "sha256:" + "0" * 64

_SAMPLES: dict[str, dict[str, Any]] = {
    "genesis": {
        "election": "contoh",
        "contests": ["ppwp"],
        "regions": HASH,
        "tps_list": HASH,
        "dpt": HASH,
        "options": HASH,
        "forms": {"ppwp": HASH},
        "rule_version": 1,
        "seats": HASH,
    },
    "photo": {
        "id": A,
        "seal": HASH,
        "size": 300_000,
        "type": "image/jpeg",
        "tps_claim": "9101011001001",
        "contest": "ppwp",
        "who": WHO,
        "at": AT,
        "via": "upload",
        "page": 2,
    },
    "copies": {"photo": A, "pub": {"480": HASH, "1280": HASH}},
    "reading": {"id": B, "photo": A, "who": WHO, "by": "volunteer", "at": AT, "sealed": HASH},
    "ruling": {"id": C, "photo": A, "who": WHO, "verdict": "accept", "at": AT, "sealed": HASH},
    "decision": {
        "id": D,
        "photo": A,
        "version": 1,
        "rule": 1,
        "because": [B],
        "res": "accepted",
        "opens": [{"id": B, "salt": "00" * 32, "said": {"page": 2, "val": {"paslon_1": 7, "paslon_2": "kosong"}}}],
        "val": {"paslon_1": 7, "paslon_2": "tidak_terbaca"},
        "verdicts": [{"rule": "R3", "holds": False, "inputs": {"suara_sah": 7}, "difference": -3, "source": "Ps. 5"}],
        "by": "two_readers",
    },
    "select": {
        "tps": "9101011001001",
        "contest": "ppwp",
        "version": 1,
        "rule": 1,
        "from": [D],
        "val": {"paslon_1": 7},
        "state": "partial",
    },
    "tally": {"contest": "ppwp", "version": 1, "cut": 4, "rule": 1, "sum": {"paslon_1": 7}, "file": HASH},
    "withdraw": {"photo": A, "why": "court", "bytes": "deleted"},
    "restore": {"photo": A, "why": "sent_again"},
    "revoke": {"version": 1, "account": WHO, "state": "on", "by": WHO, "second": WHO, "at": AT},
    "weeding": {
        **{"version": 1, "state": "on", "reason": "not_a_form", "size": 12},
        **{"by": WHO, "second": WHO, "at": AT},
    },
    "role": {"account": WHO, "role": "volunteer", "by": WHO, "at": AT},
    "invitations": {"version": 1, "state": "off", "by": WHO, "at": AT},
    "factor": {"account": WHO, "by": WHO, "second": WHO, "at": AT},
    "reference": {"what": "dpt", "hash": HASH, "at": AT},
    "rule": {"rule": 2, "hash": HASH, "why": "issue-5", "by": WHO, "second": WHO, "at": AT},
    "alarm": {"version": 1, "state": "on", "by": WHO, "at": AT},
    "switch": {"version": 1, "switch": "read_only", "state": "on", "by": WHO, "at": AT},
    "sample": {"version": 1, "contest": "ppwp", "digits": 4, "size": 2000, "by": WHO, "at": AT},
    "draw": {"version": 1, "index": 90, "leaf": HASH, "size": 2212, "at": AT},
    "surge": {"version": 1, "state": "on", "by": WHO, "at": AT, "region": "9101", "reason": "behind"},
    "announcement": {"version": 1, "state": "on", "hash": HASH, "by": WHO, "at": AT},
    "bar": {"version": 1, "account": WHO, "state": "on", "why": "gold", "by": "system", "at": AT},
    "report": {
        "id": A,
        "tps": "9101011001001",
        "contest": "ppwp",
        "reason": "number",
        "who": WHO,
        "at": AT,
        "photo": B,
    },
    "answer": {"id": A, "tps": "9101011001001", "state": "nothing_wrong", "by": WHO, "at": AT},
    "exclude": {
        **{"tps": "9101011001001", "contest": "ppwp", "version": 1, "state": "on", "by": WHO, "second": WHO, "at": AT},
        **{"reason": "psu", "since": AT},
    },
    "vote": {"id": A, "photo": B, "who": WHO, "verdict": "repeated", "reason": "date", "at": AT, "because": [A]},
    "official": {
        **{"contest": "ppwp", "source": "sirekap", "about": "tps", "taken_at": AT, "file": HASH, "figures": HASH},
        **{"rows": 204_042, "covers": ["nasional"], "by": "command", "at": AT},
    },
    "import": {"origin": "log.contoh.test/2029", "index": 3, "leaf": HASH},
    "peer": {"origin": "log.contoh.test/2029", "size": 4, "root": HASH},
}
KINDS = sorted(_SAMPLES)


def sample(kind: str, **other: Any) -> dict[str, Any]:
    """The fields of a right entry, some of them replaced."""
    return copy.deepcopy(_SAMPLES[kind]) | other
