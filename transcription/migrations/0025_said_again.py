from django.db import migrations

SAID_TWICE = """
CREATE FUNCTION transcription_guard_said_twice() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT verdict, station_id, reason, page, numbers, created_at FROM transcription_ruling
                      WHERE photo_id = NEW.photo_id AND round = NEW.round AND adjudicator_id = NEW.adjudicator_id
                      ORDER BY created_at DESC LIMIT 1) AS newest
         WHERE (verdict, station_id, reason, page, numbers)
               IS NOT DISTINCT FROM (NEW.verdict, NEW.station_id, NEW.reason, NEW.page, NEW.numbers)
           -- A word that ended with a role or a pause may be said anew.
           AND NOT EXISTS (SELECT FROM accounts_roleproposal p WHERE p.person_id = NEW.adjudicator_id
                              AND p."end" = 'confirmed' AND p.closed_at > newest.created_at)
           AND NOT EXISTS (SELECT FROM transcription_barturn b WHERE b.account_id = NEW.adjudicator_id
                              AND b."on" AND b.turned_at > newest.created_at)) THEN
        PERFORM transcription_refuse('nobody_says_the_same_twice_in_a_row');
    END IF;
    RETURN NEW;
END $$;
-- After `guard`, as its name sorts: that one locks the photo and knows the round.
CREATE TRIGGER guard_said_twice BEFORE INSERT ON transcription_ruling
    FOR EACH ROW EXECUTE FUNCTION transcription_guard_said_twice();
"""
DROP_SAID_TWICE = """
DROP TRIGGER guard_said_twice ON transcription_ruling;
DROP FUNCTION transcription_guard_said_twice();
"""


class Migration(migrations.Migration):
    """Who waits for a second adjudicator may say something else, and come back to what they said first."""

    dependencies = [
        ('transcription', '0024_come_again'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='ruling',
            name='one_ruling_of_a_kind_per_adjudicator_and_round',
        ),
        migrations.RunSQL(SAID_TWICE, DROP_SAID_TWICE),
    ]
