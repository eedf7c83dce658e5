"""The health page says what fails, and takes a server out of service only when no photo could be received."""

from unittest import mock

import pytest
from django.db import OperationalError, connection

from pemantau.local.processes import free_port

pytestmark = pytest.mark.django_db


def test_all_is_well(client):
    response = client.get("/sehat/")
    assert response.status_code == 200
    assert response.json() == {"database": "ok", "storage": "ok", "redis": "ok"}
    assert "no-store" in response.headers["Cache-Control"]
    assert not response.cookies


def test_without_redis_photos_are_received_all_the_same(client, settings):
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    response = client.get("/sehat/")
    assert response.status_code == 200
    assert response.json() == {"database": "ok", "storage": "ok", "redis": "fails"}


def test_without_storage_there_is_no_receipt_so_no_service(client, settings, tmp_path):
    settings.OBJECTS_DIR = tmp_path / "objects"
    settings.OBJECTS_DIR.write_text("a file where a folder should be")
    response = client.get("/sehat/")
    assert response.status_code == 503
    assert response.json()["storage"] == "fails"


def test_without_the_database_there_is_no_service_and_no_detail_for_strangers(client):
    with mock.patch.object(connection, "cursor", side_effect=OperationalError("secret host refused")):
        response = client.get("/sehat/")
    assert response.status_code == 503
    assert response.json()["database"] == "fails"
    assert b"secret host" not in response.content


def test_it_costs_one_query(client, django_assert_num_queries):
    with django_assert_num_queries(1):
        client.get("/sehat/")
