from django.db import migrations

FORWARDS = """
ALTER TABLE tps_option ADD CONSTRAINT party_is_of_the_same_contest
    FOREIGN KEY (contest_id, party_id) REFERENCES tps_option (contest_id, id) DEFERRABLE INITIALLY DEFERRED
"""
BACKWARDS = "ALTER TABLE tps_option DROP CONSTRAINT party_is_of_the_same_contest"


class Migration(migrations.Migration):
    dependencies = [("tps", "0001_initial")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
