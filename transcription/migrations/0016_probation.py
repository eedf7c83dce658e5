"""Readings on probation: what each reader was stands with what they sent, and two such decide nothing."""

from django.db import migrations, models

GUARD = """
CREATE FUNCTION transcription_guard_probation() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    readers record;
BEGIN
    SELECT count(DISTINCT account_id) AS people, count(*) FILTER (WHERE NOT on_probation) AS established INTO readers
      FROM transcription_entry WHERE photo_id = NEW.photo_id AND id = ANY (NEW.because) AND source = 'volunteer';
    IF readers.people < 3 AND readers.established = 0 AND NOT EXISTS (
        SELECT FROM transcription_ruling WHERE photo_id = NEW.photo_id AND id = ANY (NEW.because)) THEN
        PERFORM transcription_refuse('readers_on_probation_decide_nothing_alone');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_probation BEFORE INSERT ON transcription_decision
    FOR EACH ROW WHEN (NEW.outcome <> 'reopened') EXECUTE FUNCTION transcription_guard_probation();
"""
NO_GUARD = """
DROP TRIGGER guard_probation ON transcription_decision; DROP FUNCTION transcription_guard_probation();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('transcription', '0015_practice'),
    ]

    operations = [
        migrations.AddField(
            model_name='entry',
            name='on_probation',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='goldreading',
            name='on_probation',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RunSQL(GUARD, NO_GUARD),
    ]
