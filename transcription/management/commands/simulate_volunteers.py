"""`manage.py simulate-volunteers`: what three rules publish from what the same invented readers read."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from transcription import simulation


class Command(BaseCommand):
    help = "Let invented volunteers read invented papers by three rules; the last line is one JSON object."
    requires_system_checks: list[str] = []  # no database

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = ", ".join(one.name for one in simulation.SCENARIOS).replace("%", "%%")
        parser.add_argument("--stations", type=int, default=5000, help="TPS, one photo each (5000)")
        parser.add_argument("--readers", type=int, default=500, help="volunteers (500)")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--page", type=int, choices=simulation.PAGES, default=2, help="2, or 12: the copy, with sums"
        )
        parser.add_argument("--results", type=Path, help="results_ppwp.csv.gz: real numbers instead of invented ones")
        parser.add_argument("--scenario", action="append", help=f"only this one, may be repeated: {names}")
        parser.add_argument("--check", action="store_true", help="exit 1 if a target is missed")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = options["scenario"] or [one.name for one in simulation.SCENARIOS]
        if unknown := set(wanted) - {one.name for one in simulation.SCENARIOS}:
            raise CommandError(f"There is no scenario {', '.join(sorted(unknown))}.")
        known = simulation.read_results(options["results"]) if options["results"] else None
        seed, stations, many, page = (options[name] for name in ("seed", "stations", "readers", "page"))
        numbers = options["results"].name if options["results"] else "invented"
        self.stdout.write(f"{stations} TPS, page {page}, numbers {numbers}, {many} readers, seed {seed}")
        for sentence in simulation.ASSUMED:
            self.stdout.write(f"  {sentence}")
        reports, targets = [], []
        for scenario in (one for one in simulation.SCENARIOS if one.name in wanted):
            try:
                world = simulation.world_of(seed, stations, page, scenario.unclear, known)
                report = simulation.play(scenario, world, simulation.readers_of(scenario, many))
            except ValueError as error:
                raise CommandError(str(error)) from None
            reports.append(report)
            targets += simulation.targets_of(report)
            self.stdout.write("\n" + "\n".join(simulation.in_words(report)))
            self.stdout.flush()
        self.stdout.write("")
        for target in targets:
            self.stdout.write(f"{'met' if target.met else 'MISSED'}: {target.says}")
        said = {"seed": seed, "page": page, "numbers": numbers, "readers": many}
        said |= {"scenarios": [asdict(one) for one in reports], "targets": [asdict(one) for one in targets]}
        self.stdout.write(json.dumps(said, ensure_ascii=False))
        if options["check"] and not all(target.met for target in targets):
            sys.exit(1)
