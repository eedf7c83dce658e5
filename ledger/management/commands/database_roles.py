"""`manage.py database_roles`: give the application's database role its rights, and no others."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from ledger import privileges


class Command(BaseCommand):
    help = (
        "Makes the application's database role (APP_DATABASE_ROLE) where it is missing and grants it its rights: "
        "append-only tables stay append-only. Run as the owner of the tables, after each migrate; "
        "again changes nothing. The role's password is taken from APP_DATABASE_PASSWORD, if set."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--role", default=settings.APP_DATABASE_ROLE, help="default: APP_DATABASE_ROLE")

    def handle(self, *args: Any, role: str, verbosity: int, **options: Any) -> None:
        try:
            with transaction.atomic():
                privileges.ensure_role(role, os.environ.get("APP_DATABASE_PASSWORD"))
                rights = privileges.grant(role)
        except privileges.NotPossible as reason:
            raise CommandError(str(reason)) from reason
        if verbosity > 1:
            for table, what in rights.items():
                self.stdout.write(f"{table}: {what}")
        if verbosity:
            protected = sum("DELETE" not in what for what in rights.values())
            self.stdout.write(f"{role}: rights on {len(rights)} tables, {protected} of them without change or removal.")
