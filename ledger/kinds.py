"""What each kind of ledger entry contains (`TRUST.md` section 2 names most of them).

`t` (kind) and `v` (version) are added by `ledger.entries.canonical`. A field that does not apply is left
out, never null. No kind has a field for an address, a position, a name, an e-mail or a file name; people
appear as salted commitments, and every text is checked for what looks like an address anyway.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

LARGEST_INTEGER = 2**53 - 1  # what every JSON reader holds exactly


class UnknownKind(ValueError):
    """No such kind of entry."""


class WrongFields(ValueError):
    """The entry lacks a field, has one that its kind does not know, or a value that is not as it must be."""


# --- What a value may be ----------------------------------------------------------------------

Holds = Callable[[Any], bool]


def matching(pattern: str) -> Holds:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def number(low: int, high: int) -> Holds:
    return lambda value: type(value) is int and low <= value <= high


def list_of(holds: Holds) -> Holds:
    return lambda value: isinstance(value, list) and all(map(holds, value))


def map_of(holds: Holds) -> Holds:
    """From a plain word to a value."""
    return lambda value: isinstance(value, dict) and all(key(k) and holds(v) for k, v in value.items())


def either(*kinds: Holds) -> Holds:
    return lambda value: any(holds(value) for holds in kinds)


def record(**fields: Holds) -> Holds:
    """A map of exactly these fields."""
    return lambda value: (
        isinstance(value, dict) and value.keys() == fields.keys() and all(fields[k](v) for k, v in value.items())
    )


key = matching(r"[a-z0-9][a-z0-9_]{0,39}")
word = matching(r"[A-Za-z0-9][A-Za-z0-9_.:/+-]{0,119}")  # a code, a reason, a media type
sha256 = matching(r"sha256:[0-9a-f]{64}")
commitment = matching(r"c:[A-Za-z0-9_-]{43}")  # `accounts.commitments.of`
moment = matching(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")  # UTC, whole seconds
station = matching(r"\d{13}")
count = number(0, LARGEST_INTEGER)
version = number(1, LARGEST_INTEGER)
page = number(1, 99)
box = either(number(0, 999), matching("kosong|tidak_terbaca"))
values = map_of(box)


def identifier(value: Any) -> bool:
    """A UUID in its usual form."""
    try:
        return isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        return False


def plain(value: Any) -> bool:
    """JSON of texts, integers, lists and maps: what verdicts and sums are made of."""
    if isinstance(value, dict):
        return all(key(k) and plain(v) for k, v in value.items())
    if isinstance(value, list):
        return all(map(plain, value))
    return isinstance(value, str | bool) or number(-LARGEST_INTEGER, LARGEST_INTEGER)(value)


written = either(station, matching("tidak_terbaca|desa_lain"))  # the TPS that is written on the form
said = either(
    *(record(page=page, val=values), record(page=page, val=values, tps=written)),
    *(record(problem=word), record(page=page, problem=word)),
    record(tps=station),
)
opening = record(id=identifier, salt=matching("[0-9a-f]{64}"), said=said)

# What a field holds in every kind that has it.
FIELDS: dict[str, Holds] = {
    "about": matching("tps|region"),
    "account": commitment,
    "at": moment,
    "because": list_of(identifier),  # ids of readings and rulings
    "bytes": matching("deleted|kept"),
    "contest": word,
    "contests": list_of(word),
    "covers": list_of(matching(r"nasional|\d{2}|\d{4}|\d{6}|\d{10}")),
    "cut": count,
    "digits": number(1, 13),
    "dpt": sha256,
    "election": word,
    "figures": sha256,
    "file": sha256,
    "flag": list_of(word),
    "forms": either(sha256, map_of(sha256)),
    "from": list_of(identifier),  # ids of decisions
    "hash": sha256,
    "id": identifier,
    "index": count,
    "leaf": sha256,
    "opens": list_of(opening),
    "options": sha256,
    "origin": word,
    "page": page,
    "percent": number(1, 99),
    "photo": identifier,
    "pub": map_of(sha256),  # by the longer side in pixels
    "reason": word,
    "region": matching(r"\d{2}|\d{4}|\d{6}|\d{10}"),
    "regions": sha256,
    "res": word,
    "role": word,
    "root": sha256,
    "rows": count,
    "rule": number(1, 999),
    "rule_version": number(1, 999),
    "sample": version,
    "seal": sha256,
    "sealed": sha256,
    "seats": sha256,
    "second": commitment,
    "since": moment,
    "size": count,
    "source": word,
    "state": word,
    "switch": word,
    "sum": plain,
    "taken_at": moment,
    "tps": station,
    "tps_claim": station,
    "tps_list": sha256,
    "type": word,
    "val": values,
    "verdict": word,
    "verdicts": list_of(plain),
    "version": version,
    "via": word,
    "what": word,
    "who": commitment,
    "why": word,
}


@dataclass(frozen=True)
class Kind:
    """Which fields an entry must and may have, and which of them name the change it stands for.

    One change has one entry: the database refuses a second one of the same kind and subject in a log.
    A kind without a subject may repeat.
    """

    required: frozenset[str]
    optional: frozenset[str]
    subject: tuple[str, ...]


def _kind(required: str, optional: str = "", subject: str = "") -> Kind:
    return Kind(frozenset(required.split()), frozenset(optional.split()), tuple(subject.split()))


KINDS: dict[str, Kind] = {
    "genesis": _kind("election contests regions tps_list dpt options forms rule_version", "seats", subject="election"),
    # A photo was received and its original sealed. `who` is the sender's commitment.
    "photo": _kind("id seal size type tps_claim contest who at via", "page", subject="id"),
    # Public copies of a photo exist from here on: SHA-256 of each by its longer side.
    "copies": _kind("photo pub", subject="photo"),
    # What one transcriber (`by`: its source) read stands sealed until the decision (`ledger.sealing`).
    "reading": _kind("id photo who by at sealed", "flag", subject="id"),
    # What an adjudicator said, and the commitment of who said it. The numbers, or the TPS, stand sealed as a reading's.
    "ruling": _kind("id photo who verdict at", "sealed reason", subject="id"),
    # The agreed reading of a photo; `because` are the ids of the readings and rulings that carry it, `opens`
    # are all readings of the photo so far and what was ruled on it (`ledger.sealing`), `by` says how it came about.
    "decision": _kind(
        "id photo version rule because res opens", "page val tps contest reason flag verdicts by", subject="id"
    ),
    # Which numbers speak for a contest at a TPS, and the decisions they come from.
    "select": _kind("tps contest version rule from val state", "flag verdicts", subject="tps contest version"),
    # A published cut: all select entries with an index below `cut` are in these sums.
    "tally": _kind("contest version cut rule sum", "file", subject="contest version"),
    # A photo was taken back (`why`: "uploader" by its sender); once, and at most once came back after that.
    "withdraw": _kind("photo why bytes", subject="photo"),
    "restore": _kind("photo why", subject="photo"),
    # A person's readings count no more (`state`: "on"), or count again ("off"), as two operators say.
    "revoke": _kind("version account state by second at", subject="version"),
    # Two adjudicators rule alike on `size` photos of one sender: rejected (`state`: "on"), or to be read again ("off").
    # Each photo's rulings have their own entries.
    "weeding": _kind("version state reason size by second at", subject="version"),
    # A person's role changed (`by`: who changed it; `second`: the other operator where two are needed; `via`:
    # "invitation" where they took that of `by`).
    "role": _kind("account role by at", "second via"),
    # All invitations work from here on, or none does, or those of `account` were revoked; `version` counts the turns.
    "invitations": _kind("version state by at", "account", subject="version"),
    # Two operators removed a person's passkeys and authenticator app; they set up new ones.
    "factor": _kind("account by second at"),
    # Reference data changed after genesis (regions, TPS, DPT, options): what, and the new hash.
    "reference": _kind("what hash at", "by"),
    # Another version of the consensus rule decides from here on: the SHA-256 of its text, and the two operators who
    # say so. The first version stands in `genesis`.
    "rule": _kind("rule hash why by second at", subject="rule"),
    # Strangers' photos cost a proof of work from here on, or no more; `version` counts the turns.
    "alarm": _kind("version state by at", subject="version"),
    # A switch (`uploads.switches`) is on from here on, or off; `version` counts the turns of all switches.
    "switch": _kind("version switch state by at", subject="version"),
    # The photos of one region, contest or sample are read first from here on, or no longer; `version` counts the turns.
    "surge": _kind("version state by at", "region contest sample reason", subject="version"),
    # A sample of a contest's TPS is to be drawn, so many (`size`) or a part of them (`percent`); so many `digits` of a
    # TPS's code say its stratum. The seed is the hash of an entry that comes later.
    "sample": _kind("version contest digits by at", "size percent", subject="version"),
    # It is drawn: the place of that entry, its hash, and how many TPS they are (`transcription.samples`).
    "draw": _kind("version index leaf size at", subject="version"),
    # A text (`hash`) stands on top of all pages from here on, or no longer; `version` counts the turns.
    "announcement": _kind("version state hash by at", subject="version"),
    # A person is given no more tasks (`by`: who says so, or "system" by known answers and haste), or is again, which
    # takes a `second` operator.
    "bar": _kind("version account state why by at", "second", subject="version"),
    # Somebody reported a TPS, or a photo of it; what they wrote stays out. `who` is the device's commitment.
    "report": _kind("id tps contest reason who at", "photo page", subject="id"),
    # An adjudicator answered all reports of a TPS since the last answer: `state` is the outcome.
    "answer": _kind("id tps state by at", subject="id"),
    # Two people excluded a TPS from a contest (`state` on), or ended that (off); in a repeated vote photos received
    # before `since` do not count. `version` counts the turns.
    "exclude": _kind("tps contest version state by second at", "reason since", subject="version"),
    # An adjudicator said of which vote (`verdict`) a photo is, where the vote was repeated; `because` is the other
    # adjudicator's word after which it stands.
    "vote": _kind("id photo who verdict reason at", "because", subject="id"),
    # What an official source published at `taken_at` of its TPS or regions (`about`) was taken in: SHA-256 of the file
    # and of its canonical figures (`docs/official-figures.md`), and the regions of which it is complete (`covers`).
    "official": _kind(
        "contest source about taken_at file figures rows by at", "covers", subject="contest source about taken_at"
    ),
    "import": _kind("origin index leaf", subject="origin index"),
    "peer": _kind("origin size root"),
}

# `by` is a person where a person acts for themselves, else a word: the reading's source, the decision's way.
BY: dict[str, Holds] = {
    "role": either(commitment, matching("system")),
    "reference": either(commitment, word),
    "alarm": commitment,
    "switch": commitment,
    "rule": commitment,
    "surge": commitment,
    "sample": commitment,
    "invitations": commitment,
    "factor": commitment,
    "announcement": commitment,
    "bar": either(commitment, matching("system")),
    "revoke": commitment,
    "weeding": commitment,
    "answer": commitment,
    "exclude": commitment,
    "official": either(commitment, matching("command")),
}

WHY_NOT = {
    ("reading", "page"): "a reading stands sealed until its decision (ledger.sealing)",
    ("reading", "val"): "a reading stands sealed until its decision (ledger.sealing)",
    ("reading", "problem"): "a reading stands sealed until its decision (ledger.sealing)",
}


def check(kind: str, fields: dict[str, Any]) -> None:
    """Raise `UnknownKind` or `WrongFields` unless `fields` are what `kind` contains."""
    if kind not in KINDS:
        raise UnknownKind(kind)
    shape = KINDS[kind]
    if unknown := sorted(fields.keys() - shape.required - shape.optional):
        reason = WHY_NOT.get((kind, unknown[0]), "")
        raise WrongFields(f"{kind} does not know {', '.join(unknown)}{': ' if reason else ''}{reason}")
    if missing := shape.required - fields.keys():
        raise WrongFields(f"{kind} lacks {', '.join(sorted(missing))}")
    for name, value in fields.items():
        holds = BY.get(kind, word) if name == "by" else FIELDS[name]
        # The name only: a wrong value may be just what must not be seen.
        if not holds(value):
            raise WrongFields(f"{kind}.{name} is not what it must be ({type(value).__name__})")
        if address := _address_in(value):
            raise WrongFields(f"{kind}.{name} holds what looks like {address}")


def subject(kind: str, fields: dict[str, Any]) -> str | None:
    """What the entry is about, unique within its kind and log; None for a kind that may repeat."""
    return "/".join(str(fields[name]) for name in KINDS[kind].subject) or None


_ADDRESSES = {
    "an e-mail address": re.compile(r"[^\s@]@[^\s@]"),
    "a network address": re.compile(
        r"(?<![\d.])\d{1,3}(\.\d{1,3}){3}(?![\d.])|[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){3,7}"
    ),
}


def _address_in(value: Any) -> str | None:
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list):
        return next(filter(None, map(_address_in, value)), None)
    if isinstance(value, str):
        return next((what for what, pattern in _ADDRESSES.items() if pattern.search(value)), None)
    return None
