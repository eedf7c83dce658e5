"""A reader sees the picture, and nothing says which photo it is."""

import pytest

from accounts.models import Role
from tests.transcription.reading import VOTES, browser_of, given, photo_of, sends
from tests.transcription.test_queue import expire
from tests.uploads.conftest import folder_storages
from transcription import queue
from transcription.entries import Reading
from uploads import storage
from uploads.models import Photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def photo(world, settings, tmp_path):
    settings.STORAGES = settings.STORAGES | folder_storages(tmp_path)
    photo = photo_of(world)
    for side in storage.SIDES:
        storage.put_public(photo.sha256, side, f"{side} pixels".encode())
    return photo


def bytes_of(answer) -> bytes:
    return b"".join(answer.streaming_content)


@pytest.mark.parametrize("side", storage.SIDES)
def test_who_holds_the_lease_sees_it_and_nobody_between_keeps_it(world, photo, side, django_assert_num_queries):
    lease, sari = given(world, "Sari", photo), browser_of(world, "Sari")
    with django_assert_num_queries(2 + 1):  # who it is; the lease
        answer = sari.get(f"/baca/{lease.pk}/{side}.webp")
    assert answer.status_code == 200
    assert bytes_of(answer) == storage.open_public(photo.sha256, side).read()
    assert answer["Content-Type"] == "image/webp"
    assert answer["Cache-Control"] == "private, max-age=3600, immutable"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"


def test_nothing_that_is_sent_says_which_photo_it_is(world, photo):
    lease, sari = given(world, "Sari", photo), browser_of(world, "Sari")
    page, task = f"/baca/{lease.pk}/", f"/api/v1/tasks/{lease.pk}/"
    answers = [sari.get(address) for address in (page, f"{page}?halaman=2", "/api/v1/tasks/", task)]
    picture = sari.get(f"/baca/{lease.pk}/480.webp")
    sent = sari.post(
        f"{task}entry/", {"page": 2, "numbers": VOTES, "tps": "tidak_terbaca"}, content_type="application/json"
    )
    assert sent.status_code == 201
    told = [one.content.decode() + str(one.headers) for one in [*answers, sent]] + [str(picture.headers)]
    for secret in (str(photo.pk), photo.sha256, photo.receipt):
        assert not [one for one in told if secret in one]


def test_nobody_else_sees_it(world, photo, client):
    lease = given(world, "Sari", photo)
    assert browser_of(world, "Budi").get(f"/baca/{lease.pk}/480.webp").status_code == 404
    assert browser_of(world, "Oki", Role.OPERATOR).get(f"/baca/{lease.pk}/480.webp").status_code == 403
    assert client.get(f"/baca/{lease.pk}/480.webp").status_code == 302


def test_it_is_there_as_long_as_it_may_be_sent(world, photo):
    lease, sari = given(world, "Sari", photo), browser_of(world, "Sari")
    expire(lease)
    assert sari.get(f"/baca/{lease.pk}/480.webp").status_code == 200
    sends(lease, Reading(2, dict(VOTES)))
    over = sari.get(f"/baca/{lease.pk}/480.webp")
    assert (over.status_code, over["Cache-Control"]) == (404, "no-store")


@pytest.mark.parametrize("what", ["returned", "withdrawn"])
def test_and_no_longer(world, photo, what):
    lease, sari = given(world, "Sari", photo), browser_of(world, "Sari")
    if what == "returned":
        queue.give_back(lease.pk, world.person("Sari"))
    else:
        Photo.objects.filter(pk=photo.pk).update(withdrawn_at="2029-02-14T09:00Z")
    assert sari.get(f"/baca/{lease.pk}/480.webp").status_code == 404


@pytest.mark.parametrize("path", ["481.webp", "0.webp", "480.png", "99999999999999999999.webp"])
def test_there_are_three_sizes(world, photo, path):
    lease, sari = given(world, "Sari", photo), browser_of(world, "Sari")
    assert sari.get(f"/baca/{lease.pk}/{path}").status_code == 404


def test_a_copy_that_is_not_there_is_none(world, settings, tmp_path):
    settings.STORAGES = settings.STORAGES | folder_storages(tmp_path)
    lease = given(world, "Sari", photo_of(world))
    assert browser_of(world, "Sari").get(f"/baca/{lease.pk}/480.webp").status_code == 404
