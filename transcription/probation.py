"""When somebody's probation ends: as soon as enough of what they read stands, and little was contradicted.

Not after so many readings as such, decided or not: that would let in who only types fast. Nor does it wait for readers
of long standing: three new people decide together. Which readings were on probation stands with each entry, for good;
here it is only decided what the next ones are.
"""

from accounts.onboarding import ON_PROBATION
from transcription.confirmed import AGREES, STANDING

CONFIRMED = 10  # readings that standing decisions confirm
RIGHT_TO_WRONG = 4  # and four of five: people err, but not with every second photo

# What stands of a photo once `stored` is; the statement's other parts do not see that yet.
_DECISION = """
               (SELECT outcome, page, numbers, station_id FROM newest WHERE photo = e.photo_id
                UNION ALL
                SELECT outcome, page, numbers, station_id FROM transcription_decision
                 WHERE id = t.decision_id AND e.photo_id NOT IN (SELECT photo FROM newest))"""

# Goes on where decisions were `stored`, whose content is in `asked` (`consensus`): whoever read these photos on
# probation and has shown enough is on it no longer. Accounts are locked in one order: two decisions may be about the
# same people.
ENDING = f"""
    , newest AS (
        SELECT photo, outcome, page, numbers, station AS station_id
          FROM asked WHERE photo IN (SELECT photo_id FROM stored)
    ), due AS MATERIALIZED (
        SELECT u.id FROM accounts_user u
         WHERE {ON_PROBATION} AND u.id IN (
               SELECT account_id FROM transcription_entry WHERE photo_id IN (SELECT photo FROM newest))
         ORDER BY u.id FOR NO KEY UPDATE OF u
    ), record AS (
        SELECT account_id, count(*) FILTER (WHERE agrees) AS confirmed, count(*) FILTER (WHERE NOT agrees) AS wrong
          FROM (SELECT e.account_id, {AGREES} AS agrees
                  FROM transcription_entry e JOIN due ON due.id = e.account_id {STANDING.format(decision=_DECISION)}
                 WHERE e.source = 'volunteer') AS one
         GROUP BY account_id
    ), ended AS (
        UPDATE accounts_user u SET established_at = now() FROM record
         WHERE u.id = record.account_id AND confirmed >= %(confirmed)s AND confirmed >= %(right)s * wrong
    )
"""  # noqa: S608  # built from constants alone
