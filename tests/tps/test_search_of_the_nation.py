"""The search over the real nation: what people type, with slips and abbreviations, leads to the village they mean."""

import csv
import gzip

import pytest
from django.db import connection

from tests.tps import typed
from tps import names, search
from tps.imports.staging import Stream
from tps.models import Election, PollingStation, Region

QUERIES = 1_000
SEED = "cari-1"

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def read(path):
    with gzip.open(path, "rt", newline="") as file:
        return list(csv.DictReader(file))


def copy(table, columns, rows):
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", Stream(rows), 1 << 16)
        cursor.execute(f"ANALYZE {table}")


@pytest.fixture
def nation(shared, db):
    """Every region of the nation, as if each village had TPS; rows of TPS only where a test makes them."""
    rows = read(shared / "data" / "wilayah.csv.gz")
    election = Election.objects.create(code="uji", name="Uji", date="2029-02-14", is_current=True)
    Region.objects.create(code="", level=0, name="INDONESIA")
    copy(
        "tps_region",
        "code, parent_id, level, name",
        ([row["code"], row["parent_code"], row["level"], row["name"]] for row in rows),
    )
    extents = (["uji", row["code"], 1, 0, 0] for row in rows)
    copy("tps_extent", "election_id, region_id, stations, registered_voters, dpt_known", extents)
    names.renew()
    return election, {row["code"]: row["name"] for row in rows}


def test_the_village_that_was_meant_is_among_the_first_five(nation):
    election, region_names = nation
    villages = [code for code in region_names if len(code) == 10 and not code.startswith("99")]
    queries = list(typed.queries(region_names, villages, QUERIES, SEED))
    PollingStation.objects.bulk_create(
        PollingStation(election=election, region_id=query.village, number=n, code=f"{query.village}{n:03d}")
        for query in queries
        if (n := query.number)
    )
    missed = []
    for query in queries:
        found = search.find(query.text, election)
        if query.village not in {place.code[:10] for place in found[:5]}:
            missed.append((query.text, region_names[query.village], [place.name for place in found[:5]]))
    assert len(missed) <= QUERIES * 5 // 100, missed
