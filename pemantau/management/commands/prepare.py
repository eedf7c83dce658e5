"""`manage.py prepare [--sample]`: everything between a running database and a running application.

Run it as the database's owner, before the new code serves. Again changes nothing.
"""

from argparse import ArgumentParser
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
            _create_buckets()
        if options["sample"]:
            call_command("load_sample", stdout=self.stdout)
            call_command("sample_accounts", stdout=self.stdout)
        folder.prepare()  # the rows that TPS are counted in are there before anybody looks


def _create_buckets() -> None:
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
