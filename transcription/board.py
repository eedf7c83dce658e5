"""The volunteers' board: who chose to be on it, by the name they chose, and how many of their readings stand.

Nothing more precise than that number. What is counted may be a minute old; who is on the board, never: whoever takes
their name back, is paused, or leaves is gone with the next look at it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet

from accounts.models import User
from accounts.permissions import Action
from transcription import confirmed, own_work

MOST = 100


@dataclass(frozen=True)
class Line:
    place: int
    name: str
    confirmed: int


def counts() -> dict[str, int]:
    """How many confirmed readings each of those with the most has, by the id of their account. One query.

    Like one's own, they are counted so late that they tell nobody which task had a known answer.
    """
    listed, values = _listed().values("pk").query.sql_with_params()
    accounts = f"IN ({listed})"
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNTS.format(readings=confirmed.READINGS.format(accounts=accounts)),
            [*values, *values, own_work.learn_after().total_seconds(), MOST],
        )
        return {str(account): many for account, many in cursor.fetchall()}


def lines(counted: Mapping[str, int]) -> list[Line]:
    """The board of these counts, with those who are on it now. One query."""
    names = dict(_listed().filter(pk__in=[int(account) for account in counted]).values_list("pk", "display_name"))
    found = sorted((-counted[str(account)], name.casefold(), name) for account, name in names.items())
    places = {many: place for place, (many, *_name) in reversed(list(enumerate(found, start=1)))}
    return [Line(places[many], name, -many) for many, _folded, name in found]


def _listed() -> QuerySet[User]:
    readers = User.objects.filter(role__in=Action.TRANSCRIBE.roles, is_active=True, paused=False)
    return readers.exclude(display_name="")


_COUNTS = """
    SELECT account_id, count(*) FROM ({readings}) AS reading
     WHERE agrees AND created_at <= statement_timestamp() - make_interval(secs => %s)
     GROUP BY account_id ORDER BY count(*) DESC, account_id LIMIT %s
"""
