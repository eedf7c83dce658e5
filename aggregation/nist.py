"""The results of one contest as NIST SP 1500-100 version 2.0 (Election Results Common Data Format), in JSON.

One `ElectionReport` at the level of precincts: a `ReportingUnit` for the nation and each region and TPS, and for each
selection the votes of every TPS where the number stands, as written on the paper, and of all of them together. Where no
number stands there is no count. Written part by part from the exported tables, so it says what they say.

A party's `PartySelection` holds the votes for the party alone; its candidates have theirs as `CandidateSelection`.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit

from django.conf import settings

from aggregation.exports import Cut
from aggregation.region_document import LEVELS, VILLAGE, WHOLE, time_of
from aggregation.table_files import columns_of
from tps.form_shapes import FormDefinition
from tps.models import Contest

# ReportingUnitType of each level; what NIST has no word for is `other`, and says what it is.
UNIT_TYPES = {"nasional": "country", "provinsi": "state", "kabupaten": "county", "kelurahan": "village"}
STATUS = {False: "unofficial-partial", True: "unofficial-complete"}
VARIATIONS = {Contest.Kind.PPWP: "majority", Contest.Kind.DPD: "plurality"}

_INVALID, _CAST, _USERS = "suara_tidak_sah", "suara_total", "pengguna_j"
_SHORT = 32


@dataclass(frozen=True)
class Selection:
    """What one may vote for: a paslon or candidate, or a party alone."""

    id: str
    key: str  # the column of its votes
    name: str
    number: int
    party: str = ""  # the id of its party
    is_party: bool = False


def selections(contest: Contest, form: FormDefinition, votes: Iterable[str]) -> list[Selection]:
    """All selections in ballot order; `votes` are the keys that add up to suara sah.

    Where such a key is itself a sum on the form, it is a party's: its first part is the party's own votes, the
    others are its candidates'.
    """
    options = sorted((one for one in contest.options.all() if one.party_id is None), key=lambda one: one.number)
    candidates = {
        option.pk: sorted((c for c in contest.options.all() if c.party_id == option.pk), key=lambda c: c.number)
        for option in options
    }
    found: list[Selection] = []
    for key, option in zip(votes, options, strict=False):
        own, *theirs = _parts(form, key) or (key,)
        if own == key:
            found.append(Selection(f"s-{key}", key, option.name, option.number))
            continue
        party = f"p-{option.number}"
        found.append(Selection(f"s-{own}", own, option.name, option.number, party, is_party=True))
        for part, person in zip(theirs, candidates[option.pk], strict=False):
            found.append(Selection(f"s-{part}", part, person.name, person.number, party))
    return found


def _parts(form: FormDefinition, key: str) -> tuple[str, ...]:
    return next((rule.terms[1:] for rule in form.rules if rule.kind == "sum" and rule.terms[0] == key), ())


def write(cut: Cut, folder: Path, out: TextIO) -> None:
    """Write the report of the tables in `folder` (`stations.parquet`, `regions.parquet`)."""
    listed = selections(cut.contest, cut.form, cut.layout.votes)
    reported = _reported(folder)
    out.write(_open(_head(cut, is_complete=0 < reported[0] == reported[1])))
    _array(out, "Party", _parties(cut, listed))
    _array(out, "GpUnit", _units(folder))
    out.write(',"Election":[' + _open(_election(cut)))
    _array(out, "Candidate", _candidates(listed))
    _array(out, "BallotCounts", _ballots(folder, cut.layout.sums))
    out.write(',"Contest":[' + _open(_contest(cut, *reported)))
    out.write(',"ContestSelection":[')
    for number, one in enumerate(listed):
        out.write("," * bool(number) + _open(_selection(one)))
        _array(out, "VoteCounts", _votes(folder, one.key))
        out.write("}")
    out.write("]}]}]}")


def _head(cut: Cut, *, is_complete: bool) -> dict[str, Any]:
    host = urlsplit(settings.SITE_ORIGIN).hostname or "Pemantau"
    return {
        "@type": "ElectionResults.ElectionReport",
        "Format": "precinct-level",
        "GeneratedDate": time_of(cut.taken_at),
        "Issuer": settings.SITE_ORIGIN,
        "IssuerAbbreviation": host[:_SHORT],
        "Notes": f"Citizens' parallel count, not an official result. Version {cut.version}, cut {cut.cut} of the log.",
        "SequenceStart": 1,
        "SequenceEnd": 1,
        "Status": STATUS[is_complete],
        "VendorApplicationId": "Pemantau",
    }


def _election(cut: Cut) -> dict[str, Any]:
    day = cut.contest.election.date.isoformat()
    return {
        "@type": "ElectionResults.Election",
        "ElectionScopeId": _unit_id(WHOLE),
        "StartDate": day,
        "EndDate": day,
        "Name": _text(cut.contest.election.name),
        "Type": "general",
    }


def _contest(cut: Cut, stations: int, counted: int) -> dict[str, Any]:
    """The contest; its district is the nation, or the one region it is voted on in."""
    area = list(cut.contest.area.values_list("pk", flat=True)[:2])
    kind = Contest.Kind(cut.contest.kind)
    return {
        "@id": "c-" + cut.contest.code,
        "@type": "ElectionResults.CandidateContest",
        "ElectionDistrictId": _unit_id(area[0] if len(area) == 1 else WHOLE),
        "Name": cut.contest.name,
        "VoteVariation": VARIATIONS.get(kind, "proportional"),
        "VotesAllowed": 1,
        "SubUnitsReported": counted,
        "TotalSubUnits": stations,
    }


def _reported(folder: Path) -> tuple[int, int]:
    rows = [row for group in _regions(folder, "stations", "counted") for row in group if row["region"] == WHOLE]
    return (rows[0]["stations"], rows[0]["counted"]) if rows else (0, 0)


def _parties(cut: Cut, listed: Iterable[Selection]) -> Iterator[dict[str, Any]]:
    for one in listed:
        if one.is_party:
            yield {"@id": one.party, "@type": "ElectionResults.Party", "Name": _text(one.name)}


def _candidates(listed: Iterable[Selection]) -> Iterator[dict[str, Any]]:
    for one in listed:
        if not one.is_party:
            yield {
                "@id": f"k-{one.key}",
                "@type": "ElectionResults.Candidate",
                "BallotName": _text(one.name),
            } | ({"PartyId": one.party} if one.party else {})


def _selection(one: Selection) -> dict[str, Any]:
    if one.is_party:
        return {"@id": one.id, "@type": "ElectionResults.PartySelection", "PartyIds": [one.party]}
    return {"@id": one.id, "@type": "ElectionResults.CandidateSelection", "CandidateIds": [f"k-{one.key}"]} | (
        {} if one.party else {"SequenceOrder": one.number}
    )


def _units(folder: Path) -> Iterator[dict[str, Any]]:
    """Every region and TPS. A village names its TPS, a region the regions in it."""
    below: dict[str, list[str]] = {}
    for group in _regions(folder, "parent"):
        for row in group:
            below.setdefault(row["parent"] or "", []).append(row["region"])
    villages = _Villages(folder)
    for group in _regions(folder, "name", "level", "registered_voters", "stations", "counted"):
        for row in group:
            inside = villages.stations_of(row["region"]) if row["level"] == LEVELS[VILLAGE] else []
            kind = UNIT_TYPES.get(row["level"], "other")
            yield {
                "@id": _unit_id(row["region"]),
                "@type": "ElectionResults.ReportingUnit",
                "Name": _text(row["name"]),
                "Type": kind,
                **({"OtherType": row["level"]} if kind == "other" else {}),
                "ComposingGpUnitIds": [_unit_id(code) for code in (*below.get(row["region"], ()), *_codes(inside))],
                "ExternalIdentifier": [_identifier(row["region"])],
                "SubUnitsReported": row["counted"],
                "TotalSubUnits": row["stations"],
                "VotersRegistered": row["registered_voters"],
            }
            yield from map(_precinct, inside)


def _codes(stations: Iterable[dict[str, Any]]) -> list[str]:
    return [row["tps"] for row in stations]


def _precinct(row: dict[str, Any]) -> dict[str, Any]:
    unit = {
        "@id": _unit_id(row["tps"]),
        "@type": "ElectionResults.ReportingUnit",
        "Name": _text(f"TPS {row['number']:03d}"),
        "Number": f"{row['number']:03d}",
        "Type": "precinct",
        "ExternalIdentifier": [_identifier(row["tps"])],
    }
    if row["registered_voters"] is not None:
        unit["VotersRegistered"] = row["registered_voters"]
    if row.get(_USERS) is not None:
        unit["VotersParticipated"] = row[_USERS]
    return unit


class _Villages:
    """The TPS of one village after the other; the villages are asked for in the order of their codes."""

    def __init__(self, folder: Path) -> None:
        groups = _stations(folder, "tps", "region", "number", "registered_voters", _USERS)
        self._by_village = groupby((row for group in groups for row in group), key=lambda row: str(row["region"]))
        self._next = next(self._by_village, None)

    def stations_of(self, village: str) -> list[dict[str, Any]]:
        while self._next is not None and self._next[0] < village:
            self._next = next(self._by_village, None)
        if self._next is None or self._next[0] != village:
            return []
        found = list(self._next[1])
        self._next = next(self._by_village, None)
        return found


def _votes(folder: Path, key: str) -> Iterator[dict[str, Any]]:
    """The votes of each TPS where they stand, then of all of them."""
    total = 0
    for group in _stations(folder, "tps", key):
        for row in group:
            if row[key] is not None:
                total += row[key]
                yield _count("VoteCounts", row["tps"]) | {"Count": row[key]}
    yield _count("VoteCounts", WHOLE) | {"Count": total}


def _ballots(folder: Path, sums: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Ballots in the box of each TPS, and the invalid ones among them, where they are known."""
    names = {key: word for key, word in ((_CAST, "BallotsCast"), (_INVALID, "BallotsRejected")) if key in set(sums)}
    for group in _stations(folder, "tps", *names):
        for row in group:
            known = {word: row[key] for key, word in names.items() if row[key] is not None}
            if known:
                yield _count("BallotCounts", row["tps"]) | known


