"""`manage.py tell_reference`: write into each election's ledger what of its reference data is not told yet.

Importers and the admin do so themselves; this is for form files that changed with a new version of the software.
"""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from tps import reference
from tps.models import Election


class Command(BaseCommand):
    help = "Tell the ledger of changed form files; changes nothing where all is told"

    def handle(self, **options: Any) -> None:
        for election in Election.objects.exclude(hashes={}).order_by("pk"):
            with transaction.atomic():
                parts = reference.record(election)
            self.stdout.write(f"{election.pk}: {', '.join(parts) or 'all is told'}")
