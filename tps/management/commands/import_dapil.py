"""`manage.py import_dapil DAPIL REGIONS`: electoral districts as contests; see docs/reference-data.md."""

import argparse
from typing import Any

from tps.imports import dapil
from tps.imports.changes import Changes, Progress
from tps.imports.command import ElectionImportCommand, file


class Command(ElectionImportCommand):
    help = "Import dapil: election,dapil_code,dapil_name and election,dapil_code,region_code,is_split"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("dapil", type=file)
        parser.add_argument("regions", type=file)
        parser.add_argument("--only", action="append", choices=list(dapil.KINDS), help="only these (may be repeated)")

        parser.add_argument(
            "--councils", type=file, metavar="FILE", help="province,election,council: DPRA, DPRK, DPRP …"
        )

    def compare(self, options: dict[str, Any], progress: Progress) -> Changes:
        only = frozenset(options["only"] or dapil.KINDS)
        election, councils = self.election(options), options["councils"]
        return dapil.compare(
            options["dapil"], options["regions"], election, only=only, councils=councils, progress=progress
        )
