"""What the public API answers, for the description of it."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

_ELECTION: dict[str, Any] = {
    "format": 2,
    "election": {"code": "contoh", "name": "Pemilu Contoh", "date": "2029-02-14"},
    "contest": {"code": "ppwp", "name": "Presiden dan Wakil Presiden", "kind": "ppwp"},
}
_PATH = [
    {"code": "nasional", "name": "Indonesia", "level": "nasional"},
    {"code": "91", "name": "Contoh Raya", "level": "provinsi"},
]
_OPTIONS = [
    {"key": "paslon_1", "number": 1, "name": "Paslon 1"},
    {"key": "paslon_2", "number": 2, "name": "Paslon 2"},
    {"key": "paslon_3", "number": 3, "name": "Paslon 3"},
]
_SUMS = {"paslon_1": 101, "paslon_2": 88, "paslon_3": 20, "suara_sah": 209}
_COUNTS = {
    **{"received": 1, "counted": 1, "complete": 0, "disputed": 0, "flagged": 0},
    **{"two_readers": 1, "majority": 0, "adjudicated": 0, "excluded": 0},
    **{"machine_agrees": 1, "counted_disputed": 0},
}
_SHARES = {"paslon_1": 0.483254, "paslon_2": 0.421053, "paslon_3": 0.095694}
_PHOTO = "6f1c0f1e-6d0a-4c39-9a36-0f6f5a0d2b11"

REGION = OpenApiExample(
    "A province with one counted TPS",
    value=_ELECTION
    | {
        "region": _PATH[1],
        "path": _PATH,
        "version": 2,
        "cut": 16,
        "changed_at": "2029-02-14T08:11:09Z",
        "options": _OPTIONS,
        "stations": 5,
        "registered_voters": 1250,
        "dpt_known": 5,
        "sums": _SUMS,
        "shares": _SHARES,
        "stations_behind": {"paslon_1": 1, "paslon_2": 1, "paslon_3": 1, "suara_sah": 1},
        "counts": _COUNTS,
        "coverage": {"received": 0.2, "counted": 0.2, "complete": 0.0, "voters": 0.2},
        "voters_counted": 250,
        "without_disputed": {
            "counted": 1,
            "sums": {"paslon_1": 101, "paslon_2": 88, "paslon_3": 20},
            "shares": _SHARES,
        },
        "broken_rules": [{"rule": "R3", "title": "Suara semua paslon = suara sah", "stations": 0}],
        "labels": {"paslon_1": "Jumlah suara sah paslon 1", "suara_sah": "A. Jumlah seluruh suara sah"},
        "children_level": "kabupaten",
        "children": [
            {
                "code": "9101",
                "name": "Kabupaten Melati",
                "stations": 5,
                "registered_voters": 1250,
                "dpt_known": 5,
                "sums": _SUMS,
                "counts": _COUNTS,
                "voters_counted": 250,
                "document": "2-0c9f2d55f1a7b3e4",
            }
        ],
    },
    response_only=True,
    status_codes=["200"],
)

STATION = OpenApiExample(
    "A TPS with one page decided",
    value=_ELECTION
    | {
        "station": {"code": "9101011001001", "name": "TPS 001", "number": 1, "registered_voters": 250},
        "path": _PATH,
        "version": 2,
        "changed_at": "2029-02-14T08:11:09Z",
        "state": "partial",
        "options": _OPTIONS,
        "form_confirmed": True,
        "candidates_known": True,
        "shares": _SHARES,
        "fields": [
            {
                "key": "paslon_1",
                "label": "Jumlah suara sah paslon 1",
                "group": "IV Suara sah pasangan calon",
                "column": "",
                "value": 101,
                "state": "stands",
                "photo": _PHOTO,
                "readings": [],
            }
        ],
        "verdicts": [
            {
                "rule": "R14",
                "holds": True,
                "severity": "hard",
                "formula": "0 ≤ n ≤ 999",
                "inputs": {},
                "difference": 0,
                "source": "tiga kotak angka",
                "kind": "range",
                "title": "Setiap angka 0 sampai 999",
            }
        ],
        "pages": [
            {"number": 1, "label": "Halaman 1: pemilih, surat suara, disabilitas", "state": "waiting"},
            {"number": 2, "label": "Halaman 2: suara paslon", "state": "complete"},
            {"number": 3, "label": "Halaman 3: suara sah dan tidak sah", "state": "missing"},
        ],
        "cross_checks": [
            {
                "rule": "R16",
                "holds": False,
                "severity": "soft",
                "formula": "ppwp.dpt_j = dpd-91.dpt_j",
                "inputs": {"ppwp.dpt_j": 250, "dpd-91.dpt_j": 205},
                "difference": 45,
                "source": "aturan KPU tentang pindah memilih",
                "kind": "equal",
                "title": "Jumlah pemilih dalam DPT, jumlah: Presiden dan Wakil Presiden sama dengan DPD CONTOH RAYA",
            }
        ],
        "contests": [
            {"code": "ppwp", "name": "Presiden dan Wakil Presiden", "kind": "ppwp"},
            {"code": "dpd-91", "name": "DPD CONTOH RAYA", "kind": "dpd"},
        ],
        "photos": [
            {
                "id": _PHOTO,
                "state": "accepted",
                "page": 2,
                "page_label": "Halaman 2: suara paslon",
                "received_at": "2029-02-14T08:09:51Z",
                "pictures": {"480": "/gambar/…/480.webp", "1280": "/gambar/…/1280.webp", "2560": "/gambar/…/2560.webp"},
                "decision": {
                    "version": 1,
                    "outcome": "accepted",
                    "how": "two_readers",
                    "decided_at": "2029-02-14T08:11:08Z",
                    "problem": None,
                    "broken_rules": [],
                },
                "counts": True,
                "vote": None,
            }
        ],
        "exclusion": None,
        "official": None,
        "reports": [{"answered_at": "2029-02-14T11:20:31Z", "outcome": "nothing_wrong"}],
    },
    response_only=True,
    status_codes=["200"],
)

_BACKLOG = {
    **{"photos": 3, "waiting": 1, "entries_wanted": 2, "with_adjudicator": 1, "done": 1, "disputed_stations": 0},
    "oldest_waiting_since": "2029-02-14T08:11:09Z",
    "last_hour": {"photos": 1, "entries": 4},
    "minutes_left": 30,
}
BACKLOG = OpenApiExample(
    "One photo waits",
    value={
        "format": 1,
        "election": _ELECTION["election"],
        "region": {"code": "nasional", "name": "Indonesia"},
        "path": [{"code": "nasional", "name": "Indonesia"}],
        "measured_at": "2029-02-14T09:05:00Z",
        "served_first": [
            {
                "region": {"code": "91", "name": "Contoh Raya"},
                "contest": None,
                "sample": None,
                "reason": "behind",
                "since": "2029-02-14T08:30:00Z",
            }
        ],
        "total": _BACKLOG,
        "regions": [{"code": "91", "name": "Contoh Raya", **_BACKLOG}],
        "hours": [
            {"hour": "2029-02-14T09:00:00Z", "photos": 0, "entries": 1, "decisions": 0, "disputed_stations": 0},
            {"hour": "2029-02-14T08:00:00Z", "photos": 3, "entries": 3, "decisions": 1, "disputed_stations": 1},
        ],
    },
)
