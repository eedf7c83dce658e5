"""`manage.py renew_search`: the index of names anew.

Importers keep it themselves; this is for abbreviations that changed with a new version of the software.
"""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from tps import names


class Command(BaseCommand):
    help = "Renew the index of names that the search asks, after tps/abbreviations.yaml has changed"

    def handle(self, **options: Any) -> None:
        with transaction.atomic():
            names.renew()
        self.stdout.write("The index of names is renewed.")
