"""What a phone keeps of a TPS."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.uploads.test_pages import send
from tps.models import Contest

pytestmark = pytest.mark.django_db

TPS = "9101011001001"
ADDRESS = f"/api/v1/stations/{TPS}/pages/"


def test_contests_pages_tags_and_what_is_there_from_anybody(client, world, folder):
    send(client, page="2")
    send(client, page="2", content=None)  # the same bytes: one photo
    said = client.get(ADDRESS).json()
    assert (said["station"], said["name"], said["village"]) == (TPS, "TPS 001", "Desa 1")
    [contest] = said["contests"]
    walls = [page for page in contest["pages"] if page["variant"] == "plano"]
    assert [(page["number"], page["tag"], page["photos"]) for page in walls] == [(1, 101, 0), (2, 102, 1), (3, 103, 0)]
    assert (contest["kind"], contest["unsorted"]) == ("ppwp", 0)


def test_photos_without_a_page_are_counted_apart(client, world, folder):
    send(client, page="")
    [contest] = client.get(ADDRESS).json()["contests"]
    assert contest["unsorted"] == 1
    assert not any(page["photos"] for page in contest["pages"])


@pytest.mark.parametrize("contests", [1, 5])
def test_two_queries_however_many_contests(client, world, contests):
    for number in range(1, contests):
        Contest.objects.create(
            election=world.election, code=f"dpr-{number}", kind="dpr", name="DPR", form="c-hasil-dpr"
        )
    client.get(ADDRESS)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        said = client.get(ADDRESS).json()
    assert len(queries) == 2
    assert len(said["contests"]) == contests
    assert len(client.get(ADDRESS).content) < 4_000 * contests


def test_an_unknown_tps_is_refused(client, world):
    answer = client.get("/api/v1/stations/9101011001999/pages/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_station")


def test_the_page_brings_the_same_with_it(client, world):
    """One round trip less on a slow phone."""
    answer = client.get(f"/kirim/{TPS}/")
    assert answer.context["pages"] == client.get(ADDRESS).json()
    assert 'id="tps"' in answer.content.decode()