def _count(kind: str, code: str) -> dict[str, Any]:
    return {"@type": f"ElectionResults.{kind}", "GpUnitId": _unit_id(code), "Type": "total"}


def _stations(folder: Path, *names: str) -> Iterator[list[dict[str, Any]]]:
    return columns_of(folder / "stations.parquet", names)


def _regions(folder: Path, *names: str) -> Iterator[list[dict[str, Any]]]:
    return columns_of(folder / "regions.parquet", ("region", *names))


def _unit_id(code: str) -> str:
    return f"u-{code}"


def _identifier(code: str) -> dict[str, Any]:
    return {
        "@type": "ElectionResults.ExternalIdentifier",
        "Type": "other",
        "OtherType": "kpu",
        "Value": code,
    }


def _text(text: str) -> dict[str, Any]:
    return {
        "@type": "ElectionResults.InternationalizedText",
        "Text": [{"@type": "ElectionResults.LanguageString", "Content": text, "Language": "id"}],
    }


def _open(item: dict[str, Any]) -> str:
    """The item without its closing brace."""
    return _json(item)[:-1]


def _array(out: TextIO, name: str, items: Iterable[dict[str, Any]]) -> None:
    """One more member of the item that is open: an array, item by item."""
    out.write(f',"{name}":[')
    for number, item in enumerate(items):
        out.write(",\n" * bool(number) + _json(item))
    out.write("]")


def _json(item: dict[str, Any]) -> str:
    return json.dumps(item, ensure_ascii=False, separators=(",", ":"))
