"""Reference data in the ledger: nobody changes regions, TPS, DPT, contests or options without an entry.

The first `record` of an election appends its `genesis`, every later one a `reference` entry for each part that has
changed. A part is named by the SHA-256 of its lines (UTF-8, fields parted by a tab, each line ended by a newline,
sorted by code):

    regions    code, name                         of the villages with TPS and all regions above them
    tps_list   code
    dpt        TPS code, DPT                      where it is known
    contests   code, kind, form, area, name       area: region codes parted by commas, empty for the nation
    options    contest, party, number, name       party: ballot number, empty unless it is a party's candidate
    forms      name, SHA-256 of the file          of the forms in use
    seats      contest, seats                     where they are known; told only once they are known anywhere
"""

import datetime
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection

from ledger import entries as ledger
from tps import form_definitions
from tps.models import Contest, Election

PARTS = ("contests", "dpt", "forms", "options", "regions", "seats", "tps_list")
# What a part without lines is named by.
NOTHING = f"sha256:{hashlib.sha256(b'').hexdigest()}"

_LINES = {
    "regions": """
        WITH villages AS (SELECT DISTINCT region_id AS code FROM tps_pollingstation WHERE election_id = %(election)s),
             codes AS (SELECT DISTINCT left(code, length) AS code FROM villages, unnest(ARRAY[2, 4, 6, 10]) AS length)
        SELECT code || E'\\t' || name || E'\\n' AS line, code AS place FROM codes JOIN tps_region USING (code)""",
    "tps_list": """
        SELECT code || E'\\n' AS line, code AS place FROM tps_pollingstation WHERE election_id = %(election)s""",
    "dpt": """
        SELECT code || E'\\t' || registered_voters || E'\\n' AS line, code AS place FROM tps_pollingstation
        WHERE election_id = %(election)s AND registered_voters IS NOT NULL""",
    "contests": """
        SELECT concat_ws(E'\\t', c.code, c.kind, c.form, (
            SELECT coalesce(string_agg(region_id, ',' ORDER BY region_id COLLATE "C"), '') FROM tps_contest_area
            WHERE contest_id = c.id), c.name) || E'\\n' AS line, c.code AS place
        FROM tps_contest c WHERE c.election_id = %(election)s""",
    "options": """
        SELECT concat_ws(E'\\t', c.code, coalesce(p.number::text, ''), o.number::text, o.name) || E'\\n' AS line,
               c.code || to_char(coalesce(p.number, 0), ' 000') || to_char(o.number, ' 000') AS place
        FROM tps_option o JOIN tps_contest c ON c.id = o.contest_id LEFT JOIN tps_option p ON p.id = o.party_id
        WHERE c.election_id = %(election)s""",
    "seats": """
        SELECT code || E'\\t' || seats || E'\\n' AS line, code AS place FROM tps_contest
        WHERE election_id = %(election)s AND seats IS NOT NULL""",
}

# Each contest's options by themselves, as above; forms with the options filled in are kept by it.
_OPTIONS_BY_CONTEST = """
    UPDATE tps_contest SET options_hash = found.hash
    FROM (SELECT c.id, encode(sha256(convert_to(coalesce(string_agg(
              concat_ws(E'\\t', coalesce(p.number::text, ''), o.number::text, o.name) || E'\\n', ''
              ORDER BY coalesce(p.number, 0), o.number), ''), 'UTF8')), 'hex') AS hash
          FROM tps_contest c LEFT JOIN tps_option o ON o.contest_id = c.id LEFT JOIN tps_option p ON p.id = o.party_id
          WHERE c.election_id = %s GROUP BY c.id) AS found
    WHERE found.id = tps_contest.id AND options_hash <> found.hash"""


def hashes(election: Election) -> dict[str, str]:
    """The SHA-256 of each part of the election's reference data as it is now, as `sha256:` + hex."""
    found = {"forms": forms_hash(election)}
    with connection.cursor() as cursor:
        for part, lines in _LINES.items():
            cursor.execute(
                f"""SELECT encode(sha256(convert_to(coalesce(
                        string_agg(line, '' ORDER BY place COLLATE "C"), ''), 'UTF8')), 'hex')
                    FROM ({lines}) AS lines""",  # noqa: S608 (constants of this module)
                {"election": election.pk},
            )
            found[part] = f"sha256:{cursor.fetchone()[0]}"
    return found


def forms_hash(election: Election) -> str:
    """The part `forms` alone. Raises `form_definitions.UnknownForm`."""
    names = election.contests.order_by("form").values_list("form", flat=True).distinct()
    lines = "".join(f"{name}\t{form_definitions.load(name).digest}\n" for name in names)
    return f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"


_postponed: ContextVar[bool] = ContextVar("postponed", default=False)


@contextmanager
def postponed() -> Iterator[None]:
    """Several changes in one transaction get one entry: `record` is called once, after this block."""
    token = _postponed.set(True)
    try:
        yield
    finally:
        _postponed.reset(token)


def record(election: Election, by: str | None = None) -> list[str]:
    """Tell the ledger what has changed in the election's reference data; returns the parts that did.

    To be called in the transaction of the change. `by`: the commitment of the operator who made it.
    """
    if _postponed.get():
        return []
    known = Election.objects.select_for_update().get(pk=election.pk).hashes
    with connection.cursor() as cursor:
        cursor.execute(_OPTIONS_BY_CONTEST, [election.pk])
    now = _to_be_told(hashes(election), known)
    changed = [part for part in PARTS if known.get(part) != now.get(part)]
    if not changed:
        return []
    if not known:
        _genesis(election, now)
    else:
        at = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        who = {"by": by} if by else {}
        ledger.append_all(
            [
                ledger.Entry(election.pk, "reference", {"what": part, "hash": now[part], "at": at, **who})
                for part in changed
            ]
        )
    Election.objects.filter(pk=election.pk).update(hashes=now)
    election.hashes = now
    return changed


def _genesis(election: Election, now: dict[str, str]) -> None:
    ledger.append(
        election.pk,
        "genesis",
        election=election.pk,
        rule_version=election.rule_version,
        contests=list(Contest.objects.filter(election=election).order_by("code").values_list("code", flat=True)),
        **{part: now[part] for part in PARTS if part in now and part != "contests"},
    )


def _to_be_told(now: dict[str, str], known: dict[str, str]) -> dict[str, str]:
    """Without the seats where nobody knows any: logs from before there were seats stay as they are."""
    return {part: digest for part, digest in now.items() if part != "seats" or part in known or digest != NOTHING}


def record_everywhere(by: str | None = None) -> list[str]:
    """As `record`, for all elections that have a genesis: regions belong to them all. Returns their codes."""
    elections = [] if _postponed.get() else Election.objects.exclude(hashes={}).order_by("pk")
    return [election.pk for election in elections if record(election, by)]
