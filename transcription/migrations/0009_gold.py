"""Tasks whose answer is known: readings against it are added, each with its entry in the ledger.

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


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_duty'),
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
        migrations.RunSQL(GUARD, "DROP TRIGGER guard ON transcription_goldreading;"),
        append_only("transcription_goldreading"),
        must_be_logged("transcription_goldreading", "reading"),
    ]
