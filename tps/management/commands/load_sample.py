"""`manage.py load_sample`: the invented election "Pemilu Contoh". Again, it changes nothing."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from tps import sample
from tps.imports import nation


class Command(BaseCommand):
    help = "Load the sample election (invented); changes nothing where it is there already"

    def handle(self, **options: Any) -> None:
        files = nation.Files(
            regions=sample.FOLDER / "regions.csv",
            election=sample.FOLDER / "election.yaml",
            stations=sample.FOLDER / "stations.csv",
            dpt=sample.FOLDER / "dpt.csv",
            outlines=sample.FOLDER / "outlines.topo.json",
        )
        with transaction.atomic():
            changes = nation.load(files)
        changed = [change.lines()[0] for change in changes if change.any]
        self.stdout.write("\n".join(changed) or "The sample election is loaded.")
