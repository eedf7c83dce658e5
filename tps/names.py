"""The index of names that the search asks: kept here, renewed whenever regions change.

`RegionWords` has all words of a region and of those above it, `Spelling` every word of the nation with its slips. Both
follow from the regions' names and `tps/abbreviations.yaml` alone; nothing in the ledger depends on them.
"""

from collections import Counter
from collections.abc import Iterator

from django.db import connection, transaction

from tps import wording
from tps.models import NATION, Region, above

_NEW_WORDS = """
    INSERT INTO tps_regionwords (region_id, own, words)
    SELECT code, string_to_array(own, ' '), string_to_array(words, ' ')
    FROM unnest(%s::text[], %s::text[], %s::text[]) AS new(code, own, words)
    ON CONFLICT (region_id) DO UPDATE SET own = excluded.own, words = excluded.words
    WHERE (tps_regionwords.own, tps_regionwords.words) IS DISTINCT FROM (excluded.own, excluded.words)"""

_NEW_SPELLINGS = """
    INSERT INTO tps_spelling (word, regions, slips)
    SELECT word, regions, string_to_array(slips, ' ')
    FROM unnest(%s::text[], %s::int[], %s::text[]) AS new(word, regions, slips)
    ON CONFLICT (word) DO UPDATE SET regions = excluded.regions, slips = excluded.slips
    WHERE (tps_spelling.regions, tps_spelling.slips) IS DISTINCT FROM (excluded.regions, excluded.slips)"""


def renew() -> None:
    """Bring the index to what the regions are called now. To be called in the transaction that changed their names."""
    names = dict(Region.objects.exclude(pk=NATION).values_list("pk", "name"))
    counts: Counter[str] = Counter()
    for name in names.values():
        counts.update(wording.forms(name).keys())
    words = sorted(counts)
    rows = list(_rows(names))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM tps_spelling WHERE NOT EXISTS (SELECT FROM unnest(%s::text[]) w WHERE w = word)", [words]
        )
        cursor.execute(
            _NEW_SPELLINGS, [words, [counts[word] for word in words], [" ".join(wording.slips(word)) for word in words]]
        )
        cursor.execute(_NEW_WORDS, [list(column) for column in zip(*rows, strict=True)] or [[], [], []])
        if len(rows) > 1_000:
            cursor.execute("ANALYZE tps_spelling, tps_regionwords")


def _rows(names: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Code, its own words, and those together with the words above it."""
    for code, name in names.items():
        own = sorted(wording.forms(name))
        others = {form for higher in above(code) if higher in names for form in wording.forms(names[higher])}
        yield code, " ".join(own), " ".join(sorted(others.union(own)))
