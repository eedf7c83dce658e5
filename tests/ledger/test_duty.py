"""Invariant 7 as a property of the database: a row without its entry is not committed."""

import uuid

import pytest
from django.db import DatabaseError, connection, transaction

from ledger.checks import faults
from ledger.duty import REFUSED, kept, must_be_logged, promised
from ledger.entries import append
from ledger.models import Event
from tests.ledger.samples import sample
from tests.world import build
from uploads.models import Photo


def photo_of(world, **fields: object) -> Photo:
    identity = uuid.uuid4()
    return Photo.objects.create(
        id=identity,
        station=world.station,
        contest=world.contest,
        sha256=identity.hex * 2,
        size=1,
        media_type="image/jpeg",
        width=1,
        height=1,
        device=world.device(),
        receipt=identity.hex[:20],
        **fields,
    )


@pytest.mark.django_db(transaction=True)
def test_a_photo_without_its_entry_is_not_committed():
    world = build()
    with pytest.raises(DatabaseError, match="has no entry photo") as refusal, transaction.atomic():
        photo_of(world)
    assert refusal.value.__cause__.pgcode == REFUSED
    assert not Photo.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_photo_with_the_entry_of_another_is_not_committed():
    world = build()

    @transaction.atomic
    def forge() -> None:
        photo_of(world)
        append("contoh", "photo", **sample("photo"))

    with pytest.raises(DatabaseError, match="has no entry photo"):
        forge()
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_photo_with_its_entry_is_committed_whichever_comes_first():
    world = build()
    with transaction.atomic():
        photo = photo_of(world)
        append("contoh", "photo", **sample("photo", id=str(photo.pk)))
    assert Photo.objects.get() == photo


@pytest.mark.django_db
def test_every_promise_of_the_migrations_is_kept():
    assert ("uploads_photo", "is_in_the_log") in promised()
    assert promised() == kept()


@pytest.mark.django_db
def test_a_duty_that_was_switched_off_is_found():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE uploads_photo DISABLE TRIGGER is_in_the_log")
    assert list(faults()) == ["table uploads_photo: its rows need no entry, against what the migrations made"]


@pytest.mark.django_db
def test_the_duty_can_rest_on_a_version_and_be_reversed():
    operation = must_be_logged(
        "scratch",
        "peer",
        subject="NEW.name || '/' || NEW.version",
        on="INSERT OR UPDATE OF version",
        when="NEW.version > 0",
    )
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE scratch (name text, version integer)")
        cursor.execute(operation.sql)
        cursor.execute("SET CONSTRAINTS is_in_the_log IMMEDIATE")
        Event.objects.create(log="contoh", kind="peer", subject="a/1", body=b"")
        cursor.execute("INSERT INTO scratch VALUES ('a', 1), ('b', 0)")
        with pytest.raises(DatabaseError, match="has no entry peer"), transaction.atomic():
            cursor.execute("UPDATE scratch SET version = 2")
        cursor.execute("UPDATE scratch SET name = 'c'")  # not what the duty rests on
        cursor.execute(operation.reverse_sql)
        cursor.execute("UPDATE scratch SET version = 2")


@pytest.mark.parametrize(("table", "kind"), [("a b", "photo"), ("uploads_photo", "x'; --")])
def test_only_plain_names_become_sql(table, kind):
    with pytest.raises(ValueError):
        must_be_logged(table, kind)
