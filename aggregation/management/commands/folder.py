"""Runs the folder until it is told to stop."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from aggregation import folder


class Command(BaseCommand):
    help = "Give entries their place in the log, fold results into the tallies, publish. Runs until SIGTERM."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--once", action="store_true", help="do what waits now, then stop")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            folder.prepare()
            while folder.step():
                pass
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        folder.run(stop)
