"""What a receipt says, signed: the same whenever it is asked for, checked without looking at the photo."""

import datetime
import subprocess
import sys

import pytest
from django.core.checks import run_checks

from tests.transcription.reading import photo_of
from uploads import checks, notes, receipts, statements
from uploads.models import Photo

SITE = "https://pemantau.example"
NEW_KEY = "ab" * 32


@pytest.fixture
def photo(world, settings) -> Photo:
    settings.SITE_ORIGIN = SITE
    photo = photo_of(world)
    return Photo.objects.select_related("station", "contest").get(pk=photo.pk)


@pytest.mark.django_db
def test_it_says_what_was_received_and_when(photo):
    photo.received_at = datetime.datetime(2029, 2, 14, 15, 11, 9, 999, datetime.timezone(datetime.timedelta(hours=7)))
    assert statements.text_of(photo).splitlines() == [
        "receipt/v1",
        "log.pemantau.example/contoh",
        f"sha256:{photo.sha256}",
        "9101011001001",
        "ppwp",
        "2",
        "2029-02-14T08:11:09Z",
        str(photo.pk),
        "in log within 600 s",
    ]


@pytest.mark.django_db
def test_it_is_a_function_of_the_row_and_never_tells_the_code(photo, django_assert_num_queries):
    with django_assert_num_queries(0):
        first = statements.of(photo)
    assert statements.of(Photo.objects.get(pk=photo.pk)) == first
    assert photo.receipt not in first.replace("-", "")
    assert receipts.grouped(photo.receipt) not in first
    assert "c:" not in first  # nor who sent it


@pytest.mark.django_db
@pytest.mark.parametrize("page", [2, None])
def test_what_was_signed_can_be_read_without_a_query(photo, page, django_assert_num_queries):
    photo.page = page
    statement = statements.of(photo)
    with django_assert_num_queries(0):
        read = statements.read(statement)
    assert (read.log, read.election, read.sha256) == ("log.pemantau.example/contoh", "contoh", photo.sha256)
    assert (read.station, read.contest, read.page, read.photo) == ("9101011001001", "ppwp", page, photo.pk)
    assert read.received_at == photo.received_at.replace(microsecond=0)
    assert read.signed_by == "pemantau.example/receipts"


@pytest.mark.django_db
def test_line_breaks_and_spaces_of_a_pasted_one_do_not_matter(photo):
    statement = statements.of(photo)
    for pasted in (
        statement.replace("\n", "\r\n"),
        f"\n\n {statement.strip()}  \n \n",
        statement.replace("\n", "  \n"),
    ):
        assert statements.read(pasted).photo == photo.pk


@pytest.mark.django_db
def test_whatever_is_changed_is_not_ours(photo):
    lines = statements.of(photo).splitlines()
    for number, line in enumerate(lines):
        for changed in ([], [line[:-1] + ("x" if line[-1:] != "x" else "y")]):
            pasted = "\n".join([*lines[:number], *changed, *lines[number + 1 :]])
            with pytest.raises(statements.NotOurStatement):
                statements.read(pasted)
    for pasted in ("", "receipt/v1", "x" * 100_000, "\x00"):
        with pytest.raises(statements.NotOurStatement):
            statements.read(pasted)


@pytest.mark.django_db
def test_our_signature_below_another_text_is_no_receipt(photo):
    other = notes.sign("checkpoint\n1\n", statements.key())
    with pytest.raises(statements.NotOurStatement):
        statements.read(other)


@pytest.mark.django_db
def test_an_old_key_is_believed_as_long_as_it_is_listed(photo, settings, client):
    statement, old = statements.of(photo), str(statements.key().public)
    settings.RECEIPT_KEY = NEW_KEY
    with pytest.raises(statements.NotOurStatement):
        statements.read(statement)
    settings.RECEIPT_OLD_KEYS = [old]
    assert statements.read(statement).photo == photo.pk
    assert [str(key) for key in statements.public_keys()] == [str(statements.key().public), old]


# --- The settings -----------------------------------------------------------------------------


def found(**kwargs) -> list[str]:
    return [message.id for message in run_checks(**kwargs) if message.id.startswith("uploads.")]


def test_the_checks_refuse_what_is_no_key(settings):
    assert found() == []
    settings.RECEIPT_KEY = "short"
    assert found() == ["uploads.E001"]
    settings.RECEIPT_KEY = checks.KNOWN_TO_ALL
    assert found() == []
    settings.DEVELOPMENT = False
    assert found() == ["uploads.E002"]
    settings.RECEIPT_KEY, settings.RECEIPT_OLD_KEYS = NEW_KEY, ["no key"]
    assert found() == ["uploads.E003"]


def test_production_does_not_start_without_a_key():
    started = subprocess.run(
        [sys.executable, "-c", "import pemantau.settings"],
        env={
            "SECRET_KEY": "x",
            "SITE_ORIGIN": SITE,
            "EMAIL_URL": "smtp://none",
            "DATABASE_URL": "postgres://none/none",
        },
        capture_output=True,
        text=True,
    )
    assert started.returncode != 0
    assert "RECEIPT_KEY" in started.stderr
