"""System checks: `manage.py check` refuses form files that cannot be read, and with `--database default` (as `migrate`
does) a set-up that contradicts itself.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

from tps import form_definitions
from tps.form_syntax import WrongForm


@register(Tags.files)
def form_files(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Every form file can be read."""
    found: list[CheckMessage] = []
    for name in form_definitions.names():
        try:
            form_definitions.load(name)
        except WrongForm as wrong:
            found += [Error(f"{name}: {problem}", id="tps.E001") for problem in wrong.problems]
    return found


@register(Tags.database)
def elections(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Every election can be held: contests, forms of their kinds, options, no TPS voting twice."""
    from tps.models import Election  # not before the apps are ready

    if "default" not in (databases or ()) or not _tables_are_there():
        return []
    found: list[CheckMessage] = []
    for election in Election.objects.order_by("pk"):
        found += _wrong_with(election)
    return found


def _tables_are_there() -> bool:
    """False before the first `migrate`, which runs the checks too."""
    from tps.models import Contest, Election, Option, PollingStation

    wanted = {model._meta.db_table for model in (Election, Contest, Option, PollingStation)}
    return wanted <= set(connections["default"].introspection.table_names())


def _wrong_with(election: Any) -> Iterator[CheckMessage]:
    from tps import elections as setup
    from tps import reference
    from tps.models import PollingStation

    contests = list(election.contests.order_by("code"))
    if not contests:
        has_stations = PollingStation.objects.filter(election=election).exists()
        kind = Error if has_stations else Warning
        yield kind(
            f"The election {election.pk} has no contests.",
            hint="manage.py import_election adds them.",
            id="tps.E002" if has_stations else "tps.W002",
        )
    for contest in contests:
        if contest.form not in form_definitions.names():
            yield Error(f"{election.pk}/{contest.code} names the unknown form {contest.form}.", id="tps.E003")
        elif form_definitions.load(contest.form).kind != contest.kind:
            yield Error(
                f"{election.pk}/{contest.code}: the form {contest.form} is not for {contest.kind}.", id="tps.E004"
            )
    for code in election.contests.filter(options=None).order_by("code").values_list("code", flat=True):
        yield Warning(f"{election.pk}/{code} has no options.", hint="manage.py import_election", id="tps.W005")
    plan = setup.ElectionPlan(election.pk, election.name, election.date, ())
    for _line, text in setup.overlaps(plan):
        yield Error(f"{election.pk}: {text}.", id="tps.E006")
    known = all(contest.form in form_definitions.names() for contest in contests)
    if election.hashes and known and election.hashes["forms"] != reference.forms_hash(election):
        yield Warning(
            f"The form files of {election.pk} are not those that its ledger tells.",
            hint="manage.py tell_reference writes what they are now into the ledger.",
            id="tps.W007",
        )
