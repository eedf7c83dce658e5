"""Photos in over HTTP, and what their senders are told."""

import hashlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ledger.models import Event
from tests.uploads.pictures import encoded
from uploads import storage
from uploads.models import Photo

pytestmark = pytest.mark.django_db

URL = "/api/v1/photos/"


def send(client, content: bytes, station="9101011001001", name="foto.jpg", headers=None, **fields):
    data = {"station": station, "contest": "ppwp", "file": SimpleUploadedFile(name, content)} | fields
    return client.post(URL, data, headers=headers or {})


def test_a_photo_gets_a_receipt_and_its_bytes_are_sealed(client, world):
    content = encoded()
    answer = send(client, content, page=2)
    assert answer.status_code == 201, answer.content
    receipt = answer.json()
    photo = Photo.objects.get()
    assert receipt["receipt"].replace("-", "") == photo.receipt
    assert (receipt["state"], receipt["station"], receipt["page"]) == ("received", "9101011001001", 2)
    assert storage.read_original(hashlib.sha256(content).hexdigest()) == content
    assert Event.objects.filter(kind="photo").count() == 1
    again = client.get(f"/api/v1/receipts/{receipt['receipt'].lower()}/")
    assert again.status_code == 200
    assert again.json() == receipt
