"""The sums of docs/scaling.md follow from the inputs that stand there."""

from pathlib import Path

import pytest
from django.conf import settings

from pemantau import scaling

DOCUMENT = Path(settings.BASE_DIR) / "docs" / "scaling.md"


@pytest.fixture
def document() -> str:
    return DOCUMENT.read_text(encoding="utf-8")


def figures(document: str) -> dict[str, str]:
    return {line.what: line.figure for line in scaling.sums(scaling.inputs_of(document))}


def test_the_document_says_what_its_inputs_give(document):
    assert scaling.written(document) == document, "run manage.py scaling"


def test_worked_by_hand(document):
    """823,366 TPS × 70 pages × 1.2 photos, in twelve hours, twice the mean at the top."""
    given = scaling.inputs_of(document) | {"stations_sent": 1, "photos_per_page": 1.2, "hours": 12}
    assert scaling.pages(given) == 70
    assert scaling.photos(given) == pytest.approx(69_162_744)
    assert scaling.peak(given) == pytest.approx(3_202, abs=1)


def test_an_input_that_changes_changes_the_sums(document):
    half = document.replace("| `stations_sent` | 1 |", "| `stations_sent` | 0.5 |")
    assert half != document
    assert scaling.written(half) != half
    whole, halved = figures(document), figures(half)
    assert float(halved["Photos of the night"].replace(",", "")) == pytest.approx(
        float(whole["Photos of the night"].replace(",", "")) / 2, abs=1
    )
    assert halved["CDN in all, TB"] == whole["CDN in all, TB"], "who looks does not send"


def test_every_input_is_used(document):
    """Each one moves at least one sum: nothing stands there for show."""
    given = scaling.inputs_of(document)
    before = scaling.sums(given)
    for name, value in given.items():
        assert scaling.sums(given | {name: value * 7}) != before, name


def test_every_input_says_where_it_comes_from(document):
    rows = [line for line in document.splitlines() if scaling.INPUT.match(line)]
    assert len(rows) == len(scaling.inputs_of(document)) > 30
    for row in rows:
        assert any(word in row for word in ("counted", "measured", "assumed", "inferred", "as it is built", "limit")), (
            row
        )


@pytest.mark.parametrize("broken", ["| `stations` |", scaling.BEGIN, scaling.END])
def test_what_is_missing_is_said(document, broken):
    with pytest.raises(scaling.WrongDocument):
        scaling.written(document.replace(broken, ""))
