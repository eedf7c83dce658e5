"""`manage.py demo`: a private instance, the whole way over HTTP, an audit. `make demo` calls it."""

import json
import os
import signal
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from pemantau.replay import demo


class Command(BaseCommand):
    help = "Drive the full pipeline on a private instance; the last line is one JSON object. Exit 0 only if all holds."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--quick", action="store_true", help="ten TPS of the sample only, or one of DPR with --only dpr"
        )
        parser.add_argument("--only", default="", choices=("sample", "forms", "dpr", "results"), help="one part alone")
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        for number in (signal.SIGTERM, signal.SIGHUP):  # as Ctrl-C does: the instance and its folder go, too
            signal.signal(number, lambda number, frame: sys.exit(128 + number))
        data = Path(os.environ.get("PEMANTAU_SHARED", settings.BASE_DIR.parent / "shared"))
        outcome = demo.run(quick=options["quick"], only=options["only"], data=data, seed=options["seed"], say=self._say)
        said = outcome.as_dict()
        for failure in outcome.failures:
            self.stdout.write(f"FAILED: {failure}")
        self.stdout.write(json.dumps(said, ensure_ascii=False))
        self.stdout.flush()
        if not said["ok"]:
            raise SystemExit(1)

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()
