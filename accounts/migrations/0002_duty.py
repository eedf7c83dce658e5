"""A person's role changes only together with its entry in the ledger, which names them by their commitment.

An entry of the same transaction cannot have a place in the log yet, so only the waiting ones are looked at.
The commitment is that of `accounts.commitments`; a test compares.
"""

from django.db import migrations

DUTY = """
CREATE FUNCTION accounts_role_is_in_the_log() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    person text := 'c:' || translate(rtrim(encode(sha256(NEW.salt || NEW.id::text::bytea), 'base64'), '='), '+/', '-_');
BEGIN
    IF EXISTS (
        SELECT FROM ledger_unsequenced JOIN ledger_event e ON e.id = event_id
        WHERE e.kind = 'role' AND convert_from(e.body, 'UTF8')::jsonb
            @> jsonb_build_object('account', person, 'role', NEW.role)) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'a role changed without an entry in the log' USING ERRCODE = 'PM002';
END $$;
CREATE CONSTRAINT TRIGGER role_is_in_the_log AFTER UPDATE OF role ON accounts_user DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.role IS DISTINCT FROM NEW.role) EXECUTE FUNCTION accounts_role_is_in_the_log();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("ledger", "0002_guards")]
    operations = [
        migrations.RunSQL(
            DUTY,
            "DROP TRIGGER role_is_in_the_log ON accounts_user; DROP FUNCTION accounts_role_is_in_the_log();",
        )
    ]
