"""The public sizes over HTTP: for everybody, for ever, with nothing that could run or follow."""

import os
import subprocess
import sys

import pytest

from pemantau import pipeline
from uploads import storage

pytestmark = pytest.mark.django_db


@pytest.fixture
def photo(world, objects, sending):
    photo, _ = pipeline.receive(sending(world))
    pipeline.inspect(str(photo.pk))
    return photo


@pytest.mark.parametrize("side", storage.SIDES)
def test_a_copy_is_served_without_a_query_and_without_a_cookie(client, photo, world, side, django_assert_num_queries):
    client.force_login(world.person("Sari"), backend="django.contrib.auth.backends.ModelBackend")
    with django_assert_num_queries(0):
        answer = client.get(storage.public_url(photo.sha256, side))
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content)[:4] == b"RIFF"
    assert answer["Content-Type"] == "image/webp"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    runs_nothing_and_follows_nobody(answer)


def runs_nothing_and_follows_nobody(answer) -> None:
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")


def test_so_is_the_answer_where_there_is_none(client, world):
    client.force_login(world.person("Sari"), backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(f"/gambar/{'0' * 64}/480.webp")
    assert (answer.status_code, answer["Cache-Control"]) == (404, "no-store")
    runs_nothing_and_follows_nobody(answer)


def test_pages_may_show_the_pictures_of_their_own_host():
    """With PHOTO_ORIGIN set, addresses and the pages' policy name that host."""
    code = (
        "import django; django.setup(); from django.conf import settings; from uploads import storage;"
        "print(storage.public_url('0' * 64, 480), settings.CONTENT_SECURITY_POLICY['DIRECTIVES']['img-src'])"
    )
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "pemantau.settings", "PHOTO_ORIGIN": "https://foto.pemantau.example",
    }  # fmt: skip
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    address, policy = said.stdout.split(" ", 1)
    assert address == f"https://foto.pemantau.example/public/{'0' * 64}/480.webp"
    assert "'https://foto.pemantau.example'" in policy


@pytest.mark.parametrize(
    "path",
    ["{sha}/100.webp", "{sha}/480.jpg", "{zeros}/480.webp", "{upper}/480.webp", "..%2f..%2foriginals/480.webp"],
)
def test_there_is_nothing_else(client, photo, path):
    path = path.format(sha=photo.sha256, zeros="0" * 64, upper=photo.sha256.upper())
    assert client.get(f"/gambar/{path}").status_code == 404


def test_no_address_serves_an_original(client, photo):
    for path in (storage.original_key(photo.sha256), f"gambar/{photo.sha256}", f"gambar/{photo.sha256}.webp"):
        assert client.get(f"/{path}").status_code == 404
