"""`manage.py import_official FILE --contest … --source …`: what KPU published; see docs/official-figures.md."""

import argparse
import re
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError

from aggregation import contests, official_file, official_import
from aggregation.region_document import code_of
from tps.imports.changes import Changes, Progress
from tps.imports.command import ElectionImportCommand, file
from tps.search import NoSuchContest


class Command(ElectionImportCommand):
    help = (
        "Import official figures: tps_code (or region_code), paslon1, …, suara_sah, … as published at one time or more"
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=file)
        parser.add_argument("--contest", required=True, metavar="CODE", help="the contest, such as ppwp")
        parser.add_argument("--source", required=True, type=_source, metavar="WORD", help="who published it: sirekap")
        parser.add_argument(
            *("--taken-at", "--at"),
            type=_moment,
            metavar="TIME",
            help="when all of it was published (2024-02-14T21:30, WIB where no zone is said); else each line says it",
        )
        parser.add_argument(
            "--codes", type=file, help="sirekap_tps_code,kp_tps_code: what overseas TPS are called here"
        )
        parser.add_argument(
            "--covers",
            action="append",
            default=[],
            type=_region,
            metavar="REGION",
            help="a region (nasional, 11, …) of which the file is complete: TPS there that it lacks are not published",
        )
        parser.add_argument(
            *("--column", "-c"),
            action="append",
            default=[],
            type=_renaming,
            metavar="COLUMN=FIELD",
            help="a column that holds this field of the form",
        )

    def compare(self, options: dict[str, Any], progress: Progress) -> Changes:
        if options["covers"] and options["taken_at"] is None:
            raise CommandError("--covers needs --taken-at: a file of several times is complete for none of them")
        try:
            contest = contests.find(self.election(options).pk, options["contest"])
        except NoSuchContest as error:
            raise CommandError(f"There is no contest {options['contest']!r} in this election.") from error
        return official_import.compare(
            options["file"],
            contest,
            options["source"],
            taken_at=options["taken_at"],
            codes=official_file.codes(options["codes"]) if options["codes"] else None,
            renamed=dict(options["column"]),
            covers=options["covers"],
            progress=progress,
        )


def _moment(text: str) -> datetime:
    try:
        return official_file.moment(text)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2024-02-14T21:30") from error


def _source(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,19}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no word of small letters, digits and hyphens")
    return text


def _region(text: str) -> str:
    if not re.fullmatch(r"nasional|[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{10}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no region: nasional, or 2, 4, 6 or 10 digits")
    return code_of(text)


def _renaming(text: str) -> tuple[str, str]:
    column, _, key = text.partition("=")
    if not column or not key:
        raise argparse.ArgumentTypeError(f"{text!r} is not COLUMN=FIELD")
    return column, key
