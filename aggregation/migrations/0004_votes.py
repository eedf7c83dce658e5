"""Of which vote a photo is: words of adjudicators, only added, each with its entry."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from ledger.duty import must_be_logged
from ledger.immutability import append_only

GUARD = """
CREATE FUNCTION aggregation_guard_voteword() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM accounts_user WHERE id = NEW.by_id AND is_active AND role = 'adjudicator' FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'only adjudicators say of which vote a photo is' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.after_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM aggregation_voteword w
         WHERE w.id = NEW.after_id AND w.photo_id = NEW.photo_id AND w.number = NEW.number - 1 AND w.vote = NEW.vote
           AND w.after_id IS NULL AND w.by_id <> NEW.by_id
           AND (w.device_id IS NULL OR w.device_id IS DISTINCT FROM NEW.device_id)) THEN
        RAISE EXCEPTION 'two adjudicators say of which vote a photo is' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE INSERT ON aggregation_voteword
    FOR EACH ROW EXECUTE FUNCTION aggregation_guard_voteword();
"""
DROP_GUARD = "DROP TRIGGER guard ON aggregation_voteword; DROP FUNCTION aggregation_guard_voteword();"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_bars'),
        ('aggregation', '0003_exclusions'),
        ('ledger', '0002_guards'),
        ('uploads', '0010_waiting_at_a_step'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='VoteWord',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('number', models.PositiveSmallIntegerField()),
                ('vote', models.CharField(choices=[('first', 'pemungutan suara pertama'), ('repeated', 'pemungutan suara ulang')], max_length=8)),
                ('reason', models.CharField(choices=[('date', 'tanggal yang tertulis di formulir'), ('title', 'tanda PSU pada formulir'), ('alike', 'sama dengan foto lain dari pemungutan suara itu')], max_length=5)),
                ('address_block', models.CharField(blank=True, max_length=32)),
                ('said_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('after', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='aggregation.voteword')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('device', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.device')),
                ('photo', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='uploads.photo')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('photo', 'number'), name='words_of_a_photos_vote_are_numbered'), models.CheckConstraint(condition=models.Q(('vote__in', ['first', 'repeated'])), name='there_are_two_votes')],
            },
        ),
        migrations.RunSQL(GUARD, DROP_GUARD),
        append_only('aggregation_voteword'),
        must_be_logged('aggregation_voteword', 'vote'),
    ]
