"""The ground the other tests stand on is real."""

import os

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.db import ProgrammingError, connection, transaction

from tps.models import Election


def test_the_database_is_a_real_postgresql_through_psycopg2(db):
    assert connection.Database.__name__ == "psycopg2"
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int, current_user")
        version, user = cursor.fetchone()
    assert version >= 150000
    assert user == "pemantau"


def test_text_sorts_the_same_everywhere(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT datlocprovider FROM pg_database WHERE datname = current_database()")
        assert cursor.fetchone() == ("b",)


def test_the_cache_is_shared_with_every_process_that_knows_the_address():
    cache.set("greeting", "halo")
    assert redis.Redis.from_url(os.environ["REDIS_URL"]).exists(":1:greeting")


def test_valkey_asks_for_a_password():
    port = redis.Redis.from_url(os.environ["REDIS_URL"]).connection_pool.connection_kwargs["port"]
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=port).ping()


def test_objects_go_to_a_temporary_folder():
    assert str(settings.OBJECTS_DIR).startswith(str(settings.STATE_DIR))
    assert "pemantau-tests-" in str(settings.STATE_DIR)


def test_the_world_is_small_and_whole(world):
    assert len(world.stations) == 5
    assert Election.objects.get().is_current


def test_the_application_may_not_change_the_schema(as_app):
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE sneaked_in (id int)")


def test_the_s3_checks_who_asks(s3):
    import boto3
    from botocore.exceptions import ClientError

    def client(secret):
        return boto3.client(
            "s3",
            endpoint_url=s3.endpoint,
            aws_access_key_id=s3.access_key,
            aws_secret_access_key=secret,
            region_name="us-east-1",
        )

    client(s3.secret_key).put_object(Bucket="pemantau-sealed", Key="a/b", Body=b"photo")
    assert client(s3.secret_key).get_object(Bucket="pemantau-sealed", Key="a/b")["Body"].read() == b"photo"
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client("guessed").get_object(Bucket="pemantau-sealed", Key="a/b")
