"""`manage.py import_candidates FILE --kind DPR --parties FILE`: who can be voted for; see docs/reference-data.md."""

import argparse
from typing import Any

from django.core.management.base import CommandError

from tps.imports import candidates, dapil
from tps.imports.changes import Changes, Progress
from tps.imports.command import ElectionImportCommand, file


class Command(ElectionImportCommand):
    help = "Import candidates: dapil_code,partai_no,nomor_urut,nama"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=file)
        parser.add_argument("--kind", required=True, choices=list(dapil.KINDS))
        parser.add_argument("--parties", type=file, metavar="FILE", help="nomor_urut,nama; not for DPD")

    def compare(self, options: dict[str, Any], progress: Progress) -> Changes:
        if (options["kind"] == "DPD") == bool(options["parties"]):
            raise CommandError("--parties belongs to every kind but DPD")
        election = self.election(options)
        return candidates.compare(options["file"], options["parties"], election, options["kind"], progress=progress)
