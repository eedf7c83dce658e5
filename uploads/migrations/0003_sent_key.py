"""An idempotency key is called what it is: tickets are something else from now on."""

from django.db import migrations

from ledger.immutability import renamed

# A renamed table keeps the old names of its indexes, constraints and sequence, which the new `uploads_ticket` needs.
RENAME = """
DO $$
DECLARE old record;
BEGIN
    FOR old IN
        SELECT conname AS name FROM pg_constraint
        WHERE conrelid = 'uploads_{now}'::regclass AND starts_with(conname, 'uploads_{before}_')
    LOOP
        EXECUTE format('ALTER TABLE uploads_{now} RENAME CONSTRAINT %I TO %I',
                       old.name, replace(old.name, 'uploads_{before}_', 'uploads_{now}_'));
    END LOOP;
    FOR old IN
        SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE i.indrelid = 'uploads_{now}'::regclass AND starts_with(c.relname, 'uploads_{before}_')
    LOOP
        EXECUTE format('ALTER INDEX %I RENAME TO %I',
                       old.name, replace(old.name, 'uploads_{before}_', 'uploads_{now}_'));
    END LOOP;
    EXECUTE 'ALTER SEQUENCE IF EXISTS uploads_{before}_id_seq RENAME TO uploads_{now}_id_seq';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("uploads", "0002_evidence")]
    operations = [
        migrations.RenameModel("Ticket", "SentKey"),
        migrations.RunSQL(
            RENAME.format(before="ticket", now="sentkey"),
            # Backwards this runs before the table has its old name again.
            RENAME.replace("uploads_{now}'::", "uploads_{before}'::")
            .replace("ALTER TABLE uploads_{now}", "ALTER TABLE uploads_{before}")
            .format(before="sentkey", now="ticket"),
        ),
        renamed("uploads_ticket", "uploads_sentkey"),
    ]
