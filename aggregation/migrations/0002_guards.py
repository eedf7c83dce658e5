"""What must hold of results and snapshots, in the database's own hands.

A result begins empty, changes with its version only, is never deleted, and each version has its `select`
entry when the transaction commits; each version of a snapshot has its `tally` entry.
"""

from django.db import migrations

from ledger.duty import must_be_logged

GUARD = """
CREATE FUNCTION aggregation_guard_result() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.version = 0 AND NEW.state = 'empty' AND NEW.numbers = '{}' AND NEW.amounts = '{}' THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'a result begins empty' USING ERRCODE = 'check_violation';
    ELSIF TG_OP = 'UPDATE' THEN
        IF NEW.contest_id = OLD.contest_id AND NEW.station_id = OLD.station_id AND NEW.region_id = OLD.region_id
           AND (NEW.version = OLD.version + 1 OR NEW = OLD) THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'a result changes with its version only' USING ERRCODE = 'check_violation';
    END IF;
    RAISE EXCEPTION 'a result is never deleted' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON aggregation_result
    FOR EACH ROW EXECUTE FUNCTION aggregation_guard_result();
"""
DROP_GUARD = "DROP TRIGGER guard ON aggregation_result; DROP FUNCTION aggregation_guard_result();"


class Migration(migrations.Migration):
    dependencies = [("aggregation", "0001_initial"), ("ledger", "0002_guards")]

    operations = [
        migrations.RunSQL(GUARD, DROP_GUARD),
        must_be_logged(
            "aggregation_result",
            "select",
            subject="SELECT s.code || '/' || c.code || '/' || NEW.version FROM tps_pollingstation s, tps_contest c"
            " WHERE s.id = NEW.station_id AND c.id = NEW.contest_id",
            on="UPDATE OF version",
        ),
        must_be_logged(
            "aggregation_snapshot",
            "tally",
            subject="SELECT c.code || '/' || NEW.version FROM tps_contest c WHERE c.id = NEW.contest_id",
            on="UPDATE OF version",
        ),
    ]
