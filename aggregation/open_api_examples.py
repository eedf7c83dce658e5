"""One row of each table, as the description of the read API shows it."""

from typing import Any

_PHOTO = "6f1c0f1e-6d0a-4c39-9a36-0f6f5a0d2b11"
_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_VOTES = {"paslon_1": 101, "paslon_2": 88, "paslon_3": 20}

STATION: dict[str, Any] = {
    **{"tps": "9101011001001", "region": "9101011001", "number": 1, "registered_voters": 250},
    **{"state": "partial", "settled": "two_readers", "received": True, "counted": True, "complete": False},
    **{"disputed": False, "flagged": False, "excluded": False, "broken_rules": [], "changes": 2},
    **{"changed_at": "2029-02-14T08:11:09Z"},
    **_VOTES,
    "suara_sah": None,
}
REGION: dict[str, Any] = {
    **{"region": "91", "name": "Contoh Raya", "level": "provinsi", "parent": "nasional"},
    **{"stations": 5, "registered_voters": 1250},
    **_VOTES,
    **{"received": 1, "counted": 1, "two_readers": 1, "with_paslon_1": 1},
}
PHOTO: dict[str, Any] = {
    **{"tps": "9101011001001", "claimed_tps": "9101011001001", "photo": _PHOTO, "state": "accepted", "page": 2},
    **{"received_at": "2029-02-14T08:09:51Z", "sha256": _SHA256, "media_type": "image/jpeg", "size": 1_204_331},
    **{"decision": 1, "outcome": "accepted", "how": "two_readers", "decided_at": "2029-02-14T08:11:08Z"},
    **{"problem": None, "broken_rules": [], "counts": True, "vote": None},
    **{f"picture_{side}": f"https://pemantau.example/gambar/{_SHA256}/{side}.webp" for side in (480, 1280, 2560)},
}
READING: dict[str, Any] = {
    **{"tps": "9101011001001", "photo": _PHOTO, "reading": "0b0e7d3c-3c5e-4d5b-8f0a-1d9f6f1f2a77"},
    **{"who": "c:mZ0y0oJ8kq5n0m3l2t6r1w9x8v7u6s5q4p3o2n1m0lk", "source": "volunteer"},
    **{"read_at": "2029-02-14T08:10:40Z", "page": 2, "problem": None, "kosong": [], "tidak_terbaca": []},
    **_VOTES,
}
