"""The log's own SQL: nothing in it changes, what is appended waits for its place, the sequencer gives it one.

The functions run with the owner's rights: the application's role can neither place a leaf nor take an
event out of the line by itself.
"""

from django.db import migrations

from ledger.immutability import DROP_FUNCTION, FUNCTION, append_only

QUEUE_UP = """
CREATE FUNCTION ledger_queue_up() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO ledger_unsequenced (event_id) SELECT id FROM appended;
    RETURN NULL;
END $$;
CREATE TRIGGER queue_up AFTER INSERT ON ledger_event REFERENCING NEW TABLE AS appended
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_queue_up();
"""

# An event leaves the line only into the log.
KEEP_IN_LINE = """
CREATE FUNCTION ledger_keep_in_line() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF NOT EXISTS (SELECT FROM gone LEFT JOIN ledger_leaf USING (event_id) WHERE ledger_leaf.event_id IS NULL) THEN
            RETURN NULL;
        END IF;
    END IF;
    RAISE EXCEPTION 'ledger_unsequenced: only a placed event leaves the line' USING ERRCODE = 'PM001';
END $$;
CREATE TRIGGER keep_in_line AFTER DELETE ON ledger_unsequenced REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep_in_line();
CREATE TRIGGER keep_in_line_unchanged BEFORE UPDATE OR TRUNCATE ON ledger_unsequenced
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep_in_line();
"""

# The lock comes first, in a statement of its own: the next statement's snapshot then contains all that an
# earlier sequencer placed. 0x6c656467 is "ledg".
SEQUENCE = r"""
CREATE FUNCTION ledger_sequence(at_most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    placed integer;
BEGIN
    PERFORM pg_advisory_xact_lock(x'6c656467'::int, 0);
    WITH waiting AS MATERIALIZED (
        SELECT e.id, e.log, e.body FROM ledger_unsequenced u JOIN ledger_event e ON e.id = u.event_id
        ORDER BY u.event_id LIMIT at_most
    ), ends AS MATERIALIZED (
        SELECT w.log, coalesce((SELECT max(l.index) FROM ledger_leaf l WHERE l.log = w.log), -1) AS last
        FROM (SELECT DISTINCT log FROM waiting) w
    ), leaves AS (
        INSERT INTO ledger_leaf (event_id, log, index, leaf_hash)
        SELECT w.id, w.log, ends.last + row_number() OVER (PARTITION BY w.log ORDER BY w.id),
               sha256('\x00'::bytea || w.body)
        FROM waiting w JOIN ends USING (log)
        RETURNING event_id
    )
    DELETE FROM ledger_unsequenced u USING leaves WHERE u.event_id = leaves.event_id;
    GET DIAGNOSTICS placed = ROW_COUNT;
    RETURN placed;
END $$;
REVOKE EXECUTE ON FUNCTION ledger_sequence FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, DROP_FUNCTION),
        append_only("ledger_event"),
        append_only("ledger_leaf"),
        migrations.RunSQL(
            QUEUE_UP, "DROP TRIGGER queue_up ON ledger_event; DROP FUNCTION ledger_queue_up();"
        ),
        migrations.RunSQL(
            KEEP_IN_LINE,
            "DROP TRIGGER keep_in_line ON ledger_unsequenced; DROP TRIGGER keep_in_line_unchanged ON ledger_unsequenced;"
            "DROP FUNCTION ledger_keep_in_line();",
        ),
        migrations.RunSQL(SEQUENCE, "DROP FUNCTION ledger_sequence(integer);"),
    ]
