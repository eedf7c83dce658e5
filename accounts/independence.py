"""Who is not independent of whom (DESIGN section 5).

Two people are of one circle if they

- used the same device within the last seven days,
- came from the same block of addresses on this day (`devices.day`),
- or stand in one line of invitations: one was invited by the other, directly or through others, or the
  same person invited both. Whom an operator invites has no `invited_by`: that forms no line.

What somebody was when they invited counts, not what they became: else a new role would tie or part people who have
read already.

A line through a common inviter further up is not followed: one eager inviter at the root would make
everybody dependent on everybody.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.devices import day as this_day
from accounts.models import Device, Sighting, User

REMEMBERED_FOR = timedelta(days=7)


def record_sighting(account: User, device: Device | None, address_block: str) -> None:
    """Note that this person is here on this day, on this device and in this block. One query; twice changes nothing."""
    Sighting.objects.bulk_create(
        [Sighting(user=account, device=device, address_block=address_block, day=this_day())],
        ignore_conflicts=True,
    )


def circle_of(
    accounts: Collection[int], devices: Collection[UUID] = (), address_blocks: Collection[str] = ()
) -> set[int]:
    """Ids of all accounts that are not independent of the given ones, these included. One query.

    `devices` and `address_blocks` (present pseudonyms) stand for people who have no account, such as the
    sender of a photo.
    """
    with connection.cursor() as cursor:
        cursor.execute(CIRCLE, circle_values(accounts, devices, address_blocks))
        return {row[0] for row in cursor.fetchall()}


def circle_values(
    accounts: Collection[int], devices: Collection[UUID] = (), address_blocks: Collection[str] = ()
) -> dict[str, Any]:
    """The parameters of `CIRCLE`, for those who ask within a statement of their own."""
    return {
        "accounts": list(accounts),
        "devices": list(devices),
        "blocks": [block for block in address_blocks if block],
        "today": this_day(),
        "since": this_day() - REMEMBERED_FOR,
    }


def related(one: int, other: int) -> bool:
    """Whether two accounts are of one circle, and so cannot settle anything together. One query."""
    return other in circle_of([one])


def invited_pairs(accounts: Collection[int]) -> set[tuple[int, int]]:
    """Those pairs (lower id, higher id) of the given accounts that stand in one line of invitations. One query.

    Unlike devices and blocks, which are forgotten after a week, this can be asked again at any time: an
    audit judges old entries by it, together with the device and block that each entry carries itself.
    """
    with connection.cursor() as cursor:
        cursor.execute(invited_pairs_sql("%(accounts)s"), {"accounts": list(accounts)})
        return {(low, high) for low, high in cursor.fetchall()}


def line_above(account: int) -> set[int]:
    """Ids of an account and of all who stand above it in its line. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE up (member) AS (
                SELECT %s::bigint
                UNION
                SELECT guest.invited_by_id FROM up JOIN accounts_user guest ON guest.id = up.member
                 WHERE guest.invited_by_id IS NOT NULL
            )
            SELECT member FROM up
            """,
            [account],
        )
        return {row[0] for row in cursor.fetchall()}


def forget_old_sightings() -> int:
    """Delete what is older than seven days; returns how many rows."""
    deleted, _ = Sighting.objects.filter(day__lt=this_day() - REMEMBERED_FOR).delete()
    return deleted


# `up (start, member)`: each given account with its inviters.
# UNION, not UNION ALL: a line that bites its own tail must end.
def _up(accounts: str) -> str:
    return f"""
    up (start, member) AS (
        SELECT id, id FROM accounts_user WHERE id = ANY({accounts})
        UNION
        SELECT up.start, guest.invited_by_id
          FROM up
          JOIN accounts_user guest ON guest.id = up.member AND guest.invited_by_id IS NOT NULL
    )
"""  # noqa: S608  # built from constants alone


CIRCLE = f"""
    WITH RECURSIVE {_up("%(accounts)s")},
    down (member) AS (
        SELECT id FROM accounts_user WHERE id = ANY(%(accounts)s)
        UNION
        SELECT guest.id FROM down JOIN accounts_user guest ON guest.invited_by_id = down.member
    ),
    places (device_id, address_block) AS (
        SELECT device_id, CASE WHEN day = %(today)s THEN address_block ELSE '' END
          FROM accounts_sighting
         WHERE user_id = ANY(%(accounts)s) AND day >= %(since)s
    )
    SELECT member FROM up
    UNION
    SELECT member FROM down
    UNION
    SELECT guest.id
      FROM accounts_user given
      JOIN accounts_user guest ON guest.invited_by_id = given.invited_by_id
     WHERE given.id = ANY(%(accounts)s)
    UNION
    SELECT user_id
      FROM accounts_sighting
     WHERE day >= %(since)s
       AND device_id IN (SELECT device_id FROM places UNION ALL SELECT unnest(%(devices)s::uuid[]))
    UNION
    SELECT user_id
      FROM accounts_sighting
     WHERE day = %(today)s AND address_block <> ''
       AND address_block IN (SELECT address_block FROM places UNION ALL SELECT unnest(%(blocks)s::text[]))
"""  # noqa: S608  # built from constants alone


def invited_pairs_sql(accounts: str) -> str:
    """What `invited_pairs` asks, of an array that is an SQL expression."""
    return f"""
    WITH RECURSIVE {_up(accounts)}
    SELECT DISTINCT least(start, member), greatest(start, member)
      FROM up
     WHERE start <> member AND member = ANY({accounts})
    UNION
    SELECT one.id, other.id
      FROM accounts_user one
      JOIN accounts_user other ON other.invited_by_id = one.invited_by_id AND one.id < other.id
     WHERE one.id = ANY({accounts}) AND other.id = ANY({accounts})
"""  # noqa: S608  # built from constants alone
