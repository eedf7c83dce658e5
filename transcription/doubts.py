"""Doubt from outside a photo: its numbers do not add up with those of another page of its TPS.

A page's own sums are part of the rule (`agreement`). Across pages nobody knows which one is wrong, if any: in 2024 one
in twenty papers broke R3 by itself. So one more reader looks at each, as blind as the others. What they say moves
nothing by itself; who reads otherwise brings the photo before an adjudicator.
"""

from collections.abc import Collection
from uuid import UUID

from django.db import connection


def ask(photos: Collection[UUID]) -> None:
    """Have one more reader look at these, as far as readers decided them and nobody doubted them before. One statement.

    None of them is a known answer any longer.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ASK, [list(photos)])


_ASK = """
    WITH task AS MATERIALIZED (
        SELECT t.photo_id FROM transcription_task t JOIN transcription_decision d ON d.id = t.decision_id
         WHERE t.photo_id = ANY (%s) AND NOT t.in_doubt AND d.outcome = 'accepted' AND d.how <> 'adjudicated'
         ORDER BY t.photo_id FOR UPDATE OF t
    )
    UPDATE transcription_task t
       SET in_doubt = true, gold = 0, changed_at = now(),
           wants = CASE WHEN t.needs_adjudicator THEN t.wants ELSE greatest(t.wants, 1) END
      FROM task WHERE t.photo_id = task.photo_id
"""
