"""Throwing a photo away takes two adjudicators, of two devices, as moving it does."""

from django.db import migrations

GUARD = """
CREATE FUNCTION transcription_guard_rejection() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM transcription_ruling
                    WHERE photo_id = NEW.photo_id AND verdict = 'reject' AND id = ANY (NEW.because)
                   HAVING count(DISTINCT adjudicator_id) > 1
                      AND count(DISTINCT coalesce(device_id::text, adjudicator_id::text)) > 1) THEN
        PERFORM transcription_refuse('two_adjudicators_reject_a_photo');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_rejection BEFORE INSERT ON transcription_decision
    FOR EACH ROW WHEN (NEW.outcome = 'rejected') EXECUTE FUNCTION transcription_guard_rejection();
"""
NO_GUARD = """
DROP TRIGGER guard_rejection ON transcription_decision;
DROP FUNCTION transcription_guard_rejection();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('transcription', '0013_first_looks'),
    ]

    operations = [migrations.RunSQL(GUARD, NO_GUARD)]
