"""`manage.py replay`: play citizens, volunteers and adjudicators over HTTP against a running instance."""

import json
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pemantau.local.state import State
from pemantau.replay import cast, report
from pemantau.replay.demo import DAPIL
from pemantau.replay.elections import Election
from pemantau.replay.program import CITIZENS_FROM, Manner, Source, perform
from pemantau.services import Running
from tps.sample import ELECTION


class Command(BaseCommand):
    help = (
        "Send photos, read them with slips, adjudicate, and compare every public number with the papers. "
        "Exit 1 if any differs."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument("--sample", action="store_true", help="the sample election, on rendered specimens")
        source.add_argument("--results", type=Path, metavar="FILE", help="results_ppwp.csv.gz, on rendered specimens")
        source.add_argument("--forms", type=Path, metavar="FOLDER", help="real photos with manifest.csv")
        source.add_argument(
            "--dpr", type=Path, metavar="FOLDER", help="the real data: all pages of the DPR form, on rendered specimens"
        )
        parser.add_argument("--region", default="", help="with --results: code of the region")
        parser.add_argument("--dapil", default=DAPIL, help=f"with --dpr; by default {DAPIL}")
        parser.add_argument("--data", type=Path, help="folder with wilayah.csv.gz and results_ppwp.csv.gz")
        parser.add_argument("--url", help="of the instance; by default the one that runs on this state folder")
        parser.add_argument("--election", help="code; by default the sample's, or one that the replay adds")
        parser.add_argument("--contest", default="ppwp")
        parser.add_argument("--pages", type=int, nargs="+", choices=(1, 2, 3), default=(1, 2, 3))
        parser.add_argument("--limit", type=int, help="with --sample and --dpr: so many TPS")
        parser.add_argument("--slips", type=float, default=0.03, help="share of entries with a misread figure")
        parser.add_argument("--hard", type=float, default=0.01, help="share of photos that most people misread")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--width", type=int, default=1200, help="of rendered photos, in pixels")
        parser.add_argument("--volunteers", type=int, help="by default as many as the photos need")

    def handle(self, *args: Any, **options: Any) -> None:
        manner = Manner(
            seed=options["seed"],
            slips=options["slips"],
            hard=options["hard"],
            pages=tuple(options["pages"]),
            width=options["width"],
            limit=options["limit"],
        )
        running = None if options["url"] else self._running()
        source = self._source(options, running)
        base = options["url"] or (running.url if running else "")
        play = source.prepare(base, manner)
        volunteers = options["volunteers"] or cast.volunteers_for(len(play.shots))
        if running:
            running.manage("sample_accounts", "--volunteers", str(volunteers), "--adjudicators", str(cast.ADJUDICATORS))
        company = cast.sign_in(base, volunteers, first_number=1)
        account = perform(base, play, company, manner, first_number=CITIZENS_FROM, say=self._say)
        self._say(json.dumps(report.summary(account), ensure_ascii=False))
        if account.differences:
            raise SystemExit(1)

    def _running(self) -> Running:
        said = State(settings.STATE_DIR).running()
        if not said.get("ready"):
            raise CommandError("No instance runs on this state folder. Start one with make run, or give --url.")
        return Running(said["url"], settings.STATE_DIR)

    def _source(self, options: dict[str, Any], running: Running | None) -> Source:
        """What is played; its election is added to an instance of ours unless one is named."""
        if options["sample"]:
            return Source("sample", options["election"] or ELECTION, options["contest"])
        if options["dpr"]:
            return self._dpr(options, running)
        kind = "results" if options["results"] else "forms"
        path = options["results"] or options["forms"]
        if options["election"]:
            return Source(kind, options["election"], options["contest"], path, options["region"])
        if running is None:
            raise CommandError("With --url, say which --election it is.")
        added = Election(f"replay-{kind}-{options['region']}".strip("-"), f"Replay {kind}", options["contest"])
        source = Source(kind, added.code, options["contest"], path, options["region"])
        data = options["data"] or (path.parent if kind == "results" else path.parent / "data")
        return self._added(source, added, data, running)

    def _dpr(self, options: dict[str, Any], running: Running | None) -> Source:
        """One dapil's DPR, always in an election of its own: only its TPS are there."""
        if running is None or options["election"]:
            raise CommandError("--dpr adds an election of its own; --url and --election do not go with it.")
        folder, dapil, limit, seed = (options[name] for name in ("dpr", "dapil", "limit", "seed"))
        added = Election(f"replay-dpr-{dapil}", f"Replay DPR {dapil}", f"dpr-{dapil}")
        source = Source("dpr", added.code, added.contest, folder, dapil, limit, seed)
        return self._added(source, added, folder, running)

    def _added(self, source: Source, election: Election, data: Path, running: Running) -> Source:
        with tempfile.TemporaryDirectory() as folder:
            source.add(running.manage, election, data, Path(folder))
        return source

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()
