"""`manage.py redecide`: what the present version of the consensus rule makes of entries that an older one decided.

Tells what would change and changes nothing; with `--apply` each photo goes through the pipeline's own step, in a
transaction of its own. It may be stopped at any moment and run again (docs/operations.md).
"""

import csv
import json
from argparse import ArgumentParser
from collections import Counter
from contextlib import ExitStack
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.permissions import NotAllowed
from aggregation import region_document, rule_change
from aggregation.rule_change import Change
from ledger.kinds import WrongFields
from pemantau import pipeline
from tps.form_definitions import for_contest
from tps.models import Election
from transcription import agreement, rule_versions
from transcription.consensus import PairsAreBusy

PROGRESS = 10_000
COLUMNS = (
    *("contest", "tps", "page", "photo", "rule_before", "before", "numbers_before", "broken_before"),
    *("after", "numbers_after", "broken_after", "page_after", "tps_after"),
)


class Command(BaseCommand):
    help = (
        "Decide again by the present version of the rule, from the same entries and rulings. "
        "Prints what would change and changes nothing, unless --apply is given."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        way = parser.add_mutually_exclusive_group()
        way.add_argument("--dry-run", action="store_true", help="change nothing; so it is anyway without --apply")
        way.add_argument("--apply", action="store_true", help="decide anew; needs --by, --second and --because")
        parser.add_argument("--by", metavar="E-MAIL", help="the operator who applies it")
        parser.add_argument("--second", metavar="E-MAIL", help="another operator, who agrees")
        parser.add_argument("--because", metavar="WORD", help="why, for the ledger: one word or address, as issue-5")
        parser.add_argument("--election", metavar="CODE", help="by default the current one")
        parser.add_argument("--contest", metavar="CODE", default="", help="this contest only")
        parser.add_argument("--region", metavar="CODE", default="", help="photos sent for this region only")
        parser.add_argument("--all", action="store_true", help="look at what the present version decided, too")
        parser.add_argument("--out", metavar="FILE", help="write the changes to this file, too, as CSV")

    def handle(self, *args: Any, **options: Any) -> None:
        election = _election(options["election"])
        scope = rule_change.Scope(election, options["contest"], options["region"], options["all"])
        if scope.contest and not election.contests.filter(code=scope.contest).exists():
            raise CommandError(f"{election.pk} has no contest {scope.contest}.")
        with ExitStack() as stack:
            out = stack.enter_context(open(options["out"], "w", newline="")) if options["out"] else None
            if options["apply"]:
                self._sign(election, options)
            else:
                stack.enter_context(region_document.consistent())  # in which the database refuses to write
            self._go(scope, out, apply=options["apply"])

    def _sign(self, election: Election, options: dict[str, Any]) -> None:
        if not (options["by"] and options["second"] and options["because"]):
            raise CommandError("--apply needs two operators and a reason: --by, --second, --because.")
        if rule_change.newer_decisions(election):
            raise CommandError(f"A newer rule than {agreement.RULE_VERSION} has decided here; this program is too old.")
        by, second = _person(options["by"]), _person(options["second"])
        try:
            is_new = rule_versions.sign(election, by, second, options["because"])
        except rule_versions.OnePerson:
            raise CommandError("--by and --second must be two different people.") from None
        except NotAllowed:
            raise CommandError("--by and --second must both be operators.") from None
        except WrongFields:
            raise CommandError("--because must be one word of letters, digits and _.:/+-, as issue-5.") from None
        if is_new:
            self.stdout.write(f"rule {agreement.RULE_VERSION} decides {election.pk} from here on; the ledger says so")

    def _go(self, scope: rule_change.Scope, out: TextIO | None, *, apply: bool) -> None:
        rows = csv.writer(out) if out else None
        if rows:
            rows.writerow(COLUMNS)
        seen, left = 0, 0
        kinds: Counter[str] = Counter()
        sums: dict[str, Counter[str]] = {}
        for photo, change in rule_change.looked_at(scope):
            seen += 1
            if seen % PROGRESS == 0:
                self.stderr.write(f"{seen} photos ...")
            if change is None:
                continue
            if rows:
                rows.writerow(_row(change))
            self.stdout.write(_line(change))
            kinds[f"{_before(change).split(' (')[0]} → {_after(change).split(' (')[0]}"] += 1
            sums.setdefault(photo.contest.code, Counter()).update(change.sums)
            if apply:
                try:
                    pipeline.decide_again(photo.pk)
                except PairsAreBusy:
                    left += 1
                    self.stderr.write(f"{photo.pk}: others were deciding; run it again")
        self._sum_up(seen, kinds, sums, applied=apply)
        if left:
            raise CommandError(f"{left} photos are left: run it again.")

    def _sum_up(self, seen: int, kinds: Counter[str], sums: dict[str, Counter[str]], *, applied: bool) -> None:
        changed = kinds.total()
        for kind, many in sorted(kinds.items()):
            self.stdout.write(f"{many} {kind}")
        for contest, much in sorted(sums.items()):
            told = ", ".join(f"{name} {value:+d}" for name, value in much.items() if value)
            self.stdout.write(f"{contest}: {told or 'no public sum changes'}")
        verb = "decided anew" if applied else "would change"
        self.stdout.write(
            f"rule {agreement.RULE_VERSION}: {seen} photos looked at, {seen - changed} unchanged, {changed} {verb}"
        )


def _election(code: str | None) -> Election:
    wanted = {"pk": code} if code else {"is_current": True}
    election = Election.objects.filter(**wanted).first()
    if election is None:
        raise CommandError(f"There is no election {code}." if code else "There is no current election.")
    return election


def _person(email: str) -> User:
    person = User.objects.filter(email__iexact=email).first()
    if person is None:
        raise CommandError(f"Nobody has the address {email}.")
    return person


# --- In words -------------------------------------------------------------------------------


def _before(change: Change) -> str:
    decided = change.preview.known.decided
    if decided is None or decided["outcome"] == "reopened":
        return _waiting(*change.preview.known.asked)
    return f"rejected ({decided['problem']})" if decided["outcome"] == "rejected" else "accepted"


def _after(change: Change) -> str:
    decision = change.preview.decision
    if decision is None or decision.outcome == "reopened":
        return _waiting(*change.preview.asks)
    return f"rejected ({decision.problem})" if decision.outcome == "rejected" else "accepted"


def _waiting(wants: int, why: str) -> str:
    if why:
        return f"before an adjudicator ({why})"
    return f"being read ({wants} more)" if wants else "undecided"


def _line(change: Change) -> str:
    """ "9101011001001 ppwp p2: accepted → being read (1 more): paslon_1 101, …"; of two that stand what differs."""
    decided, decision = change.preview.known.decided or {}, change.preview.decision
    before, after = _in_order(change, decided.get("numbers")), _in_order(change, decision.numbers if decision else None)
    if before and after:
        told = [f"{key} {before.get(key)} → {after.get(key)}" for key in after if before.get(key) != after.get(key)]
        if decided["broken_rules"] != (flags := decision.broken_rules if decision else []):
            told.append(f"flags {_flags(decided['broken_rules'])} → {_flags(flags)}")
    else:
        told = [f"{key} {value}" for key, value in (before or after).items()]
    page = decided.get("page") or (decision.page if decision else None) or change.photo.page
    where = f"{_station(change)} {change.photo.contest.code} p{page or '?'} {change.photo.pk}"
    moved = f" at {decision.station.code}" if decision and decision.station_id != change.photo.station_id else ""
    return f"{where}: {_before(change)} → {_after(change)}{moved}{': ' if told else ''}{', '.join(told)}"


def _in_order(change: Change, numbers: dict[str, Any] | None) -> dict[str, Any]:
    """As on the form; the database keeps another order."""
    keys = (field.key for field in for_contest(change.photo.contest).fields)
    return {key: numbers[key] for key in keys if key in numbers} if numbers else {}


def _flags(broken: list[str]) -> str:
    return "+".join(broken) or "none"


def _station(change: Change) -> str:
    return str(change.photo.station.code)


def _row(change: Change) -> list[Any]:
    decided, decision = change.preview.known.decided or {}, change.preview.decision
    return [
        *(change.photo.contest.code, _station(change), decided.get("page") or change.photo.page or "", change.photo.pk),
        *(decided.get("rule_version", ""), _before(change), _numbers(_in_order(change, decided.get("numbers")))),
        "+".join(decided.get("broken_rules", [])),
        *(_after(change), _numbers(_in_order(change, decision.numbers if decision else None))),
        "+".join(decision.broken_rules) if decision else "",
        *((decision.page or "", decision.station.code) if decision else ("", "")),
    ]


def _numbers(numbers: dict[str, Any]) -> str:
    return json.dumps(numbers) if numbers else ""
