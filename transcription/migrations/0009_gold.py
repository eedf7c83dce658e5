"""Tasks whose answer is known, and bars: readings and turns are added, each with its entry in the ledger.

The guard of entries stands before them, too: what is refused there is refused here in the same words.
"""

import django.db.models.deletion
import django.db.models.functions.datetime
import ledger.sealing
import uuid
from django.conf import settings
from django.db import migrations, models

from ledger.duty import must_be_logged
from ledger.immutability import append_only

GUARD = """
CREATE TRIGGER guard BEFORE INSERT ON transcription_goldreading
    FOR EACH ROW EXECUTE FUNCTION transcription_guard_entry();
"""

# After `guard`, by its name: that one has locked the person, so who is paused from now on is paused after this entry.
PAUSED = """
CREATE FUNCTION transcription_guard_pause() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.source = 'volunteer' AND EXISTS (SELECT FROM accounts_user WHERE id = NEW.account_id AND paused) THEN
        PERFORM transcription_refuse('nobody_reads_while_paused');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_pause BEFORE INSERT ON transcription_entry
    FOR EACH ROW EXECUTE FUNCTION transcription_guard_pause();
CREATE TRIGGER guard_pause BEFORE INSERT ON transcription_goldreading
    FOR EACH ROW EXECUTE FUNCTION transcription_guard_pause();
"""
NO_PAUSED = """
DROP TRIGGER guard_pause ON transcription_goldreading;
DROP TRIGGER guard_pause ON transcription_entry;
DROP FUNCTION transcription_guard_pause();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_bars'),
        ('transcription', '0008_surges'),
        ('uploads', '0009_boxes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='GoldReading',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('round', models.SmallIntegerField(default=1)),
                ('source', models.CharField(default='volunteer', max_length=9)),
                ('address_block', models.CharField(blank=True, max_length=32)),
                ('page', models.SmallIntegerField(null=True)),
                ('numbers', models.JSONField(null=True)),
                ('problem', models.CharField(blank=True, choices=[('blurred', 'buram'), ('cut_off', 'terpotong'), ('wrong_tps', 'TPS lain'), ('wrong_form', 'formulir lain'), ('not_a_form', 'bukan formulir'), ('duplicate', 'foto yang sama'), ('altered', 'diduga diubah')], max_length=12)),
                ('is_right', models.BooleanField()),
                ('salt', models.BinaryField(default=ledger.sealing.new_salt, max_length=32)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.AddField(
            model_name='lease',
            name='gold',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='transcription.decision'),
        ),
        migrations.AddField(
            model_name='task',
            name='gold',
            field=models.SmallIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name='task',
            name='gold_since',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name='task',
            index=models.Index(condition=models.Q(('gold__gt', 0)), fields=['photo'], name='known_answer'),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.CheckConstraint(condition=models.Q(('gold', 0), models.Q(('decision__isnull', False), ('gold__gt', 0), ('gold_since__isnull', False)), _connector='OR'), name='a_known_answer_was_decided'),
        ),
        migrations.AddField(
            model_name='goldreading',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='goldreading',
            name='decision',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='transcription.decision'),
        ),
        migrations.AddField(
            model_name='goldreading',
            name='device',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='accounts.device'),
        ),
        migrations.AddField(
            model_name='goldreading',
            name='lease',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to='transcription.lease'),
        ),
        migrations.AddField(
            model_name='goldreading',
            name='photo',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='uploads.photo'),
        ),
        migrations.AddIndex(
            model_name='goldreading',
            index=models.Index(condition=models.Q(('is_right', False)), fields=['account'], name='wrong_gold_reading'),
        ),
        migrations.AddConstraint(
            model_name='goldreading',
            constraint=models.UniqueConstraint(fields=('photo', 'account'), name='one_gold_reading_per_photo_and_transcriber'),
        ),
        migrations.AddConstraint(
            model_name='goldreading',
            constraint=models.CheckConstraint(condition=models.Q(('numbers__isnull', False), models.Q(('problem', ''), _negated=True), _connector='XOR'), name='gold_reading_has_numbers_or_a_problem'),
        ),
        migrations.AddConstraint(
            model_name='goldreading',
            constraint=models.CheckConstraint(condition=models.Q(('numbers__isnull', True), ('page__isnull', False), _connector='OR'), name='gold_reading_with_numbers_says_the_page'),
        ),
        migrations.CreateModel(
            name='Pace',
            fields=[
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, serialize=False, to=settings.AUTH_USER_MODEL)),
                ('busy_until', models.DateTimeField()),
                ('too_fast', models.IntegerField(default=0)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('too_fast__gt', 0)), fields=['account'], name='too_fast_reader')],
            },
        ),
        migrations.CreateModel(
            name='BarTurn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.BooleanField()),
                ('reason', models.CharField(choices=[('gold', 'jawaban yang diketahui lebih sering keliru'), ('too_fast', 'terlalu cepat untuk dibaca'), ('careless', 'bacaan asal-asalan'), ('one_sided', 'bacaan menguntungkan satu pihak'), ('together', 'bersekongkol dengan pembaca lain'), ('explained', 'sudah dijelaskan orangnya'), ('mistake', 'kekeliruan kami'), ('other', 'lainnya')], max_length=9)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('turned_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bar_turns', to=settings.AUTH_USER_MODEL)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('by', models.F('account')), _negated=True), name='nobody_bars_themselves'), models.CheckConstraint(condition=models.Q(('by__isnull', False), models.Q(('on', True), ('reason__in', ['gold', 'too_fast'])), _connector='OR'), name='without_a_person_only_answers_and_haste_bar')],
            },
        ),
        migrations.RunSQL(GUARD, "DROP TRIGGER guard ON transcription_goldreading;"),
        migrations.RunSQL(PAUSED, NO_PAUSED),
        append_only("transcription_goldreading"),
        append_only("transcription_barturn"),
        must_be_logged("transcription_goldreading", "reading"),
        must_be_logged("transcription_barturn", "bar"),
    ]
