"""What each kind of ledger entry contains (`TRUST.md` section 2 names most of them).

`t` (kind) and `v` (version) are added by `ledger.entries.canonical`.
"""

from typing import Any


class UnknownKind(ValueError):
    """No such kind of entry."""


class WrongFields(ValueError):
    """The entry lacks a field, or has one that its kind does not know."""


# kind -> (required fields, optional fields)
KINDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    name: (frozenset(required.split()), frozenset(optional.split()))
    for name, required, optional in (
        ("genesis", "election contests regions tps_list dpt options forms rule_version", ""),
        # A photo was received and its original sealed. `who` is the sender's commitment.
        ("photo", "id seal size type tps_claim contest who at via", "page marks"),
        # Public copies of a photo exist from here on: SHA-256 of each by its longer side.
        ("copies", "photo pub", ""),
        # What one transcriber read: either `page` and `val`, or `problem`.
        ("reading", "id photo who by at", "page val problem flag"),
        # What an adjudicator said, and the commitment of who said it.
        ("ruling", "id photo who verdict at", "page val tps reason"),
        # The agreed reading of a photo; `because` are the ids of the readings and rulings that carry it.
        ("decision", "photo version rule because res", "page val tps contest reason flag by"),
        # Which numbers speak for a contest at a TPS, and the decisions they come from.
        ("select", "tps contest version rule from val state", "flag"),
        # A published cut: all select entries with an index below `cut` are in these sums.
        ("tally", "contest version cut rule sum", "file"),
        ("withdraw", "photo why bytes", ""),
        ("revoke", "account why", "from"),
        # A person's role changed; both appear as commitments.
        ("role", "account role by at", ""),
        # Reference data changed after genesis (regions, TPS, DPT, options): what, and the new hash.
        ("reference", "what hash at", "by"),
        ("import", "origin index leaf", ""),
        ("peer", "origin size root", ""),
    )
}


def check(kind: str, fields: dict[str, Any]) -> None:
    """Raise `UnknownKind` or `WrongFields` unless `fields` are what `kind` contains."""
    if kind not in KINDS:
        raise UnknownKind(kind)
    required, optional = KINDS[kind]
    if missing := required - fields.keys():
        raise WrongFields(f"{kind} lacks {', '.join(sorted(missing))}")
    if unknown := fields.keys() - required - optional:
        raise WrongFields(f"{kind} does not know {', '.join(sorted(unknown))}")
