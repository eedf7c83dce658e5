"""`manage.py prepare [--sample]`: everything between a running database and a running application.

Run it as the database's owner, before the new code serves. Again changes nothing.
"""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from django.conf import settings
from django.core.files.storage import storages
from django.core.management import call_command
from django.core.management.base import BaseCommand

from aggregation import folder


class Command(BaseCommand):
    help = (
        "Migrate, grant the application's role its rights, make missing buckets and tallies; "
        "with --sample load the sample election."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--sample", action="store_true", help="load the sample election and its accounts")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("database_roles", verbosity=0)
        if settings.S3_ENDPOINT:
            _create_buckets(self.stderr.write)
        if options["sample"]:
            call_command("load_sample", stdout=self.stdout)
            call_command("sample_accounts", stdout=self.stdout)
        folder.prepare()  # the rows that TPS are counted in are there before anybody looks


def _create_buckets(say: Callable[[str], None]) -> None:
    """A bucket that is there is left as it is: its locks and rules are the operator's."""
    for name in ("sealed", "public"):
        storage: Any = storages[name]
        client = storage.connection.meta.client
        try:
            client.head_bucket(Bucket=storage.bucket_name)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            client.create_bucket(Bucket=storage.bucket_name)
        if name == "sealed" and settings.S3_PUBLIC_ENDPOINT:
            _let_our_pages_put(client, storage.bucket_name, say)


def _let_our_pages_put(client: Any, bucket: str, say: Callable[[str], None]) -> None:
    """Browsers on our pages may bring photos straight into the bucket (CORS), unless it has rules of its own.

    Who may in fact is not for this rule to say: each request is signed for one object, length, type and hash.
    """
    try:
        client.get_bucket_cors(Bucket=bucket)
        return
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            say(f"{bucket}: its CORS rules cannot be read; see docs/operations.md, Straight to the object store.")
            return
    rule = {
        "AllowedOrigins": [settings.SITE_ORIGIN],
        "AllowedMethods": ["PUT"],
        "AllowedHeaders": ["content-type", "x-amz-checksum-sha256"],
        "MaxAgeSeconds": 3600,
    }
    try:
        client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    except ClientError:
        say(f"{bucket}: its CORS rules cannot be set; see docs/operations.md, Straight to the object store.")
