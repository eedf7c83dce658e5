"""What is added up beside sums and counts (`columns.Columns.beside`): room for it. `manage.py rebuild --results` fills it."""

from django.db import migrations

from tps import form_definitions

BESIDE = 3  # and one for each option


def widen(apps, schema_editor):
    for contest, more in _contests(schema_editor):
        for table, only in (("result", "AND amounts <> '{}'"), ("delta", ""), ("tally", "")):
            _change(schema_editor, table, contest, f"amounts || array_fill(0, ARRAY[{more}])", only)


def narrow(apps, schema_editor):
    for contest, more in _contests(schema_editor):
        for table, only in (("result", "AND amounts <> '{}'"), ("delta", ""), ("tally", "")):
            _change(schema_editor, table, contest, f"trim_array(amounts, {more})", only)


def _contests(schema_editor):
    """Contests that have rows, and by how many elements these grow."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            """SELECT c.id, c.form, (SELECT count(*) FROM tps_option o WHERE o.contest_id = c.id AND o.party_id IS NULL)
                 FROM tps_contest c
                WHERE EXISTS (SELECT FROM aggregation_tally t WHERE t.contest_id = c.id)
                   OR EXISTS (SELECT FROM aggregation_result r WHERE r.contest_id = c.id)"""
        )
        rows = cursor.fetchall()
    return [(contest, BESIDE + (options or len(form_definitions.load(form).options))) for contest, form, options in rows]


def _change(schema_editor, table, contest, what, only):
    # Guards are off for it: what a result says stays the same.
    with schema_editor.connection.cursor() as cursor:
        if table == "result":
            cursor.execute("ALTER TABLE aggregation_result DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE aggregation_{table} SET amounts = {what} WHERE contest_id = %s {only}", [contest])
        if table == "result":
            cursor.execute("ALTER TABLE aggregation_result ENABLE TRIGGER USER")


class Migration(migrations.Migration):
    dependencies = [("aggregation", "0005_since"), ("tps", "0009_rule_6")]
    operations = [migrations.RunPython(widen, narrow)]
