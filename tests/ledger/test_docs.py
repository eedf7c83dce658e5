"""docs/ledger.md names every kind, and which of them can stand only once."""

from pathlib import Path

from ledger.kinds import KINDS

DOCS = Path(__file__).resolve().parents[2] / "docs" / "ledger.md"


def test_every_kind_is_documented():
    rows = [line.split("|") for line in DOCS.read_text().splitlines() if line.startswith("| `")]
    documented = {row[1].strip(" `"): bool(row[2].strip()) for row in rows}
    assert documented == {name: bool(kind.subject) for name, kind in KINDS.items()}
